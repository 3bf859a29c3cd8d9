#pragma once

#include "actors/ledger/modules.hpp"
#include "messages/consensus/block.hpp"

/// How a chain begins: a JSON document that all its operators share (docs/ledger.md).
namespace bpci::ledger {

inline constexpr std::size_t genesis_bytes_max = 16'777'216;

struct genesis {
  std::string chain_id;
  timestamp_ms time;
  state_trie state;
  hash root{};
  std::vector<consensus::validator> validators; ///< of heights 1 and 2, sorted by id
};

/// Reads the document and builds the state that it describes. The same text gives the same root.
/// Errors: too_large, malformed (with line and column), invalid_argument (with the member's path).
result<genesis> read_genesis(const module_table& modules, std::string_view text);

/// The hashes of a header that consensus defines, for a block with nothing in it.
struct header_hashes {
  hash transactions{};
  hash evidence{};
  hash validators{}; ///< of `genesis::validators`
  hash parent_seals{};
};

/// The header of block 0. Its id names the chain.
consensus::header genesis_header(const genesis& x, const header_hashes& hashes);

} // namespace bpci::ledger
