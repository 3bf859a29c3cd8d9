#include "gateways/chain/chain_json.hpp"
#include "gateways/routes/asking_chain.hpp"
#include "gateways/routes/body.hpp"
#include "gateways/routes/routes.hpp"
#include "gateways/wallet/messages.hpp"
#include "messages/chain/pool.hpp"
#include "messages/ledger/coins.hpp"
#include "messages/runtime/entities.hpp"

namespace bpci::gateway {

namespace {

using http::permission;
namespace json = boost::json;

/// A key takes a second, and some may be worked on before; less than listen.request_timeout_secs by
/// default.
constexpr auto wallet_answer_max = std::chrono::milliseconds{9'500};

json::object line_json(const wallet::wallet_line& x) {
  return shown(x).as_object();
}

template <class Reply, class Message, class Ok>
void ask_wallet(api_actor& self, Message message, Ok ok, refusal bad) {
  auto target = self.shared().find(path::wallet);
  if (!target) return bad({ec::restarted, path::wallet});
  self.ask<Reply>(target, wallet_answer_max, std::move(message), std::move(ok), std::move(bad));
}

template <class Reply, class Message, class Ok>
void ask_wallet(api_actor& self, const call_ptr& what, Message message, Ok ok) {
  ask_wallet<Reply>(self, std::move(message), std::move(ok), refuse_chain(what));
}

// -- what comes in ---------------------------------------------------------------------------

/// A text of the body; empty if there is none.
std::string text_of(const json::object& in, std::string_view name) {
  const auto* found = in.if_contains(name);
  const auto* text = found ? found->if_string() : nullptr;
  return text ? std::string{*text} : std::string{};
}

/// Takes the passphrase out of the body: no other copy that is ours stays behind.
wallet::passphrase take_passphrase(json::object& in) {
  auto* found = in.if_contains("passphrase");
  auto* text = found ? found->if_string() : nullptr;
  if (!text) return nullptr;
  std::string copy{*text};
  std::ranges::fill(*text, '*');
  in.erase("passphrase");
  return std::make_shared<const crypto::secret_text>(crypto::secret_text::take(copy));
}

result<json::object> read_object(const call& what) {
  auto body = codec::parse_json(what.request.body);
  if (!body) return body.error();
  auto* object = body->if_object();
  if (!object) return fail(ec::malformed, "the body: expected an object");
  return std::move(*object);
}

result<void> check_members(const json::object& in, std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : in)
    if (std::ranges::find(known, std::string_view{name}) == known.end())
      return fail(ec::invalid_argument, std::string{name} + ": there is no such member");
  return {};
}

result<std::string> idempotency_key(const call& what) {
  auto key = std::string{what.request.headers.get("Idempotency-Key")};
  if (key.empty() || key.size() > entity::key_max)
    return fail(ec::invalid_argument, "the header Idempotency-Key: 1 to 200 bytes are needed");
  return key;
}

// -- wallets ---------------------------------------------------------------------------------

void create(api_actor& self, const call_ptr& what) {
  auto in = read_object(*what);
  if (!in) return what->fail(in.error());
  auto secret = take_passphrase(*in);
  if (auto ok = check_members(*in, {"name"}); !ok) return what->fail(ok.error());
  const auto name = text_of(*in, "name");
  if (!is_valid_id(name) || name.size() == 64)
    return what->fail({ec::invalid_argument, "name: 1 to 63 of A-Z a-z 0-9 . _ : -"});
  if (!secret) return what->fail({ec::invalid_argument, "passphrase: is missing"});
  if (auto ok = crypto::check_passphrase(secret->view()); !ok) return what->fail(ok.error());
  ask_wallet<wallet::wallet_line>(self, what, wallet::create_wallet{name, secret},
                                  [what](const wallet::wallet_line& x) { what->ok(line_json(x)); });
}

void list(api_actor& self, const call_ptr& what) {
  auto limit = what->number("limit");
  if (!limit) return what->fail(limit.error());
  ask_wallet<wallet::wallet_page>(self, what,
                                  wallet::list_wallets{what->parameter("after"), *limit},
                                  [what](const wallet::wallet_page& x) { what->ok(shown(x)); });
}

/// Calls `then(account)` with the address that the query names, itself or by a wallet.
template <class Then>
void with_address(api_actor& self, const call_ptr& what, Then then) {
  const auto text = what->parameter("address");
  const auto name = what->parameter("name");
  if (text.empty() == name.empty())
    return what->fail({ec::invalid_argument, "either address or name is needed"});
  if (!text.empty()) {
    auto who = read_address(text, "address");
    if (!who) return what->fail(who.error());
    return then(*who);
  }
  ask_wallet<wallet::wallet_line>(self, what, wallet::find_wallet{name},
                                  [then](const wallet::wallet_line& x) { then(x.address); });
}

void balance(api_actor& self, const call_ptr& what) {
  with_address(self, what, [&self, what](const ledger::account& who) {
    ask_ledger<ledger::coins::account_answer>(
        self, what, "coins", ledger::coins::get_account{who},
        [what, who](const ledger::coins::account_answer& x, height at) {
          what->ok({{"address", crypto::to_hex(who)},
                    {"height", shown(at)},
                    {"balances",
                     {shown(x.has.gen), shown(x.has.nex), shown(x.has.flx), shown(x.has.aur)}},
                    {"tier_value", x.tier_value},
                    {"nonce", shown(x.has.nonce)}});
        });
  });
}

void history(api_actor& self, const call_ptr& what) {
  auto limit = what->number("limit");
  if (!limit) return what->fail(limit.error());
  with_address(self, what, [&self, what, limit = *limit](const ledger::account& who) {
    const auto before = what->parameter("before");
    ask_chain<chain::history_page>(
        self, what,
        chain::get_history{who, before.empty() ? what->parameter("after") : before, limit},
        [what](const chain::history_page& x) {
          json::array rows;
          for (const auto& one : x.transactions)
            rows.push_back(transaction_shown_json(one));
          what->ok({{"transactions", std::move(rows)}, {"next", x.next}});
        });
  });
}

// -- transfers -------------------------------------------------------------------------------

/// `amount` (whole tokens) or `units` (smallest units), and `token`.
result<ledger::coin> read_amount(const json::object& in) {
  json::object coin;
  for (const auto* name : {"token", "amount", "units"})
    if (const auto* found = in.if_contains(name)) coin[name] = *found;
  auto out = read_coin(coin, "amount");
  if (out && out->units == 0) return fail(ec::invalid_argument, "amount: must not be zero");
  return out;
}

/// The fee: "0.001 FLX", or {"units": ...} as all amounts.
result<std::optional<std::uint64_t>> read_fee(const json::object& in) {
  const auto* found = in.if_contains("fee");
  if (!found || found->is_null()) return std::optional<std::uint64_t>{};
  amount<flx> fee;
  if (auto read = read_shown(*found, fee, "fee"); !read) return read.error();
  return std::optional{fee.get()};
}

result<wallet::transfer_order> read_order(const call& what) {
  auto key = idempotency_key(what);
  if (!key) return key.error();
  auto in = read_object(what);
  if (!in) return in.error();
  wallet::transfer_order out;
  out.key = std::move(*key);
  out.secret = take_passphrase(*in);
  out.from = text_of(*in, "from");
  out.to = text_of(*in, "to");
  if (auto ok = check_members(*in, {"from", "to", "token", "amount", "units", "fee", "valid_for"});
      !ok)
    return ok.error();
  if (out.from.empty()) return fail(ec::invalid_argument, "from: the name of a wallet is needed");
  if (out.to.empty()) return fail(ec::invalid_argument, "to: an address or a wallet is needed");
  if (!out.secret) return fail(ec::invalid_argument, "passphrase: is missing");
  auto coin = read_amount(*in);
  if (!coin) return coin.error();
  out.what = *coin;
  auto fee = read_fee(*in);
  if (!fee) return fee.error();
  out.fee = *fee;
  if (const auto* found = in->if_contains("valid_for"))
    if (auto read = codec::read_json(*found, out.valid_for, "valid_for"); !read)
      return read.error();
  return out;
}

void transfer(api_actor& self, const call_ptr& what) {
  auto order = read_order(*what);
  if (!order) return what->fail(order.error());
  if (!self.shared().find(chain::path::keeper)) return refuse_without_chain(what);
  ask_wallet<wallet::transfer_made>(
      self, std::move(*order),
      [what](const wallet::transfer_made& x) {
        what->ok({{"id", crypto::to_hex(x.id)},
                  {"status", "waiting"},
                  {"repeated", x.repeated},
                  {"transaction", transaction_json(x.encoded)}});
      },
      // Unlike others of KEEPER, this one is about the passphrase.
      refuse(what));
}

/// As the chain knows it; else as it was signed, and then it is to be sent again.
void show_transfer(api_actor& self, const call_ptr& what) {
  auto id = read_hash(what->parameters.get("id"), "id");
  if (!id) return what->fail(id.error());
  auto look_here = [&self, what, id = *id](const failure& why) {
    if (why.code != ec::not_found) return refuse_chain(what)(why);
    ask_wallet<wallet::transfer_row>(
        self, what, wallet::find_transfer{id}, [what](const wallet::transfer_row& x) {
          what->ok({{"id", crypto::to_hex(x.id)},
                    {"status", "lost"},
                    {"next_step", "Neither a block nor the mempool has it: send the same transfer "
                                  "again with the same Idempotency-Key."},
                    {"transaction", transaction_json(x.encoded)}});
        });
  };
  ask_chain<chain::transaction_shown>(
      self, what, chain::get_transaction{*id},
      [what, id = *id](const chain::transaction_shown& x) {
        auto out = transaction_shown_json(x);
        out["id"] = crypto::to_hex(id);
        what->ok(std::move(out));
      },
      std::move(look_here));
}

} // namespace

std::vector<route> wallet_routes() {
  return {
      {{.method = "POST",
        .pattern = "/api/v1/wallet/create",
        .need = permission::write,
        .summary = "Make a wallet that this cluster keeps, under a passphrase"},
       create},
      {{.method = "GET",
        .pattern = "/api/v1/wallet/list",
        .need = permission::read,
        .summary = "The wallets that this cluster keeps"},
       list},
      {{.method = "GET",
        .pattern = "/api/v1/wallet/balance",
        .need = permission::read,
        .summary = "What an address or a wallet has"},
       balance},
      {{.method = "POST",
        .pattern = "/api/v1/wallet/transfers",
        .need = permission::write,
        .summary = "Pay out of a wallet, once for each Idempotency-Key"},
       transfer},
      {{.method = "GET",
        .pattern = "/api/v1/wallet/transfers/{id}",
        .need = permission::read,
        .summary = "What became of a transfer"},
       show_transfer},
      {{.method = "GET",
        .pattern = "/api/v1/wallet/history",
        .need = permission::read,
        .summary = "What an address or a wallet has sent and got, newest first"},
       history},
  };
}

} // namespace bpci::gateway
