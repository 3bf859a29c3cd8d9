#define CAF_SUITE ledger_executor

#include "actors/ledger/coins/balances.hpp"
#include "actors/ledger/receipts.hpp"
#include "actors/ledger/state/proof.hpp"
#include "messages/ledger/validators.hpp"
#include "runtime/crypto/keys.hpp"
#include "script.hpp"

#include <caf/test/unit_test.hpp>

#include <functional>

using namespace bpci;
using namespace bpci::ledger;
using namespace bpci::ledger::test;

namespace {

coins::transfer five_to(std::string_view who) {
  return {account_of(who), {token::NEX, 5}};
}

/// What the check says of a transfer that was changed before it was signed.
std::string checked(world& w, const std::function<void(transaction&)>& change,
                    admission where = admission::block) {
  w.nonces.clear();
  auto x = w.make("ada", "coins", "transfer", codec::to_canonical(five_to("bob")));
  change(x);
  auto out = check_transaction(w.by, terms_at(w.state, height{w.at.get() + 1}), w.state,
                               world::encode(x), where);
  return out ? "ok" : out.error().name;
}

std::vector<bytes> values_of(const state_trie& x) {
  std::vector<bytes> out;
  x.for_each([&](std::string_view key, auto value) {
    out.emplace_back(key.begin(), key.end());
    out.emplace_back(value.begin(), value.end());
  });
  return out;
}

} // namespace

CAF_TEST(what may not be in a block is refused by name) {
  world w;
  w.run("ada", "coins", five_to("bob"));
  using tx = transaction;
  CAF_CHECK_EQUAL(checked(w, [](tx&) {}), "ok");
  CAF_CHECK_EQUAL(checked(w, [](tx& x) { x.chain_id = "other"; }), "chain_differs");
  CAF_CHECK_EQUAL(checked(w, [](tx& x) { x.chain_id = std::string(65, 'x'); }),
                  "transaction_malformed");
  CAF_CHECK_EQUAL(checked(w, [](tx& x) { x.valid_until = height{1}; }), "valid_until_passed");
  CAF_CHECK_EQUAL(checked(w, [](tx& x) { x.valid_until = height{2}; }), "ok");
  CAF_CHECK_EQUAL(checked(w, [](tx& x) { x.module = "magic"; }), "module_unknown");
  CAF_CHECK_EQUAL(checked(w, [](tx& x) { x.kind = "magic"; }), "kind_unknown");
  CAF_CHECK_EQUAL(checked(w, [](tx& x) { x.nonce = 0; }), "nonce_used");
  CAF_CHECK_EQUAL(checked(w, [](tx& x) { x.nonce = 2; }), "nonce_ahead");
  CAF_CHECK_EQUAL(checked(
                      w, [](tx& x) { x.nonce = 65; }, admission::mempool),
                  "ok");
  CAF_CHECK_EQUAL(checked(
                      w, [](tx& x) { x.nonce = 66; }, admission::mempool),
                  "nonce_ahead");
  CAF_CHECK_EQUAL(checked(w, [](tx& x) { x.fee = amount<flx>{100'000}; }), "fee_too_low");
  CAF_CHECK_EQUAL(checked(w, [](tx& x) { x.fee = amount<flx>{1'000'000'000'000}; }),
                  "fee_beyond_balance");
  CAF_CHECK_EQUAL(checked(w, [](tx& x) { x.body.resize(70'000); }), "transaction_too_large");
  CAF_CHECK_EQUAL(checked(w,
                          [](tx& x) {
                            x.sender = account_of("nobody");
                            x.nonce = 0;
                          }),
                  "fee_beyond_balance");
}

CAF_TEST(bytes that are no transaction are refused) {
  world w;
  auto good = w.tx("ada", "coins", five_to("bob"));
  auto at = terms_at(w.state, height{1});
  auto check = [&](std::span<const std::uint8_t> data) {
    auto out = check_transaction(w.by, at, w.state, data, admission::block);
    return out ? "ok" : out.error().name;
  };
  CAF_CHECK_EQUAL(check(good), "ok");
  for (std::size_t size = 0; size < good.size(); ++size)
    CAF_REQUIRE_EQUAL(check(std::span{good}.first(size)), "transaction_malformed");
  auto longer = good;
  longer.push_back(0);
  CAF_CHECK_EQUAL(check(longer), "transaction_malformed");
  for (std::size_t i = 0; i < good.size(); ++i)
    for (auto bit : {1, 128}) {
      auto bad = good;
      bad[i] ^= static_cast<std::uint8_t>(bit);
      CAF_REQUIRE(check(bad) != "ok");
    }
}

CAF_TEST(a wrong signature is refused) {
  world w;
  auto x = w.make("ada", "coins", "transfer", codec::to_canonical(five_to("bob")));
  x.sig = checksum_of(x.sender, signing_bytes(x));
  x.body.back() ^= 1; // signed before it was changed
  auto out = check_transaction(w.by, terms_at(w.state, height{1}), w.state, codec::to_canonical(x),
                               admission::block);
  CAF_REQUIRE(!out);
  CAF_CHECK(out.error() == (refusal{ec::bad_signature, "signature_wrong", ""}));
}

CAF_TEST(transactions are signed with Ed25519 for one chain) {
  world w;
  auto ada = crypto::from_seed(crypto::sha256(crypto::as_bytes("ada")));
  CAF_REQUIRE(ada.pub.bytes == account_of("ada"));
  const rules real{standard_modules(), ed25519_verifier()};
  auto x = w.make("ada", "coins", "transfer", codec::to_canonical(five_to("bob")));
  sign(x, ada.secret);
  auto check = [&](const transaction& what) {
    auto out = check_transaction(real, terms_at(w.state, height{1}), w.state,
                                 codec::to_canonical(what), admission::block);
    return out ? "ok" : out.error().name;
  };
  CAF_CHECK_EQUAL(check(x), "ok");
  auto by_another = x;
  sign(by_another, crypto::from_seed(crypto::sha256(crypto::as_bytes("bob"))).secret);
  CAF_CHECK_EQUAL(check(by_another), "signature_wrong");
  auto for_another_chain = x;
  for_another_chain.chain_id = "tesu";
  sign(for_another_chain, ada.secret);
  for_another_chain.chain_id = "test";
  CAF_CHECK_EQUAL(check(for_another_chain), "signature_wrong");
  CAF_REQUIRE(
      execute(real, w.state, w.next_block(), std::vector<bytes>(1, codec::to_canonical(x))));
  CAF_CHECK(!execute(real, w.state, w.next_block(),
                     std::vector<bytes>(1, codec::to_canonical(by_another))));
}

CAF_TEST(nobody can sign for a module) {
  world w;
  // Its account is no point of the curve that anybody knows a secret for; the zero signature and
  // those of others don't fit.
  const rules real{standard_modules(), ed25519_verifier()};
  for (auto* module : {"main", "bonds", "governance"}) {
    transaction x = w.make("ada", "coins", "transfer", codec::to_canonical(five_to("bob")));
    x.sender = account_of(module);
    CAF_CHECK(!ed25519_verifier()(x, {}));
    sign(x, crypto::from_seed(crypto::sha256(crypto::as_bytes("ada"))).secret);
    CAF_CHECK(!ed25519_verifier()(x, {}));
  }
}

CAF_TEST(a transaction that fails changes nothing but the fee and the nonce) {
  world w;
  w.run("ada", "coins", five_to("bob")); // so that the treasury has an account
  auto before = w.state;
  CAF_CHECK_EQUAL(w.run("ada", "coins", coins::transfer{account_of("bob"), {token::GEN, ~0ULL}}),
                  "balance_too_small");
  std::vector<std::string> changed;
  w.state.for_each_changed(before, [&](std::string_view key, auto) {
    changed.emplace_back(key.substr(0, key.find('/', 8)));
  });
  std::ranges::sort(changed);
  CAF_CHECK(changed
            == (std::vector<std::string>{"coins/account", "coins/account", "ledger/receipts"}));
  auto old = coins::get_holdings(before, account_of("ada"));
  auto now = coins::get_holdings(w.state, account_of("ada"));
  CAF_CHECK_EQUAL(now.nonce, old.nonce + 1);
  CAF_CHECK_EQUAL(now.flx.get(), old.flx.get() - 1'000'000);
  now.nonce = old.nonce;
  now.flx = old.flx;
  CAF_CHECK(now == old);
}

CAF_TEST(a body that is not what its kind says fails and costs its fee) {
  world w;
  auto broken = w.make("ada", "coins", "transfer", bytes{1, 2, 3});
  CAF_CHECK_EQUAL(w.outcome(world::encode(broken)), "body_malformed");
  CAF_CHECK_EQUAL(w.balance("main", token::FLX), 1'000'000u);
}

CAF_TEST(a transaction that may not pay makes the whole block invalid) {
  world w;
  auto before = w.state.root();
  auto poor = w.make("ada", "coins", "transfer", codec::to_canonical(five_to("bob")));
  poor.fee = amount<flx>{~0ULL};
  auto done = w.try_block({w.tx("bob", "coins", five_to("ada")), world::encode(poor)});
  CAF_REQUIRE(!done);
  CAF_CHECK(done.error().code == ec::conflict);
  CAF_CHECK(done.error().detail.starts_with("transaction 1: fee_beyond_balance"));
  CAF_CHECK(w.state.root() == before);
}

CAF_TEST(coins that come in a block can be spent in it) {
  world w;
  auto done =
      w.block({w.tx("ada", "coins", coins::transfer{account_of("new"), {token::FLX, 5'000'000}}),
               w.tx("new", "coins", coins::transfer{account_of("bob"), {token::FLX, 4'000'000}}),
               w.tx("ada", "coins", five_to("bob"))});
  for (const auto& x : done.receipts)
    CAF_CHECK_EQUAL(x.code, "none");
  CAF_CHECK_EQUAL(w.balance("new", token::FLX), 0u);
}

CAF_TEST(an empty block leaves the root as it was) {
  world w;
  w.run("ada", "coins", five_to("bob"));
  for (auto i = 0; i < 250; ++i) {
    auto before = w.state;
    auto done = w.block();
    CAF_REQUIRE(done.root == before.root());
    CAF_REQUIRE(done.state.top() == before.top());
    CAF_REQUIRE(done.events.empty());
    CAF_REQUIRE(!done.change_due);
  }
}

CAF_TEST(a block for another chain or other validators is refused) {
  world w;
  auto block = w.next_block();
  block.chain_id = "other";
  CAF_CHECK(execute(w.by, w.state, block, {}).error().code == ec::invalid_argument);
  block = w.next_block();
  ++block.validators.back().weight;
  CAF_CHECK(execute(w.by, w.state, block, {}).error().code == ec::invalid_argument);
}

CAF_TEST(a block has room for so many transactions and bytes) {
  auto text = default_genesis();
  text.insert(text.size() - 1, R"(,"parameters":{"ledger.block_transactions":3})");
  world w{text};
  std::vector<bytes> all;
  for (auto i = 0; i < 4; ++i)
    all.push_back(w.tx("ada", "coins", five_to("bob")));
  CAF_CHECK(w.try_block(all).error().code == ec::too_large);
  CAF_CHECK_EQUAL(select_transactions(w.by, w.state, w.next_block(), all).size(), 3u);

  text = default_genesis();
  text.insert(text.size() - 1, R"(,"parameters":{"ledger.block_bytes":66560})");
  world v{text};
  all.clear();
  for (auto i = 0; i < 3; ++i) {
    auto x = v.make("ada", "coins", "transfer", bytes(30'000));
    all.push_back(world::encode(x));
  }
  CAF_CHECK(v.try_block(all).error().code == ec::too_large);
  CAF_CHECK_EQUAL(select_transactions(v.by, v.state, v.next_block(), all).size(), 2u);
}

CAF_TEST(a proposer leaves out what may not be in the block and the rest is valid) {
  world w;
  std::vector<bytes> offered;
  offered.push_back(bytes{1, 2, 3});
  auto early = w.make("ada", "coins", "transfer", codec::to_canonical(five_to("bob")));
  early.nonce = 7;
  offered.push_back(world::encode(early));
  w.nonces.clear();
  offered.push_back(w.tx("ada", "coins", five_to("bob")));
  offered.push_back(offered.back()); // the same again
  offered.push_back(w.tx("ada", "coins", five_to("ada")));
  auto chosen = select_transactions(w.by, w.state, w.next_block(), offered);
  CAF_CHECK_EQUAL(chosen.size(), 2u);
  auto done = w.block(chosen);
  CAF_CHECK_EQUAL(done.receipts[1].refusal, "receiver_must_differ");
}

CAF_TEST(executing the same block again gives the same in every detail) {
  world w;
  std::vector<bytes> all{w.tx("ada", "coins", five_to("bob")),
                         w.tx("eve", "validators", validators::join{amount<gen>{1000 * whole}}),
                         w.tx("bob", "validators", validators::leave{}),
                         w.tx("ada", "coins", five_to("ada"))};
  auto block = w.next_block();
  auto first = execute(w.by, w.state, block, all);
  auto second = execute(w.by, w.state, block, all);
  CAF_REQUIRE(first && second);
  CAF_CHECK(first->root == second->root);
  CAF_CHECK(first->receipts == second->receipts);
  CAF_CHECK(first->events == second->events);
  CAF_CHECK(first->after_next == second->after_next);
  CAF_CHECK(values_of(first->state) == values_of(second->state));
}

CAF_TEST(a receipt is provable against the state root) {
  world w;
  std::vector<bytes> all;
  for (auto i = 0; i < 11; ++i)
    all.push_back(w.tx("ada", "coins", five_to(i % 3 ? "bob" : "ada")));
  auto done = w.block(all);
  w.blocks(3); // blocks without transactions do not take it away
  for (std::uint64_t i = 0; i < all.size(); ++i) {
    auto proof = prove_receipt(done.state, w.at, done.receipts, i);
    proof.of.at = height{1};
    auto data = codec::to_canonical(proof);
    auto decoded = decode_receipt_proof(data);
    CAF_REQUIRE(decoded);
    CAF_CHECK(verify_receipt(w.state.root(), height{1}, done.receipts[i], *decoded));
    CAF_CHECK(!verify_receipt(w.state.root(), height{2}, done.receipts[i], *decoded));
    CAF_CHECK(!verify_receipt(w.start.root, height{1}, done.receipts[i], *decoded));
    auto lie = done.receipts[i];
    lie.refusal = "other";
    CAF_CHECK(!verify_receipt(w.state.root(), height{1}, lie, *decoded));
    auto moved = *decoded;
    moved.index ^= 1;
    CAF_CHECK(!verify_receipt(w.state.root(), height{1}, done.receipts[i], moved));
  }
  CAF_CHECK(decode_receipt_proof(bytes(receipt_proof_bytes_max + 1)).error().code == ec::too_large);
}

CAF_TEST(the wording of a receipt is not part of what is proven) {
  world w;
  auto done = w.block({w.tx("ada", "coins", coins::transfer{account_of("bob"), {token::AUR, 9}})});
  CAF_CHECK_EQUAL(done.receipts[0].detail, "has 5, needs 9");
  auto proof = prove_receipt(done.state, w.at, done.receipts, 0);
  auto reworded = done.receipts[0];
  reworded.detail = "zu wenig";
  CAF_CHECK(verify_receipt(done.root, w.at, reworded, proof));
}

CAF_TEST(questions that nobody can answer are refused) {
  world w;
  CAF_CHECK(query(w.by.modules, w.state, "magic", "get", {}).error().code == ec::unsupported);
  CAF_CHECK(query(w.by.modules, w.state, "coins", "get", {}).error().code == ec::unsupported);
  CAF_CHECK(query(w.by.modules, w.state, "coins", "get_account", {}).error().code == ec::malformed);
}

CAF_TEST(a balance is provable to somebody who knows only the state root) {
  world w;
  std::string key{"coins/account/"};
  auto who = account_of("ada");
  key.append(who.begin(), who.end());
  auto value = codec::to_canonical(coins::get_holdings(w.state, who));
  CAF_CHECK(verify_inclusion(w.state.root(), key, value, w.state.prove(key)));
}
