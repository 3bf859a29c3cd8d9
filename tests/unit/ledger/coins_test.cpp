#define CAF_SUITE ledger_coins

#include "messages/ledger/coins.hpp"
#include "script.hpp"

#include <caf/test/unit_test.hpp>

using namespace bpci;
using namespace bpci::ledger;
using namespace bpci::ledger::test;

CAF_TEST(transfers and why they are refused) {
  world w;
  CAF_CHECK_EQUAL(play(w, R"(
    ada transfer 5 NEX gus                     = ok
    balance ada NEX                            = 999995
    balance gus NEX                            = 1000005
    ada transfer 0 NEX bob                     = amount_must_not_be_zero
    ada transfer 5 NEX ada                     = receiver_must_differ
    ada transfer 5 XXX bob                     = token_unknown
    ada transfer 999996 NEX bob                = balance_too_small
    ada transfer 999995 NEX bob                = ok
    balance ada NEX                            = 0
    ada transfer 18446744073709551615 AUR bob  = balance_too_small
    ada transfer 5 NEX bonds                   = receiver_is_closed
    ada transfer 5 NEX governance              = receiver_is_closed
    bob transfer 5 AUR community               = ok
    balance community AUR                      = 5
    supply NEX                                 = 7000500
    supply AUR                                 = 35
  )"),
                  "");
}

CAF_TEST(fees go to the treasury) {
  world w;
  CAF_CHECK_EQUAL(play(w, R"(
    balance main FLX              = 0
    ada transfer 1 FLX bob        = ok
    ada transfer 0 FLX bob        = amount_must_not_be_zero
    balance main FLX              = 2000000
    balance ada FLX               = 999997999999
    supply FLX                    = 7000000000000
  )"),
                  "");
}

CAF_TEST(an account that has nothing is not stored unless it has sent something) {
  world w;
  auto before = w.state.size();
  CAF_CHECK_EQUAL(w.run("ada", "coins", coins::transfer{account_of("new"), {token::NEX, 5}}), "ok");
  // The new account, the treasury's, and the root of receipts.
  CAF_CHECK_EQUAL(w.state.size(), before + 3);
}

CAF_TEST(the value of an account counts each token by its tier) {
  world w;
  auto x = w.ask<coins::get_account, coins::account_answer>("coins",
                                                            coins::get_account{account_of("ada")});
  CAF_REQUIRE(x);
  CAF_CHECK_EQUAL(x->tier_value,
                  std::to_string(10'000 * whole * 1000 + 1'000'000 * 100 + 1000 * whole * 10 + 5));
}

CAF_TEST(the value of an account may be beyond 64 bits) {
  auto key = crypto::to_hex(account_of("ada"));
  world w{R"({"chain_id":"c","time":0,"validators":{"members":[{"key":")" + key
          + R"(","bond":"1000000000000"}]},"coins":{"balances":[{"account":")" + key
          + R"(","GEN":"18446743073709551615"}]}})"};
  auto x = w.ask<coins::get_account, coins::account_answer>("coins",
                                                            coins::get_account{account_of("ada")});
  CAF_REQUIRE(x);
  CAF_CHECK_EQUAL(x->tier_value, "18446743073709551615000");
}
