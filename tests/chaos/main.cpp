/// `./dev chaos`: a real cluster, real faults, and a judgement of what was promised. docs/chaos.md
/// says how to read the output.

#include "runner.hpp"
#include "runtime/crypto/keys.hpp"
#include "runtime/log/log.hpp"
#include "runtime/time/clock.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>

namespace bpci::chaos {

namespace {

constexpr int held = 0;
constexpr int failed = 1;
constexpr int misused = 2;
constexpr int skipped = 77; ///< what ctest reads as skipped

struct command_line {
  run_options how;
  std::vector<std::string> names;
  std::vector<std::string> faults;
  unsigned minutes = 1;
  unsigned seeds = 1;
  bool all = false;
  bool list = false;
};

std::filesystem::path default_program() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "bpci";
}

void list_all(const run_options& how) {
  for (const auto& x : scenarios()) {
    const auto obstacle = obstacle_to(x, how);
    std::printf("%3s  %-46s %-7s %s%s\n", x.number ? std::to_string(x.number).c_str() : "",
                x.name.c_str(), x.invariants.c_str(), x.summary.c_str(),
                obstacle ? (" [not here: " + *obstacle + "]").c_str() : "");
  }
  std::printf("     random_mix, of these faults:");
  for (auto x : all_faults())
    std::printf(" %s", std::string{name(x)}.c_str());
  std::printf("\n");
}

/// Faults that this machine can do, or those that were asked for.
std::optional<std::vector<fault>> chosen_faults(const command_line& line) {
  if (!line.faults.empty()) {
    std::vector<fault> out;
    for (const auto& word : line.faults) {
      const auto x = fault_from(word);
      if (!x) {
        std::fprintf(stderr, "There is no fault '%s'; --list names them.\n", word.c_str());
        return std::nullopt;
      }
      out.push_back(*x);
    }
    return out;
  }
  std::vector<fault> out;
  for (auto x : all_faults()) {
    if (const auto why = obstacle_to(random_mix({x}, 0), line.how))
      std::printf("SKIPPED fault %s: %s\n", std::string{name(x)}.c_str(), why->c_str());
    else
      out.push_back(x);
  }
  return out;
}

/// The worst of several.
int worse(int a, int b) {
  return a == failed || b == failed ? failed : std::max(a, b);
}

int run_one(const scenario& what, const run_options& how) {
  if (const auto why = obstacle_to(what, how)) {
    std::printf("SKIPPED %s: %s\n", what.name.c_str(), why->c_str());
    return skipped;
  }
  try {
    return run(what, how) ? held : failed;
  } catch (const std::exception& e) {
    std::printf("FAILED %s, seed %llu: %s\n", what.name.c_str(),
                static_cast<unsigned long long>(how.seed), e.what());
    return failed;
  }
}

std::optional<std::vector<scenario>> chosen_scenarios(const command_line& line) {
  std::vector<scenario> out;
  if (line.all) out = scenarios();
  for (const auto& name : line.names) {
    if (name == "random_mix") continue;
    const auto* found = find_scenario(name);
    if (!found) {
      std::fprintf(stderr, "There is no scenario '%s'; --list names them.\n", name.c_str());
      return std::nullopt;
    }
    out.push_back(*found);
  }
  const auto mix = line.all || line.names.empty()
                   || std::ranges::find(line.names, "random_mix") != line.names.end();
  if (!mix) return out;
  const auto faults = chosen_faults(line);
  if (!faults) return std::nullopt;
  for (unsigned i = 0; i < line.seeds; ++i)
    out.push_back(random_mix(*faults, line.how.seed + i));
  return out;
}

int run_all(command_line line) {
  line.how.lasts = std::chrono::minutes{line.minutes};
  const auto chosen = chosen_scenarios(line);
  if (!chosen) return misused;
  auto out = held;
  std::vector<std::pair<std::string, int>> told;
  auto seed = line.how.seed;
  for (const auto& x : *chosen) {
    if (was_signalled()) return failed;
    auto how = line.how;
    if (x.name == "random_mix") how.seed = seed++;
    told.emplace_back(x.name + ", seed " + std::to_string(how.seed), run_one(x, how));
    out = worse(out, told.back().second);
  }
  if (told.size() > 1) std::printf("\n");
  for (const auto& [what, status] : told)
    if (told.size() > 1)
      std::printf("%-8s %s\n",
                  status == held      ? "HELD"
                  : status == skipped ? "SKIPPED"
                                      : "FAILED",
                  what.c_str());
  return line.all && out == skipped ? failed : out;
}

int start(int argc, char** argv) {
  command_line line;
  line.how.program = default_program();
  line.how.faketime = find_faketime();
  line.how.seed = random_below(1'000'000);
  unsigned memory_mb = 0;
  CLI::App app{"Faults in a real cluster, and a judgement"};
  app.add_option("--scenario", line.names, "Play these; without any: a random mix of faults")
      ->delimiter(',');
  app.add_option("--seed", line.how.seed, "Of the load and of the random mix");
  app.add_option("--seeds", line.seeds, "Random mixes, of so many seeds from --seed on");
  app.add_option("--faults", line.faults, "What the random mix is made of")->delimiter(',');
  app.add_option("--minutes", line.minutes, "Of one random mix");
  app.add_option("--memory-mb", memory_mb, "Cap on the memory of a node");
  app.add_option("--program", line.how.program, "The node that is put to the test");
  app.add_flag("--all", line.all, "Every scenario, and a random mix; what is skipped fails");
  app.add_flag("--list", line.list, "Name what can be played");
  app.add_flag("--keep", line.how.keep_files,
               "Leave the logs and the data where they are, and the token beside them");
  CLI11_PARSE(app, argc, argv);
  line.how.memory_bytes = std::uint64_t{memory_mb} << 20;
  if (line.list) {
    list_all(line.how);
    return held;
  }
  return run_all(std::move(line));
}

} // namespace

} // namespace bpci::chaos

int main(int argc, char** argv) {
  bpci::crypto::init();
  // What the harness's own PostgreSQL goes through is in the timeline.
  if (auto ok = bpci::log::start({.least = bpci::log::level::error, .json = false, .file = {}});
      !ok)
    return 2;
  bpci::chaos::end_runs_on_signals();
  return bpci::chaos::start(argc, argv);
}
