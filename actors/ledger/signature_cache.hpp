#pragma once

#include "actors/ledger/transaction.hpp"

#include <cstddef>

namespace bpci::ledger {

/// About 30 MB when it is full: what waits in a MEMPOOL, and the blocks of some seconds.
inline constexpr std::size_t signatures_known_max = 262'144;

/// `check`, which remembers what it has found good by its id, a hash of all of it; never what was
/// bad, so that nobody can fill it but who pays. Of the last `signatures_known_max` it forgets
/// none, of twice as many it may know some. Thread-safe if `check` is; copies share what they know.
verifier remembering(verifier check, std::size_t known_max = signatures_known_max);

} // namespace bpci::ledger
