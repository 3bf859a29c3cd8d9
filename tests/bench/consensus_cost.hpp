#pragma once

#include <cstddef>

namespace bpci::bench {

/// Of one block, for each validator.
struct block_cost {
  double cpu_us = 0; ///< of this thread: the core of consensus, and the simulator around it
  double messages = 0;
  double kib = 0;
  double checks = 0;
  double signatures = 0;
  double records = 0;
};

/// `blocks` blocks of so many validators in the simulator, where nothing goes wrong; signatures
/// cost nothing there. Throws std::logic_error where a rule is broken.
block_cost cost_of_block(std::size_t validators, std::size_t blocks);

} // namespace bpci::bench
