#include "gateways/cli/wallet_files.hpp"

#include "gateways/cli/options.hpp"
#include "runtime/crypto/hex.hpp"
#include "runtime/tunnel/credentials.hpp"

#include <algorithm>
#include <fstream>

namespace bpci::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view extension = ".json";

/// A name of 64 hex digits would be taken for an address.
bool is_wallet_name(const std::string& name) {
  return is_valid_id(name) && name.size() < 64 && name.find(':') == std::string::npos
         && !name.starts_with('.');
}

/// What stands in front of the first end of line.
outcome<crypto::secret_text> read_passphrase_file(const std::string& file) {
  auto text = tunnel::read_secret(file);
  if (!text)
    return usage_fault("--passphrase-file: " + text.error().detail,
                       "Give a file that only you can read: chmod 600 " + file + ".");
  text->resize(std::min(text->find_first_of("\r\n"), text->size()));
  return crypto::secret_text::take(*text);
}

outcome<std::string> ask(const context& with, const std::string& prompt) {
  auto text = with.around().ask_secret(prompt);
  if (text) return std::move(*text);
  return usage_fault("a passphrase is needed: " + text.error().detail,
                     "Put it into a file that only you can read, and give --passphrase-file, or "
                     "set BPCI_PASSPHRASE.");
}

outcome<crypto::keystore> read_file(const fs::path& path) {
  std::ifstream in{path, std::ios::binary};
  std::string text(crypto::keystore_text_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  auto out = crypto::read_keystore(text);
  if (!out)
    return usage_fault(path.string() + ": " + out.error().detail,
                       "Restore it from a backup, or import the key again.");
  return *out;
}

} // namespace

void add_passphrase_option(CLI::App& to, passphrase_options& given) {
  add_option(to, "--passphrase-file", given.file,
             "a file with the passphrase; else BPCI_PASSPHRASE, else it is asked for")
      .type_name("FILE");
}

outcome<crypto::secret_text> ask_passphrase(const context& with, const passphrase_options& given,
                                            const std::string& wallet) {
  if (!given.file.empty()) return read_passphrase_file(given.file);
  if (auto text = with.around().variable("BPCI_PASSPHRASE"); text && !text->empty())
    return crypto::secret_text::take(*text);
  auto text = ask(with, "Passphrase of the wallet " + wallet + ": ");
  if (!text) return text.error();
  return crypto::secret_text::take(*text);
}

outcome<crypto::secret_text> ask_new_passphrase(const context& with,
                                                const passphrase_options& given,
                                                const std::string& wallet) {
  const auto variable = with.around().variable("BPCI_PASSPHRASE").value_or("");
  auto first = ask_passphrase(with, given, wallet);
  if (!first) return first.error();
  if (const auto ok = crypto::check_passphrase(first->view()); !ok)
    return usage_fault(ok.error().detail, "Choose a longer one; several words are easy to keep.");
  if (!given.file.empty() || !variable.empty()) return std::move(*first);
  auto again = ask(with, "The same again: ");
  if (!again) return again.error();
  const auto second = crypto::secret_text::take(*again);
  if (!crypto::equal_constant_time(first->view(), second.view()))
    return usage_fault("the two passphrases are not the same", "Try again.");
  return std::move(*first);
}

fs::path wallet_file(const context& with, const std::string& name) {
  return with.home() / "wallets" / (name + std::string{extension});
}

outcome<local_wallet> load_wallet(const context& with, const std::string& name) {
  if (!is_wallet_name(name))
    return usage_fault("a wallet's name has 1 to 63 of A-Z a-z 0-9 . _ -",
                       "bpci wallet list shows those that there are.");
  const auto path = wallet_file(with, name);
  std::error_code ignored;
  if (!fs::exists(path, ignored))
    return usage_fault("there is no wallet " + name + " in " + path.parent_path().string(),
                       "bpci wallet list shows those that there are; bpci wallet create " + name
                           + " makes it.");
  auto key = read_file(path);
  if (!key) return key.error();
  return local_wallet{name, *key};
}

outcome<fs::path> store_wallet(const context& with, const local_wallet& what) {
  if (!is_wallet_name(what.name))
    return usage_fault("a wallet's name has 1 to 63 of A-Z a-z 0-9 . _ -",
                       "Choose another one, for instance savings.");
  const auto path = wallet_file(with, what.name);
  std::error_code why;
  fs::create_directories(path.parent_path(), why);
  if (why)
    return usage_fault(path.parent_path().string() + " cannot be made: " + why.message(),
                       "Set XDG_CONFIG_HOME to a folder that can be written to.");
  fs::permissions(path.parent_path(), fs::perms::owner_all, why);
  if (fs::exists(path, why))
    return usage_fault("there is a wallet " + what.name + " already: " + path.string(),
                       "Choose another name; a wallet is never overwritten.");
  if (const auto ok = tunnel::write_secret(path, crypto::to_text(what.key)); !ok)
    return usage_fault(ok.error().detail, "Check the folder, its owner and the free space.");
  return path;
}

std::vector<local_wallet> list_wallets(const context& with) {
  std::vector<local_wallet> out;
  std::error_code why;
  for (const auto& entry : fs::directory_iterator{wallet_file(with, "x").parent_path(), why}) {
    if (entry.path().extension() != extension) continue;
    auto key = read_file(entry.path());
    if (key) out.push_back({entry.path().stem().string(), *key});
  }
  std::ranges::sort(out, {}, &local_wallet::name);
  return out;
}

outcome<std::string> address_of(const context& with, const std::string& text) {
  std::array<std::uint8_t, 32> raw{};
  if (crypto::read_hex(text, raw)) return crypto::to_hex(raw);
  const auto wallet = load_wallet(with, text);
  if (!wallet)
    return usage_fault(text.substr(0, 80)
                           + " is neither an address of 64 hex digits nor a wallet of yours",
                       "bpci wallet list shows your wallets.");
  return crypto::to_hex(wallet->key.address);
}

} // namespace bpci::cli
