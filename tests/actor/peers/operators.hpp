#pragma once

#include "actors/oracle/doorman_actor.hpp"
#include "actors/peers/peers_actor.hpp"
#include "gateways/api/front_door.hpp"
#include "gateways/websocket/dialler_actor.hpp"
#include "messages/chain/pool.hpp"
#include "runtime/actor/actor_config.hpp"
#include "runtime/supervision/supervisor_actor.hpp"
#include "tests/unit/http/harness.hpp"

#include <caf/all.hpp>

#include <mutex>

/// Operators with one node each in one process, linked by real sockets: all that a link goes
/// through is there, from DIALLER to DOORMAN; the actors of the chain are stand-ins that keep what
/// they get.
namespace bpci::peers::test {

using http::test::eventually;
using namespace std::chrono_literals;

inline std::shared_ptr<const crypto::key_pair> keys_of(std::uint8_t who) {
  std::array<std::uint8_t, 32> seed{};
  seed.fill(who);
  return std::make_shared<const crypto::key_pair>(crypto::from_seed(seed));
}

inline crypto::key_pair node_keys_of(std::uint8_t who) {
  std::array<std::uint8_t, 32> seed{};
  seed.fill(static_cast<std::uint8_t>(who + 100));
  return crypto::from_seed(seed);
}

/// What the stand-ins of one node have got.
class record {
public:
  template <class T>
  void add(std::vector<T> record::*where, T what) {
    std::lock_guard lock{mutex_};
    (this->*where).push_back(std::move(what));
  }

  template <class T>
  std::vector<T> read(std::vector<T> record::*where) {
    std::lock_guard lock{mutex_};
    return this->*where;
  }

  template <class T>
  std::size_t count(std::vector<T> record::*where) {
    std::lock_guard lock{mutex_};
    return (this->*where).size();
  }

  std::vector<chain::vote_arrived> votes;
  std::vector<chain::transactions_shared> transactions;
  std::vector<chain::evidence_found> evidence;
  std::vector<chain::announcements_shared> announcements;
  std::vector<chain::peer_seen> seen;
  std::vector<chain::peer_lost> lost;
  std::vector<chain::question_arrived> questions;

  /// What SYNC answers; null: nothing.
  std::function<chain::peer_message_ptr(const chain::peer_message&)> answers;

private:
  std::mutex mutex_;
};

struct operator_settings {
  std::string chain_id = "test-1";
  allowance::rates rates{};
  std::size_t write_queue_bytes = 4 * 1024 * 1024;
};

class operator_node {
public:
  using settings = operator_settings;

  operator_node(caf::actor_system& system, std::uint8_t no, settings how = {})
      : system_(system), keys_(keys_of(no)), how_(std::move(how)) {
    root_ = "/n" + std::to_string(no);
    auto door = std::make_shared<oracle::context>();
    door->node = node_;
    door->root = root_;
    oracle::limits limits;
    limits.max_frame_bytes = 1024 * 1024;
    limits.handshake_timeout_ms = 5'000;
    limits.max_in_flight = limits.max_targets = limits.rate_limit_per_sec = 100;
    door->identity = std::make_shared<oracle::server_identity>(
        oracle::server_identity{member_id{"m-1"}, node_keys_of(no), limits});
    put("/oracle/doorman", system_.spawn<oracle::doorman_actor>(door));
    put("/gateway/dialler", system_.spawn<gateway::dialler_actor>());
    put(chain::path::links,
        supervision::spawn_supervisor(system_, root_ + chain::path::links, {}, node_));
    put_keeper();
    put_chain();
    auto front = std::make_shared<gateway::context>();
    front->root = root_;
    front->node = node_;
    server_ = http::make_server(http::server_options{}, std::make_shared<gateway::front_door>(
                                                            front, std::vector<gateway::route>{}));
    port_ = server_->start().value();
  }

  ~operator_node() { stop(); }

  void stop() {
    for (auto at = actors_.rbegin(); at != actors_.rend(); ++at) {
      end(at->second);
      // The directory and who stands in it would keep each other in memory.
      node_->directory.remove(root_ + at->first, at->second);
    }
    actors_.clear();
    if (server_) server_->stop(0ms);
    server_ = nullptr;
  }

  /// From here on it dials those, and lets in who comes.
  void begin(const std::vector<known_peer>& known = {}) {
    auto shared = std::make_shared<context>();
    shared->node = node_;
    shared->root = root_;
    shared->me = me();
    shared->known = known;
    shared->rates = how_.rates;
    peers_ = system_.spawn<peers_actor>(shared);
    put(chain::path::peers, peers_);
  }

  [[nodiscard]] identity me() const { return {how_.chain_id, keys_}; }
  [[nodiscard]] address self() const { return keys_->pub.bytes; }
  [[nodiscard]] std::string url() const {
    return "ws://127.0.0.1:" + std::to_string(port_) + "/bpi/v1";
  }
  [[nodiscard]] known_peer card() const { return {self(), {url()}}; }
  [[nodiscard]] const caf::actor& peers() const { return peers_; }

  [[nodiscard]] caf::actor find(const std::string& where) const {
    return node_->directory.find(root_ + where);
  }
  [[nodiscard]] caf::actor peer_of(const operator_node& other) const {
    return find(std::string{chain::path::links} + "/" + crypto::to_hex(other.self()));
  }

  chain::peer_list list() {
    auto all = ask<chain::peer_list>(chain::get_peers{});
    return all ? *all : chain::peer_list{};
  }

  chain::peer_status line(const address& who) {
    for (auto& x : list().peers)
      if (x.who == who) return x;
    return {};
  }

  bool is_linked(const operator_node& other) { return line(other.self()).linked; }

  std::size_t links() {
    const auto all = list().peers;
    return static_cast<std::size_t>(std::ranges::count(all, true, &chain::peer_status::linked));
  }

  void tell(chain::peer_message what, std::vector<address> to = {}, address except = {}) {
    caf::anon_send(peers_,
                   chain::tell_peers{std::move(to),
                                     std::make_shared<const chain::peer_message>(std::move(what)),
                                     except});
  }

  result<chain::peer_answer> question(const address& who, chain::peer_message what,
                                      std::chrono::milliseconds within = 5s) {
    return ask<chain::peer_answer>(chain::ask_peer{who, std::move(what), within});
  }

  record got;

  static void end(const caf::actor& who) { send_exit_now(who, caf::exit_reason::kill); }

private:
  template <class Answer, class Question>
  result<Answer> ask(Question what) {
    caf::scoped_actor self{system_};
    result<Answer> out = fail(ec::timeout);
    self->request(peers_, 10s, std::move(what))
        .receive([&](const Answer& x) { out = x; },
                 [&](const caf::error& why) { out = from_caf(why); });
    return out;
  }

  void put(const std::string& where, const caf::actor& who) {
    node_->directory.put(root_ + where, who);
    actors_.emplace_back(where, who);
  }

  void put_keeper() {
    put(chain::path::keeper, system_.spawn([this](caf::event_based_actor* self) -> caf::behavior {
      return {[this, self](const oracle::admit_peer& x) -> caf::result<caf::message> {
        auto peers = find(chain::path::peers);
        if (!peers) return to_caf(ec::not_owner, "10.0.0.9:1");
        return self->delegate(peers, x);
      }};
    }));
  }

  void put_chain() {
    put(chain::path::engine, system_.spawn([this](caf::event_based_actor*) -> caf::behavior {
      return {[this](const chain::vote_arrived& x) { got.add(&record::votes, x); }};
    }));
    put(chain::path::mempool, system_.spawn([this](caf::event_based_actor*) -> caf::behavior {
      return {[this](const chain::transactions_shared& x) { got.add(&record::transactions, x); }};
    }));
    put(chain::path::evidence, system_.spawn([this](caf::event_based_actor*) -> caf::behavior {
      return {[this](const chain::evidence_found& x) { got.add(&record::evidence, x); }};
    }));
    put(chain::path::discovery, system_.spawn([this](caf::event_based_actor*) -> caf::behavior {
      return {[this](const chain::announcements_shared& x) { got.add(&record::announcements, x); }};
    }));
    put(chain::path::sync, system_.spawn([this](caf::event_based_actor*) -> caf::behavior {
      return {[this](const chain::peer_seen& x) { got.add(&record::seen, x); },
              [this](const chain::peer_lost& x) { got.add(&record::lost, x); },
              [this](const chain::question_arrived& x) -> caf::result<chain::peer_message_ptr> {
                got.add(&record::questions, x);
                auto answer = got.answers ? got.answers(x.what) : nullptr;
                if (!answer) return to_caf(ec::not_found);
                return answer;
              }};
    }));
  }

  caf::actor_system& system_;
  std::shared_ptr<const crypto::key_pair> keys_;
  settings how_;
  std::string root_;
  supervision::node_context_ptr node_ = std::make_shared<supervision::node_context>();
  std::vector<std::pair<std::string, caf::actor>> actors_;
  std::unique_ptr<http::server> server_;
  std::uint16_t port_ = 0;
  caf::actor peers_;
};

/// A node that says what it is told, byte by byte, behind a handshake that is good or not.
class puppet {
public:
  puppet(const operator_node& at, std::uint8_t no)
      : me_{at.me().chain_id, keys_of(no)},
        opening_(link_opening::dialled(me_, at.self(), bytes(32, no))) {
    http::websocket_client_options how;
    how.url = at.url();
    how.limits.max_frame_bytes = 64 * 1024 * 1024;
    how.limits.max_write_queue_bytes = 64 * 1024 * 1024;
    socket_ = http::websocket_client::connect(how).value();
  }

  /// Follows the protocol until so many frames have been answered.
  void follow(int frames) {
    for (auto i = 0; i < frames; ++i)
      if (!next()) return;
  }

  /// True: the link is open.
  bool open() {
    for (;;) {
      auto step = next();
      if (!step) return false;
      if (step->open) return true;
    }
  }

  void say(chain::peer_message what) { raw(encode(peers::say(me_.chain_id, std::move(what)))); }
  void raw(bytes x) { static_cast<void>(socket_->send(std::move(x))); }

  /// Why the link did not open.
  [[nodiscard]] const std::string& error() const { return error_; }

  /// The code with which the node has closed the connection.
  std::string closed() {
    while (auto x = socket_->receive(5s)) {
    }
    return socket_->is_open() ? "open" : std::string{name(socket_->closed().why)};
  }

  [[nodiscard]] address self() const { return me_.self(); }

private:
  std::optional<link_opening::step> next() {
    auto x = socket_->receive(5s);
    if (!x) {
      error_ = to_string(x.error());
      return std::nullopt;
    }
    auto step = opening_.on_frame({std::move(x->data), oracle::encoding::msgpack}, {});
    if (!step) {
      error_ = to_string(step.error());
      return std::nullopt;
    }
    for (auto& frame : step->write)
      raw(std::move(frame));
    return *step;
  }

  identity me_;
  link_opening opening_;
  std::string error_;
  std::unique_ptr<http::websocket_client> socket_;
};

} // namespace bpci::peers::test
