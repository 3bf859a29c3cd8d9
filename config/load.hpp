#pragma once

#include "config/node_config.hpp"
#include "config/problem.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Reads a node's configuration. Nothing here throws; all that is wrong comes back at once.
///
/// The file is YAML 1.2 of at most 1 MiB. Every key is optional. A key that this program does
/// not know is a problem, not a comment. `${NAME}` is not expanded: the text is taken as it
/// stands, and a warning says so. A secret stays out of the file by `storage.dsn_file`.
namespace bpci::config {

struct loaded {
  node_config config;            ///< to be used only if there are no problems
  std::vector<problem> problems; ///< what must be repaired, in the order of the file
  std::vector<problem> warnings; ///< what the operator should know, in the order of the file
};

/// `path` must name a regular file (or a link to one); a pipe could keep the node waiting.
loaded load_file(const std::filesystem::path& path);

/// `file_name` is what the problems shall call it.
loaded load_text(std::string_view yaml, std::string file_name);

/// The file that the environment names in ORACLE_CONFIG_PATH (document 2, "Deployment"), for
/// when --config is not given. None if it is unset or empty.
std::optional<std::filesystem::path> default_path();

/// Where the database is: `dsn`, or what `dsn_file` holds without the white space around it;
/// empty if neither is set. The answer is a secret.
/// Errors: `config_invalid` if the file cannot be read or holds no address.
result<std::string> storage_dsn(const storage_settings& storage);

} // namespace bpci::config
