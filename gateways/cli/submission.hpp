#pragma once

#include "gateways/cli/wallet_files.hpp"

#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace CLI {
class App;
}

/// Transactions from the command line: made of what the node says about chain and sender, signed
/// here, sent, and waited for.
namespace bpci::cli {

/// The options that every command takes that sends a transaction.
struct submit_options {
  std::string wallet;
  std::string key_file; ///< of a validator, instead of a wallet
  passphrase_options passphrase;
  std::string fee; ///< "0.001 FLX"; empty: the least that the chain takes
  std::uint64_t valid_for = 1'000;
  std::uint64_t wait_secs = 60; ///< for its block; 0: not at all
  bool dry_run = false;
};
void add_submit_options(CLI::App& to, submit_options& given);

/// What is to be done, as the JSON of its command (gateways/chain/shown.hpp).
struct command {
  std::string module;
  std::string kind;
  boost::json::value body;
};

/// Signs and sends it, waits for its receipt, and shows that. Exit code: ok when it is in a block
/// and succeeded, failed when it was refused there, timeout when it is in no block yet.
exit_code submit(const context& with, const submit_options& given, const command& what);

/// Sends what is signed already, and does the same. `body`: for POST /api/v1/chain/transactions.
exit_code send_signed(const context& with, api& node, const boost::json::value& body,
                      std::uint64_t wait_secs);

/// "done in block 17", the receipt and its events; for people.
std::string render_transaction(const boost::json::value& shown, const style& how);

} // namespace bpci::cli
