#define CAF_SUITE chain_view_json

#include "gateways/chain/chain_json.hpp"
#include "gateways/chain/shown.hpp"
#include "messages/ledger/anchors.hpp"
#include "messages/ledger/coins.hpp"
#include "messages/ledger/governance.hpp"
#include "messages/ledger/treasury.hpp"
#include "messages/ledger/validators.hpp"
#include "runtime/crypto/keys.hpp"

#include <caf/test/unit_test.hpp>

using namespace bpci;
using namespace bpci::gateway;
namespace json = boost::json;

namespace {

std::string code_of(const auto& x) {
  return std::string{name(x ? ec::none : x.error().code)};
}

ledger::account account(std::uint8_t n) {
  ledger::account out{};
  out.fill(n);
  return out;
}

template <class Command>
ledger::transaction transaction(std::string_view module, const Command& x) {
  ledger::transaction out{"c",
                          account(1),
                          7,
                          amount<flx>{250'000},
                          height{900},
                          std::string{module},
                          std::string{message_name(&x)},
                          codec::to_canonical(x),
                          {}};
  out.sig.fill(9);
  return out;
}

/// To JSON text and back: the same bytes.
template <class Command>
bool comes_back(std::string_view module, const Command& x) {
  const auto encoded = codec::to_canonical(transaction(module, x));
  const auto text = codec::to_text(transaction_json(encoded));
  const auto back = transaction_bytes(codec::parse_json(text).value());
  if (!back) CAF_MESSAGE(to_string(back.error()) << " of " << text);
  return back && *back == encoded;
}

json::value parse(std::string_view text) {
  return codec::parse_json(text).value();
}

const ledger::coins::transfer pay{account(2), {ledger::token::NEX, 1'500'000'000}};

} // namespace

CAF_TEST(a transfer is shown with names and hex and whole amounts) {
  const auto x = transaction_json(codec::to_canonical(transaction("coins", pay)));
  CAF_CHECK(x.at("chain_id") == "c");
  CAF_CHECK(x.at("nonce") == 7);
  CAF_CHECK(x.at("valid_until") == 900);
  CAF_CHECK(x.at("sender").as_string() == crypto::to_hex(account(1)));
  CAF_CHECK(x.at("fee").at("amount") == "0.000250000");
  CAF_CHECK(x.at("fee").at("token") == "FLX");
  CAF_CHECK(x.at("fee").at("units") == "250000");
  CAF_CHECK(x.at("body").at("to").as_string() == crypto::to_hex(account(2)));
  CAF_CHECK(x.at("body").at("what").at("amount") == "1.500000000");
  CAF_CHECK(x.at("body").at("what").at("token") == "NEX");
  CAF_CHECK_EQUAL(x.at("signature").as_string().size(), 128u);
  CAF_CHECK_EQUAL(x.at("id").as_string().size(), 64u);
}

CAF_TEST(every command of the ledger is JSON and back) {
  using namespace ledger;
  CAF_CHECK(comes_back("coins", pay));
  CAF_CHECK(comes_back(
      "treasury",
      treasury::spend{treasury::fund::community, account(3), {token::GEN, 5}, "well \"done\""}));
  CAF_CHECK(comes_back("validators", validators::join{amount<gen>{~std::uint64_t{0}}}));
  CAF_CHECK(comes_back("validators", validators::add_bond{amount<gen>{1}}));
  CAF_CHECK(comes_back("validators", validators::unbond{amount<gen>{2}}));
  CAF_CHECK(comes_back("validators", validators::leave{}));
  CAF_CHECK(comes_back("validators", validators::unjail{}));
  CAF_CHECK(comes_back("validators", validators::withdraw{}));
  const governance::set_parameter set{"ledger.fee_base", 5};
  CAF_CHECK(comes_back("governance", governance::propose{"cheaper", "governance", "set_parameter",
                                                         codec::to_canonical(set), true}));
  CAF_CHECK(comes_back("governance", governance::vote{3, true}));
  CAF_CHECK(comes_back("governance", set));
  CAF_CHECK(comes_back("governance", governance::schedule_upgrade{2, height{5'000}}));
  CAF_CHECK(comes_back("governance", governance::cancel_upgrade{}));
  CAF_CHECK(comes_back("governance", governance::halt{}));
  CAF_CHECK(comes_back("governance", governance::resume{}));
  CAF_CHECK(
      comes_back("anchors", anchors::anchor{anchors::subject::audit, "2026-01", account(4), 12}));
}

CAF_TEST(the call of a proposal is shown as what it is) {
  const ledger::governance::set_parameter set{"ledger.fee_base", 5};
  const auto x = transaction_json(codec::to_canonical(
      transaction("governance", ledger::governance::propose{"t", "governance", "set_parameter",
                                                            codec::to_canonical(set), false})));
  CAF_CHECK(x.at("body").at("body").at("name") == "ledger.fee_base");
}

CAF_TEST(a command that is not known is shown as base64 and can be sent again) {
  auto x = transaction("coins", pay);
  x.module = "lottery";
  const auto encoded = codec::to_canonical(x);
  const auto shown_one = transaction_json(encoded);
  CAF_CHECK(shown_one.at("body").is_string());
  CAF_CHECK(transaction_bytes(shown_one).value() == encoded);
  CAF_CHECK_EQUAL(code_of(command_bytes("lottery", "draw", json::object{})), "unsupported");
  CAF_CHECK(command_bytes("coins", "transfr", json::object{}).error().detail.find("coins.transfer")
            != std::string::npos);
}

CAF_TEST(a transaction is also taken as base64 and as hex) {
  const auto encoded = codec::to_canonical(transaction("coins", pay));
  CAF_CHECK(transaction_bytes(json::object{{"encoded", codec::to_base64(encoded)}}).value()
            == encoded);
  CAF_CHECK(transaction_bytes(json::object{{"hex", crypto::to_hex(encoded)}}).value() == encoded);
  CAF_CHECK_EQUAL(code_of(transaction_bytes(json::object{{"encoded", "AA=="}})), "malformed");
  CAF_CHECK_EQUAL(code_of(transaction_bytes(json::object{{"encoded", "?"}})), "invalid_argument");
  CAF_CHECK_EQUAL(code_of(transaction_bytes(json::object{{"hex", "abc"}})), "invalid_argument");
  CAF_CHECK_EQUAL(
      code_of(transaction_bytes(json::object{{"encoded", codec::to_base64(bytes(70'000, 1))}})),
      "too_large");
}

CAF_TEST(a typing error becomes a refusal and not a zero) {
  auto refused = [](std::string_view body) {
    const auto x = command_bytes("coins", "transfer", parse(body));
    return x ? std::string{"fine"} : x.error().detail;
  };
  const auto to = crypto::to_hex(account(2));
  CAF_CHECK_EQUAL(refused(R"({"to":")" + to + R"(","what":"1.5 NEX"})"), "fine");
  CAF_CHECK_EQUAL(refused(R"({"to":")" + to + R"("})"), "what: is missing");
  CAF_CHECK_EQUAL(refused(R"({"to":"ab","what":"1 NEX"})"), "to: expected 64 hex digits");
  CAF_CHECK(refused(R"({"to":")" + to + R"(","what":"1 NEX","memo":"x"})").find("not known")
            != std::string::npos);
  CAF_CHECK(refused(R"({"to":")" + to + R"(","what":1500000000})").find("what: expected")
            != std::string::npos);
  CAF_CHECK(refused(R"({"to":")" + to + R"(","what":{"token":"NEX","units":"5","amount":"5"}})")
                .find("not the same")
            != std::string::npos);
  const auto bond = command_bytes("validators", "join", parse(R"({"bond":"5 FLX"})"));
  CAF_CHECK(bond.error().detail == "bond: expected GEN");
}

CAF_TEST(a transaction says whether it waits or is done or was refused) {
  chain::transaction_shown x;
  x.encoded = codec::to_canonical(transaction("coins", pay));
  CAF_CHECK(transaction_shown_json(x).at("status") == "waiting");
  x.at = height{12};
  x.receipt = ledger::receipt{{}, "none", "", "", amount<flx>{5}, {}};
  const ledger::coins::moved moved{account(1), account(2), {ledger::token::NEX, 1}};
  x.receipt->events.push_back({"coins", "moved", codec::to_canonical(moved)});
  const auto done = transaction_shown_json(x);
  CAF_CHECK(done.at("status") == "done");
  CAF_CHECK(done.at("height") == 12);
  const auto& event = done.at("receipt").at("events").at(0);
  CAF_CHECK(event.at("body").at("from").as_string() == crypto::to_hex(account(1)));
  x.receipt->code = "conflict";
  x.receipt->refusal = "balance_too_small";
  const auto refused = transaction_shown_json(x);
  CAF_CHECK(refused.at("status") == "refused");
  CAF_CHECK(refused.at("receipt").at("refusal") == "balance_too_small");
}

CAF_TEST(no hash of a block is a list of numbers) {
  chain::block_shown x;
  x.what.what.head.chain_id = "c";
  x.what.what.head.at = height{3};
  x.what.what.transactions.push_back(codec::to_canonical(transaction("coins", pay)));
  x.what.what.transactions.push_back({1, 2});
  x.what.seals.seals.push_back({});
  const auto shown_one = block_json(x);
  CAF_CHECK(shown_one.at("height") == 3);
  for (const auto& [name, value] : shown_one.at("header").as_object())
    CAF_CHECK(!value.is_array());
  CAF_CHECK(shown_one.at("seals").at("seals").at(0).at("sig").is_string());
  CAF_CHECK(shown_one.at("transactions").at(0).at("kind") == "transfer");
  CAF_CHECK(shown_one.at("transactions").at(1).at("encoded") == "AQI=");
}

CAF_TEST(a key of the state is a text or hex or both) {
  CAF_CHECK_EQUAL(state_key("coins/supply").value(), "coins/supply");
  CAF_CHECK_EQUAL(state_key("0x6162").value(), "ab");
  CAF_CHECK_EQUAL(state_key("coins/account/0x6162").value(), "coins/account/ab");
  CAF_CHECK_EQUAL(code_of(state_key("")), "invalid_argument");
  CAF_CHECK_EQUAL(code_of(state_key("0x")), "invalid_argument");
  CAF_CHECK_EQUAL(code_of(state_key("coins/account/0xzz")), "invalid_argument");
}

CAF_TEST(a value of the state is shown where it is known what stands there) {
  ledger::coins::holdings has;
  has.nonce = 4;
  has.flx = amount<flx>{2'000'000'000};
  const auto value = codec::to_canonical(has);
  const auto got = state_value_json("coins/account/abc", value);
  CAF_CHECK(got.at("nonce") == 4);
  CAF_CHECK(got.at("flx").at("amount") == "2.000000000");
  CAF_CHECK(state_value_json("lottery/pot", value).is_null());
  CAF_CHECK(state_value_json("coins/supply", bytes{1}).is_null());
}
