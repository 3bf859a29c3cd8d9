#pragma once

#include "history.hpp"

#include <string>
#include <vector>

/// What the database says of a run, beside what the nodes and the clients say. Everything throws
/// what libpqxx throws.
namespace bpci::chaos {

/// Makes the database record, in its own order, every change of a slot's owner and every command
/// that is committed to an entity. A commit is recorded at its very end, while it still holds
/// whatever locks it has taken.
void install_witness(const std::string& dsn);

std::vector<ownership_event> read_ownership(const std::string& dsn);

/// Of the probes and their sinks.
std::vector<version_row> read_versions(const std::string& dsn);

} // namespace bpci::chaos
