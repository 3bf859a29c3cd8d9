#pragma once

#include "actors/consensus/engine.hpp"
#include "actors/genesis_block.hpp"
#include "actors/ledger/executor.hpp"

#include <functional>
#include <string_view>

/// Checks a whole chain from its genesis document, believing nobody: for people who want to know,
/// by `bpci chain verify`. Pure. It stands above consensus and ledger, which do not know each
/// other.
namespace bpci {

/// What decides: the modules of the ledger, and how signatures are checked.
struct chain_judges {
  const ledger::rules& ledger;
  const consensus::signer& keys; ///< only `verify` is used
};

/// The canonical bytes of the sealed_block of a height. Its errors end the check.
using block_source = std::function<result<bytes>(height)>;

struct verified_chain {
  std::string chain_id;
  consensus::hash genesis{}; ///< id of block 0
  height at;                 ///< the last block that was checked
  consensus::hash id{};
  consensus::hash state_root{};
  std::uint64_t transactions = 0;
  std::uint64_t seals = 0; ///< signatures of final blocks

  bool operator==(const verified_chain&) const = default;
};

/// Every block up to `to`: its place upon its parent, its roots, its validators' hashes, its seals
/// and those that it holds of earlier blocks, its evidence, its transactions, executed, and the
/// state root that comes of them. `progress` is called after each.
///
/// Errors: those of read_genesis and of `source`; and, with "block <height>: " ahead in the detail
/// and behind it what is wrong:
/// - malformed: "its bytes are ..."
/// - invalid_argument, bad_signature: "header and seals: ...", "earlier seals: ...", "evidence:
/// ..."
/// - "transactions: ..." with the code of execute
/// - conflict: "state root: ...".
result<verified_chain> verify_chain(const chain_judges& by, std::string_view genesis_text,
                                    height to, const block_source& source,
                                    const std::function<void(height)>& progress);

} // namespace bpci
