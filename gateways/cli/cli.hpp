#pragma once

#include "config/node_config.hpp"
#include "messages/error.hpp"
#include "messages/ids.hpp"

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

/// What a genesis document begins.
struct genesis_facts {
  std::string chain_id;
  std::string genesis; ///< id of block 0, in hex: names the chain
  std::string state_root;
  std::size_t validators = 0;
};

/// How far a chain was checked.
struct chain_facts {
  std::string chain_id;
  std::string genesis;
  std::uint64_t height = 0;
  std::string id; ///< of the last block
  std::string state_root;
  std::uint64_t transactions = 0;
  std::uint64_t seals = 0;
};

/// What is asked for when a whole chain is checked.
struct verify_request {
  std::string genesis;                                      ///< the document
  std::uint64_t height = 0;                                 ///< the last one
  std::function<result<bytes>(std::uint64_t height)> block; ///< canonical sealed_block
  std::function<void(std::uint64_t height)> progress;
};

/// What the program behind the command line can do besides talking to a node.
struct server_hooks {
  /// Runs a node until it is told to stop; returns the exit code of the process.
  std::function<int(const start_request&)> start_server;
  /// Whether a text is a genesis document; the failure names the member that is wrong.
  std::function<result<genesis_facts>(const std::string& text)> read_genesis = {};
  /// Checks every block from the genesis on; the failure names block and damage.
  std::function<result<chain_facts>(const verify_request&)> verify_chain = {};
};

/// Carries out one command line; the answer is an exit code of exit_code.hpp.
int run(int argc, char** argv, const server_hooks& hooks);

} // namespace bpci::cli
