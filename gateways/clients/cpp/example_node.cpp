#include "gateways/clients/cpp/bpi_client.hpp"

#include <CLI/CLI.hpp>

#include <atomic>
#include <csignal>
#include <iostream>
#include <mutex>
#include <sstream>
#include <string>

/// What the author of a BPI node starts from: connects, prints what it receives, answers
/// greetings, and greets a peer now and then.
namespace {

using namespace bpci;

constexpr auto first_connection_max = std::chrono::seconds{30};

struct flags {
  std::vector<std::string> urls;
  std::string id;
  std::string key_file;
  std::string peer;
  std::int64_t interval_ms = 1'000;
  bool print_public_key = false;
};

/// Lines come from the client's thread and from the main one.
void say(const std::string& line) {
  static std::mutex whole_lines;
  std::lock_guard lock{whole_lines};
  std::cout << line << std::endl;
}

client::outgoing text_message(node_id to, std::string type, std::string_view text) {
  return {.targets = {std::move(to)}, .type = std::move(type), .body = {text.begin(), text.end()}};
}

void say_report(const client::report& x) {
  std::ostringstream out;
  out << "sent " << x.id.get() << ':';
  for (const auto& target : x.targets)
    out << ' ' << target.target.get() << '='
        << (target.why.code == ec::none ? "acknowledged" : to_string(target.why));
  say(out.str());
}

void say_state(const client::state_change& x) {
  switch (x.state) {
  case client::link_state::connecting:
    return say("connecting to " + x.url);
  case client::link_state::connected:
    return say("connected to " + x.url + ", session " + std::to_string(x.session));
  case client::link_state::waiting:
    return say("waiting: " + to_string(x.why));
  case client::link_state::ended:
    return say("ended: " + to_string(x.why));
  }
}

/// Returns the signal that ended the program, or 0 when `every` is over.
int wait_for_signal(const sigset_t& which, std::chrono::milliseconds every) {
  const timespec most{every.count() / 1'000, every.count() % 1'000 * 1'000'000};
  return std::max(0, sigtimedwait(&which, nullptr, &most));
}

int run(const flags& given) {
  auto keys = crypto::load_or_create(given.key_file);
  if (!keys) {
    std::cerr << to_string(keys.error()) << '\n';
    return 2;
  }
  if (given.print_public_key) {
    std::cout << crypto::to_hex(keys->pub) << '\n';
    return 0;
  }
  // Before the client's thread exists, so that only `sigtimedwait` sees them.
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGINT);
  sigaddset(&ending, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);

  client::bpi_client* self = nullptr;
  client::options how{.urls = given.urls, .node_id = node_id{given.id}, .keys = std::move(*keys)};
  how.on_state = say_state;
  how.on_message = [&self](const client::delivery& x) {
    const auto& body = x.message.body;
    say("received " + x.message.type + " from " + x.message.source.get() + ": "
        + std::string{body.begin(), body.end()});
    // Answers are not answered, or two nodes would never stop.
    if (x.message.type == "Greeting") {
      const auto sent =
          self->send(text_message(x.message.source, "GreetingAnswer", "hello to you"), say_report);
      if (!sent) say("not answered: " + to_string(sent.error()));
    }
    return true; // It is printed, and that is all that this node does with it.
  };
  client::bpi_client link{std::move(how)};
  self = &link;
  if (auto open = link.connect(first_connection_max); !open) {
    std::cerr << to_string(open.error()) << '\n' << next_step(open.error().code) << '\n';
    return 1;
  }
  const std::chrono::milliseconds interval{given.interval_ms};
  for (std::uint64_t n = 1; wait_for_signal(ending, interval) == 0; ++n) {
    if (link.state() == client::link_state::ended) return 1;
    if (given.peer.empty()) continue;
    const auto text = "hello, number " + std::to_string(n);
    if (auto sent = link.send(text_message(node_id{given.peer}, "Greeting", text), say_report);
        !sent)
      say("not sent: " + to_string(sent.error()));
  }
  link.close();
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  flags given;
  CLI::App app{"An example of a BPI node."};
  app.add_option("--url", given.urls,
                 "ws://host:port of a node of the cluster; more than one may be given");
  app.add_option("--id", given.id, "the id under which this node is registered");
  app.add_option("--key", given.key_file, "the file of its secret key; made when it is missing")
      ->required();
  app.add_option("--peer", given.peer, "whom to greet");
  app.add_option("--interval-ms", given.interval_ms, "between two greetings")
      ->check(CLI::Range(1, 86'400'000));
  app.add_flag("--print-public-key", given.print_public_key, "print the key to register, and end");
  CLI11_PARSE(app, argc, argv);
  if (!given.print_public_key && (given.urls.empty() || given.id.empty())) {
    std::cerr << "--url and --id are needed\n";
    return 2;
  }
  return run(given);
}
