#define CAF_SUITE gateway_wallet

#include "gateways/chain/shown.hpp"
#include "gateways/wallet/key_worker_actor.hpp"
#include "gateways/wallet/transfer.hpp"
#include "gateways/wallet/wallet_actor.hpp"
#include "messages/chain/paths.hpp"
#include "messages/chain/pool.hpp"
#include "messages/chain/questions.hpp"
#include "messages/ledger/coins.hpp"
#include "messages/ledger/transaction.hpp"
#include "tests/actor/gateway/gateway_fixture.hpp"

#include <set>

/// Wallets that the cluster keeps: the routes, WALLET and KEY WORKER, with a chain and a database
/// that are stand-ins.
namespace bpci::gateway::wallet {

namespace {

using namespace gateway::test;
namespace json = boost::json;

constexpr std::string_view good = "correct horse battery";

/// The two tables, in memory.
class book_in_memory final : public book {
public:
  struct tables {
    std::map<std::string, wallet_row> wallets;
    std::map<std::string, transfer_row> transfers;
    std::optional<failure> away;
  };

  explicit book_in_memory(std::shared_ptr<tables> where) : in_(std::move(where)) {}

  void add(wallet_actor&, wallet_row what, answer<bool> then) const override {
    if (in_->away) return then(*in_->away);
    then(in_->wallets.emplace(what.line.name, what).second);
  }
  void find(wallet_actor&, std::string name,
            answer<std::optional<wallet_row>> then) const override {
    if (in_->away) return then(*in_->away);
    std::optional<wallet_row> out;
    if (auto found = in_->wallets.find(name); found != in_->wallets.end()) out = found->second;
    then(out);
  }
  void list(wallet_actor&, list_wallets, answer<wallet_page> then) const override {
    wallet_page out;
    for (const auto& [name, row] : in_->wallets)
      out.wallets.push_back(row.line);
    then(out);
  }
  void find_transfer(wallet_actor&, std::string key,
                     answer<std::optional<transfer_row>> then) const override {
    if (in_->away) return then(*in_->away);
    std::optional<transfer_row> out;
    if (auto found = in_->transfers.find(key); found != in_->transfers.end()) out = found->second;
    then(out);
  }
  void find_transfer_by_id(wallet_actor&, ledger::hash id,
                           answer<std::optional<transfer_row>> then) const override {
    std::optional<transfer_row> out;
    for (const auto& [key, row] : in_->transfers)
      if (row.id == id) out = row;
    then(out);
  }
  void keep(wallet_actor&, transfer_row what, answer<transfer_row> then) const override {
    if (in_->away) return then(*in_->away);
    then(in_->transfers.emplace(what.key, what).first->second);
  }
  void forget(wallet_actor&, std::string key, answer<> then) const override {
    in_->transfers.erase(key);
    then(result<>{});
  }

private:
  std::shared_ptr<tables> in_;
};

/// A chain with one account's worth of coins, that takes every transaction unless it is told not
/// to.
struct fake_chain {
  std::vector<ledger::transaction> taken;
  std::set<std::string> known; ///< ids in hex: waiting or in a block
  std::optional<failure> refuses;
  std::uint64_t flx_units = 10'000'000'000;
};

struct fixture : gateway_fixture {
  std::shared_ptr<fake_records::state> database = without_database();
  std::shared_ptr<book_in_memory::tables> tables = std::make_shared<book_in_memory::tables>();
  std::shared_ptr<fake_chain> chain = std::make_shared<fake_chain>();

  fixture() {
    auto table = wallet_routes();
    for (auto& x : table)
      x.info.need = http::permission::open;
    door = std::make_shared<front_door>(shared, std::move(table));
    shared->parameters = {{"ledger.fee_base", 100'000, 0, 1}, {"ledger.fee_per_byte", 1'000, 0, 1}};
    put("/alpha-1/gateway/keys", start<key_worker_actor>(crypto::least_costs));
    put("/alpha-1/gateway/wallet",
        start<wallet_actor>(shared, std::make_shared<const book_in_memory>(tables)));
    put("/alpha-1/chain/keeper", playing(keeper()));
  }

  caf::behavior keeper() {
    auto in = chain;
    return {[](const chain::get_overview&) {
              chain::chain_overview out;
              out.chain_id = "c";
              out.at = height{100};
              return out;
            },
            [in](const chain::find_nonce&) {
              return chain::nonce_free{in->taken.size(), 0};
            },
            [](const chain::prove_state& x) {
              chain::state_proven out;
              out.key = x.key;
              return out;
            },
            [in](const chain::ask_module&) {
              ledger::coins::account_answer out;
              out.has.flx = amount<flx>{in->flx_units};
              return chain::module_answer{height{100}, codec::to_canonical(out)};
            },
            [in](const chain::submit_transaction& x) -> caf::result<chain::transaction_taken> {
              if (in->refuses) return to_caf(*in->refuses);
              in->taken.push_back(*codec::from_canonical<ledger::transaction>(x.encoded));
              in->known.insert(crypto::to_hex(crypto::sha256_joined(
                  {crypto::as_bytes(ledger::transaction_id_domain), x.encoded})));
              return chain::transaction_taken{{}, false};
            },
            [in](const chain::get_transaction& x) -> caf::result<chain::transaction_shown> {
              if (!in->known.contains(crypto::to_hex(x.id))) return to_caf(ec::not_found);
              chain::transaction_shown out;
              out.encoded = codec::to_canonical(in->taken.back());
              return out;
            }};
  }

  reply_ptr post(const std::string& path, const json::object& body, const std::string& key = {}) {
    auto what = request("POST", "/api/v1/wallet/" + path, codec::to_text(body));
    if (!key.empty()) what.headers.set("Idempotency-Key", key);
    return call(std::move(what));
  }

  void make(const std::string& name) {
    auto got = post("create", {{"name", name}, {"passphrase", good}});
    CAF_REQUIRE_EQUAL(got->verdict(), "200");
  }

  static json::object order(std::string_view amount = "1.5", std::string_view passphrase = good) {
    return {{"from", "ada"},
            {"to", "bob"},
            {"token", "FLX"},
            {"amount", amount},
            {"passphrase", passphrase}};
  }

  std::string id_of(const reply_ptr& got) {
    CAF_REQUIRE_EQUAL(got->verdict(), "200");
    return std::string{got->body().at("data").at("id").as_string()};
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(gateway_wallet_tests, fixture)

CAF_TEST(a wallet is made once under its name) {
  auto got = post("create", {{"name", "ada"}, {"passphrase", good}});
  CAF_REQUIRE_EQUAL(got->verdict(), "200");
  CAF_CHECK_EQUAL(got->body().at("data").at("address").as_string().size(), 64u);
  CAF_CHECK_EQUAL(post("create", {{"name", "ada"}, {"passphrase", good}})->verdict(),
                  "409 conflict");
  CAF_CHECK_EQUAL(post("create", {{"name", "bob"}, {"passphrase", "short"}})->verdict(),
                  "422 invalid_argument");
  CAF_CHECK_EQUAL(post("create", {{"name", "b b"}, {"passphrase", good}})->verdict(),
                  "422 invalid_argument");
  CAF_CHECK_EQUAL(post("create", {{"name", "bob"}})->verdict(), "422 invalid_argument");
  auto list = call(request("GET", "/api/v1/wallet/list"));
  CAF_CHECK(list->body().at("data").at("wallets").at(0).at("name") == "ada");
}

CAF_TEST(the database has no key that is not sealed) {
  make("ada");
  const auto& stored = tables->wallets.at("ada");
  const auto sealed = crypto::read_keystore(stored.keystore);
  CAF_REQUIRE(sealed.has_value());
  CAF_CHECK(stored.keystore.find(good) == std::string::npos);
  CAF_CHECK(!crypto::open_key(*sealed, "another one"));
  CAF_CHECK(crypto::open_key(*sealed, good)->pub.bytes == stored.line.address);
}

CAF_TEST(a transfer is signed by its wallet and pays the least fee) {
  make("ada");
  make("bob");
  auto got = post("transfers", order(), "k-1");
  CAF_REQUIRE_EQUAL(got->verdict(), "200");
  CAF_REQUIRE_EQUAL(chain->taken.size(), 1u);
  const auto& sent = chain->taken[0];
  CAF_CHECK(sent.sender == tables->wallets.at("ada").line.address);
  CAF_CHECK(crypto::verify({sent.sender}, ledger::signing_bytes(sent), {sent.sig}));
  CAF_CHECK(sent.valid_until == height{1'100});
  CAF_CHECK_EQUAL(sent.fee.get(), 100'000 + 1'000 * codec::to_canonical(sent).size());
  const auto body = codec::from_canonical<ledger::coins::transfer>(sent.body);
  CAF_REQUIRE(body.has_value());
  CAF_CHECK(body->to == tables->wallets.at("bob").line.address);
  CAF_CHECK(body->what == (ledger::coin{ledger::token::FLX, 1'500'000'000}));
  CAF_CHECK(got->body().at("data").at("repeated") == false);
}

CAF_TEST(the same order under its key is the same transaction) {
  make("ada");
  make("bob");
  const auto first = id_of(post("transfers", order(), "k-1"));
  auto again = post("transfers", order(), "k-1");
  CAF_CHECK_EQUAL(id_of(again), first);
  CAF_CHECK(again->body().at("data").at("repeated") == true);
  CAF_CHECK_EQUAL(chain->taken.size(), 1u);
  CAF_CHECK(id_of(post("transfers", order(), "k-2")) != first);
}

CAF_TEST(another order under a used key is refused) {
  make("ada");
  make("bob");
  id_of(post("transfers", order(), "k-1"));
  CAF_CHECK_EQUAL(post("transfers", order("1.6"), "k-1")->verdict(), "422 invalid_argument");
  CAF_CHECK_EQUAL(chain->taken.size(), 1u);
}

CAF_TEST(money does not move without a key) {
  make("ada");
  make("bob");
  CAF_CHECK_EQUAL(post("transfers", order())->verdict(), "422 invalid_argument");
  CAF_CHECK(chain->taken.empty());
}

CAF_TEST(a transfer that was kept but not taken is sent again and not made anew) {
  make("ada");
  make("bob");
  chain->refuses = failure{ec::unavailable, "no member holds the chain"};
  CAF_CHECK_EQUAL(post("transfers", order(), "k-1")->verdict(), "503 unavailable");
  CAF_REQUIRE_EQUAL(tables->transfers.size(), 1u);
  const auto kept = crypto::to_hex(tables->transfers.at("k-1").id);
  chain->refuses.reset();
  CAF_CHECK_EQUAL(id_of(post("transfers", order(), "k-1")), kept);
  CAF_CHECK_EQUAL(chain->taken.size(), 1u);
}

CAF_TEST(a transfer that is refused at once is forgotten) {
  make("ada");
  make("bob");
  chain->refuses = failure{ec::invalid_argument, "fee_too_low: at least 5"};
  CAF_CHECK_EQUAL(post("transfers", order(), "k-1")->verdict(), "422 invalid_argument");
  CAF_CHECK(tables->transfers.empty());
  chain->refuses.reset();
  id_of(post("transfers", order(), "k-1"));
}

CAF_TEST(a kept transfer whose time is over is never made anew under its key) {
  make("ada");
  make("bob");
  chain->refuses = failure{ec::unavailable, ""};
  post("transfers", order(), "k-1");
  chain->refuses = failure{ec::expired, "valid_until_passed"};
  CAF_CHECK_EQUAL(std::string{post("transfers", order(), "k-1")->body().at("code").as_string()},
                  "expired");
  CAF_CHECK_EQUAL(tables->transfers.size(), 1u);
  CAF_CHECK(chain->taken.empty());
}

CAF_TEST(a wrong passphrase signs nothing and waits after some tries) {
  make("ada");
  make("bob");
  for (std::uint32_t i = 0; i < free_attempts; ++i)
    CAF_CHECK_EQUAL(post("transfers", order("1.5", "wrong wrong"), "k-1")->verdict(),
                    "403 not_permitted");
  CAF_CHECK_EQUAL(post("transfers", order(), "k-1")->verdict(), "429 rate_limited");
  CAF_CHECK(chain->taken.empty());
  CAF_CHECK(tables->transfers.empty());
}

CAF_TEST(a transfer beyond what there is costs nothing) {
  make("ada");
  make("bob");
  auto got = post("transfers", order("10"), "k-1");
  CAF_CHECK_EQUAL(got->verdict(), "422 invalid_argument");
  const auto why = std::string{got->body().at("detail").as_string()};
  CAF_CHECK(why.find("beside the fee") != std::string::npos);
  CAF_CHECK(chain->taken.empty());
}

CAF_TEST(orders that say nothing clear are refused) {
  make("ada");
  auto refused = [this](const char* name, json::value instead) {
    auto body = order();
    if (instead.is_null())
      body.erase(name);
    else
      body[name] = std::move(instead);
    return post("transfers", body, "k-1")->verdict();
  };
  CAF_CHECK_EQUAL(refused("from", nullptr), "422 invalid_argument");
  CAF_CHECK_EQUAL(refused("from", "nobody"), "404 not_found");
  CAF_CHECK_EQUAL(refused("to", "nobody"), "404 not_found");
  CAF_CHECK_EQUAL(refused("amount", "0"), "422 invalid_argument");
  CAF_CHECK_EQUAL(refused("amount", 5), "422 invalid_argument");
  CAF_CHECK_EQUAL(refused("amount", "-1"), "422 invalid_argument");
  CAF_CHECK_EQUAL(refused("token", "SOL"), "422 invalid_argument");
  CAF_CHECK_EQUAL(refused("passphrase", nullptr), "422 invalid_argument");
  CAF_CHECK_EQUAL(refused("memo", "x"), "422 invalid_argument");
  CAF_CHECK_EQUAL(refused("valid_for", 1'000'000), "404 not_found"); // no bob yet
  make("bob");
  CAF_CHECK_EQUAL(refused("valid_for", 1'000'000), "422 invalid_argument");
}

CAF_TEST(orders of one wallet get one nonce after the other) {
  make("ada");
  make("bob");
  std::vector<reply_ptr> all;
  for (const auto* key : {"k-1", "k-2", "k-3"}) {
    auto what = request("POST", "/api/v1/wallet/transfers", codec::to_text(order("1")));
    what.headers.set("Idempotency-Key", key);
    all.push_back(hand_in(std::move(what)));
  }
  settle();
  for (const auto& got : all)
    CAF_CHECK_EQUAL(got->verdict(), "200");
  CAF_REQUIRE_EQUAL(chain->taken.size(), 3u);
  for (std::uint64_t i = 0; i < 3; ++i)
    CAF_CHECK_EQUAL(chain->taken[i].nonce, i);
}

CAF_TEST(more orders at once than can be worked on are told so) {
  make("ada");
  make("bob");
  std::vector<reply_ptr> all;
  for (std::size_t i = 0; i < orders_max + 2; ++i) {
    auto what = request("POST", "/api/v1/wallet/transfers", codec::to_text(order("0.5")));
    what.headers.set("Idempotency-Key", "k-" + std::to_string(i));
    all.push_back(hand_in(std::move(what)));
  }
  settle();
  std::size_t busy = 0;
  for (const auto& got : all)
    busy += got->verdict().ends_with(" busy") ? 1 : 0;
  CAF_CHECK_EQUAL(chain->taken.size() + busy, all.size());
}

CAF_TEST(a transfer of which the chain knows nothing can be looked up still) {
  make("ada");
  make("bob");
  const auto id = id_of(post("transfers", order(), "k-1"));
  auto look = [&] { return call(request("GET", "/api/v1/wallet/transfers/" + id)); };
  CAF_CHECK(look()->body().at("data").at("status") == "waiting");
  chain->known.clear();
  CAF_CHECK(look()->body().at("data").at("status") == "lost");
  CAF_CHECK_EQUAL(
      call(request("GET", "/api/v1/wallet/transfers/" + std::string(64, '0')))->verdict(),
      "404 not_found");
}

CAF_TEST(without a database nothing is signed) {
  make("ada");
  make("bob");
  tables->away = failure{ec::unavailable, "the database"};
  CAF_CHECK_EQUAL(post("transfers", order(), "k-1")->verdict(), "503 unavailable");
  CAF_CHECK(chain->taken.empty());
}

CAF_TEST(without a chain it is told how to get one) {
  make("ada");
  node->directory.remove("/alpha-1/chain/keeper", node->directory.find("/alpha-1/chain/keeper"));
  auto got = post("transfers", order(), "k-1");
  CAF_CHECK_EQUAL(got->verdict(), "503 unavailable");
  const auto next = std::string{got->body().at("next_step").as_string()};
  CAF_CHECK(next.find("bpci chain init") != std::string::npos);
}

CAF_TEST(who tries passphrases waits longer each time) {
  attempts x;
  const attempts::time start{};
  for (std::uint32_t i = 1; i < free_attempts; ++i)
    x.failed("ada", start);
  CAF_CHECK(!x.wait("ada", start));
  x.failed("ada", start);
  CAF_CHECK(x.wait("ada", start) == 30s);
  CAF_CHECK(!x.wait("bob", start));
  CAF_CHECK(!x.wait("ada", start + 30s));
  x.failed("ada", start);
  CAF_CHECK(x.wait("ada", start) == 60s);
  for (auto i = 0; i < 50; ++i)
    x.failed("ada", start);
  CAF_CHECK(x.wait("ada", start) == 3'600s);
  x.succeeded("ada");
  CAF_CHECK(!x.wait("ada", start));
}

CAF_TEST(what is ordered is recognised without its passphrase) {
  transfer_order x{"k", "ada", nullptr, "bob", {ledger::token::FLX, 5}, {}, 0};
  auto y = x;
  y.key = "other";
  CAF_CHECK(request_hash(x) == request_hash(y));
  y.what.units = 6;
  CAF_CHECK(request_hash(x) != request_hash(y));
  y = x;
  y.fee = 0;
  CAF_CHECK(request_hash(x) != request_hash(y));
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::gateway::wallet
