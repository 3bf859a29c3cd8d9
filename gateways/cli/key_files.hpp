#pragma once

#include "gateways/cli/context.hpp"
#include "runtime/crypto/keys.hpp"

#include <filesystem>
#include <string>

/// The secret keys on the machine of whoever runs the command line: those of BPI nodes, and those
/// of apps, which may have the names of the nodes that host them.
namespace bpci::cli {

struct key_owner {
  std::string name;
  std::filesystem::path usual_file;  ///< where its key is when --key does not say so
  std::string_view register_command; ///< which registers it
};

std::filesystem::path key_folder(const context& with);
key_owner node_owner(const context& with, const std::string& node);
key_owner app_owner(const context& with, const std::string& app);

/// Makes the key when there is no file.
outcome<crypto::key_pair> load_or_make_key(const std::string& file);

/// Of one that is registered, which has a key. `given`: what --key says; empty: the usual file.
outcome<crypto::key_pair> load_registered_key(const key_owner& of, const std::string& given);

struct chosen_key {
  std::string public_key; ///< in hex
  std::string file;       ///< where its secret half is; empty: somewhere else
};

/// The key that is to be registered: `public_key` if one is given, else that of a file, which is
/// made when it is not there.
outcome<chosen_key> choose_key(const key_owner& of, const std::string& public_key,
                               const std::string& file);

} // namespace bpci::cli
