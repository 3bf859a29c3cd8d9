#pragma once

#include "gateways/cli/commands.hpp"

namespace bpci::cli {

void add_consensus_commands(CLI::App& to, command_line& line); ///< `consensus ...`

} // namespace bpci::cli
