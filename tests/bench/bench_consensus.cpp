/// `./dev bench consensus`: how long a block takes, and how many transactions there are room for,
/// beside a program that does the same work without a thought; and what a block costs as there are
/// more validators. docs/benchmarks.md says how to read the output.

#include "messages/chain/pool.hpp"
#include "runtime/actor/actor_config.hpp"
#include "runtime/crypto/keys.hpp"
#include "tests/bench/chain_stage.hpp"
#include "tests/bench/consensus_cost.hpp"
#include "tests/bench/report.hpp"
#include "tests/bench/temporary_directory.hpp"

#include <CLI/CLI.hpp>
#include <caf/all.hpp>
#include <sodium.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace bpci::bench {

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr auto block_max = milliseconds{30'000};
constexpr auto all_blocks_max = milliseconds{120'000};
constexpr auto verify_for = milliseconds{500};

/// Those who send in turn, one transaction a block; all others send many.
constexpr std::size_t single_senders = 16;
constexpr std::size_t many_senders = 2'000;
constexpr std::size_t senders = single_senders + many_senders;

/// Transactions that a MEMPOOL has not yet answered.
constexpr std::size_t window = 128;

constexpr std::array simulated{4, 7, 13, 31};

struct settings {
  std::vector<std::size_t> validators{1, 4, 7};
  std::size_t rounds = 5;
  std::size_t blocks = 200;
  std::size_t transactions = 10'000;
  std::vector<std::string> only;
  std::string out;

  [[nodiscard]] bool wants(const std::string& part) const {
    return only.empty() || std::ranges::find(only, part) != only.end();
  }
};

void say(const std::string& what) {
  std::fprintf(stderr, "bench: %s\n", what.c_str());
}

std::string with_digits(double x, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, x);
  return text;
}

double load_now() {
  double out = 0;
  ::getloadavg(&out, 1);
  return out;
}

fs::path this_program() {
  return fs::read_symlink("/proc/self/exe");
}

// -- what is sent ----------------------------------------------------------------------------

/// Signed ahead, and the same for all stages of so many validators: each is sent once to each.
class workload {
public:
  /// `count` of those who send one a block.
  std::vector<bytes> singles(std::size_t count) { return make(0, single_senders, count); }
  std::vector<bytes> many(std::size_t count) { return make(single_senders, many_senders, count); }

private:
  std::vector<bytes> make(std::size_t first, std::size_t of, std::size_t count) {
    std::vector<bytes> out;
    out.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      const auto who = first + i % of;
      out.push_back(transfer_of(who, nonces_[who]++, senders));
    }
    return out;
  }

  std::array<std::uint64_t, senders> nonces_{};
};

/// Gives a MEMPOOL its share, `window` of them at a time, in their order.
class feeder final : public caf::event_based_actor {
public:
  feeder(caf::actor_config& cfg, caf::actor to, std::vector<bytes> what,
         std::shared_ptr<std::atomic<std::size_t>> refused)
      : event_based_actor(cfg),
        to_(std::move(to)),
        what_(std::move(what)),
        refused_(std::move(refused)) {}

  caf::behavior make_behavior() override {
    for (std::size_t i = 0; i < window; ++i)
      next();
    return {[](int) {}};
  }
  void on_exit() override { to_ = nullptr; }

private:
  void next() {
    if (sent_ == what_.size()) {
      if (answered_ == sent_) quit();
      return;
    }
    request(to_, block_max, chain::submit_transaction{std::move(what_[sent_++])})
        .then(
            [this](const chain::transaction_taken&) {
              ++answered_;
              next();
            },
            [this](const caf::error&) {
              ++*refused_;
              ++answered_;
              next();
            });
  }

  caf::actor to_;
  std::vector<bytes> what_;
  std::shared_ptr<std::atomic<std::size_t>> refused_;
  std::size_t sent_ = 0, answered_ = 0;
};

/// Checks a second that libsodium does on all cores together.
double verify_rate(const std::vector<bytes>& transactions) {
  std::vector<signed_transfer> what;
  for (std::size_t i = 0; i < std::min<std::size_t>(transactions.size(), 1'000); ++i)
    what.push_back(to_check(transactions[i]));
  std::atomic<bool> over{false};
  std::atomic<std::uint64_t> checks{0};
  const auto begun = steady_clock::now();
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < std::thread::hardware_concurrency(); ++i)
    threads.emplace_back([&] {
      std::uint64_t done = 0;
      for (; !over; ++done) {
        const auto& x = what[done % what.size()];
        if (crypto_sign_verify_detached(x.signature.bytes.data(), x.message.data(),
                                        x.message.size(), x.by.bytes.data())
            != 0)
          std::abort(); // it was signed by this program
      }
      checks += done;
    });
  std::this_thread::sleep_for(verify_for);
  over = true;
  for (auto& one : threads)
    one.join();
  return static_cast<double>(checks)
         / std::chrono::duration<double>{steady_clock::now() - begun}.count();
}

// -- one contender ---------------------------------------------------------------------------

struct contender {
  std::string name;
  std::string text;
  std::unique_ptr<chain_stage> stage;
  series p50_ms, p99_ms, quorum_p50_ms, quorum_p99_ms;
  series made, checked; ///< signatures, of a block and validator
  series rate, in_block;
};

/// A block after the other, of one transaction each: from its arrival at the MEMPOOL of whose turn
/// it is until the block is on the disk there, and at a quorum.
void measure_latency(contender& x, const std::vector<bytes>& what, bool counts) {
  auto& stage = *x.stage;
  std::vector<nanoseconds> own, quorum;
  const auto made = stage.signatures().made.load();
  const auto checked = stage.signatures().checked.load();
  for (const auto& one : what) {
    const auto at = height{stage.seen().head()->head.at.get() + 1};
    const auto who = stage.proposer();
    const auto to = stage.mempool(who);
    const auto begun = steady_clock::now();
    caf::anon_send(to, chain::submit_transaction{one});
    if (!stage.seen().wait_for_height(at, block_max))
      throw std::runtime_error(x.text + ": no block " + std::to_string(at.get()));
    auto since = stage.seen().arrivals(at);
    own.push_back(since[who] - begun);
    std::ranges::sort(since);
    quorum.push_back(since[stage.quorum() - 1] - begun);
  }
  if (!counts) return;
  x.p50_ms.add(percentile_ms(own, 0.50));
  x.p99_ms.add(percentile_ms(own, 0.99));
  x.quorum_p50_ms.add(percentile_ms(quorum, 0.50));
  x.quorum_p99_ms.add(percentile_ms(quorum, 0.99));
  const auto each = static_cast<double>(what.size() * stage.size());
  x.made.add(static_cast<double>(stage.signatures().made - made) / each);
  x.checked.add(static_cast<double>(stage.signatures().checked - checked) / each);
}

/// All MEMPOOLs get their share at once; until everything is in blocks at every validator.
void measure_throughput(contender& x, caf::actor_system& system, const std::vector<bytes>& what,
                        bool counts) {
  auto& stage = *x.stage;
  const auto refused = std::make_shared<std::atomic<std::size_t>>(0);
  std::vector<std::vector<bytes>> shares(stage.size());
  for (std::size_t i = 0; i < what.size(); ++i)
    shares[i % many_senders % stage.size()].push_back(what[i]); // a sender is with one of them
  const auto before = stage.seen().transactions();
  const auto height_before = stage.seen().head()->head.at.get();
  const auto begun = steady_clock::now();
  for (std::size_t i = 0; i < shares.size(); ++i)
    system.spawn<feeder>(stage.mempool(i), std::move(shares[i]), refused);
  const auto done = stage.seen().wait_for_transactions(before + what.size(), all_blocks_max);
  const auto took = std::chrono::duration<double>{steady_clock::now() - begun}.count();
  if (*refused > 0)
    throw std::runtime_error(x.text + ": " + std::to_string(*refused) + " were refused");
  if (!done) throw std::runtime_error(x.text + ": not all transactions came into blocks");
  if (!counts) return;
  const auto blocks = stage.seen().head()->head.at.get() - height_before;
  x.rate.add(static_cast<double>(what.size()) / took);
  x.in_block.add(static_cast<double>(what.size()) / static_cast<double>(blocks));
}

// -- a size ------------------------------------------------------------------------------------

struct measured {
  std::size_t validators = 0;
  contender engine{"engine", "bpci", {}, {}, {}, {}, {}, {}, {}, {}, {}};
  contender null{"null", "null-consensus", {}, {}, {}, {}, {}, {}, {}, {}, {}};
  series verify_rate, load;
};

void run_round(measured& all, caf::actor_system& system, workload& sent, const settings& how,
               bool counts) {
  if (counts) all.load.add(load_now());
  if (how.wants("latency")) {
    const auto what = sent.singles(counts ? how.blocks : std::min<std::size_t>(how.blocks, 50));
    for (auto* x : {&all.engine, &all.null})
      measure_latency(*x, what, counts);
  }
  if (how.wants("throughput")) {
    const auto what = sent.many(counts ? how.transactions : how.transactions / 4);
    if (counts) all.verify_rate.add(verify_rate(what));
    for (auto* x : {&all.engine, &all.null})
      measure_throughput(*x, system, what, counts);
  }
}

std::string so_far(const measured& x, const settings& how) {
  std::string out;
  if (how.wants("latency"))
    out += "p50 " + with_digits(x.engine.p50_ms.values().back(), 2) + " ms, null-consensus "
           + with_digits(x.null.p50_ms.values().back(), 2) + " ms";
  if (how.wants("throughput"))
    out += (out.empty() ? "" : "; ") + with_digits(x.engine.rate.values().back(), 0)
           + " transactions/s, null-consensus " + with_digits(x.null.rate.values().back(), 0);
  return out;
}

measured measure(std::size_t validators, chain_databases& databases, const fs::path& folder,
                 const settings& how) {
  actor_config config;
  caf::actor_system system{config};
  measured all;
  all.validators = validators;
  const auto name = std::to_string(validators) + " validators";
  say(name + ": starting them twice");
  const auto start = [&](deciding by, const std::string& what) {
    return std::make_unique<chain_stage>(
        system, databases,
        chain_stage::how{validators, senders, by, folder, what + std::to_string(validators) + "-"});
  };
  all.engine.stage = start(deciding::by_engine, "engine");
  all.null.stage = start(deciding::by_nobody, "null");
  workload sent;
  say(name + ": warming up");
  run_round(all, system, sent, how, false);
  for (std::size_t i = 1; i <= how.rounds; ++i) {
    run_round(all, system, sent, how, true);
    say(name + ", round " + std::to_string(i) + " of " + std::to_string(how.rounds) + ": "
        + so_far(all, how));
  }
  all.engine.stage.reset();
  all.null.stage.reset();
  return all;
}

// -- the report ----------------------------------------------------------------------------------

double over(double x, double y) {
  return x / y;
}

void add_rows(std::vector<row>& to, const contender& x, const std::string& size,
              const settings& how) {
  if (how.wants("latency")) {
    to.push_back({size + "p50_ms", "a block, p50", "ms", 2, x.p50_ms});
    to.push_back({size + "p99_ms", "a block, p99", "ms", 2, x.p99_ms});
    to.push_back({size + "quorum_p50_ms", "at a quorum, p50", "ms", 2, x.quorum_p50_ms});
    to.push_back({size + "quorum_p99_ms", "at a quorum, p99", "ms", 2, x.quorum_p99_ms});
    to.push_back({size + "signatures", "signatures, of a block and validator", "", 1, x.made});
    to.push_back({size + "checks", "checks, of a block and validator", "", 1, x.checked});
  }
  if (how.wants("throughput")) {
    to.push_back({size + "transactions_per_sec", "transactions everywhere", "/s", 0, x.rate});
    to.push_back({size + "transactions_per_block", "transactions in a block", "", 0, x.in_block});
  }
}

void add_ratios(std::vector<row>& to, const measured& x, const std::string& size,
                const settings& how) {
  if (how.wants("latency")) {
    to.push_back({size + "p50_to_null", "p50 / null-consensus (goal 1.5)", "", 2,
                  combine(x.engine.p50_ms, x.null.p50_ms, over)});
    to.push_back({size + "p99_to_null", "p99 / null-consensus (goal 2)", "", 2,
                  combine(x.engine.p99_ms, x.null.p99_ms, over)});
    to.push_back({size + "quorum_p50_to_null", "p50 at a quorum / null-consensus", "", 2,
                  combine(x.engine.quorum_p50_ms, x.null.quorum_p50_ms, over)});
    to.push_back({size + "quorum_p99_to_null", "p99 at a quorum / null-consensus", "", 2,
                  combine(x.engine.quorum_p99_ms, x.null.quorum_p99_ms, over)});
  }
  if (how.wants("throughput")) {
    const auto n = static_cast<double>(x.validators);
    const auto of_checks = [n](double rate, double checks) { return rate / (checks / n); };
    to.push_back({size + "of_verify_rate", "transactions / what checks allow (goal 0.7)", "", 2,
                  combine(x.engine.rate, x.verify_rate, of_checks)});
    to.push_back({size + "null_of_verify_rate", "null-consensus / what checks allow", "", 2,
                  combine(x.null.rate, x.verify_rate, of_checks)});
    to.push_back({size + "transactions_to_null", "transactions / null-consensus", "", 2,
                  combine(x.engine.rate, x.null.rate, over)});
  }
}

/// The rows of a size stand together, so that one table holds them all.
std::string prefix_of(const measured& x) {
  return "n" + std::to_string(x.validators) + "_";
}

void entitle(std::vector<row>& rows, std::size_t from, const measured& x) {
  for (auto i = from; i < rows.size(); ++i)
    rows[i].text = std::to_string(x.validators) + ": " + rows[i].text;
}

template <class Add>
std::vector<row> rows_of(const std::vector<measured>& all, Add add) {
  std::vector<row> out;
  for (const auto& x : all) {
    const auto from = out.size();
    add(out, x);
    entitle(out, from, x);
  }
  return out;
}

section simulate(const settings& how) {
  section out{"simulator", "a block in the simulator, for each validator", {}};
  for (const auto n : simulated) {
    series cpu, messages, kib, checks, signatures, records;
    for (std::size_t i = 0; i < how.rounds; ++i) {
      const auto x = cost_of_block(static_cast<std::size_t>(n), 50);
      cpu.add(x.cpu_us);
      messages.add(x.messages);
      kib.add(x.kib);
      checks.add(x.checks);
      signatures.add(x.signatures);
      records.add(x.records);
    }
    const auto name = "n" + std::to_string(n) + "_";
    const auto text = std::to_string(n) + ": ";
    out.rows.push_back({name + "cpu_us", text + "CPU, signatures left out", "us", 1, cpu});
    out.rows.push_back({name + "messages", text + "messages sent", "", 1, messages});
    out.rows.push_back({name + "kib", text + "bytes sent", "KiB", 1, kib});
    out.rows.push_back({name + "checks", text + "checks of signatures", "", 1, checks});
    out.rows.push_back({name + "signatures", text + "signatures", "", 1, signatures});
    out.rows.push_back({name + "records", text + "records", "", 1, records});
  }
  return out;
}

report make_report(const std::vector<measured>& all, const settings& how) {
  report out;
  out.title = "consensus: " + std::to_string(how.rounds) + " rounds of "
              + std::to_string(how.blocks) + " blocks of one transaction, and of "
              + std::to_string(how.transactions) + " transactions at once; all validators in one "
              + "process";
  if (!all.empty()) {
    out.sections.push_back(
        {"figures", "bpci, by number of validators", rows_of(all, [&](auto& to, const measured& x) {
           add_rows(to, x.engine, prefix_of(x), how);
           to.push_back({prefix_of(x) + "load", "load of the machine", "", 1, x.load});
         })});
    out.sections.push_back({"ceilings", "null-consensus, and signature checks, in the same run",
                            rows_of(all, [&](auto& to, const measured& x) {
                              add_rows(to, x.null, prefix_of(x), how);
                              if (how.wants("throughput"))
                                to.push_back({prefix_of(x) + "checks_per_sec",
                                              "signature checks, all cores", "/s", 0,
                                              x.verify_rate});
                            })});
    out.sections.push_back({"ratios", "ratios", rows_of(all, [&](auto& to, const measured& x) {
                              add_ratios(to, x, prefix_of(x), how);
                            })});
  }
  if (how.wants("simulator")) {
    say("simulating");
    out.sections.push_back(simulate(how));
  }
  out.settings = {
      {"rounds", how.rounds}, {"blocks", how.blocks}, {"transactions", how.transactions}};
  return out;
}

// -- all of it -----------------------------------------------------------------------------------

report run(const settings& how) {
  crypto::init();
  std::vector<measured> all;
  if (how.wants("latency") || how.wants("throughput")) {
    const temporary_directory where;
    chain_databases databases{where.path() / "postgres"};
    for (const auto n : how.validators)
      all.push_back(measure(n, databases, where.path(), how));
  }
  return make_report(all, how);
}

int run_and_print(const settings& how) {
  try {
    const auto done = run(how);
    print_table(done);
    std::fflush(stdout);
    const auto where = how.out.empty() ? this_program().parent_path().parent_path().parent_path()
                                             / "bench" / "consensus.json"
                                       : fs::path{how.out};
    write_json(done, where).value();
    say("written to " + where.string());
    return 0;
  } catch (const std::exception& e) {
    say(e.what());
    return 1;
  }
}

} // namespace

} // namespace bpci::bench

int main(int argc, char** argv) {
  bpci::bench::settings how;
  CLI::App app{"Measures consensus among validators in one process."};
  app.add_option("--validators", how.validators, "how many there are, one number or several")
      ->check(CLI::Range(1, 16))
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--rounds", how.rounds)->check(CLI::Range(1, 1'000))->capture_default_str();
  app.add_option("--blocks", how.blocks, "of one transaction, in each round")
      ->check(CLI::Range(10, 100'000))
      ->capture_default_str();
  app.add_option("--transactions", how.transactions, "that come at once, in each round")
      ->check(CLI::Range(100, 100'000))
      ->capture_default_str();
  app.add_option("--only", how.only, "parts to run; all if not given")
      ->check(CLI::IsMember({"latency", "throughput", "simulator"}));
  app.add_option("-o,--out", how.out,
                 "where the figures go; build/bench/consensus.json if not given");
  CLI11_PARSE(app, argc, argv);
  return bpci::bench::run_and_print(how);
}
