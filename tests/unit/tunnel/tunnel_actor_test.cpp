#define CAF_SUITE tunnel_actor

#include "messages/codec/json.hpp"
#include "messages/runtime/introspection.hpp"
#include "runtime/actor/actor_config.hpp"
#include "runtime/tunnel/tunnel_actor.hpp"
#include "test_cluster.hpp"

#include <caf/all.hpp>
#include <caf/io/all.hpp>

#include <arpa/inet.h>
#include <atomic>
#include <csignal>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace bpci;
using namespace bpci::tunnel;
using namespace bpci::test;
using namespace std::chrono_literals;

namespace {

using go_atom = caf::atom_constant<caf::atom("go")>;

constexpr auto answer_max = 10'000ms;

template <class F>
bool eventually(std::chrono::milliseconds time, F holds) {
  const auto until = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < until) {
    if (holds()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return holds();
}

/// The rows of the members, as all of them would read them.
class table {
public:
  void put(const cluster::member& x) {
    std::lock_guard lock{mutex_};
    rows_[x.id] = x;
  }

  void remove(const std::string& id) {
    std::lock_guard lock{mutex_};
    rows_.erase(member_id{id});
  }

  void set_certificates(const std::string& id, const std::vector<std::string>& to) {
    std::lock_guard lock{mutex_};
    rows_[member_id{id}].certificates = to;
  }

  cluster::member row(const std::string& id) {
    std::lock_guard lock{mutex_};
    return rows_[member_id{id}];
  }

  cluster::view_changed view() {
    std::lock_guard lock{mutex_};
    cluster::view_changed out;
    for (const auto& [id, x] : rows_)
      out.live.push_back(x);
    return out;
  }

private:
  std::mutex mutex_;
  std::map<member_id, cluster::member> rows_;
};

using table_ptr = std::shared_ptr<table>;

/// Stands in for MEMBERS: reads and writes the table, and opens the port when told to.
caf::behavior members(caf::event_based_actor* self, const std::string& id, const table_ptr& rows) {
  return {
      [rows](const cluster::read_members&) { return rows->view(); },
      [self, rows](const cluster::watch_members&) {
        self->send(caf::actor_cast<caf::actor>(self->current_sender()), rows->view());
      },
      [id, rows](const cluster::certificates_changed& x) {
        rows->set_certificates(id, x.certificates);
        return cluster::certificates_written{};
      },
      [self, id, rows](go_atom, const caf::actor& tunnel, const caf::actor& agent) {
        auto promise = self->make_response_promise<cluster::port_opened>();
        self->request(tunnel, answer_max, cluster::open_port{agent})
            .then(
                [=](const cluster::port_opened& x) mutable {
                  cluster::member row;
                  row.id = member_id{id};
                  row.link_host = x.host;
                  row.link_port = x.port;
                  row.certificates = x.certificates;
                  rows->put(row);
                  promise.deliver(x);
                },
                [=](caf::error& why) mutable { promise.deliver(std::move(why)); });
        return promise;
      },
  };
}

caf::behavior agent(caf::event_based_actor*) {
  return {[](int x) { return x + 1; }};
}

caf::behavior nothing(caf::event_based_actor*) {
  return {[](int) {}};
}

struct caf_settings : actor_config {
  caf_settings() : actor_config(1) {
    load<caf::io::middleman>();
    add_actor_type("nothing", nothing);
  }
};

/// A member as a whole: an actor system with TUNNEL, MEMBERS and AGENT.
class node {
public:
  node(const std::string& id, const table_ptr& rows, const std::optional<credentials>& who,
       std::shared_ptr<test_folder> folder = std::make_shared<test_folder>())
      : id_(id), rows_(rows), folder_(std::move(folder)) {
    how_.self = member_id{id};
    how_.root = "/" + id;
    how_.node = std::make_shared<supervision::node_context>();
    how_.listen_host = "127.0.0.1";
    how_.certificates = certificates_dir(folder_->path);
    how_.check_every = 100ms;
    how_.renewal.settle = 300ms;
    if (who) show(*who);
    members_ = system.spawn(members, id, rows);
    agent_ = system.spawn(agent);
    how_.node->directory.put(how_.root + "/cluster/members", members_);
    start_tunnel();
  }

  ~node() {
    for (const auto& x : {tunnel_, members_, agent_})
      send_exit_now(x, caf::exit_reason::kill);
    how_.node->directory.remove(how_.root + "/cluster/members", members_);
  }

  void show(const credentials& x) const {
    CAF_REQUIRE(store_credentials(how_.certificates, x.authorities, x.own).has_value());
  }

  void start_tunnel() { tunnel_ = system.spawn<tunnel_actor>(how_); }

  void restart_tunnel() {
    caf::scoped_actor self{system};
    self->monitor(tunnel_);
    send_exit_now(tunnel_, caf::exit_reason::kill);
    self->receive([](const caf::down_msg&) {});
    start_tunnel();
  }

  result<cluster::port_opened> open() {
    return ask<cluster::port_opened>(members_, go_atom::value, tunnel_, agent_);
  }

  /// As MEMBERS would, which dials again after any failure.
  result<caf::actor> dial(const std::string& to) {
    auto got = ask<cluster::member_dialled>(tunnel_, cluster::dial_member{rows_->row(to)});
    if (!got) return got.error();
    return got->agent;
  }

  result<caf::actor> dial_until(const std::string& to, std::chrono::milliseconds time) {
    auto got = dial(to);
    eventually(time, [&] { return got.has_value() || (got = dial(to)).has_value(); });
    return got;
  }

  bool answers(const caf::actor& other, std::chrono::milliseconds within = answer_max) {
    caf::scoped_actor self{system};
    auto out = false;
    self->request(other, within, 41)
        .receive([&](int x) { out = x == 42; }, [](const caf::error&) {});
    return out;
  }

  /// Whether `other` is lost within the time.
  bool loses(const caf::actor& other, std::chrono::milliseconds time) {
    caf::scoped_actor self{system};
    auto out = false;
    self->monitor(other);
    self->receive([&](const caf::down_msg&) { out = true; }, caf::after(time) >> [] {});
    return out;
  }

  boost::json::object state() {
    auto text = ask<actor_state>(tunnel_, get_state{});
    return codec::parse_json(text->json).value().get_object();
  }

  std::size_t open_links() {
    std::size_t out = 0;
    const auto now = state();
    for (const auto& x : now.at("links").as_array())
      out += x.at("open").as_bool() ? 1 : 0;
    return out;
  }

  caf::actor_system& caf_system() { return system; }

private:
  template <class Reply, class... What>
  result<Reply> ask(const caf::actor& whom, What... what) {
    caf::scoped_actor self{system};
    result<Reply> out = fail(ec::timeout);
    self->request(whom, answer_max, what...)
        .receive([&](Reply& x) { out = x; }, [&](caf::error& why) { out = from_caf(why); });
    return out;
  }

  std::string id_;
  table_ptr rows_;
  std::shared_ptr<test_folder> folder_;
  caf_settings settings_;
  caf::actor_system system{settings_};
  tunnel_options how_;
  caf::actor members_;
  caf::actor agent_;
  caf::actor tunnel_;
};

struct fixture {
  test_authority authority;
  table_ptr rows = std::make_shared<table>();

  std::unique_ptr<node> make(const std::string& id) {
    return std::make_unique<node>(id, rows, authority.issue(id));
  }
};

/// Sockets of this process that wait for connections: TCP, and those of the file system.
std::size_t listening_sockets() {
  std::set<std::string> own;
  for (const auto& x : std::filesystem::directory_iterator{"/proc/self/fd"}) {
    std::error_code gone;
    const auto to = std::filesystem::read_symlink(x.path(), gone).string();
    if (to.starts_with("socket:[")) own.insert(to.substr(8, to.size() - 9));
  }
  std::size_t out = 0;
  const auto count = [&](const char* file, std::size_t state_at, const std::string& listening,
                         std::size_t inode_at) {
    std::ifstream in{file};
    for (std::string line; std::getline(in, line);) {
      std::istringstream words{line};
      std::vector<std::string> row{std::istream_iterator<std::string>{words}, {}};
      if (row.size() > inode_at && row[state_at] == listening && own.contains(row[inode_at])) ++out;
    }
  };
  count("/proc/net/tcp", 3, "0A", 9);
  count("/proc/net/tcp6", 3, "0A", 9);
  count("/proc/net/unix", 3, "00010000", 6);
  return out;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(tunnel_actor_tests, fixture)

// First, while this process has no threads that a fork would cut in half.
CAF_TEST(a peer that is stopped is lost within two seconds and its link within six) {
  const auto parent = authority.issue("node-1");
  const auto child = authority.issue("node-2");
  const auto folder_of_child = std::make_shared<test_folder>(); // which is killed
  std::array<int, 2> pipe_ends{};
  CAF_REQUIRE_EQUAL(::pipe(pipe_ends.data()), 0);
  const auto pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    cluster::member other;
    other.id = member_id{"node-1"};
    other.certificates = {parent.facts.fingerprint};
    rows->put(other);
    node it{"node-2", rows, child, folder_of_child};
    const auto port = it.open().value().port;
    if (::write(pipe_ends[1], &port, sizeof port) == sizeof port) std::this_thread::sleep_for(60s);
    ::_exit(0);
  }
  cluster::member other;
  other.id = member_id{"node-2"};
  other.link_host = "127.0.0.1";
  other.certificates = {child.facts.fingerprint};
  CAF_REQUIRE_EQUAL(::read(pipe_ends[0], &other.link_port, sizeof other.link_port),
                    static_cast<ssize_t>(sizeof other.link_port));
  rows->put(other);
  {
    node here{"node-1", rows, parent};
    CAF_REQUIRE(here.open().has_value());
    auto peer = here.dial_until("node-2", 5s);
    CAF_REQUIRE(peer.has_value());
    CAF_REQUIRE(here.answers(*peer));
    ::kill(pid, SIGSTOP);
    const auto stopped_at = std::chrono::steady_clock::now();
    const auto since = [&] {
      return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now()
                                                                   - stopped_at)
          .count();
    };
    CAF_CHECK(here.loses(*peer, 2s));
    CAF_MESSAGE("lost after " << since() << " ms");
    CAF_CHECK(eventually(6s, [&] { return here.open_links() == 0; }));
    CAF_MESSAGE("its link ended after " << since() << " ms");
    const auto while_stopped = here.dial("node-2");
    CAF_CHECK(!while_stopped);
    CAF_CHECK_NOT_EQUAL(verdict_of(while_stopped), "not_found");
    ::kill(pid, SIGCONT);
    auto again = here.dial_until("node-2", 8s);
    CAF_REQUIRE(again.has_value());
    CAF_CHECK(here.answers(*again));
    ::kill(pid, SIGKILL);
    CAF_CHECK(here.loses(*again, 1s));
    ::waitpid(pid, nullptr, 0);
    CAF_CHECK_EQUAL(verdict_of(here.dial("node-2")), "not_found");
  }
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
}

CAF_TEST(two nodes reach each other by their AGENTs) {
  auto a = make("node-1");
  auto b = make("node-2");
  CAF_REQUIRE(a->open().has_value());
  CAF_REQUIRE(b->open().has_value());
  auto b_from_a = a->dial_until("node-2", 5s);
  CAF_REQUIRE(b_from_a.has_value());
  CAF_CHECK(a->answers(*b_from_a));
  auto a_from_b = b->dial_until("node-1", 5s);
  CAF_REQUIRE(a_from_b.has_value());
  CAF_CHECK(b->answers(*a_from_b));
  CAF_CHECK(!a->loses(*b_from_a, 1'500ms));
}

CAF_TEST(members that dial each other at the same moment stay connected) {
  const std::vector<std::string> ids{"node-1", "node-2", "node-3", "node-4"};
  std::vector<std::unique_ptr<node>> nodes;
  for (const auto& id : ids)
    nodes.push_back(make(id));
  for (auto& x : nodes)
    CAF_REQUIRE(x->open().has_value());
  std::atomic<std::size_t> failed{0};
  std::atomic<std::size_t> lost{0};
  std::vector<std::thread> all;
  for (std::size_t i = 0; i < ids.size(); ++i)
    for (std::size_t k = 0; k < ids.size(); ++k)
      if (i != k)
        all.emplace_back([&, i, k] {
          auto peer = nodes[i]->dial_until(ids[k], 5s);
          if (!peer || !nodes[i]->answers(*peer))
            ++failed;
          else if (nodes[i]->loses(*peer, 2'500ms))
            ++lost;
        });
  for (auto& x : all)
    x.join();
  CAF_CHECK_EQUAL(failed.load(), 0u);
  CAF_CHECK_EQUAL(lost.load(), 0u);
}

CAF_TEST(a member whose certificate is in no row is refused) {
  auto a = make("node-1");
  auto b = make("node-2");
  CAF_REQUIRE(a->open().has_value());
  CAF_REQUIRE(b->open().has_value());
  rows->set_certificates("node-2", {std::string(64, '0')});
  CAF_CHECK_EQUAL(verdict_of(b->dial("node-1")), "unavailable");
  CAF_CHECK_EQUAL(verdict_of(a->dial("node-2")), "unavailable");
}

CAF_TEST(a member that joined a moment ago is let in) {
  auto a = make("node-1");
  CAF_REQUIRE(a->open().has_value()); // has read the table
  auto b = make("node-2");
  CAF_REQUIRE(b->open().has_value());
  auto a_from_b = b->dial_until("node-1", 5s);
  CAF_REQUIRE(a_from_b.has_value());
  CAF_CHECK(b->answers(*a_from_b));
}

CAF_TEST(a stranger with an authority of its own is refused) {
  auto a = make("node-1");
  node stranger{"node-2", rows, test_authority{}.issue("node-2")};
  CAF_REQUIRE(a->open().has_value());
  CAF_REQUIRE(stranger.open().has_value()); // even its row stands in the table
  CAF_CHECK_EQUAL(verdict_of(stranger.dial("node-1")), "unavailable");
  CAF_CHECK_EQUAL(verdict_of(a->dial("node-2")), "unavailable");
}

CAF_TEST(nothing speaks the protocol of CAF to the outside) {
  const auto before = listening_sockets();
  auto a = make("node-1");
  const auto port = a->open().value().port;
  CAF_CHECK_EQUAL(listening_sockets(), before + 1);

  // What crashes CAF: the header of a client's handshake without the handshake.
  std::array<unsigned char, 32> packet{};
  packet[0] = 1;
  const auto fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
  CAF_REQUIRE_EQUAL(::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  CAF_REQUIRE_EQUAL(::write(fd, packet.data(), packet.size()), 32);
  std::array<char, 64> answer{};
  while (::read(fd, answer.data(), answer.size()) > 0) {
  }
  ::close(fd);
  CAF_CHECK_EQUAL(a->open_links(), 0u);
}

CAF_TEST(a member cannot start actors on another one) {
  auto a = make("node-1");
  auto b = make("node-2");
  CAF_REQUIRE(a->open().has_value());
  CAF_REQUIRE(b->open().has_value());
  auto peer = a->dial_until("node-2", 5s);
  CAF_REQUIRE(peer.has_value());
  auto spawned = a->caf_system().middleman().remote_spawn<caf::actor>(
      peer->node(), "nothing", caf::make_message(), caf::timespan{2s});
  CAF_CHECK(!spawned);
  CAF_CHECK(a->answers(*peer));
}

CAF_TEST(a restarted TUNNEL keeps its port and knows the AGENT) {
  auto a = make("node-1");
  auto b = make("node-2");
  const auto port = b->open().value().port;
  CAF_REQUIRE(a->open().has_value());
  auto before = a->dial_until("node-2", 5s);
  CAF_REQUIRE(before.has_value());
  b->restart_tunnel();
  CAF_CHECK(a->loses(*before, 1s));
  auto after = a->dial_until("node-2", 5s);
  CAF_REQUIRE(after.has_value());
  CAF_CHECK(a->answers(*after));
  CAF_CHECK_EQUAL(b->open().value().port, port);
}

CAF_TEST(a renewed certificate comes into use without an interruption) {
  auto a = make("node-1");
  auto b = make("node-2");
  CAF_REQUIRE(a->open().has_value());
  CAF_REQUIRE(b->open().has_value());
  const auto old_one = rows->row("node-2").certificates.front();
  auto peer = a->dial_until("node-2", 5s);
  CAF_REQUIRE(peer.has_value());

  const auto renewed = authority.issue("node-2");
  b->show(renewed);
  const auto& new_one = renewed.facts.fingerprint;
  CAF_CHECK(eventually(5s, [&] {
    return rows->row("node-2").certificates == std::vector<std::string>{new_one, old_one};
  }));
  CAF_CHECK(eventually(5s, [&] { return b->state().at("certificate").as_string() == new_one; }));

  CAF_CHECK(a->answers(*peer));
  auto c = make("node-3");
  CAF_REQUIRE(c->open().has_value());
  auto from_c = c->dial_until("node-2", 5s);
  CAF_REQUIRE(from_c.has_value());
  CAF_CHECK(c->answers(*from_c));
  CAF_CHECK(!a->loses(*peer, 500ms));
  CAF_CHECK_EQUAL(rows->row("node-2").certificates.size(), 2u); // the first link still has it

  a.reset();
  CAF_CHECK(eventually(
      5s, [&] { return rows->row("node-2").certificates == std::vector<std::string>{new_one}; }));
}

CAF_TEST(a node without certificates is alone and says why) {
  auto a = make("node-1");
  node b{"node-2", rows, std::nullopt};
  CAF_REQUIRE(a->open().has_value());
  const auto opened = b.open();
  CAF_REQUIRE(opened.has_value());
  CAF_CHECK_EQUAL(opened->port, 0u);
  const auto from_b = b.dial("node-1");
  CAF_CHECK_EQUAL(verdict_of(from_b), "unavailable");
  CAF_CHECK(from_b.error().detail.find("bpci cluster init") != std::string::npos);
  CAF_CHECK_EQUAL(verdict_of(a->dial("node-2")), "unavailable");
}

CAF_TEST(certificates of another member open nothing) {
  node a{"node-1", rows, authority.issue("node-2")};
  CAF_CHECK_EQUAL(verdict_of(a.open()), "config_invalid");
}

CAF_TEST_FIXTURE_SCOPE_END()
