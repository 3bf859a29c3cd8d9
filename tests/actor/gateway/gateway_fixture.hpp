#pragma once

#include "gateways/api/api_actor.hpp"
#include "gateways/api/front_door.hpp"
#include "gateways/routes/routes.hpp"
#include "messages/codec/json.hpp"
#include "messages/runtime/cluster.hpp"
#include "tests/actor/node_fixture.hpp"

#include <boost/json/object.hpp>

#include <functional>
#include <map>

/// The gateways of the member `alpha-1`, and HTTP clients without a network.
namespace bpci::gateway::test {

using bpci::test::inbox;
using bpci::test::node_fixture;
using namespace std::chrono_literals;

/// What became of one request.
struct reply {
  std::vector<http::response> answers;
  bool dropped = false; ///< Nobody can answer any more; the server says `restarted` then.

  /// "200", "503 restarted", "dropped" or "pending".
  [[nodiscard]] std::string verdict() const {
    if (answers.empty()) return dropped ? "dropped" : "pending";
    if (answers.size() > 1) return "answered twice";
    auto out = std::to_string(answers.front().status);
    if (answers.front().content_type == "application/problem+json")
      out += " " + std::string{body().at("code").as_string()};
    return out;
  }

  [[nodiscard]] boost::json::object body() const {
    return codec::parse_json(answers.front().body)->as_object();
  }
};

using reply_ptr = std::shared_ptr<reply>;

class slot final : public http::responder::slot {
public:
  explicit slot(reply_ptr where) : where_(std::move(where)) {}
  ~slot() override { where_->dropped = true; }
  void answer(http::response what) override { where_->answers.push_back(std::move(what)); }

private:
  reply_ptr where_;
};

/// What the API would keep in the database.
class fake_records final : public records {
public:
  struct state {
    std::optional<failure> away; ///< the answer to everything
    caf::actor slow;             ///< if there is one, it says when an action has begun
    std::map<std::string, std::string> labels; ///< of tokens, by hash
    std::vector<std::string> first_tokens;     ///< hashes, one for each try
    bool other_is_first = false;
    std::vector<audit::row> actions;
  };

  explicit fake_records(std::shared_ptr<state> what) : what_(std::move(what)) {}

  void enter_first_token(api_actor&, std::string hash, answer<bool> then) const override {
    what_->first_tokens.push_back(hash);
    say<bool>(then, !what_->other_is_first);
  }

  void find_token(api_actor&, std::string hash,
                  answer<std::optional<std::string>> then) const override {
    std::optional<std::string> label;
    if (auto found = what_->labels.find(hash); found != what_->labels.end()) label = found->second;
    say<std::optional<std::string>>(then, label);
  }

  void begin_action(api_actor& self, audit::entry x, answer<std::uint64_t> then) const override {
    if (what_->away) return then(*what_->away);
    auto no = what_->actions.size() + 1;
    what_->actions.push_back({no, {}, x.who, x.action, x.target, x.why, x.trace, {}});
    if (!what_->slow) return then(result<std::uint64_t>{no});
    self.ask<std::uint64_t>(
        what_->slow, 60s, no, [then](std::uint64_t begun) { then(result<std::uint64_t>{begun}); },
        [then](const failure& why) { then(why); });
  }

  void end_action(api_actor&, std::uint64_t no, std::string result, answer<> then) const override {
    if (what_->away) return then(*what_->away);
    what_->actions.at(no - 1).result = std::move(result);
    then({});
  }

  void list_actions(api_actor&, audit::query, answer<audit::page> then) const override {
    say<audit::page>(then, {what_->actions, 0});
  }

private:
  template <class T>
  void say(const answer<T>& then, T value) const {
    if (what_->away) return then(*what_->away);
    then(result<T>{std::move(value)});
  }

  std::shared_ptr<state> what_;
};

struct gateway_fixture : node_fixture {
  std::shared_ptr<context> shared = make_context();
  std::shared_ptr<front_door> door = std::make_shared<front_door>(shared, all_routes());
  caf::actor api = start_api();

  std::shared_ptr<context> make_context() {
    auto out = std::make_shared<context>();
    out->member = member_id{"alpha-1"};
    out->root = "/alpha-1";
    out->node = node;
    out->show_token = [](const std::string&) {};
    return out;
  }

  caf::actor start_api() {
    auto out = start<api_actor>(shared);
    put("/alpha-1/gateway/api", out);
    return out;
  }

  /// From here on the API has no database.
  std::shared_ptr<fake_records::state> without_database() {
    auto out = std::make_shared<fake_records::state>();
    shared->records = std::make_shared<const fake_records>(out);
    return out;
  }

  /// From here on nobody is asked who they are: what a route does is tested apart from who may
  /// call it.
  void open_all_routes() {
    auto table = all_routes();
    for (auto& x : table)
      x.info.need = http::permission::open;
    door = std::make_shared<front_door>(shared, std::move(table));
  }

  /// An actor that gives back each number that it got once it is told `ok_atom`.
  caf::actor slow_database() {
    return keep(sys.spawn([](caf::event_based_actor* self) -> caf::behavior {
      using promise = caf::typed_response_promise<std::uint64_t>;
      auto held = std::make_shared<std::vector<std::pair<promise, std::uint64_t>>>();
      return {[self, held](std::uint64_t no) -> caf::result<std::uint64_t> {
                return held->emplace_back(self->make_response_promise<std::uint64_t>(), no).first;
              },
              [held](caf::ok_atom) {
                for (auto& [to, no] : std::exchange(*held, {}))
                  to.deliver(no);
              }};
    }));
  }

  /// An actor that handles several kinds of messages.
  caf::actor playing(caf::behavior part) {
    return keep(sys.spawn([part](caf::event_based_actor*) -> caf::behavior { return part; }));
  }

  /// MEMBERS of `alpha-1`: these can be reached, and those are live and cannot.
  void make_members(std::vector<std::pair<std::string, caf::actor>> reached,
                    std::vector<std::string> away = {}) {
    cluster::agent_list agents;
    cluster::member_list all;
    auto add = [&all](const std::string& id) {
      cluster::member_status x;
      x.member.id = member_id{id};
      x.member.incarnation = incarnation{all.members.size() + 1};
      all.members.push_back(std::move(x));
    };
    for (auto& [id, agent] : reached) {
      add(id);
      agents.agents.push_back({member_id{id}, incarnation{agents.agents.size() + 1}, agent});
    }
    for (const auto& id : away)
      add(id);
    put("/alpha-1/cluster/members",
        playing({[agents](const cluster::list_agents&) { return agents; },
                 [all](const cluster::list_members&) { return all; }}));
  }

  static std::vector<route> all_routes() {
    auto out = health_routes();
    for (const auto& more : {admin_routes(), oracle_routes()})
      out.insert(out.end(), more.begin(), more.end());
    return out;
  }

  inbox stand_in(const std::string& path) {
    auto box = make_inbox();
    put("/alpha-1" + path, box.who);
    return box;
  }

  static http::request request(std::string method, std::string path, std::string body = {}) {
    http::request out;
    out.method = std::move(method);
    out.path = std::move(path);
    out.headers.set("Content-Type", "application/json");
    out.body = std::move(body);
    out.remote_address = "192.0.2.7";
    out.id = correlation_id{"c-1"};
    return out;
  }

  /// The request is at the door; the API has not looked at it.
  reply_ptr hand_in(http::request what) {
    auto out = std::make_shared<reply>();
    door->on_request(std::move(what), http::responder{std::make_shared<slot>(out)});
    return out;
  }

  reply_ptr call(http::request what) {
    auto out = hand_in(std::move(what));
    settle();
    return out;
  }
};

} // namespace bpci::gateway::test
