#pragma once

#include "gateways/cli/commands.hpp"

namespace bpci::cli {

/// `inter-app ...`: apps, and the agreements between them.
void add_inter_app_commands(CLI::App& to, command_line& line);

} // namespace bpci::cli
