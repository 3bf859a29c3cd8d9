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
const auto quick = std::string{"  round_base_ms: 400\n  snapshot_every: 20\n  snapshot_gap: 30\n"};

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
    const auto paid = bob.paid();
    CAF_CHECK_EQUAL(eventually(reach_max, [&] { return bob.paid() > paid + 1; }), true);
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
  network->heal();
  const auto paid = cyd.paid();
  CAF_CHECK(eventually(reach_max, [&] { return cyd.paid() > paid + 3; }));
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
