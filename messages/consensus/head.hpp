#pragma once

#include "messages/consensus/block.hpp"

namespace bpci::consensus {

/// Where the chain stands: its last block, and who decides the next.
struct chain_head {
  header head;
  hash id{};
  certificate seals;                 ///< empty for the genesis block
  std::vector<certificate> late;     ///< further seals of the two blocks before, for the next block
  std::vector<validator> validators; ///< of the next height, sorted by id
  std::vector<validator> next;       ///< of the height after that
};

} // namespace bpci::consensus
