#pragma once

#include "gateways/cli/commands.hpp"

namespace bpci::cli {

/// `cluster init`, `join-token`, `join` and `renew`: the certificates by which the nodes of a
/// cluster know each other, in the data folder of a node. They talk to no node, and a node that
/// runs sees what they changed. `cluster` is the group of that name.
void add_certificate_commands(CLI::App& cluster, command_line& line);

} // namespace bpci::cli
