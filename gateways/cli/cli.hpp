#pragma once

#include "config/node_config.hpp"

#include <filesystem>
#include <functional>
#include <optional>

/// The command line: `bpci`, also installed as `metanode`, `bpci-enterprise` and
/// `bpi-oracle-node`. A client of the same API as the dashboard; it links no part of the server.
namespace bpci::cli {

/// What `server start` was told. The configuration has been validated.
struct start_request {
  config::node_config config;
  std::optional<std::filesystem::path> config_file; ///< none: the defaults
  bool compat_ports = false; ///< also listen, on loopback, on the ports of the older documents
};

/// What the program behind the command line can do besides talking to a node.
struct server_hooks {
  /// Runs a node until it is told to stop; returns the exit code of the process.
  std::function<int(const start_request&)> start_server;
};

/// Carries out one command line; the answer is an exit code of exit_code.hpp.
int run(int argc, char** argv, const server_hooks& hooks);

} // namespace bpci::cli
