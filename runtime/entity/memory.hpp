#pragma once

#include <cstdint>

/// How much memory this process has, and may have; read from proc(5) and cgroups(7).
namespace bpci::entity {

/// Resident, in bytes; 0 when the system does not say.
std::uint64_t resident_bytes();

/// The limit of the control group, or all memory of the machine; 0 when the system does not say.
std::uint64_t memory_limit_bytes();

/// Gives freed memory back to the system.
void give_back_memory();

} // namespace bpci::entity
