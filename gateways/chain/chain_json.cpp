#include "gateways/chain/chain_json.hpp"

#include "gateways/chain/shown.hpp"
#include "messages/ledger/anchors.hpp"
#include "messages/ledger/chain.hpp"
#include "messages/ledger/coins.hpp"
#include "messages/ledger/treasury.hpp"
#include "messages/ledger/validators.hpp"

namespace bpci::gateway {

namespace {

namespace json = boost::json;

failure wrong(std::string what) {
  return fail(ec::invalid_argument, std::move(what));
}

result<bytes> bytes_of_hex(std::string_view text, std::string_view what) {
  bytes out(text.size() / 2);
  if (text.empty() || !crypto::read_hex(text, out))
    return wrong(std::string{what} + ": expected pairs of hex digits");
  return out;
}

/// A member that must be there, read as `T`.
template <class T>
result<void> read_member(const json::object& in, const char* name, T& out) {
  const auto* value = in.if_contains(name);
  if (!value) return wrong(std::string{name} + ": is missing");
  return read_shown(*value, out, name);
}

result<bytes> check_size(result<bytes> x) {
  if (x && x->size() > ledger::transaction_bytes_max)
    return fail(ec::too_large, "a transaction of " + std::to_string(x->size())
                                   + " bytes, the limit is "
                                   + std::to_string(ledger::transaction_bytes_max));
  return x;
}

result<bytes> check_form(bytes encoded) {
  if (auto x = codec::from_canonical<ledger::transaction>(encoded); !x) return x.error();
  return encoded;
}

/// An encoded transaction in one of the forms of text; none: it is given by its members.
result<std::optional<bytes>> encoded_member(const json::object& in) {
  const auto text_of = [&](const char* name) -> const json::string* {
    const auto* value = in.if_contains(name);
    return value ? value->if_string() : nullptr;
  };
  if (const auto* text = text_of("encoded")) {
    auto raw = codec::from_base64(*text);
    if (!raw) return wrong("encoded: expected base64 with padding");
    return std::optional<bytes>{std::move(*raw)};
  }
  if (const auto* text = text_of("hex")) {
    auto raw = bytes_of_hex(*text, "hex");
    if (!raw) return raw.error();
    return std::optional<bytes>{std::move(*raw)};
  }
  return std::optional<bytes>{};
}

template <class T>
bool show_as(std::span<const std::uint8_t> value, json::value& out) {
  auto x = codec::from_canonical<T>(value);
  if (x) out = shown(*x);
  return x.has_value();
}

/// What stands under which key (docs/ledger.md, The state). One that ends with a slash names all
/// that begin with it.
struct place {
  std::string_view key;
  bool (*show)(std::span<const std::uint8_t> value, json::value& out);
};

constexpr place places[]{
    {"ledger/chain", show_as<ledger::chain_identity>},
    {"ledger/parameters", show_as<ledger::parameter_values>},
    {"ledger/version", show_as<ledger::protocol_version>},
    {"ledger/halt", show_as<ledger::halt_until>},
    {"ledger/receipts", show_as<ledger::receipts_root>},
    {"coins/account/", show_as<ledger::coins::holdings>},
    {"coins/supply", show_as<ledger::coins::supply>},
    {"treasury/history", show_as<ledger::treasury::history>},
    {"treasury/spend/", show_as<ledger::treasury::spent>},
    {"validators/member/", show_as<ledger::validators::member>},
    {"validators/sets", show_as<ledger::validators::validator_sets>},
    {"validators/waiting", show_as<ledger::validators::waiting_list>},
    {"validators/membership", show_as<ledger::validators::membership>},
    {"governance/agenda", show_as<ledger::governance::agenda>},
    {"governance/proposal/", show_as<ledger::governance::proposal>},
    {"governance/electorate/", show_as<ledger::governance::electorate>},
    {"governance/vote/", show_as<ledger::governance::voted>},
    {"anchors/root/", show_as<ledger::anchors::anchored>},
};

} // namespace

ledger::hash transaction_id(std::span<const std::uint8_t> encoded) {
  return crypto::sha256_joined({crypto::as_bytes(ledger::transaction_id_domain), encoded});
}

json::object transaction_json(std::span<const std::uint8_t> encoded) {
  json::object out{{"id", crypto::to_hex(transaction_id(encoded))}, {"bytes", encoded.size()}};
  const auto x = codec::from_canonical<ledger::transaction>(encoded);
  if (!x) {
    out["encoded"] = codec::to_base64(encoded);
    return out;
  }
  out["chain_id"] = x->chain_id;
  out["sender"] = crypto::to_hex(x->sender);
  out["nonce"] = shown(x->nonce);
  out["fee"] = shown(x->fee);
  out["valid_until"] = shown(x->valid_until);
  out["module"] = x->module;
  out["kind"] = x->kind;
  out["body"] = command_json(x->module, x->kind, x->body);
  out["signature"] = crypto::to_hex(x->sig);
  return out;
}

result<ledger::transaction> unsigned_transaction(const json::value& in) {
  const auto* object = in.if_object();
  if (!object) return wrong("a transaction: expected an object");
  ledger::transaction out;
  for (const auto& read :
       {read_member(*object, "chain_id", out.chain_id), read_member(*object, "sender", out.sender),
        read_member(*object, "nonce", out.nonce), read_member(*object, "fee", out.fee),
        read_member(*object, "valid_until", out.valid_until),
        read_member(*object, "module", out.module), read_member(*object, "kind", out.kind)})
    if (!read) return read.error();
  const auto* body = object->if_contains("body");
  if (!body) return wrong("body: is missing");
  auto raw = command_bytes(out.module, out.kind, *body);
  if (!raw) return raw.error();
  out.body = std::move(*raw);
  return out;
}

result<bytes> transaction_bytes(const json::value& in) {
  const auto* object = in.if_object();
  if (!object) return wrong("a transaction: expected an object");
  auto encoded = encoded_member(*object);
  if (!encoded) return encoded.error();
  if (*encoded) {
    auto raw = check_size(std::move(**encoded));
    return raw ? check_form(std::move(*raw)) : raw;
  }
  auto x = unsigned_transaction(in);
  if (!x) return x.error();
  if (auto read = read_member(*object, "signature", x->sig); !read) return read.error();
  return check_size(codec::to_canonical(*x));
}

json::object transaction_shown_json(const chain::transaction_shown& x) {
  json::object out{{"transaction", transaction_json(x.encoded)}};
  if (!x.at) {
    out["status"] = "waiting";
    return out;
  }
  const auto refused = x.receipt && x.receipt->code != name(ec::none);
  out["status"] = refused ? "refused" : "done";
  out["height"] = shown(*x.at);
  out["index"] = shown(x.index);
  out["time"] = shown(x.time);
  if (x.receipt) out["receipt"] = shown(*x.receipt);
  return out;
}

json::object block_json(const chain::block_shown& x) {
  const auto& block = x.what.what;
  json::array transactions;
  for (const auto& encoded : block.transactions)
    transactions.push_back(transaction_json(encoded));
  return {{"id", crypto::to_hex(x.id)},
          {"height", shown(block.head.at)},
          {"header", shown(block.head)},
          {"transactions", std::move(transactions)},
          {"evidence", shown(block.misbehaviour)},
          {"parent_seals", shown(block.parent_seals)},
          {"late_seals", shown(block.late_seals)},
          {"seals", shown(x.what.seals)}};
}

result<std::string> state_key(std::string_view text) {
  const auto hex = text.starts_with("0x") ? 0 : text.rfind("/0x");
  if (hex == std::string_view::npos) {
    if (text.empty()) return wrong("key: is missing");
    return std::string{text};
  }
  const auto begin = hex + (text.starts_with("0x") ? 2 : 3);
  const auto raw = bytes_of_hex(text.substr(begin), "key");
  if (!raw) return raw.error();
  auto out = std::string{text.substr(0, hex)} + (begin == 2 ? "" : "/");
  out.append(raw->begin(), raw->end());
  return out;
}

json::value state_value_json(std::string_view key, std::span<const std::uint8_t> value) {
  json::value out;
  for (const auto& x : places)
    if (x.key.ends_with('/') ? key.starts_with(x.key) : key == x.key) x.show(value, out);
  return out;
}

} // namespace bpci::gateway
