#include "gateways/cli/key_files.hpp"

namespace bpci::cli {

namespace {

outcome<void> make_folder_of(const std::filesystem::path& file) {
  std::error_code why;
  std::filesystem::create_directories(file.parent_path(), why);
  if (why)
    return usage_fault(file.parent_path().string() + " cannot be made: " + why.message(),
                       "Name a key file with --key.");
  std::filesystem::permissions(file.parent_path(), std::filesystem::perms::owner_all, why);
  return {};
}

} // namespace

std::filesystem::path key_folder(const context& with) {
  return with.home() / "keys";
}

key_owner node_owner(const context& with, const std::string& node) {
  return {node, key_folder(with) / (node + ".key"), "bpci oracle register-node"};
}

key_owner app_owner(const context& with, const std::string& app) {
  return {app, key_folder(with) / "apps" / (app + ".key"), "bpci inter-app register-app"};
}

outcome<crypto::key_pair> load_or_make_key(const std::string& file) {
  auto keys = crypto::load_or_create(file);
  if (!keys) return to_fault(keys.error(), exit_code::usage, "Do what the detail says.");
  return std::move(*keys);
}

outcome<crypto::key_pair> load_registered_key(const key_owner& of, const std::string& given) {
  const auto file = given.empty() ? of.usual_file.string() : given;
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored))
    return usage_fault("there is no key in " + file,
                       "Name the key that was registered for " + of.name
                           + " with --key, or register one: " + std::string{of.register_command}
                           + ".");
  return load_or_make_key(file);
}

outcome<chosen_key> choose_key(const key_owner& of, const std::string& public_key,
                               const std::string& file) {
  if (!public_key.empty()) {
    const auto key = crypto::public_key_from_hex(public_key);
    if (!key)
      return usage_fault("--public-key is not an Ed25519 key: " + key.error().detail,
                         "Give 64 hex digits, as bpi_example_node --print-public-key shows them.");
    return chosen_key{crypto::to_hex(*key), {}};
  }
  if (file.empty())
    if (auto made = make_folder_of(of.usual_file); !made) return made.error();
  const auto from = file.empty() ? of.usual_file.string() : file;
  const auto keys = load_or_make_key(from);
  if (!keys) return keys.error();
  return chosen_key{crypto::to_hex(keys->pub), from};
}

} // namespace bpci::cli
