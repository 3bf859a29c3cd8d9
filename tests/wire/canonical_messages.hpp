#pragma once

#include "tests/wire/caf_messages.hpp"

/// What validators hash, sign and send each other, in its canonical bytes.
namespace bpci::wire {

/// To cover a new message, add its type to canonical_table.cpp, and run wire_tests with
/// BPCI_REWRITE_GOLDEN=1.
std::vector<message_sample> canonical_samples();

} // namespace bpci::wire
