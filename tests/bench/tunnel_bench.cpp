#include "tunnel_bench.hpp"

#include "runtime/actor/actor_config.hpp"
#include "runtime/time/clock.hpp"
#include "runtime/tunnel/tunnel_actor.hpp"

#include <caf/all.hpp>
#include <caf/io/all.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace bpci::bench {

namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

using go_atom = caf::atom_constant<caf::atom("go")>;
using stop_atom = caf::atom_constant<caf::atom("stop")>;
using taken_atom = caf::atom_constant<caf::atom("taken")>;

constexpr std::string_view peer_word = "--tunnel-peer";
constexpr auto host = "127.0.0.1";
constexpr auto here = "node-1";
constexpr auto there = "node-2";

constexpr auto answer_max = 10s;

/// On the way at once, and how many the sink acknowledges in one.
constexpr int window = 4'000;
constexpr int acknowledged = 500;

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "tunnel_bench: %s\n", why.c_str());
  std::_Exit(1);
}

template <class T>
T must(result<T> x) {
  if (!x) give_up(to_string(x.error()));
  return std::move(*x);
}

struct settings : actor_config {
  settings() : actor_config(2) { load<caf::io::middleman>(); }
};

// -- the actors --------------------------------------------------------------------------

struct sink_state {
  int open = 0;
};

caf::behavior sink(caf::stateful_actor<sink_state>* self) {
  return {
      [self](const std::string&) {
        if (++self->state.open < acknowledged) return;
        self->state.open = 0;
        self->send(caf::actor_cast<caf::actor>(self->current_sender()), taken_atom::value);
      },
  };
}

struct source_state {
  std::uint64_t taken = 0;
  bool running = false;
};

/// Sends as fast as the window lets it; answers `stop` with what the sink has taken since `go`.
caf::behavior source(caf::stateful_actor<source_state>* self, const caf::actor& to,
                     const std::string& text) {
  const auto send_some = [self, to, text](int count) {
    for (int i = 0; i < count; ++i)
      self->send(to, text);
  };
  return {
      [self, send_some](go_atom) {
        self->state = {0, true};
        send_some(window);
      },
      [self, send_some](taken_atom) {
        self->state.taken += acknowledged;
        if (self->state.running) send_some(acknowledged);
      },
      [self](stop_atom) {
        self->state.running = false;
        return self->state.taken;
      },
  };
}

/// MEMBERS as far as TUNNEL needs one: two rows that do not change.
caf::behavior members(caf::event_based_actor* self, const cluster::view_changed& view) {
  return {
      [view](const cluster::read_members&) { return view; },
      [self, view](const cluster::watch_members&) {
        self->send(caf::actor_cast<caf::actor>(self->current_sender()), view);
      },
      [self](go_atom, const caf::actor& tunnel, const caf::actor& agent) {
        auto promise = self->make_response_promise<std::uint16_t>();
        self->request(tunnel, answer_max, cluster::open_port{agent})
            .then([promise](const cluster::port_opened& x) mutable { promise.deliver(x.port); },
                  [promise](caf::error& why) mutable { promise.deliver(std::move(why)); });
        return promise;
      },
  };
}

// -- both ends of a tunnel ------------------------------------------------------------------

cluster::member row_of(const fs::path& folder, const std::string& id) {
  cluster::member out;
  out.id = member_id{id};
  out.link_host = host;
  out.certificates = {must(tunnel::load_credentials(folder / id, wall_now()))->facts.fingerprint};
  return out;
}

struct tunnel_end {
  caf::actor members_of;
  caf::actor tunnel;
  std::uint16_t port = 0;
};

tunnel_end open_tunnel(caf::actor_system& system, const fs::path& folder, const std::string& self,
                       const caf::actor& agent) {
  cluster::view_changed view;
  view.live = {row_of(folder, here), row_of(folder, there)};
  tunnel_end out;
  out.members_of = system.spawn(members, view);
  tunnel::tunnel_options how;
  how.self = member_id{self};
  how.root = "/" + self;
  how.node = std::make_shared<supervision::node_context>();
  how.listen_host = host;
  how.certificates = folder / self;
  out.tunnel = system.spawn<tunnel::tunnel_actor>(how);
  caf::scoped_actor asking{system};
  asking->request(out.members_of, answer_max, go_atom::value, out.tunnel, agent)
      .receive([&](std::uint16_t port) { out.port = port; },
               [&](const caf::error& why) { give_up(system.render(why)); });
  return out;
}

void make_certificates(const fs::path& folder) {
  const auto authority = must(tunnel::make_authority("bench", wall_now()));
  for (const auto* id : {here, there})
    if (auto ok =
            tunnel::store_credentials(folder / id, authority.certificate,
                                      must(tunnel::issue(authority, member_id{id}, wall_now())));
        !ok)
      give_up(to_string(ok.error()));
}

// -- the peers -------------------------------------------------------------------------------

int serve(const std::string& kind, const fs::path& folder) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  settings how;
  caf::actor_system system{how};
  const auto agent = system.spawn(sink);
  tunnel_end end;
  if (kind == "tunnel") {
    end = open_tunnel(system, folder, there, agent);
  } else {
    auto port = system.middleman().publish(agent, 0, host);
    if (!port) give_up(system.render(port.error()));
    end.port = *port;
  }
  std::printf("%u\n", unsigned{end.port});
  std::fflush(stdout);
  for (;;)
    std::this_thread::sleep_for(1h);
}

/// A child that runs `serve`; killed at the end.
class peer {
public:
  peer(const std::string& kind, const std::string& folder) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) give_up("pipe");
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(ends[1], 1);
      ::execl("/proc/self/exe", "tunnel-peer", std::string{peer_word}.c_str(), kind.c_str(),
              folder.c_str(), nullptr);
      ::_exit(127);
    }
    ::close(ends[1]);
    auto* from = ::fdopen(ends[0], "r");
    unsigned number = 0;
    if (std::fscanf(from, "%u", &number) != 1) give_up("a peer does not start");
    std::fclose(from);
    port = static_cast<std::uint16_t>(number);
  }

  ~peer() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  peer(const peer&) = delete;
  peer& operator=(const peer&) = delete;

  std::uint16_t port = 0;

private:
  pid_t pid_ = 0;
};

// -- measuring ---------------------------------------------------------------------------------

caf::actor dial(caf::actor_system& system, const tunnel_end& from, cluster::member to,
                std::uint16_t port) {
  to.link_port = port;
  caf::scoped_actor asking{system};
  caf::actor out;
  asking->request(from.tunnel, answer_max, cluster::dial_member{to})
      .receive([&](const cluster::member_dialled& x) { out = x.agent; },
               [&](const caf::error& why) { give_up(system.render(why)); });
  return out;
}

std::uint64_t rate_of(caf::actor_system& system, const caf::actor& source_of,
                      std::chrono::milliseconds time) {
  caf::scoped_actor asking{system};
  std::uint64_t taken = 0;
  const auto begin = steady_now();
  asking->send(source_of, go_atom::value);
  std::this_thread::sleep_for(time);
  asking->request(source_of, answer_max, stop_atom::value)
      .receive([&](std::uint64_t x) { taken = x; },
               [&](const caf::error& why) { give_up(system.render(why)); });
  const auto took =
      std::chrono::duration_cast<std::chrono::microseconds>(steady_now() - begin).count();
  // What is still on the way is no part of the next round.
  std::this_thread::sleep_for(100ms);
  return taken * 1'000'000 / static_cast<std::uint64_t>(took);
}

} // namespace

std::optional<int> run_tunnel_peer(int argc, char** argv) {
  if (argc != 4 || argv[1] != peer_word) return std::nullopt;
  return serve(argv[2], argv[3]);
}

tunnel_rates measure_tunnel(const tunnel_options& how) {
  auto folder = (fs::temp_directory_path() / "bpci-bench-XXXXXX").string();
  if (!::mkdtemp(folder.data())) give_up("no temporary folder");
  make_certificates(folder);
  const peer plain_peer{"plain", folder};
  const peer tunnel_peer{"tunnel", folder};
  tunnel_rates out;
  {
    settings config;
    caf::actor_system system{config};
    const auto agent = system.spawn(sink);
    const auto end = open_tunnel(system, folder, here, agent);
    auto plain_sink = system.middleman().remote_actor(host, plain_peer.port);
    if (!plain_sink) give_up(system.render(plain_sink.error()));
    const std::string text(how.message_bytes, 'm');
    const auto plain = system.spawn(source, *plain_sink, text);
    const auto tunnelled =
        system.spawn(source, dial(system, end, row_of(folder, there), tunnel_peer.port), text);
    for (std::size_t i = 0; i < how.rounds; ++i) {
      out.plain.push_back(rate_of(system, plain, how.round));
      out.tunnel.push_back(rate_of(system, tunnelled, how.round));
    }
    for (const auto& x : {plain, tunnelled, agent, end.tunnel, end.members_of})
      caf::anon_send_exit(x, caf::exit_reason::kill);
  }
  std::ranges::sort(out.plain);
  std::ranges::sort(out.tunnel);
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  return out;
}

} // namespace bpci::bench
