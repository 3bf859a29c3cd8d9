#pragma once

#include "gateways/cli/context.hpp"
#include "runtime/crypto/keystore.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace CLI {
class App;
}

/// The wallets of whoever uses this machine: keystores below the user's own folder.
namespace bpci::cli {

/// Where a passphrase comes from: this file, else BPCI_PASSPHRASE, else the terminal.
struct passphrase_options {
  std::string file;
};
void add_passphrase_option(CLI::App& to, passphrase_options& given);

/// For a wallet that exists. Errors: usage.
outcome<crypto::secret_text> ask_passphrase(const context& with, const passphrase_options& given,
                                            const std::string& wallet);

/// For a new one: on the terminal it is asked for twice. Errors: usage.
outcome<crypto::secret_text>
ask_new_passphrase(const context& with, const passphrase_options& given, const std::string& wallet);

/// `~/.config/bpci/wallets/NAME.json`
std::filesystem::path wallet_file(const context& with, const std::string& name);

struct local_wallet {
  std::string name;
  crypto::keystore key;
};

/// Errors: usage (no such wallet, a name that is none, a file that is no keystore).
outcome<local_wallet> load_wallet(const context& with, const std::string& name);

/// Never takes the place of another. Errors: usage.
outcome<std::filesystem::path> store_wallet(const context& with, const local_wallet& what);

/// Sorted by name; what is no keystore is left out.
std::vector<local_wallet> list_wallets(const context& with);

/// 64 hex digits, or the name of a wallet of this user. Errors: usage.
outcome<std::string> address_of(const context& with, const std::string& text);

} // namespace bpci::cli
