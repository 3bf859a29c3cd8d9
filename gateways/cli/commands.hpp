#pragma once

#include "gateways/cli/context.hpp"

#include <functional>
#include <string>

namespace CLI {
class App;
}

/// The commands. Each function below adds a group to the tree, in the file of its name.
namespace bpci::cli {

/// What the command line chose.
struct command_line {
  global_options options;
  std::function<exit_code(const context&)> action; ///< empty: nothing was chosen
  std::string program = "bpci";
};

/// A command that only holds others.
CLI::App& add_group(CLI::App& to, const std::string& name, const std::string& what);

/// A command that does something. `example` is a whole command line.
CLI::App& add_command(CLI::App& to, const std::string& name, const std::string& what,
                      const std::string& example, command_line& line,
                      std::function<exit_code(const context&)> action);

/// Leaves a command out of the help, and out of what the shell is proposed.
void hide(CLI::App& command);

void add_server_commands(CLI::App& to, command_line& line);  ///< `server start`
void add_oracle_commands(CLI::App& to, command_line& line);  ///< `oracle ...`
void add_actor_commands(CLI::App& to, command_line& line);   ///< `actors ...`
void add_cluster_commands(CLI::App& to, command_line& line); ///< `cluster ...`
void add_quarantine_commands(CLI::App& to, command_line& line);
void add_entity_commands(CLI::App& to, command_line& line); ///< `entities ...`
void add_audit_commands(CLI::App& to, command_line& line);  ///< `audit ...`
void add_chain_commands(CLI::App& to, command_line& line);  ///< `chain ...`
void add_wallet_commands(CLI::App& to, command_line& line); ///< `wallet ...`
void add_config_commands(CLI::App& to, command_line& line); ///< `config ...`
void add_doctor_command(CLI::App& to, command_line& line);
void add_shell_commands(CLI::App& to, command_line& line); ///< `completion`, `version`

/// Parts of `oracle`: who may be connected, and under which key; who is there.
void add_node_commands(CLI::App& oracle, command_line& line);

/// Parts of `cluster`: its slots, and what waits in its queues.
void add_slot_commands(CLI::App& cluster, command_line& line);
void add_queue_commands(CLI::App& cluster, command_line& line);

/// Parts of `chain`: how one begins and is checked, and what changes it.
void add_chain_file_commands(CLI::App& chain, command_line& line);
void add_submit_commands(CLI::App& chain, command_line& line);

/// `server start`, also to be found as `oracle start`.
void add_start_command(CLI::App& to, const std::string& example, command_line& line);

/// `limit` and `all` of a list.
struct page_options {
  std::uint32_t limit = 100;
  bool all = false;
};
void add_page_options(CLI::App& to, page_options& page);

} // namespace bpci::cli
