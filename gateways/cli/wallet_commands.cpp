#include "gateways/chain/shown.hpp"
#include "gateways/cli/commands.hpp"
#include "gateways/cli/list_view.hpp"
#include "gateways/cli/options.hpp"
#include "gateways/cli/submission.hpp"
#include "messages/codec/json.hpp"

#include <memory>

namespace bpci::cli {

namespace {

namespace json = boost::json;

const columns wallet_columns{
    {"WALLET", "name"},
    {"ADDRESS", "address"},
};

const columns coin_columns{
    {"TOKEN", "token"},
    {"AMOUNT", "amount", cell::number},
};

const columns history_columns{
    {"HEIGHT", "height", cell::number},
    {"AGE", "time", cell::since},
    {"STATUS", "status", cell::state},
    {"WHAT", "transaction.kind"},
    {"SENDER", "transaction.sender"},
    {"TO", "transaction.body.to"},
    {"TOKEN", "transaction.body.what.token"},
    {"AMOUNT", "transaction.body.what.amount", cell::number},
    {"ID", "transaction.id"},
};

json::object to_json(const local_wallet& x) {
  return {{"name", x.name}, {"address", crypto::to_hex(x.key.address)}};
}

struct wallet_options {
  std::string name;
  std::string file;
  std::string amount;
  std::string to;
  passphrase_options passphrase;
  submit_options how;
  page_options page;
};

using given_options = std::shared_ptr<wallet_options>;

/// Seals a key and stores it as a wallet.
exit_code keep(const context& with, const wallet_options& given, const crypto::key_pair& keys) {
  const auto secret = ask_new_passphrase(with, given.passphrase, given.name);
  if (!secret) return with.show(secret.error());
  const auto sealed = crypto::seal_key(keys, secret->view());
  if (!sealed) return with.show(to_fault(sealed.error(), exit_code::failed));
  const local_wallet made{given.name, *sealed};
  const auto path = store_wallet(with, made);
  if (!path) return with.show(path.error());
  auto data = to_json(made);
  data["file"] = path->string();
  return with.show(data, [&] {
    return "wallet " + made.name + "\naddress " + crypto::to_hex(keys.pub) + "\nfile "
           + path->string()
           + "\nKeep a copy of the file, and the passphrase: nobody can bring either back.\n";
  });
}

/// Before a passphrase is asked for. Errors: usage.
outcome<> check_free(const context& with, const std::string& name) {
  std::error_code ignored;
  if (!std::filesystem::exists(wallet_file(with, name), ignored)) return {};
  return usage_fault("there is a wallet " + name + " already",
                     "Choose another name; a wallet is never overwritten.");
}

exit_code create(const context& with, const wallet_options& given) {
  if (const auto ok = check_free(with, given.name); !ok) return with.show(ok.error());
  return keep(with, given, crypto::generate());
}

exit_code list(const context& with, const wallet_options&) {
  json::array rows;
  for (const auto& x : list_wallets(with))
    rows.push_back(to_json(x));
  return with.show(json::object{{"wallets", rows}}, [&] {
    return rows.empty() ? std::string{"There is no wallet; bpci wallet create NAME makes one.\n"}
                        : render_table(wallet_columns, rows, with.table_style());
  });
}

exit_code balance(const context& with, const wallet_options& given) {
  const auto address = address_of(with, given.name);
  if (!address) return with.show(address.error());
  auto node = with.node();
  if (!node) return with.show(node.error());
  const auto data = node->get("/api/v1/chain/accounts/" + *address);
  if (!data) return with.show(data.error());
  return with.show(*data, [&] {
    return render_table(coin_columns, list_at(*data, "balances"), with.table_style());
  });
}

exit_code history(const context& with, const wallet_options& given) {
  const auto address = address_of(with, given.name);
  if (!address) return with.show(address.error());
  return show_list(with,
                   {"/api/v1/chain/accounts/" + *address + "/history", "transactions",
                    history_columns, "It has sent nothing, and nothing has moved its coins."},
                   {}, given.page);
}

exit_code send(const context& with, const wallet_options& given) {
  const auto to = address_of(with, given.to);
  if (!to) return with.show(to.error());
  const auto what = gateway::coin_of_text(given.amount);
  if (!what)
    return with.show(usage_fault("the amount: " + what.error().detail,
                                 "Quote it for the shell: bpci wallet send ada bob \"1.5 FLX\"."));
  if (what->units == 0)
    return with.show(usage_fault("the amount is zero", "Send more than nothing."));
  auto how = given.how;
  how.wallet = given.name;
  return submit(
      with, how,
      {"coins", "transfer", json::object{{"to", *to}, {"what", gateway::coin_json(*what)}}});
}

exit_code import_key(const context& with, const wallet_options& given) {
  if (const auto ok = check_free(with, given.name); !ok) return with.show(ok.error());
  std::error_code ignored;
  if (!std::filesystem::exists(given.file, ignored))
    return with.show(usage_fault("there is no file " + given.file, "Check the path."));
  const auto keys = crypto::load_or_create(given.file);
  if (!keys) return with.show(to_fault(keys.error(), exit_code::usage, "Do what the detail says."));
  return keep(with, given, *keys);
}

/// To the form that a node reads its keys in: without a passphrase, for its owner alone.
exit_code export_key(const context& with, const wallet_options& given) {
  const auto wallet = load_wallet(with, given.name);
  if (!wallet) return with.show(wallet.error());
  const auto secret = ask_passphrase(with, given.passphrase, given.name);
  if (!secret) return with.show(secret.error());
  const auto keys = crypto::open_key(wallet->key, secret->view());
  if (!keys)
    return with.show(to_fault(keys.error(), keys.error().code == ec::not_permitted
                                                ? exit_code::not_permitted
                                                : exit_code::failed));
  if (const auto ok = crypto::store_new(given.file, *keys); !ok)
    return with.show(to_fault(ok.error(), exit_code::usage, "Name another file."));
  auto data = to_json(*wallet);
  data["file"] = given.file;
  return with.show(data, [&] {
    return "The key of " + given.name + " is in " + given.file
           + ", without a passphrase. Whoever reads it has its coins.\n";
  });
}

CLI::App& add(CLI::App& to, command_line& line, const std::string& name, const std::string& what,
              const std::string& example,
              exit_code (*action)(const context&, const wallet_options&),
              const given_options& given) {
  return add_command(to, name, what, example, line,
                     [action, given](const context& with) { return action(with, *given); });
}

} // namespace

void add_wallet_commands(CLI::App& to, command_line& line) {
  auto& wallet = add_group(to, "wallet", "Keys of yours that hold coins, and what they pay");
  const auto fresh = [] { return std::make_shared<wallet_options>(); };

  auto given = fresh();
  auto& create_app = add(wallet, line, "create", "Make a wallet on this machine",
                         "bpci wallet create ada", create, given);
  add_option(create_app, "name", given->name).required().type_name("NAME");
  add_passphrase_option(create_app, given->passphrase);

  add(wallet, line, "list", "The wallets on this machine", "bpci wallet list", list, fresh());

  given = fresh();
  auto& balance_app = add(wallet, line, "balance", "What a wallet or an address has",
                          "bpci wallet balance ada", balance, given);
  add_option(balance_app, "wallet", given->name).required().type_name("NAME|ADDRESS");

  given = fresh();
  auto& send_app = add(wallet, line, "send", "Pay out of a wallet, and wait for the block",
                       "bpci wallet send ada bob \"1.5 FLX\"", send, given);
  add_option(send_app, "from", given->name, "a wallet of yours").required().type_name("NAME");
  add_option(send_app, "to", given->to, "a wallet of yours, or an address")
      .required()
      .type_name("NAME|ADDRESS");
  add_option(send_app, "amount", given->amount, "as in \"1.5 FLX\"").required().type_name("AMOUNT");
  add_submit_options(send_app, given->how);

  given = fresh();
  auto& history_app = add(wallet, line, "history", "What a wallet or an address has sent and got",
                          "bpci wallet history ada", history, given);
  add_option(history_app, "wallet", given->name).required().type_name("NAME|ADDRESS");
  add_page_options(history_app, given->page);

  given = fresh();
  auto& import_app = add(wallet, line, "import", "Make a wallet of a key file",
                         "bpci wallet import validator ./data/validator.key", import_key, given);
  add_option(import_app, "name", given->name).required().type_name("NAME");
  add_option(import_app, "file", given->file, "as a node has it").required().type_name("FILE");
  add_passphrase_option(import_app, given->passphrase);

  given = fresh();
  auto& export_app = add(wallet, line, "export", "Write a wallet's key to a key file",
                         "bpci wallet export validator ./validator.key", export_key, given);
  add_option(export_app, "name", given->name).required().type_name("NAME");
  add_option(export_app, "file", given->file, "a new one").required().type_name("FILE");
  add_passphrase_option(export_app, given->passphrase);
}

} // namespace bpci::cli
