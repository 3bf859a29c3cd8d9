#define CAF_SUITE ledger_genesis

#include "world.hpp"

#include <caf/test/unit_test.hpp>

#include <random>

using namespace bpci;
using namespace bpci::ledger;
using namespace bpci::ledger::test;

namespace {

std::string key(std::string_view who) {
  return crypto::to_hex(account_of(who));
}

/// A sound document, but for what `instead` replaces.
std::string document(std::string_view what = {}, std::string_view instead = {}) {
  auto out = R"({"chain_id":"c","time":7,"validators":{"members":[{"key":")" + key("ada")
             + R"(","bond":"1000000000000"}]},"coins":{"balances":[{"account":")" + key("eve")
             + R"(","FLX":5}]},"parameters":{"ledger.fee_base":7}})";
  if (what.empty()) return out;
  auto at = out.find(what);
  CAF_REQUIRE(at != std::string::npos);
  return out.replace(at, what.size(), instead);
}

std::string refused(const std::string& text) {
  auto out = read_genesis(standard_modules(), text);
  return out ? "fine" : to_string(out.error());
}

bool names(const std::string& text, std::string_view words) {
  auto got = refused(text);
  auto good = got.find(words) != std::string::npos;
  if (!good) CAF_MESSAGE("wanted " << std::string{words} << ", got " << got);
  return good;
}

} // namespace

CAF_TEST(a genesis document becomes a state) {
  auto x = read_genesis(standard_modules(), document());
  CAF_REQUIRE(x);
  CAF_CHECK_EQUAL(x->chain_id, "c");
  CAF_CHECK(x->time == timestamp_ms{7});
  CAF_CHECK_EQUAL(x->validators.size(), 1u);
  CAF_CHECK_EQUAL(x->validators[0].weight, 1000u);
  CAF_CHECK(x->root == x->state.root());
  CAF_CHECK_EQUAL(settings{x->state}[fee_base], 7u);
}

CAF_TEST(the same document gives the same root whatever its spaces) {
  auto a = read_genesis(standard_modules(), document());
  auto b = read_genesis(standard_modules(), document(R"("time":7,)", "\n\"time\" :   7 , "));
  CAF_REQUIRE(a && b);
  CAF_CHECK(a->root == b->root);
}

CAF_TEST(the header of block 0 commits to the state) {
  auto x = read_genesis(standard_modules(), document());
  CAF_REQUIRE(x);
  auto head = genesis_header(*x, {{1}, {2}, {3}, {4}});
  CAF_CHECK_EQUAL(head.chain_id, "c");
  CAF_CHECK(head.at == height{0});
  CAF_CHECK(head.time == timestamp_ms{7});
  CAF_CHECK(head.state_root == x->root);
  CAF_CHECK(head.parent == consensus::hash{});
  CAF_CHECK(head.transactions_root == consensus::hash{1});
  CAF_CHECK(head.evidence_root == consensus::hash{2});
  CAF_CHECK(head.validators_hash == consensus::hash{3});
  CAF_CHECK(head.next_validators_hash == consensus::hash{3});
  CAF_CHECK(head.parent_seals_root == consensus::hash{4});
}

CAF_TEST(a document that is wrong is refused with the place) {
  CAF_CHECK(names("{", "malformed"));
  CAF_CHECK(names("[]", "expected an object"));
  CAF_CHECK(names("{}", "chain_id: expected a string"));
  CAF_CHECK(names(document(R"("c")", "7"), "chain_id: expected a string"));
  CAF_CHECK(names(document(R"("c")", R"("a b")"), "chain_id: 1 to 64"));
  CAF_CHECK(names(document(R"("time":7,)", ""), "time: expected"));
  CAF_CHECK(names(document(R"("time":7,)", R"("time":-7,)"), "time: before 1970"));
  CAF_CHECK(names(document("coins", "coin"), "coin: there is no such member"));
  CAF_CHECK(names(document("balances", "balance"), "coins.balance: there is no such member"));
  CAF_CHECK(names(document("FLX", "FXL"), "coins.balances[0].FXL: there is no such member"));
  CAF_CHECK(names(document("\"FLX\":5", "\"FLX\":-5"), "coins.balances[0].FLX"));
  CAF_CHECK(names(document("\"FLX\":5", "\"FLX\":1.5"), "coins.balances[0].FLX"));
  CAF_CHECK(
      names(document("\"FLX\":5", R"("FLX":"18446744073709551616")"), "coins.balances[0].FLX"));
  CAF_CHECK(names(document(key("eve"), "00"), "coins.balances[0].account"));
  CAF_CHECK(names(document(key("eve"), std::string(64, '0')), "coins.balances[0].account"));
  CAF_CHECK(names(document(key("ada"), "00"), "validators.members[0].key"));
  CAF_CHECK(names(document("1000000000000", "999999999999"), "validators.members[0].bond"));
  CAF_CHECK(names(document("members", "member"), "validators.member: there is no such member"));
  CAF_CHECK(names(document("ledger.fee_base", "ledger.fee"), "parameters.ledger.fee"));
  CAF_CHECK(names(document(":7}}", ":-7}}"), "parameters.ledger.fee_base"));
  CAF_CHECK(names(document("ledger.fee_base\":7", "validators.max\":3"), "is not from 4 to 256"));
  CAF_CHECK(
      names(document("\"coins\":{", "\"anchors\":{},\"coins\":{"), "anchors: has nothing to set"));
  CAF_CHECK(names(document("\"coins\":{", "\"treasury\":[],\"coins\":{"),
                  "treasury: expected an object"));
  CAF_CHECK_EQUAL(refused(document()), "fine");
}

CAF_TEST(a document without validators is refused) {
  CAF_CHECK(names(R"({"chain_id":"c","time":7})", "validators.members: there is none"));
  CAF_CHECK(names(R"({"chain_id":"c","time":7,"validators":{"members":[]}})",
                  "validators.members: there is none"));
}

CAF_TEST(nobody stands twice in a document) {
  auto member = R"({"key":")" + key("ada") + R"(","bond":"1000000000000"})";
  CAF_CHECK(names(document(member, member + "," + member), "members[1].key: stands here twice"));
  auto balance = R"({"account":")" + key("eve") + R"(","FLX":5})";
  CAF_CHECK(
      names(document(balance, balance + "," + balance), "balances[1].account: stands here twice"));
}

CAF_TEST(all that exists of a token fits into 64 bits) {
  auto eve = R"({"account":")" + key("eve") + R"(","FLX":5})";
  auto fay = R"(,{"account":")" + key("fay") + R"(","FLX":"18446744073709551611"})";
  CAF_CHECK(names(document(eve, eve + fay), "balances[1]: the sum over all accounts"));
}

CAF_TEST(a damaged document is refused or read and never more than that) {
  std::mt19937_64 random{5};
  const auto good = document();
  for (auto round = 0; round < 2'000; ++round) {
    auto text = good;
    for (auto i = 0; i < 2; ++i)
      text[random() % text.size()] = static_cast<char>(random() % 128);
    auto x = read_genesis(standard_modules(), text);
    CAF_REQUIRE(!x || x->root == x->state.root());
  }
}

CAF_TEST(a document too large to be one is not read) {
  CAF_CHECK(names(std::string(genesis_bytes_max + 1, ' '), "too_large"));
}
