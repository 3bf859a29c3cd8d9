#define CAF_SUITE e2e_chain

#include "messages/codec/json.hpp"
#include "validator_network.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <csignal>
#include <random>

using namespace bpci;
using namespace bpci::e2e;
using namespace std::chrono_literals;

namespace {

// Real processes on a machine with other things to do: what must happen happens within these, and
// none of them says how fast it is.
constexpr auto reach_max = 60'000ms;
constexpr auto sync_max = 120'000ms;

/// Short rounds, so that a test of trouble takes seconds; many snapshots.
constexpr auto round_base = 400ms;
constexpr std::chrono::milliseconds round_max = 60'000ms;
const auto quick = "  round_base_ms: " + std::to_string(round_base.count())
                   + "\n  snapshot_every: 20\n  snapshot_gap: 30\n";

/// The longest pause before a link is dialled again (actors/peers/peer_book.hpp), and what a
/// message with its record and its checks may take on a machine that is not busy.
constexpr auto dial_again_max = 15'000ms;
constexpr auto way_max = 100ms;

struct four_validators : shows_logs {
  four_validators() {
    static std::unique_ptr<validator_network> shared;
    if (!shared) shared = std::make_unique<validator_network>(4, quick);
    network = shared.get();
    for (std::size_t i = 1; i <= network->size(); ++i)
      if (!network->running(i)) network->start(i);
    network->heal();
  }

  std::uint64_t highest() {
    std::uint64_t out = 0;
    for (std::size_t i = 1; i <= network->size(); ++i)
      out = std::max(out, network->height_of(i));
    return out;
  }

  /// The height behind which nothing has come for a while, when all have said theirs: on a busy
  /// machine what was decided becomes known late.
  std::uint64_t settled() {
    std::vector<std::uint64_t> before;
    for (;;) {
      std::vector<std::uint64_t> now;
      for (std::size_t i = 1; i <= network->size(); ++i)
        now.push_back(network->height_of(i));
      if (now == before && std::ranges::count(now, 0u) == 0) return std::ranges::max(now);
      before = std::move(now);
      std::this_thread::sleep_for(2s);
    }
  }

  /// Within what something is decided once all can talk again, as the simulator reckons it
  /// (tests/sim/consensus/world.cpp): the timer of now runs out, one more round follows, and links
  /// are dialled again before.
  std::chrono::milliseconds bound() {
    std::uint64_t round = 0;
    for (std::size_t i = 1; i <= network->size(); ++i) {
      const auto state = network->get(i, "/api/v1/consensus/state");
      if (state.is_null() || !state.as_object().contains("engine")) continue;
      round =
          std::max(round, state.at("engine").at("where").at("round").to_number<std::uint64_t>());
    }
    const auto lasts = [](std::uint64_t of) {
      return std::min(round_max, round_base * (1 << std::min(of, std::uint64_t{16})));
    };
    return dial_again_max + lasts(round) + 2 * round_base + lasts(round + 1) + 18 * way_max;
  }

  /// Says how long it took until more was paid, beside the bound. A busy machine may take longer
  /// than any bound, so nothing fails by that alone.
  void check_goes_on(const payer& who, std::chrono::milliseconds within) {
    const auto begin = std::chrono::steady_clock::now();
    const auto paid = who.paid();
    CAF_CHECK(eventually(reach_max, [&] { return who.paid() > paid + 1; }));
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - begin);
    CAF_MESSAGE("went on after " << took.count() << " ms, the bound is " << within.count()
                                 << " ms");
  }

  void check_no_fork() { CAF_CHECK_EQUAL(network->forks().size(), 0u); }

  /// What each node says of an account.
  std::set<std::string> balances_of(const ledger::account& who) {
    std::set<std::string> out;
    for (std::size_t i = 1; i <= network->size(); ++i) {
      const auto account = network->get(i, "/api/v1/chain/accounts/" + crypto::to_hex(who));
      out.insert(account.is_null() ? "nothing" : codec::to_text(account.at("balances")));
    }
    return out;
  }

  validator_network* network = nullptr;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(chain_tests, four_validators)

CAF_TEST(four validators agree on what is sent to any of them) {
  payer ada{*network, 1};
  CAF_CHECK(eventually(reach_max, [&] { return ada.paid() >= 20; }));
  ada.finish();
  CAF_CHECK(network->all_reach(highest(), reach_max));
  check_no_fork();
  CAF_CHECK_EQUAL(balances_of(network->person(2).pub.bytes).size(), 1u);
}

CAF_TEST(where there is nothing to decide there are no blocks) {
  const auto before = settled();
  std::this_thread::sleep_for(3s);
  CAF_CHECK_EQUAL(highest(), before);
}

CAF_TEST(any of them may be killed at any time) {
  payer bob{*network, 2};
  std::minstd_rand random{7};
  for (int i = 0; i < 8; ++i) {
    const auto one = random() % network->size() + 1;
    std::this_thread::sleep_for(std::chrono::milliseconds{random() % 1'500});
    network->kill(one);
    check_goes_on(bob, bound());
    network->start(one);
  }
  bob.finish();
  CAF_CHECK(network->all_reach(highest(), reach_max));
  check_no_fork();
  CAF_CHECK_EQUAL(balances_of(network->person(3).pub.bytes).size(), 1u);
}

CAF_TEST(halves that are apart decide nothing and go on when they meet) {
  payer cyd{*network, 3};
  CAF_REQUIRE(eventually(reach_max, [&] { return cyd.paid() >= 3; }));
  network->part({1, 2});
  const auto before = settled();
  std::this_thread::sleep_for(10s);
  CAF_CHECK_EQUAL(highest(), before);
  CAF_MESSAGE("apart: " << network->summary(1));
  const auto within = bound();
  network->heal();
  check_goes_on(cyd, within);
  cyd.finish();
  CAF_CHECK(network->all_reach(highest(), reach_max));
  check_no_fork();
}

CAF_TEST(who loses the database gets all from the others and signs again only when it is safe) {
  payer ada{*network, 4};
  CAF_REQUIRE(eventually(sync_max, [&] { return highest() >= 80 && ada.paid() >= 2; }));
  network->stop(4, SIGTERM);
  network->wipe_database(4);
  network->start(4);
  const auto engine = [&] {
    const auto state = network->get(4, "/api/v1/consensus/state");
    return state.is_null() || !state.as_object().contains("engine") ? boost::json::value(nullptr)
                                                                    : state.at("engine");
  };
  CAF_CHECK(eventually(reach_max, [&] {
    const auto it = engine();
    return !it.is_null() && !it.at("signs").as_bool();
  }));
  CAF_MESSAGE(network->summary(4));
  const auto there = highest();
  CAF_CHECK(eventually(sync_max, [&] { return network->height_of(4) >= there; }));
  CAF_CHECK_EQUAL(network->block_id(4, 1), ""); // it came by a snapshot
  CAF_CHECK(eventually(sync_max, [&] {
    const auto it = engine();
    return !it.is_null() && it.at("signs").as_bool();
  }));
  ada.finish();
  check_no_fork();
  CAF_CHECK_EQUAL(balances_of(network->person(1).pub.bytes).size(), 1u);
}

CAF_TEST(a whole chain can be checked from its genesis) {
  CAF_CHECK(network->all_reach(highest(), reach_max));
  const auto done = network->cli(1, {"chain", "verify", "--genesis", network->genesis_file()});
  CAF_CHECK_EQUAL(done.exit_code, 0);
  CAF_MESSAGE(done.out << done.err);
}

CAF_TEST_FIXTURE_SCOPE_END()
