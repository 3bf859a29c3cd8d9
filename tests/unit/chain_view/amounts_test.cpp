#define CAF_SUITE chain_view_amounts

#include "gateways/chain/amounts.hpp"

#include <caf/test/unit_test.hpp>

using namespace bpci;
using namespace bpci::gateway;

namespace {

/// The units, or the code of the refusal.
std::string units(std::string_view text) {
  const auto x = units_of_decimal(text);
  return x ? std::to_string(*x) : std::string{name(x.error().code)};
}

} // namespace

CAF_TEST(an amount is written with all its digits) {
  CAF_CHECK_EQUAL(decimal_text(0), "0.000000000");
  CAF_CHECK_EQUAL(decimal_text(1), "0.000000001");
  CAF_CHECK_EQUAL(decimal_text(1'500'000'000), "1.500000000");
  CAF_CHECK_EQUAL(decimal_text(~std::uint64_t{0}), "18446744073.709551615");
}

CAF_TEST(an amount is read exactly) {
  CAF_CHECK_EQUAL(units("1.5"), "1500000000");
  CAF_CHECK_EQUAL(units("1"), "1000000000");
  CAF_CHECK_EQUAL(units("0.000000001"), "1");
  CAF_CHECK_EQUAL(units("18446744073.709551615"), "18446744073709551615");
}

CAF_TEST(what is no amount is refused) {
  for (const auto* x :
       {"", ".", "1.", ".5", "-1", "+1", "1,5", "1e3", "0x1", " 1", "1 ", "0.0000000001", "1.5.5"})
    CAF_CHECK_EQUAL(units(x), "invalid_argument");
  CAF_CHECK_EQUAL(units("18446744073.709551616"), "invalid_argument");
  CAF_CHECK_EQUAL(units("18446744074"), "invalid_argument");
  CAF_CHECK_EQUAL(units("99999999999999999999999"), "invalid_argument");
}

CAF_TEST(an amount with its token is read in either case) {
  CAF_CHECK(coin_of_text("1.5 FLX").value() == (ledger::coin{ledger::token::FLX, 1'500'000'000}));
  CAF_CHECK(coin_of_text("2 gen").value().what == ledger::token::GEN);
  CAF_CHECK(!coin_of_text("1.5"));
  CAF_CHECK(!coin_of_text("1.5 SOL"));
  CAF_CHECK(!coin_of_text("FLX 1.5"));
  CAF_CHECK(!token_of_name("FL"));
}
