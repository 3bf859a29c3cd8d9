#define CAF_SUITE ledger_governance

#include "actors/ledger/chain.hpp"
#include "actors/ledger/governance/ballot.hpp"
#include "messages/ledger/governance.hpp"
#include "messages/ledger/treasury.hpp"
#include "script.hpp"

#include <caf/test/unit_test.hpp>

using namespace bpci;
using namespace bpci::ledger;
using namespace bpci::ledger::test;

namespace {

/// Validators of these weights, and people who are none.
std::string genesis_with(const std::vector<std::pair<std::string, std::uint64_t>>& weights) {
  std::string members;
  std::string balances;
  for (const auto& [who, weight] : weights) {
    auto key = crypto::to_hex(account_of(who));
    members += (members.empty() ? "" : ",") + ("{\"key\":\"" + key) + R"(","bond":")"
               + std::to_string(weight * whole) + "\"}";
    balances += (balances.empty() ? "" : ",") + ("{\"account\":\"" + key)
                + R"(","FLX":"1000000000000","GEN":"10000000000000"})";
  }
  balances +=
      ",{\"account\":\"" + crypto::to_hex(account_of("eve")) + R"(","FLX":"1000000000000"})";
  return R"({"chain_id":"test","time":1000,"validators":{"members":[)" + members
         + R"(]},"parameters":{"validators.bond_min":"100000000000"},"coins":{"balances":[)"
         + balances + R"(]},"treasury":{"funds":[{"which":"main","FLX":"5000000"}]}})";
}

} // namespace

CAF_TEST(sixty seven of a hundred are enough and a hair less is not ) {
  using governance::enough;
  CAF_CHECK(enough(67, 100, false));
  CAF_CHECK(!enough(66, 100, false));
  CAF_CHECK(!enough(6'699, 10'000, false));
  CAF_CHECK(enough(6'700, 10'000, false));
  CAF_CHECK(enough(3, 4, false));
  CAF_CHECK(!enough(2, 3, false));
  CAF_CHECK(!enough(68, 102, false));
  CAF_CHECK(enough(69, 102, false));
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  CAF_CHECK(enough(most, most, false));
  CAF_CHECK(!enough(most / 100 * 66, most, false));
  CAF_CHECK(enough(1, 3, true));
  CAF_CHECK(!enough(33, 100, true));
  CAF_CHECK(enough(34, 100, true));
}

CAF_TEST(a vote of sixty seven of a hundred decides) {
  world w{genesis_with({{"ada", 6'699}, {"bob", 1'000}, {"cyd", 2'301}})};
  CAF_CHECK_EQUAL(play(w, R"(
    ada propose treasury.spend main eve 5 FLX     = ok
    proposal 1                                    = open 6699:0
    cyd vote 1 no                                 = ok
    proposal 1                                    = open 6699:2301
    bob vote 1 yes                                = ok
    proposal 1                                    = executed 7699:2301
  )"),
                  "");
  world x{genesis_with({{"ada", 6'700}, {"bob", 3'300}})};
  CAF_CHECK_EQUAL(play(x, R"(
    ada propose treasury.spend main eve 5 FLX     = ok
    proposal 1                                    = executed 6700:0
  )"),
                  "");
}

CAF_TEST(who may propose and vote and what) {
  world w;
  CAF_CHECK_EQUAL(play(w, R"(
    eve propose treasury.spend main eve 5 FLX     = not_a_validator
    ada propose treasury.spend main eve 5 FLX     = ok
    ada vote 1 yes                                = already_voted
    ada vote 1 no                                 = already_voted
    eve vote 1 yes                                = not_in_electorate
    bob vote 2 yes                                = proposal_unknown
    bob vote 1 yes                                = ok
    bob vote 1 no                                 = already_voted
    proposal 1                                    = open 2000:0
    cyd vote 1 yes                                = ok
    proposal 1                                    = executed 3000:0
    dan vote 1 yes                                = proposal_closed
    ada spend main eve 5 FLX                      = only_governance
    ada set_parameter ledger.fee_base 5           = only_governance
    ada schedule_upgrade 2 5000                   = only_governance
    ada cancel_upgrade                            = only_governance
    ada halt                                      = only_governance
    ada resume                                    = only_governance
  )"),
                  "");
}

CAF_TEST(a proposal that cannot pass any more is rejected) {
  world w;
  CAF_CHECK_EQUAL(play(w, R"(
    ada propose treasury.spend main eve 5 FLX     = ok
    bob vote 1 no                                 = ok
    proposal 1                                    = open 1000:1000
    cyd vote 1 no                                 = ok
    proposal 1                                    = rejected 1000:2000
    dan vote 1 yes                                = proposal_closed
  )"),
                  "");
}

CAF_TEST(a call that is refused leaves its proposal failed and nothing else) {
  world w;
  CAF_CHECK_EQUAL(play(w, R"(
    ada propose treasury.spend main eve 500000000 FLX          = ok
    bob vote 1 yes                                             = ok
    cyd vote 1 yes                                             = ok
    proposal 1                                                 = failed 3000:0 balance_too_small
    ada propose governance.set_parameter no.such 5             = ok
    bob vote 2 yes                                             = ok
    cyd vote 2 yes                                             = ok
    proposal 2                                                 = failed 3000:0 parameter_unknown
    ada propose governance.set_parameter validators.max 3      = ok
    bob vote 3 yes                                             = ok
    cyd vote 3 yes                                             = ok
    proposal 3                                                 = failed 3000:0 parameter_out_of_bounds
    ada propose governance.vote 3 yes                          = ok
    bob vote 4 yes                                             = ok
    cyd vote 4 yes                                             = ok
    proposal 4                                                 = failed 3000:0 proposal_closed
    ada propose validators.leave                               = ok
    bob vote 5 yes                                             = ok
    cyd vote 5 yes                                             = ok
    proposal 5                                                 = failed 3000:0 not_a_validator
  )"),
                  "");
}

CAF_TEST(votes weigh what they weighed when the proposal was made) {
  world w;
  CAF_CHECK_EQUAL(play(w, R"(
    ada propose treasury.spend main eve 5 FLX     = ok
    bob leave                                     = ok
    dan add_bond 9000                             = ok
    eve join 5000                                 = ok
    settle
    eve vote 1 yes                                = not_in_electorate
    dan vote 1 yes                                = ok
    proposal 1                                    = open 2000:0
    bob vote 1 yes                                = ok
    proposal 1                                    = executed 3000:0
  )"),
                  "");
}

CAF_TEST(a proposal expires at its deadline) {
  world w;
  w.block(
      {w.tx("ada", "governance", governance::propose{"slow", "governance", "resume", {}, false}),
       w.tx("bob", "governance", governance::propose{"fast", "governance", "resume", {}, true})});
  CAF_CHECK_EQUAL(play(w, R"(
    jump 98 1000
    cyd vote 1 yes    = ok
    cyd vote 2 yes    = ok
    dan vote 2 yes    = proposal_closed
    proposal 2        = expired 2000:0
    proposal 1        = open 2000:0
    jump 9900 1000
    blocks 1
    proposal 1        = expired 2000:0
  )"),
                  "");
  // What was kept for the counting is gone.
  w.state.for_each([](std::string_view key, auto) {
    CAF_CHECK(!key.starts_with("governance/vote/") && !key.starts_with("governance/electorate/"));
  });
}

CAF_TEST(the number of open proposals is limited) {
  world w;
  CAF_CHECK_EQUAL(play(w, R"(
    ada propose governance.resume   = ok
    ada propose governance.resume   = ok
    ada propose governance.resume   = ok
    ada propose governance.resume   = ok
    ada propose governance.resume   = too_many_proposals
    bob propose governance.resume   = ok
  )"),
                  "");
  auto refused = [&](std::string title, std::string module, std::string kind, std::size_t size) {
    return w.run("cyd", "governance",
                 governance::propose{std::move(title), std::move(module), std::move(kind),
                                     bytes(size), false});
  };
  CAF_CHECK_EQUAL(refused("", "governance", "resume", 0), "title_not_allowed");
  CAF_CHECK_EQUAL(refused(std::string(257, 'x'), "governance", "resume", 0), "title_not_allowed");
  CAF_CHECK_EQUAL(refused("x", "governance", "resume", 8193), "call_too_large");
  CAF_CHECK_EQUAL(refused("x", "governance", "revolt", 0), "call_unknown");
  CAF_CHECK_EQUAL(refused("x", "gov", "resume", 0), "call_unknown");
}

CAF_TEST(a parameter holds from the next block on) {
  world w;
  CAF_CHECK_EQUAL(play(w, R"(
    ada propose governance.set_parameter ledger.fee_base 500000000   = ok
    bob vote 1 yes                                                   = ok
  )"),
                  "");
  auto done = w.block({w.tx("cyd", "governance", governance::vote{1, true}),
                       w.tx("ada", "coins", coins::transfer{account_of("eve"), {token::NEX, 1}})});
  CAF_CHECK(done.receipts[1].refusal.empty());
  CAF_CHECK(w.outcome(w.tx("ada", "coins", coins::transfer{account_of("eve"), {token::NEX, 1}}))
                .find("fee_too_low")
            != std::string::npos);
}

CAF_TEST(parameters and the standing of the chain can be asked for) {
  world w;
  auto all = list_parameters(w.by.modules, w.state);
  CAF_CHECK_EQUAL(all.size(), w.by.modules.parameters().size());
  auto found = std::ranges::find(all, "validators.max", &parameter_setting::name);
  CAF_REQUIRE(found != all.end());
  CAF_CHECK(*found == (parameter_setting{"validators.max", 100, 4, 256}));
  CAF_CHECK_EQUAL(play(w, R"(
    ada propose governance.set_parameter validators.max 7   = ok
    bob vote 1 yes                                          = ok
    cyd vote 1 yes                                          = ok
    ada propose governance.halt                             = ok
    bob vote 2 yes                                          = ok
  )"),
                  "");
  all = list_parameters(w.by.modules, w.state);
  CAF_CHECK_EQUAL(std::ranges::find(all, "validators.max", &parameter_setting::name)->value, 7u);
  auto status = w.ask<governance::get_chain, chain_status>("governance", {});
  CAF_REQUIRE(status);
  CAF_CHECK_EQUAL(status->chain.chain_id, "test");
  CAF_CHECK_EQUAL(status->rules.version, 1u);
  CAF_REQUIRE(status->halted);
  CAF_CHECK(status->halted->until == height{1005});
}

CAF_TEST(the treasury pays what governance has decided and keeps a record) {
  world w;
  CAF_CHECK_EQUAL(play(w, R"(
    ada propose treasury.spend community eve 500 NEX       = ok
    bob vote 1 yes                                         = ok
    cyd vote 1 yes                                         = ok
    balance community NEX                                  = 0
    balance eve NEX                                        = 1000500
    ada propose treasury.spend community eve 1 NEX         = ok
    bob vote 2 yes                                         = ok
    cyd vote 2 yes                                         = ok
    proposal 2                                             = failed 3000:0 balance_too_small
    ada propose treasury.spend nowhere eve 1 NEX           = ok
    bob vote 3 yes                                         = ok
    cyd vote 3 yes                                         = ok
    proposal 3                                             = failed 3000:0 fund_unknown
    ada propose treasury.spend main bonds 1 FLX            = ok
    bob vote 4 yes                                         = ok
    cyd vote 4 yes                                         = ok
    proposal 4                                             = failed 3000:0 receiver_is_closed
    ada propose treasury.spend main roundtable 7 FLX       = ok
    bob vote 5 yes                                         = ok
    cyd vote 5 yes                                         = ok
    balance roundtable FLX                                 = 7
  )"),
                  "");
  auto list =
      w.ask<treasury::get_spends, treasury::spend_list>("treasury", treasury::get_spends{0, 10});
  CAF_REQUIRE(list);
  CAF_CHECK_EQUAL(list->total, 2u);
  CAF_CHECK(list->spends[0].to == account_of("eve"));
  CAF_CHECK(list->spends[0].what == (coin{token::NEX, 500}));
  CAF_CHECK_EQUAL(list->spends[1].number, 1u);
  auto fund = w.ask<treasury::get_fund, treasury::fund_answer>(
      "treasury", treasury::get_fund{treasury::fund::roundtable});
  CAF_REQUIRE(fund);
  CAF_CHECK(fund->has[2] == (coin{token::FLX, 7}));
}

CAF_TEST(a third can halt the chain for all but governance and two thirds resume it) {
  world w{genesis_with({{"ada", 334}, {"bob", 333}, {"cyd", 333}})};
  CAF_CHECK_EQUAL(play(w, R"(
    bob propose governance.halt                   = ok
    proposal 1                                    = open 333:0
    ada propose governance.halt                   = ok
    proposal 2                                    = executed 334:0
  )"),
                  "");
  CAF_CHECK(w.outcome(w.tx("ada", "coins", coins::transfer{account_of("eve"), {token::FLX, 1}}))
                .find("chain_halted")
            != std::string::npos);
  CAF_CHECK_EQUAL(play(w, R"(
    bob propose governance.resume                 = ok
    cyd vote 3 yes                                = ok
    proposal 3                                    = open 666:0
    ada vote 3 yes                                = ok
    proposal 3                                    = executed 1000:0
    ada transfer 1 FLX eve                        = ok
    ada propose governance.resume                 = ok
    cyd vote 4 yes                                = ok
    bob vote 4 yes                                = ok
    proposal 4                                    = failed 1000:0 not_halted
  )"),
                  "");
}

CAF_TEST(a halt ends by itself) {
  world w{genesis_with({{"ada", 334}, {"bob", 333}, {"cyd", 333}})};
  CAF_CHECK_EQUAL(play(w, "ada propose governance.halt = ok"), "");
  w.jump(999, 1000);
  CAF_CHECK(w.outcome(w.tx("ada", "coins", coins::transfer{account_of("eve"), {token::FLX, 1}}))
                .find("chain_halted")
            != std::string::npos);
  w.jump(1, 1000);
  CAF_CHECK_EQUAL(play(w, "ada transfer 1 FLX eve = ok"), "");
}

CAF_TEST(a program stops where the rules are newer than it knows) {
  world w;
  CAF_CHECK_EQUAL(play(w, R"(
    ada propose governance.schedule_upgrade 2 50        = ok
    bob vote 1 yes                                      = ok
    cyd vote 1 yes                                      = ok
    proposal 1                                          = failed 3000:0 height_too_near
    ada propose governance.schedule_upgrade 1 500       = ok
    bob vote 2 yes                                      = ok
    cyd vote 2 yes                                      = ok
    proposal 2                                          = failed 3000:0 version_not_newer
    ada propose governance.schedule_upgrade 2 400       = ok
    bob vote 3 yes                                      = ok
    cyd vote 3 yes                                      = ok
    proposal 3                                          = executed 3000:0
    ada propose governance.cancel_upgrade               = ok
    bob vote 4 yes                                      = ok
    cyd vote 4 yes                                      = ok
    proposal 4                                          = executed 3000:0
    ada propose governance.schedule_upgrade 2 500       = ok
    bob vote 5 yes                                      = ok
    cyd vote 5 yes                                      = ok
  )"),
                  "");
  w.jump(499 - w.at.get() - 1, 1000);
  CAF_CHECK(w.try_block({}));
  auto refused = w.try_block({});
  CAF_REQUIRE(!refused);
  CAF_CHECK(refused.error().code == ec::unsupported);
}
