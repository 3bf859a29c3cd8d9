#include "runner.hpp"

#include "database_server.hpp"
#include "database_witness.hpp"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <map>

namespace bpci::chaos {

namespace {

using namespace std::chrono_literals;

constexpr auto settle = 1'500ms; ///< of load on a cluster that is whole, ahead of everything
constexpr auto again_max = 120'000ms;
constexpr auto read_max = 20'000ms;
constexpr auto drain_max = 60'000ms;
constexpr auto messages_max = 30'000ms;

constexpr std::size_t nodes = 3;

std::vector<node_address> addresses(world& x) {
  std::vector<node_address> out;
  for (std::size_t i = 1; i <= x.size(); ++i)
    out.push_back({x.node(i).id, x.node(i).http_url()});
  return out;
}

/// Two BPI nodes that may connect anywhere; one sends to the other all the time.
std::unique_ptr<message_load> make_messages(world& x, bool stored) {
  const std::string kind = stored ? "stored" : "live";
  message_load_options how{.from = make_bpi_identity(kind + "-sender"),
                           .to = make_bpi_identity(kind + "-receiver")};
  how.stored = stored;
  for (std::size_t i = 1; i <= x.size(); ++i) {
    how.from_urls.push_back(x.node(i).socket_url());
    how.to_urls.insert(how.to_urls.begin(), x.node(i).socket_url());
  }
  for (const auto& who : {how.from, how.to}) {
    const auto body = registration_of(who);
    const auto done = x.wait_for(read_max, [&] {
      const auto got = x.call(1, "POST", "/api/v1/oracle/nodes/register", body);
      return got && got->status == 200;
    });
    if (!done) throw std::runtime_error(who.id + " cannot be registered");
  }
  return std::make_unique<message_load>(std::move(how));
}

// -- what is left behind ---------------------------------------------------------------------

void read_finals(stage& s, evidence& out) {
  auto client = s.make_client();
  for (const auto& entity : s.load.entity_names())
    if (const auto got = client.read_somewhere(entity, read_max))
      out.finals[entity] = {got->total, got->count};
}

void read_receipts(stage& s, evidence& out) {
  const auto empty = s.cluster.wait_for(drain_max, [&] {
    return s.cluster.number_from_database("SELECT count(*) FROM outbox") == 0;
  });
  s.check('E', empty, "the outbox does not become empty");
  auto client = s.make_client();
  for (const auto& sink : s.load.sink_names()) {
    auto keys = client.receipts(sink, read_max);
    s.check('E', keys.has_value(), sink + " cannot be read");
    if (keys) out.receipts[sink] = std::move(*keys);
  }
}

evidence gather(stage& s, std::vector<message_record> messages) {
  evidence out;
  out.operations = s.load.operations();
  out.readings = s.load.readings();
  out.readings.insert(out.readings.end(), s.readings.begin(), s.readings.end());
  read_finals(s, out);
  s.say("every key is sent once more");
  out.again = s.load.send_again(out.operations, again_max);
  read_receipts(s, out);
  out.versions = read_versions(s.cluster.database().dsn());
  out.ownership = read_ownership(s.cluster.database().dsn());
  out.absences = s.cluster.absences();
  out.memory = s.cluster.memory();
  out.marks = s.marks;
  out.messages = std::move(messages);
  out.messages.insert(out.messages.end(), s.messages.begin(), s.messages.end());
  out.findings = s.cluster.findings();
  return out;
}

// -- telling ---------------------------------------------------------------------------------

/// What everybody was told that was not yes, and how often.
std::map<std::string, std::size_t> refusals(const evidence& x) {
  std::map<std::string, std::size_t> out;
  for (const auto& one : x.operations)
    for (const auto& a : one.attempts)
      if (a.what != outcome::ok) ++out[(a.answered ? "add: " : "add: no answer, ") + a.code];
  for (const auto& one : x.messages)
    if (!one.acknowledged) ++out["message: " + (one.code.empty() ? "no answer" : one.code)];
  return out;
}

void tell_counts(const evidence& x) {
  std::size_t attempts = 0;
  for (const auto& one : x.operations)
    attempts += one.attempts.size();
  const auto with = [&](outcome what) {
    return std::ranges::count(x.operations, what, &operation::what);
  };
  const auto delivered = std::ranges::count(x.messages, true, &message_record::acknowledged);
  const auto commits =
      std::ranges::count(x.ownership, ownership_event::kind::commit, &ownership_event::what);
  std::printf("\n  %zu adds in %zu requests: %td acknowledged, %td unknown; %zu readings\n",
              x.operations.size(), attempts, with(outcome::ok), with(outcome::unknown),
              x.readings.size());
  std::printf("  %td of %zu messages acknowledged\n", delivered, x.messages.size());
  for (const auto& [code, count] : refusals(x))
    std::printf("    %6zu  %s\n", count, code.c_str());
  std::printf("  %td commits, %td changes of slots\n", commits, std::ssize(x.ownership) - commits);
}

void tell_memory(const evidence& x) {
  std::map<std::string, std::uint64_t> most;
  for (const auto& one : x.memory)
    most[one.node] = std::max(most[one.node], one.bytes);
  for (const auto& [node, bytes] : most)
    std::printf("  %s: at most %llu MiB\n", node.c_str(),
                static_cast<unsigned long long>(bytes >> 20));
}

void tell_recoveries(const evidence& x) {
  std::printf("\n");
  for (const auto& r : recoveries(x)) {
    const auto took = r.took        ? std::to_string(r.took->count()) + " ms"
                      : r.overtaken ? std::string{"overtaken"}
                                    : std::string{"never"};
    const auto bound = r.bound ? " (of " + std::to_string(r.bound->count()) + ")" : "";
    std::printf("  %-58s %s%s\n", r.what.c_str(), took.c_str(), bound.c_str());
  }
}

bool tell_verdict(const scenario& what, const run_options& how, const evidence& x,
                  const std::vector<violation>& found) {
  tell_counts(x);
  tell_memory(x);
  tell_recoveries(x);
  std::printf("\n");
  for (const auto& v : found)
    std::printf("  VIOLATED %c: %s\n", v.invariant, v.what.c_str());
  std::printf("%s %s, seed %llu\n", found.empty() ? "HELD" : "FAILED", what.name.c_str(),
              static_cast<unsigned long long>(how.seed));
  if (!found.empty())
    std::printf("  again: ./dev chaos --scenario %s --seed %llu --keep\n", what.name.c_str(),
                static_cast<unsigned long long>(how.seed));
  std::fflush(stdout);
  return found.empty();
}

/// The same load, faults and judgement for every scenario.
evidence play(const scenario& what, const run_options& how, world& cluster) {
  install_witness(cluster.database().dsn());
  auto live = make_messages(cluster, false);
  auto stored = make_messages(cluster, true);
  probe_load load{{.nodes = addresses(cluster), .token = cluster.token(), .seed = how.seed}};
  stage s{cluster, load, dice{how.seed}, how.lasts};
  load.begin();
  live->begin();
  stored->begin();
  s.sleep(settle);
  what.play(s);
  s.make_whole();
  s.sleep(settle);
  s.say("no more load");
  load.finish();
  auto sent = live->finish(messages_max);
  for (auto& x : stored->finish(messages_max))
    sent.push_back(std::move(x));
  return gather(s, std::move(sent));
}

} // namespace

std::filesystem::path find_faketime() {
  constexpr auto below = "usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
  for (const std::filesystem::path root : {"/", "build/deps"})
    if (std::filesystem::exists(root / below)) return std::filesystem::absolute(root / below);
  return {};
}

std::optional<std::string> obstacle_to(const scenario& what, const run_options& how) {
  if (what.needs_network)
    if (auto why = network::obstacle()) return why;
  if (what.disk_bytes != 0)
    if (auto why = database_server::disk_obstacle()) return why;
  if (what.needs_clock && how.faketime.empty())
    return "libfaketime is missing (package libfaketime)";
  return std::nullopt;
}

bool run(const scenario& what, const run_options& how) {
  std::printf("\n%s: %s (seed %llu)\n\n", what.name.c_str(), what.summary.c_str(),
              static_cast<unsigned long long>(how.seed));
  timeline says;
  says.say("a cluster of " + std::to_string(nodes) + " nodes is made");
  world cluster{{.program = how.program,
                 .nodes = nodes,
                 .with_network = what.needs_network,
                 .disk_bytes = what.disk_bytes,
                 .faketime = what.needs_clock ? how.faketime : std::filesystem::path{},
                 .keep_files = how.keep_files,
                 .environment = what.environment},
                says};
  says.say("it is whole; its files are in " + cluster.folder().string());
  const auto seen = play(what, how, cluster);
  limits bounds;
  bounds.memory_bytes = how.memory_bytes != 0 ? how.memory_bytes : what.memory_bytes;
  return tell_verdict(what, how, seen, judge(seen, bounds));
}

} // namespace bpci::chaos
