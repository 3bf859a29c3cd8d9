#define CAF_SUITE ledger_validators

#include "actors/ledger/validators/set.hpp"
#include "script.hpp"

#include <caf/test/unit_test.hpp>

#include <random>

using namespace bpci;
using namespace bpci::ledger;
using namespace bpci::ledger::test;

namespace {

using consensus::validator;
using validators::wish;

consensus::address id(std::uint8_t x) {
  consensus::address out{};
  out[0] = x;
  return out;
}

std::string text(const std::vector<validator>& set) {
  std::string out;
  for (const auto& x : set)
    out += (out.empty() ? "" : " ") + std::to_string(x.id[0]) + ":" + std::to_string(x.weight);
  return out;
}

std::string next(const std::vector<validator>& set, const std::vector<wish>& wishes) {
  return text(validators::next_set(set, wishes));
}

} // namespace

CAF_TEST(a set changes by less than a third of its weight) {
  CAF_CHECK_EQUAL(next({{id(1), 100}}, {{id(2), 100}}), "1:100 2:33");
  CAF_CHECK_EQUAL(next({{id(1), 99}}, {{id(2), 100}}), "1:99 2:32");
  CAF_CHECK_EQUAL(next({{id(1), 100}, {id(2), 100}, {id(3), 100}, {id(4), 100}}, {{id(4), 0}}),
                  "1:100 2:100 3:100");
  CAF_CHECK_EQUAL(next({{id(1), 100}, {id(2), 100}, {id(3), 100}}, {{id(3), 0}}),
                  "1:100 2:100 3:1");
}

CAF_TEST(wishes are served in their order) {
  const std::vector<validator> set{{id(1), 100}, {id(2), 100}};
  CAF_CHECK_EQUAL(next(set, {{id(3), 50}, {id(4), 50}}), "1:100 2:100 3:50 4:16");
  CAF_CHECK_EQUAL(next(set, {{id(4), 50}, {id(3), 50}}), "1:100 2:100 3:16 4:50");
}

CAF_TEST(a set is never emptied) {
  CAF_CHECK_EQUAL(next({{id(1), 100}}, {{id(1), 0}}), "1:100");
  CAF_CHECK_EQUAL(next({{id(1), 100}, {id(2), 100}}, {{id(1), 0}, {id(2), 0}}), "1:100 2:100");
}

CAF_TEST(whoever leaves stays until those who come weigh as much) {
  std::vector<validator> set{{id(1), 100}};
  const std::vector<wish> wishes{{id(1), 0}, {id(2), 100}};
  std::vector<std::string> seen;
  for (auto i = 0; i < 20; ++i) {
    auto before = validators::total_weight(set);
    auto after = validators::next_set(set, wishes);
    std::uint64_t moved = 0;
    for (auto who : {id(1), id(2)}) {
      auto a = validators::weight_of(set, who);
      auto b = validators::weight_of(after, who);
      moved += std::max(a, b) - std::min(a, b);
    }
    CAF_CHECK(3 * moved < before);
    CAF_CHECK(validators::total_weight(after) >= 100);
    set = after;
  }
  CAF_CHECK_EQUAL(text(set), "2:100");
}

CAF_TEST(whatever is wished comes true if anybody is to remain) {
  std::mt19937_64 random{7};
  for (auto round = 0; round < 2'000; ++round) {
    std::vector<validator> set;
    std::vector<wish> wishes;
    for (std::uint8_t i = 1; i <= 10; ++i) {
      if (random() % 2) set.push_back({id(i), 100 + random() % 10'000});
      if (random() % 2) wishes.push_back({id(i), random() % 3 ? 100 + random() % 10'000 : 0});
    }
    if (set.empty()) continue;
    std::ranges::shuffle(wishes, random);
    const auto wished = validators::wished_total(set, wishes);
    for (auto i = 0; i < 200; ++i) {
      auto before = validators::total_weight(set);
      auto after = validators::next_set(set, wishes);
      std::uint64_t moved = 0;
      for (std::uint8_t k = 1; k <= 10; ++k) {
        auto a = validators::weight_of(set, id(k));
        auto b = validators::weight_of(after, id(k));
        moved += std::max(a, b) - std::min(a, b);
      }
      CAF_REQUIRE(3 * moved < before);
      CAF_REQUIRE(!after.empty());
      if (after == set) break;
      set = after;
    }
    for (const auto& x : wishes)
      CAF_REQUIRE(wished == 0 || validators::weight_of(set, x.who) == x.weight);
  }
}

CAF_TEST(validators come and go) {
  world w;
  CAF_CHECK_EQUAL(play(w, R"(
    weights               = ada 1000, bob 1000, cyd 1000, dan 1000
    ada join 1000         = already_a_validator
    eve join 999          = bond_below_minimum
    eve join 10001        = balance_too_small
    eve add_bond 5        = not_a_validator
    eve leave             = not_a_validator
    eve join 2000         = ok
    weights               = ada 1000, bob 1000, cyd 1000, dan 1000, eve 1333
    settle
    weights               = ada 1000, bob 1000, cyd 1000, dan 1000, eve 2000
    balance eve GEN       = 8000000000000
    eve unbond 1001       = bond_below_minimum
    eve unbond 2001       = bond_too_small
    eve unbond 0          = amount_must_not_be_zero
    eve add_bond 0        = amount_must_not_be_zero
    eve unbond 1000       = ok
    eve add_bond 500      = ok
    settle
    weights               = ada 1000, bob 1000, cyd 1000, dan 1000, eve 1500
    eve withdraw          = nothing_to_withdraw
    eve leave             = ok
    eve leave             = not_a_validator
    settle
    weights               = ada 1000, bob 1000, cyd 1000, dan 1000
    member eve            = bond 0 leaving unbonding 1000 unbonding 1500
    eve join 3000         = ok
    settle
    weights               = ada 1000, bob 1000, cyd 1000, dan 1000, eve 3000
    member eve            = bond 3000 unbonding 1000 unbonding 1500
    supply GEN            = 74700000000000
  )"),
                  "");
}

CAF_TEST(a change decided at a height holds from two heights on) {
  world w;
  auto done = w.block({w.tx("eve", "validators", validators::join{amount<gen>{1000 * whole}})});
  CAF_CHECK_EQUAL(done.next.size(), 4u);
  CAF_CHECK_EQUAL(done.after_next.size(), 5u);
  CAF_CHECK(validators::coming_after(done.state, w.at)
            == (validators::coming_validators{done.next, done.after_next}));
  done = w.block();
  CAF_CHECK_EQUAL(done.next.size(), 5u);
}

CAF_TEST(two changes one block after the other both hold two heights on) {
  world w;
  auto first = w.block({w.tx("eve", "validators", validators::join{amount<gen>{1000 * whole}})});
  auto second = w.block({w.tx("fay", "validators", validators::join{amount<gen>{1000 * whole}})});
  CAF_CHECK(second.next == first.after_next);
  CAF_CHECK_EQUAL(second.after_next.size(), 6u);
  auto third = w.block();
  CAF_CHECK(third.next == second.after_next);
}

CAF_TEST(a bond comes back when both the heights and the time have passed) {
  world w;
  CAF_CHECK_EQUAL(play(w, R"(
    dan leave               = ok
    settle
    dan withdraw            = nothing_to_withdraw
    jump 20000 1000
    dan withdraw            = nothing_to_withdraw
    jump 1 1814400000
    dan withdraw            = ok
    dan withdraw            = not_a_validator
    balance dan GEN         = 11000000000000
    member dan              = none
  )"),
                  "");
  world x;
  CAF_CHECK_EQUAL(play(x, R"(
    dan leave               = ok
    settle
    jump 1 1914400000
    dan withdraw            = nothing_to_withdraw
    jump 10000 1000
    dan withdraw            = ok
  )"),
                  "");
}

CAF_TEST(the last validator cannot leave) {
  world w;
  CAF_CHECK_EQUAL(play(w, R"(
    ada leave             = ok
    bob leave             = ok
    cyd leave             = ok
    dan leave             = last_validator
    settle
    weights               = dan 1000
    dan leave             = last_validator
    eve join 1000         = ok
    dan leave             = ok
    eve leave             = last_validator
    settle
    weights               = eve 1000
  )"),
                  "");
}

CAF_TEST(there are at most so many validators as governance says) {
  world w;
  CAF_CHECK_EQUAL(play(w, R"(
    ada propose governance.set_parameter validators.max 5   = ok
    bob vote 1 yes        = ok
    cyd vote 1 yes        = ok
    proposal 1            = executed 3000:0
    eve join 1000         = ok
    fay join 1000         = too_many_validators
    dan leave             = ok
    fay join 1000         = ok
    settle
    weights               = ada 1000, bob 1000, cyd 1000, eve 1000, fay 1000
  )"),
                  "");
}

CAF_TEST(all validators can be replaced at once where there is room for no more) {
  world w;
  CAF_CHECK_EQUAL(play(w, R"(
    ada propose governance.set_parameter validators.max 4   = ok
    bob vote 1 yes        = ok
    cyd vote 1 yes        = ok
    eve join 1000         = too_many_validators
    ada leave             = ok
    bob leave             = ok
    cyd leave             = ok
    eve join 1000         = ok
    fay join 1000         = ok
    dan leave             = ok
    gus join 1000         = ok
    settle
    weights               = eve 1000, fay 1000, gus 1000
  )"),
                  "");
}

CAF_TEST(a double signer loses a part of its bond and its place for good) {
  world w;
  CAF_CHECK_EQUAL(play(w, R"(
    blocks 20
    evidence bob 5 5000
    member bob            = bond 0 leaving tombstoned unbonding 950
    supply GEN            = 74650000000000
    weights               = ada 1000, cyd 1000, dan 1000
    evidence bob 5 5000
    evidence bob 3 3000
    supply GEN            = 74650000000000
    bob join 2000         = tombstoned
    bob unjail            = tombstoned
    bob leave             = tombstoned
    settle
    jump 20000 1914400000
    bob withdraw          = ok
    balance bob GEN       = 10950000000000
    bob join 2000         = tombstoned
  )"),
                  "");
}

CAF_TEST(evidence expires only when both limits have passed) {
  world w;
  CAF_CHECK_EQUAL(play(w, R"(
    jump 20000 2000000000
    evidence bob 10001 604800001
    member bob            = bond 1000
    evidence bob 10001 604800000
    member bob            = bond 0 leaving tombstoned unbonding 950
    evidence cyd 10000 704800001
    member cyd            = bond 0 leaving tombstoned unbonding 950
    evidence eve 5 5
    member eve            = none
    supply GEN            = 74600000000000
  )"),
                  "");
}

CAF_TEST(coins on their way out are slashed too) {
  world w;
  CAF_CHECK_EQUAL(play(w, R"(
    eve join 2000         = ok
    settle
    eve unbond 1000       = ok
    settle
    evidence eve 1 1000
    member eve            = bond 0 leaving tombstoned unbonding 950 unbonding 950
    supply GEN            = 74600000000000
    dan leave             = ok
    settle
    evidence dan 1 1000
    member dan            = bond 0 leaving tombstoned unbonding 950
  )"),
                  "");
}

CAF_TEST(evidence against the last validator costs it its bond and not the chain) {
  auto key = crypto::to_hex(account_of("ada"));
  world w{R"({"chain_id":"c","time":0,"validators":{"members":[{"key":")" + key
          + R"(","bond":"1000000000000"}]},"coins":{"balances":[{"account":")"
          + crypto::to_hex(account_of("eve"))
          + R"(","GEN":"10000000000000","FLX":"10000000000000"}]}})"};
  CAF_CHECK_EQUAL(play(w, R"(
    evidence ada 1 1000
    weights               = ada 1000
    blocks 3
    weights               = ada 1000
    eve join 1000         = ok
    settle
    weights               = eve 1000
  )"),
                  "");
  CAF_CHECK(!w.change_due);
}

CAF_TEST(absence for half of a hundred heights means jail) {
  world w;
  CAF_CHECK_EQUAL(play(w, R"(
    blocks 10
    absent bob
    blocks 103
    member bob            = bond 990 jailed
    weights               = ada 1000, cyd 1000, dan 1000
    supply GEN            = 74690000000000
    bob unjail            = still_jailed
    present bob
    jump 1 600000
    bob unjail            = bond_below_minimum
    bob add_bond 10       = ok
    bob unjail            = ok
    bob unjail            = not_jailed
    settle
    weights               = ada 1000, bob 1000, cyd 1000, dan 1000
    blocks 300
    member bob            = bond 1000
    supply GEN            = 74690000000000
  )"),
                  "");
}

CAF_TEST(who seals half of the heights is not jailed) {
  world w;
  for (auto i = 0; i < 400; ++i) {
    if (i % 2 == 0)
      w.absent.insert(account_of("bob"));
    else
      w.absent.clear();
    w.block();
  }
  CAF_CHECK_EQUAL(play(w, "member bob = bond 1000"), "");
}

CAF_TEST(the heights before a validator came do not count against it) {
  world w;
  CAF_CHECK_EQUAL(play(w, R"(
    blocks 150
    eve join 1000         = ok
    settle
    blocks 300
    member eve            = bond 1000
  )"),
                  "");
}

CAF_TEST(the chain keeps its last validator however absent it is) {
  world w;
  CAF_CHECK_EQUAL(play(w, R"(
    absent ada
    absent bob
    absent cyd
    absent dan
    blocks 200
    settle
  )"),
                  "");
  CAF_CHECK_EQUAL(w.after.size(), 1u); // which one is decided by their keys
}

CAF_TEST(who comes back from jail is judged by what it does from then on) {
  world w;
  CAF_CHECK_EQUAL(play(w, R"(
    bob add_bond 100      = ok
    blocks 5
    absent bob
    blocks 103
    member bob            = bond 1089 jailed
    present bob
    jump 1 600000
    bob unjail            = ok
    settle
    absent bob
    blocks 60
    member bob            = bond 1089
    blocks 60
    member bob            = bond 1078 jailed
  )"),
                  "");
}
