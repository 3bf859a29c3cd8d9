#pragma once

#include <cstddef>

namespace bpci::consensus::sim {

/// What this thread has allocated with `new` and not given back, in bytes.
std::size_t heap_bytes();

} // namespace bpci::consensus::sim
