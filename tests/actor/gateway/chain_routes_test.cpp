#define CAF_SUITE gateway_chain_routes

#include "gateways/chain/shown.hpp"
#include "messages/chain/paths.hpp"
#include "messages/chain/peers.hpp"
#include "messages/chain/pool.hpp"
#include "messages/chain/questions.hpp"
#include "messages/ledger/coins.hpp"
#include "messages/ledger/governance.hpp"
#include "messages/ledger/transaction.hpp"
#include "messages/ledger/validators.hpp"
#include "tests/actor/gateway/gateway_fixture.hpp"

/// The chain as REST shows it, with a KEEPER that says what a test wants.
namespace bpci::gateway {

namespace {

using namespace test;
namespace json = boost::json;

ledger::hash hash_of(std::uint8_t n) {
  ledger::hash out{};
  out.fill(n);
  return out;
}

std::string hex(std::uint8_t n) {
  return crypto::to_hex(hash_of(n));
}

bytes a_transaction() {
  const ledger::coins::transfer pay{hash_of(2), {ledger::token::FLX, 5}};
  return codec::to_canonical(ledger::transaction{"c",
                                                 hash_of(1),
                                                 0,
                                                 amount<flx>{9},
                                                 height{50},
                                                 "coins",
                                                 "transfer",
                                                 codec::to_canonical(pay),
                                                 {}});
}

chain::engine_status engine() {
  chain::engine_status out;
  out.self = hash_of(1);
  out.is_validator = out.signs = true;
  out.where.at = height{812};
  out.where.round = consensus::round_no{3};
  out.where.doing = "waiting for prepares of round 3";
  for (const std::uint8_t n : {1, 2, 3, 4})
    out.where.validators.push_back({hash_of(n), 1, consensus::round_no{3}, {}, {}, {}, {}});
  out.where.missing = {hash_of(2), hash_of(3)};
  out.unlinked = {hash_of(2)};
  return out;
}

struct fixture : gateway_fixture {
  std::shared_ptr<fake_records::state> database = without_database();

  fixture() { open_all_routes(); }

  void open_all_routes() {
    auto table = all_routes();
    for (const auto& more : {chain_routes(), transaction_routes(), wallet_routes()})
      table.insert(table.end(), more.begin(), more.end());
    for (auto& x : table)
      x.info.need = http::permission::open;
    door = std::make_shared<front_door>(shared, std::move(table));
  }

  void keeper(caf::behavior part) { put("/alpha-1/chain/keeper", playing(std::move(part))); }

  reply_ptr get(const std::string& path, std::vector<http::name_value> query = {}) {
    auto what = request("GET", "/api/v1/" + path);
    what.query = std::move(query);
    return call(std::move(what));
  }

  json::object data(const std::string& path, std::vector<http::name_value> query = {}) {
    auto got = get(path, std::move(query));
    CAF_REQUIRE_EQUAL(got->verdict(), "200");
    return got->body().at("data").as_object();
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(gateway_chain_routes_tests, fixture)

CAF_TEST(a node without a chain says how to get one) {
  for (const auto* path : {"consensus/state", "chain/blocks", "chain/blocks/1", "chain/supply",
                           "chain/mempool", "chain/peers", "chain/governance", "chain/parameters",
                           "chain/evidence", "chain/validators"}) {
    auto got = get(path);
    CAF_CHECK_EQUAL(got->verdict(), "503 unavailable");
    const auto next = std::string{got->body().at("next_step").as_string()};
    CAF_CHECK(next.find("bpci chain init") != std::string::npos);
  }
  keeper({[](const chain::get_pool&) -> caf::result<chain::pool_status> {
    return to_caf(ec::not_permitted, "no chain is configured");
  }});
  CAF_CHECK_EQUAL(get("chain/mempool")->verdict(), "503 unavailable");
}

CAF_TEST(one answer says why it is stuck) {
  keeper(
      {[](const chain::get_engine&) { return engine(); },
       [](const chain::get_overview&) {
         chain::chain_overview out;
         out.chain_id = "c";
         out.at = height{811};
         return out;
       },
       [](const chain::get_peers&) {
         chain::peer_list out;
         out.peers.push_back({hash_of(2), {"ws://b:1"}, false, true, {}, {}, "refused", 0, 0, 0});
         return out;
       }});
  const auto state = data("consensus/state");
  CAF_CHECK(state.at("summary").as_string()
            == "Height 812, round 3: waits for prepares of 2 of 4 validators; missing 02020202.. "
               "(no link), 03030303.. (not yet).");
  CAF_CHECK(state.at("chain").at("at") == 811);
  CAF_CHECK(state.at("engine").at("missing").at(0).at("who").as_string() == hex(2));
  CAF_CHECK(state.at("peers").at(0).at("who").as_string() == hex(2));
  CAF_CHECK(state.at("unanswered").as_array().empty());
}

CAF_TEST(a halt is lifted on record and with a reason) {
  auto lift = [this](const std::string& body) {
    return call(request("POST", "/api/v1/consensus/lift-halt", body));
  };
  CAF_CHECK_EQUAL(lift(R"({"reason":"looked"})")->verdict(), "503 unavailable");
  auto halted = std::make_shared<bool>(true);
  keeper({[halted](const chain::lift_halt&) -> caf::result<chain::engine_status> {
    if (!std::exchange(*halted, false)) return to_caf(ec::conflict, "it is not halted");
    return engine();
  }});
  CAF_CHECK_EQUAL(lift("{}")->verdict(), "422 invalid_argument");
  CAF_CHECK(database->actions.empty());
  CAF_CHECK_EQUAL(lift(R"({"reason":"looked"})")->verdict(), "200");
  CAF_REQUIRE_EQUAL(database->actions.size(), 1u);
  CAF_CHECK_EQUAL(database->actions[0].action, "lift-halt");
  CAF_CHECK_EQUAL(database->actions[0].why, "looked");
  CAF_CHECK_EQUAL(lift(R"({"reason":"again"})")->verdict(), "409 conflict");
}

CAF_TEST(a part that does not answer is named and the rest is told) {
  keeper({[](const chain::get_engine&) { return engine(); },
          [](const chain::get_overview&) -> caf::result<chain::chain_overview> {
            return to_caf(ec::unavailable, "it is loading");
          },
          [](const chain::get_peers&) { return chain::peer_list{}; }});
  const auto state = data("consensus/state");
  CAF_CHECK(state.at("summary").is_string());
  CAF_CHECK(state.at("unanswered").at(0).at("part") == "chain");
  CAF_CHECK(state.at("unanswered").at(0).at("code") == "unavailable");
}

CAF_TEST(blocks are listed in pages) {
  auto asked = std::make_shared<std::vector<chain::list_blocks>>();
  keeper({[asked](const chain::list_blocks& x) {
    asked->push_back(x);
    chain::block_page out;
    out.blocks.push_back(
        {height{7}, hash_of(7), timestamp_ms{5}, hash_of(1), 2, 300, consensus::round_no{0}});
    out.next = height{7};
    return out;
  }});
  const auto page = data("chain/blocks", {{"before", "8"}, {"limit", "1"}});
  CAF_REQUIRE_EQUAL(asked->size(), 1u);
  CAF_CHECK(asked->at(0) == (chain::list_blocks{height{8}, 1}));
  CAF_CHECK(page.at("blocks").at(0).at("id").as_string() == hex(7));
  CAF_CHECK(page.at("next") == "7");
  CAF_CHECK_EQUAL(get("chain/blocks", {{"before", "x"}})->verdict(), "422 invalid_argument");
}

CAF_TEST(a block is shown by height and by id and as its bytes) {
  auto asked = std::make_shared<std::vector<chain::get_block>>();
  chain::block_shown block;
  block.id = hash_of(7);
  block.what.what.head.at = height{7};
  block.what.what.transactions.push_back(a_transaction());
  keeper({[asked, block](const chain::get_block& x) {
    asked->push_back(x);
    return block;
  }});
  const auto shown_one = data("chain/blocks/7");
  CAF_CHECK(asked->at(0) == (chain::get_block{height{7}, {}}));
  CAF_CHECK(shown_one.at("transactions").at(0).at("body").at("what").at("amount") == "0.000000005");
  data("chain/blocks/" + hex(7));
  CAF_CHECK(asked->at(1) == (chain::get_block{{}, hash_of(7)}));
  auto raw = get("chain/blocks/7/raw");
  const auto& answer = raw->answers.at(0);
  CAF_CHECK_EQUAL(answer.content_type, "application/octet-stream");
  CAF_CHECK((bytes{answer.body.begin(), answer.body.end()}) == codec::to_canonical(block.what));
  CAF_CHECK_EQUAL(get("chain/blocks/seven")->verdict(), "422 invalid_argument");
}

CAF_TEST(a transaction is taken in each of its forms) {
  auto got = std::make_shared<std::vector<bytes>>();
  keeper({[got](const chain::submit_transaction& x) {
    got->push_back(x.encoded);
    return chain::transaction_taken{hash_of(9), got->size() > 1};
  }});
  const auto encoded = a_transaction();
  auto post = [&](const std::string& body) {
    return call(request("POST", "/api/v1/chain/transactions", body));
  };
  auto first = post(R"({"encoded":")" + codec::to_base64(encoded) + R"("})");
  CAF_CHECK_EQUAL(first->verdict(), "200");
  CAF_CHECK(first->body().at("data").at("id").as_string() == hex(9));
  CAF_CHECK(first->body().at("data").at("known") == false);
  CAF_CHECK_EQUAL(post(R"({"hex":")" + crypto::to_hex(encoded) + R"("})")->verdict(), "200");
  auto raw =
      request("POST", "/api/v1/chain/transactions", std::string{encoded.begin(), encoded.end()});
  raw.headers.set("Content-Type", "application/octet-stream");
  CAF_CHECK_EQUAL(call(std::move(raw))->verdict(), "200");
  CAF_REQUIRE_EQUAL(got->size(), 3u);
  for (const auto& x : *got)
    CAF_CHECK(x == encoded);
  CAF_CHECK_EQUAL(post("{}")->verdict(), "422 invalid_argument");
  CAF_CHECK_EQUAL(post("nonsense")->verdict(), "400 malformed");
}

CAF_TEST(what the ledger refuses is told with its name) {
  keeper({[](const chain::submit_transaction&) -> caf::result<chain::transaction_taken> {
    return to_caf(ec::replayed, "nonce_used: the next is 8");
  }});
  auto got = call(request("POST", "/api/v1/chain/transactions",
                          R"({"hex":")" + crypto::to_hex(a_transaction()) + R"("})"));
  CAF_CHECK_EQUAL(std::string{got->body().at("code").as_string()}, "replayed");
  CAF_CHECK(got->body().at("detail") == "nonce_used: the next is 8");
}

CAF_TEST(a value of the state comes with its proof) {
  auto asked = std::make_shared<std::string>();
  keeper({[asked](const chain::prove_state& x) {
    *asked = x.key;
    chain::state_proven out;
    out.key = x.key;
    ledger::coins::holdings has;
    has.flx = amount<flx>{1'500'000'000};
    out.value = codec::to_canonical(has);
    out.proof.siblings.push_back(hash_of(3));
    return out;
  }});
  const auto got = data("chain/state", {{"key", "coins/account/0x" + hex(1)}});
  CAF_CHECK_EQUAL(asked->size(), std::string_view{"coins/account/"}.size() + 32);
  CAF_CHECK(got.at("value").at("flx").at("amount") == "1.500000000");
  CAF_CHECK(got.at("proof").at("siblings").at(0).as_string() == hex(3));
  CAF_CHECK_EQUAL(get("chain/state")->verdict(), "422 invalid_argument");
}

CAF_TEST(parameters are shown as they stand and with their bounds) {
  shared->parameters = {{"ledger.fee_base", 100, 0, 1'000}, {"validators.max", 100, 4, 256}};
  keeper({[](const chain::prove_state& x) {
    chain::state_proven out;
    out.key = x.key;
    out.value = codec::to_canonical(ledger::parameter_values{{{"ledger.fee_base", 7}}});
    return out;
  }});
  const auto got = data("chain/parameters");
  const auto& fee = got.at("parameters").at(0);
  CAF_CHECK(fee.at("value") == 7);
  CAF_CHECK(fee.at("unless_set") == 100);
  CAF_CHECK(fee.at("set") == true);
  CAF_CHECK(got.at("parameters").at(1).at("value") == 100);
  CAF_CHECK(got.at("parameters").at(1).at("set") == false);
}

CAF_TEST(proposals are shown newest first with what they call) {
  using namespace ledger::governance;
  keeper({[](const chain::ask_module& x) {
    if (x.kind == "get_agenda")
      return chain::module_answer{height{9}, codec::to_canonical(agenda{3, {{3, height{20}}}})};
    proposal out;
    out.number = codec::from_canonical<get_proposal>(x.body)->number;
    out.what = {"t", "governance", "set_parameter",
                codec::to_canonical(set_parameter{"ledger.fee_base", out.number}), false};
    return chain::module_answer{height{9}, codec::to_canonical(out)};
  }});
  const auto got = data("chain/governance", {{"limit", "2"}});
  CAF_CHECK(got.at("count") == 3);
  CAF_REQUIRE_EQUAL(got.at("proposals").as_array().size(), 2u);
  CAF_CHECK(got.at("proposals").at(0).at("number") == 3);
  CAF_CHECK(got.at("proposals").at(0).at("what").at("body").at("value") == 3);
  CAF_CHECK(got.at("next") == "2");
  const auto rest = data("chain/governance", {{"limit", "2"}, {"before", "2"}});
  CAF_CHECK_EQUAL(rest.at("proposals").as_array().size(), 1u);
  CAF_CHECK(rest.at("next") == "");
}

CAF_TEST(a balance is an amount and a number of smallest units) {
  keeper({[](const chain::ask_module& x) {
            CAF_CHECK_EQUAL(x.module, "coins");
            ledger::coins::account_answer out;
            out.has.nonce = 4;
            out.has.gen = amount<gen>{2'000'000'000};
            out.tier_value = "2000000000000";
            return chain::module_answer{height{9}, codec::to_canonical(out)};
          },
          [](const chain::find_nonce&) {
            return chain::nonce_free{6, 2};
          }});
  const auto got = data("wallet/balance", {{"address", hex(1)}});
  CAF_CHECK(got.at("balances").at(0).at("amount") == "2.000000000");
  CAF_CHECK(got.at("balances").at(0).at("units") == "2000000000");
  const auto account = data("chain/accounts/" + hex(1));
  CAF_CHECK(account.at("next_nonce") == 6);
  CAF_CHECK(account.at("nonce") == 4);
  CAF_CHECK_EQUAL(get("wallet/balance")->verdict(), "422 invalid_argument");
  CAF_CHECK_EQUAL(get("wallet/balance", {{"address", "ab"}})->verdict(), "422 invalid_argument");
}

CAF_TEST(a transaction that waits and one that is done are told apart) {
  keeper({[](const chain::get_transaction& x) {
    chain::transaction_shown out;
    out.encoded = a_transaction();
    if (x.id == hash_of(1)) return out;
    out.at = height{9};
    out.receipt = ledger::receipt{};
    out.receipt->code = "none";
    return out;
  }});
  CAF_CHECK(data("chain/transactions/" + hex(1)).at("status") == "waiting");
  CAF_CHECK(data("chain/transactions/" + hex(2)).at("status") == "done");
  CAF_CHECK_EQUAL(get("chain/transactions/xyz")->verdict(), "422 invalid_argument");
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::gateway
