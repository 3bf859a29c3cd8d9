#include "gateways/chain/chain_json.hpp"
#include "gateways/routes/asking_chain.hpp"
#include "gateways/routes/routes.hpp"
#include "messages/chain/pool.hpp"
#include "messages/ledger/coins.hpp"

namespace bpci::gateway {

namespace {

using http::permission;
namespace json = boost::json;

/// In either form: JSON, or the canonical bytes as they are.
result<bytes> read_transaction(const call& what) {
  if (what.request.media_type() == "application/octet-stream") {
    const auto& raw = what.request.body;
    if (raw.size() > ledger::transaction_bytes_max)
      return fail(ec::too_large, "a transaction has at most 65,536 bytes");
    return bytes{raw.begin(), raw.end()};
  }
  auto body = codec::parse_json(what.request.body);
  if (!body) return body.error();
  return transaction_bytes(*body);
}

/// A transaction counts once, whoever sends it how often: its id is its idempotency key.
void submit(api_actor& self, const call_ptr& what) {
  auto encoded = read_transaction(*what);
  if (!encoded) return what->fail(encoded.error());
  ask_chain<chain::transaction_taken>(
      self, what, chain::submit_transaction{std::move(*encoded)},
      [what](const chain::transaction_taken& x) {
        what->ok({{"id", crypto::to_hex(x.id)}, {"status", "waiting"}, {"known", x.known}});
      });
}

void show(api_actor& self, const call_ptr& what) {
  auto id = read_hash(what->parameters.get("id"), "id");
  if (!id) return what->fail(id.error());
  ask_chain<chain::transaction_shown>(
      self, what, chain::get_transaction{*id},
      [what](const chain::transaction_shown& x) { what->ok(transaction_shown_json(x)); });
}

/// `encoded` is for programs: canonical receipt and proof.
void prove(api_actor& self, const call_ptr& what) {
  auto id = read_hash(what->parameters.get("id"), "id");
  if (!id) return what->fail(id.error());
  ask_chain<chain::receipt_proven>(
      self, what, chain::prove_receipt{*id}, [what](const chain::receipt_proven& x) {
        auto out = shown(x).as_object();
        out["encoded"] = {{"header", codec::to_base64(codec::to_canonical(x.head))},
                          {"seals", codec::to_base64(codec::to_canonical(x.seals))},
                          {"receipt", codec::to_base64(codec::to_canonical(x.receipt))},
                          {"proof", codec::to_base64(codec::to_canonical(x.proof))}};
        what->ok(std::move(out));
      });
}

/// What somebody needs who makes a transaction: balances, and the next nonce.
void account(api_actor& self, const call_ptr& what) {
  auto who = read_address(what->parameters.get("address"), "address");
  if (!who) return what->fail(who.error());
  ask_ledger<ledger::coins::account_answer>(
      self, what, "coins", ledger::coins::get_account{*who},
      [&self, what, who = *who](const ledger::coins::account_answer& x, height at) {
        ask_chain<chain::nonce_free>(
            self, what, chain::find_nonce{who}, [what, who, x, at](const chain::nonce_free& n) {
              what->ok({{"address", crypto::to_hex(who)},
                        {"height", shown(at)},
                        {"balances",
                         {shown(x.has.gen), shown(x.has.nex), shown(x.has.flx), shown(x.has.aur)}},
                        {"tier_value", x.tier_value},
                        {"nonce", shown(x.has.nonce)},
                        {"next_nonce", shown(n.next)},
                        {"waiting", shown(n.waiting)}});
            });
      });
}

void history(api_actor& self, const call_ptr& what) {
  auto who = read_address(what->parameters.get("address"), "address");
  if (!who) return what->fail(who.error());
  auto limit = what->number("limit");
  if (!limit) return what->fail(limit.error());
  const auto before = what->parameter("before");
  ask_chain<chain::history_page>(
      self, what,
      chain::get_history{*who, before.empty() ? what->parameter("after") : before, *limit},
      [what](const chain::history_page& x) {
        json::array rows;
        for (const auto& one : x.transactions)
          rows.push_back(transaction_shown_json(one));
        what->ok({{"transactions", std::move(rows)}, {"next", x.next}});
      });
}

} // namespace

std::vector<route> transaction_routes() {
  return {
      {{.method = "POST",
        .pattern = "/api/v1/chain/transactions",
        .need = permission::write,
        .summary = "Put a signed transaction into a block",
        .consumes = {"application/json", "application/octet-stream"}},
       submit},
      {{.method = "GET",
        .pattern = "/api/v1/chain/transactions/{id}",
        .need = permission::read,
        .summary = "A transaction, and what became of it"},
       show},
      {{.method = "GET",
        .pattern = "/api/v1/chain/transactions/{id}/proof",
        .need = permission::read,
        .summary = "Proves what became of a transaction, to whoever knows a header"},
       prove},
      {{.method = "GET",
        .pattern = "/api/v1/chain/accounts/{address}",
        .need = permission::read,
        .summary = "Balances of an account, and its next nonce"},
       account},
      {{.method = "GET",
        .pattern = "/api/v1/chain/accounts/{address}/history",
        .need = permission::read,
        .summary = "What an account has sent and what has moved its coins, newest first"},
       history},
  };
}

} // namespace bpci::gateway
