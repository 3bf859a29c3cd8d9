#include "gateways/cli/submission.hpp"

#include "gateways/chain/chain_json.hpp"
#include "gateways/chain/shown.hpp"
#include "gateways/cli/list_view.hpp"
#include "gateways/cli/options.hpp"
#include "gateways/cli/text.hpp"
#include "messages/codec/json.hpp"

#include <ostream>

namespace bpci::cli {

namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr std::string_view transactions_path = "/api/v1/chain/transactions";
constexpr auto between_looks = 500ms;

const columns transaction_columns{
    {"id", "transaction.id"},
    {"status", "status", cell::state},
    {"block", "height"},
    {"index", "index"},
    {"time", "time", cell::since},
    {"what", "transaction.module"},
    {"kind", "transaction.kind"},
    {"sender", "transaction.sender"},
    {"nonce", "transaction.nonce"},
    {"fee (FLX)", "transaction.fee.amount"},
    {"valid until", "transaction.valid_until"},
    {"refused", "receipt.refusal"},
    {"because", "receipt.detail"},
};

const columns event_columns{
    {"EVENT", "module"},
    {"KIND", "kind"},
    {"WHAT", "text"},
};

fault odd_answer(const std::string& what) {
  return to_fault(fail(ec::malformed, "the answer has no " + what), exit_code::failed,
                  "Use a bpci of the same version as the node.");
}

outcome<std::uint64_t> number_at(const json::value& x, std::string_view path) {
  const auto* object = x.if_object();
  const auto* found = object ? member_at(*object, path) : nullptr;
  std::uint64_t out = 0;
  if (!found || !codec::read_json(*found, out)) return odd_answer(std::string{path});
  return out;
}

outcome<std::string> word_at(const json::value& x, std::string_view path) {
  auto out = text_at(x, path);
  if (out.empty()) return odd_answer(std::string{path});
  return out;
}

// -- the key ---------------------------------------------------------------------------------

outcome<crypto::key_pair> open_keys(const context& with, const submit_options& given) {
  if (given.key_file.empty() == given.wallet.empty())
    return usage_fault("neither a wallet nor a key file, or both",
                       "Say --wallet NAME, or --key FILE for a validator's key.");
  if (!given.key_file.empty()) {
    std::error_code ignored;
    if (!std::filesystem::exists(given.key_file, ignored))
      return usage_fault("there is no key file " + given.key_file, "Check the path.");
    auto keys = crypto::load_or_create(given.key_file);
    if (!keys) return to_fault(keys.error(), exit_code::usage, "Do what the detail says.");
    return std::move(*keys);
  }
  const auto wallet = load_wallet(with, given.wallet);
  if (!wallet) return wallet.error();
  const auto secret = ask_passphrase(with, given.passphrase, given.wallet);
  if (!secret) return secret.error();
  auto keys = crypto::open_key(wallet->key, secret->view());
  if (!keys)
    return to_fault(keys.error(),
                    keys.error().code == ec::not_permitted ? exit_code::not_permitted
                                                           : exit_code::failed,
                    "Try the passphrase again; nobody can bring back one that is forgotten.");
  return std::move(*keys);
}

// -- the transaction ---------------------------------------------------------------------------

/// The least fee for this size, by the parameters as they stand.
outcome<std::uint64_t> least_fee(api& node, std::size_t size) {
  const auto all = node.get("/api/v1/chain/parameters");
  if (!all) return all.error();
  std::uint64_t base = 0;
  std::uint64_t per_byte = 0;
  for (const auto& row : list_at(*all, "parameters")) {
    const auto value = number_at(row, "value");
    if (!value) return value.error();
    if (text_at(row, "name") == "ledger.fee_base") base = *value;
    if (text_at(row, "name") == "ledger.fee_per_byte") per_byte = *value;
  }
  return base + per_byte * size;
}

outcome<ledger::transaction> draft(api& node, const submit_options& given, const command& what,
                                   const crypto::public_key& sender) {
  auto body = gateway::command_bytes(what.module, what.kind, what.body);
  if (!body) return to_fault(body.error(), exit_code::usage, "Correct what the detail names.");
  const auto state = node.get("/api/v1/consensus/state");
  if (!state) return state.error();
  const auto account = node.get("/api/v1/chain/accounts/" + crypto::to_hex(sender));
  if (!account) return account.error();
  const auto chain_id = word_at(*state, "chain.chain_id");
  if (!chain_id) return chain_id.error();
  const auto height_now = number_at(*state, "chain.at");
  if (!height_now) return height_now.error();
  const auto nonce = number_at(*account, "next_nonce");
  if (!nonce) return nonce.error();
  ledger::transaction out;
  out.chain_id = *chain_id;
  out.sender = sender.bytes;
  out.nonce = *nonce;
  out.valid_until = height{*height_now + given.valid_for};
  out.module = what.module;
  out.kind = what.kind;
  out.body = std::move(*body);
  if (given.fee.empty()) {
    const auto fee = least_fee(node, codec::to_canonical(out).size());
    if (!fee) return fee.error();
    out.fee = amount<flx>{*fee};
  } else {
    const auto fee = gateway::coin_of_text(given.fee);
    if (!fee || fee->what != ledger::token::FLX)
      return usage_fault("--fee is no amount of FLX", "Write it as in --fee \"0.001 FLX\".");
    out.fee = amount<flx>{fee->units};
  }
  return out;
}

// -- what became of it ---------------------------------------------------------------------------

exit_code exit_of(const json::value& shown) {
  const auto status = text_at(shown, "status");
  if (status == "done") return exit_code::ok;
  return status == "refused" ? exit_code::failed : exit_code::timeout;
}

exit_code show_outcome(const context& with, const json::value& data, bool waited) {
  const auto code = waited ? exit_of(data) : exit_code::ok;
  const auto shown = with.show(data, [&] {
    auto out = render_transaction(data, with.table_style());
    if (text_at(data, "status") == "waiting")
      out += "It is in no block yet: bpci chain tx " + text_at(data, "transaction.id") + '\n';
    return out;
  });
  return shown == exit_code::ok ? code : shown;
}

/// Until it is in a block, or the time is over. A node that forgets it is no reason to stop
/// looking: it may be asked through a balancer.
outcome<json::value> look_for(const context& with, api& node, const std::string& id,
                              std::uint64_t wait_secs) {
  const auto path = std::string{transactions_path} + '/' + id;
  auto left = std::chrono::milliseconds{std::chrono::seconds{wait_secs}};
  for (;;) {
    auto data = node.get(path);
    const auto waits =
        data ? text_at(*data, "status") == "waiting" : data.error().code == "not_found";
    if (!waits || left <= 0ms || !with.around().pause(between_looks)) return data;
    left -= between_looks;
  }
}

} // namespace

void add_submit_options(CLI::App& to, submit_options& given) {
  add_option(to, "--wallet", given.wallet, "who signs: a wallet of yours").type_name("NAME");
  add_option(to, "--key", given.key_file, "the file of a validator's key instead")
      .type_name("FILE");
  add_passphrase_option(to, given.passphrase);
  add_option(to, "--fee", given.fee, "as in \"0.001 FLX\"; without it the least that is taken")
      .type_name("AMOUNT");
  add_option(to, "--valid-for", given.valid_for, "blocks, after which it counts no more")
      .between(1, 100'000)
      .show_default();
  add_option(to, "--wait", given.wait_secs, "seconds for it to be in a block; 0: do not wait")
      .between(0, 86'400)
      .show_default();
  add_flag(to, "--dry-run", given.dry_run, "show the signed transaction, and do not send it");
}

exit_code submit(const context& with, const submit_options& given, const command& what) {
  auto node = with.node();
  if (!node) return with.show(node.error());
  // A mistyped command is told before a passphrase is asked for.
  if (const auto body = gateway::command_bytes(what.module, what.kind, what.body); !body)
    return with.show(to_fault(body.error(), exit_code::usage, "Correct what the detail names."));
  const auto keys = open_keys(with, given);
  if (!keys) return with.show(keys.error());
  auto made = draft(*node, given, what, keys->pub);
  if (!made) return with.show(made.error());
  made->sig = crypto::sign(keys->secret, ledger::signing_bytes(*made)).bytes;
  const auto encoded = codec::to_canonical(*made);
  const json::value body{{"encoded", codec::to_base64(encoded)}};
  if (given.dry_run) {
    auto shown = gateway::transaction_json(encoded);
    shown["encoded"] = body.at("encoded");
    return with.show(shown, [&] { return codec::to_pretty_text(shown) + '\n'; });
  }
  return send_signed(with, *node, body, given.wait_secs);
}

exit_code send_signed(const context& with, api& node, const json::value& body,
                      std::uint64_t wait_secs) {
  const auto taken = node.post(std::string{transactions_path}, body);
  if (!taken) return with.show(taken.error());
  const auto id = word_at(*taken, "id");
  if (!id) return with.show(id.error());
  const auto data = look_for(with, node, *id, wait_secs);
  if (data) return show_outcome(with, *data, wait_secs > 0);
  if (data.error().code != "not_found") return with.show(data.error());
  auto why = data.error();
  why.exit = exit_code::timeout;
  why.detail = "the transaction " + *id + " was taken, and is neither in a block nor waiting";
  why.next_step = "Look again with bpci chain tx " + *id
                  + "; to send the same bytes again is safe, it counts once.";
  return with.show(why);
}

std::string render_transaction(const json::value& shown, const style& how) {
  const auto* record = shown.if_object();
  if (!record) return {};
  auto out = render_record(transaction_columns, *record, how);
  if (const auto* body = member_at(*record, "transaction.body"))
    out += "body  " + tame(codec::to_text(*body)) + '\n';
  json::array events;
  for (const auto& x : list_at(shown, "receipt.events")) {
    auto row = x.is_object() ? x.get_object() : json::object{};
    if (const auto* body = row.if_contains("body")) row["text"] = codec::to_text(*body);
    events.push_back(std::move(row));
  }
  if (!events.empty()) out += '\n' + render_table(event_columns, events, how);
  return out;
}

} // namespace bpci::cli
