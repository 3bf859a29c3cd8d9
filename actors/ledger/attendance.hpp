#pragma once

#include "messages/ledger/evidence.hpp"

#include <map>
#include <set>

/// Who sealed which of the last blocks, as the blocks themselves tell: the seals of a block stand
/// in the next one, and those that came late in the two after that (consensus.md, section 4,
/// Downtime).
namespace bpci::ledger {

class attendance {
public:
  /// The next block of the chain, now final. After a snapshot: the last 103 blocks, oldest first.
  void note(const consensus::block& x);

  /// For `block_context::sealed` of a block that follows those noted.
  [[nodiscard]] std::vector<sealing> window(const consensus::block& next) const;

private:
  using signers = std::set<consensus::address>;
  using heights = std::map<height, signers>;

  static void add(heights& to, const consensus::block& x);

  heights sealed_;
};

} // namespace bpci::ledger
