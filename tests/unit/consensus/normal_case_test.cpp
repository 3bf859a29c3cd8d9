#define CAF_SUITE consensus_normal_case

#include "actors/consensus/ed25519_signer.hpp"
#include "tests/unit/consensus/table.hpp"

#include <caf/test/unit_test.hpp>

/// Blocks while nothing fails.
namespace bpci::consensus::testing {

namespace {

CAF_TEST(four validators decide a block once one of them has work and is in turn) {
  table t{4};
  t.work({1});
  t.run();
  CAF_CHECK(t.all_have(1));
  CAF_CHECK(t.seats.at(1).chain.front().what.head.proposer == id_of(1));
}

CAF_TEST(a validator alone decides what it proposes) {
  table t{1};
  for (int i = 0; i < 3; ++i) {
    t.work({1});
    t.run();
  }
  CAF_CHECK(t.all_have(3));
}

CAF_TEST(a validator with a real key decides) {
  std::array<std::uint8_t, 32> seed{};
  seed.fill(3);
  auto keys = ed25519_signer{crypto::from_seed(seed)};
  auto start = genesis({{keys.self(), 1}});
  auto how = engine_settings{.chain_id = chain};
  auto uut = engine{how, keys};
  auto now = timestamp_ms{start.head.time.get() + 1'000};
  std::deque<event> todo{begin{start, journal_state::fresh, std::nullopt}, work_due{}};
  std::optional<sealed_block> final_one;
  for (; !todo.empty() && !final_one; todo.pop_front())
    for (const auto& e : uut.step({now, todo.front()})) {
      if (const auto* x = std::get_if<broadcast>(&e)) todo.push_back(arrived{keys.self(), x->what});
      if (std::holds_alternative<make_block>(e)) {
        auto body = block_upon(start, chain, keys.self(), now);
        todo.push_back(block_made{height{1}, round_no{0}, body});
      }
      if (const auto* x = std::get_if<finalize>(&e)) final_one = x->what;
    }
  CAF_REQUIRE(final_one.has_value());
  CAF_CHECK(crypto::verify(
      {keys.self()}, signing_bytes(chain, commit_of(final_one->seals, final_one->seals.seals[0])),
      {final_one->seals.seals[0].sig}));
}

CAF_TEST(the turn goes on with every block) {
  table t{4};
  for (int i = 0; i < 6; ++i) {
    t.work({1, 2, 3, 4});
    t.run();
  }
  CAF_REQUIRE(t.all_have(6));
  std::vector<int> makers;
  for (const auto& x : t.seats.at(3).chain)
    makers.push_back(x.what.head.proposer[0]);
  CAF_CHECK_EQUAL(makers, (std::vector<int>{1, 2, 3, 4, 1, 2}));
}

CAF_TEST(without work nobody says a word and no timer runs) {
  table t{4};
  t.run();
  for (const auto& [n, s] : t.seats) {
    CAF_CHECK(s.said.empty());
    CAF_CHECK(s.timers.empty());
  }
}

} // namespace

} // namespace bpci::consensus::testing
