#pragma once

#include "actors/consensus/signing.hpp"
#include "actors/consensus/validator_set.hpp"

#include <set>
#include <span>

/// Who was there, from what blocks say of it. A certificate needs a quorum only, and whoever makes
/// the next block takes what it has; so that the slow are not taken for the absent, seals that come
/// later are taken by the two blocks behind it.
namespace bpci::consensus {

/// Seals of one height that a block holds.
struct attendance {
  height at;
  std::vector<address> signers; ///< sorted, each once

  bool operator==(const attendance&) const = default;
};

/// Sorted by height: of the parent, and of the two heights before it those who are late. Count a
/// validator once a height, however often it is named: blocks may repeat each other. What no block
/// has said by three heights later, was not there.
[[nodiscard]] std::vector<attendance> attendance_of(const block& x);

/// A height that is final, for checking seals of it.
struct sealed_height {
  height at;
  hash id{};
  validator_set set;
};

/// Whether the seals that a block holds are what they claim: a certificate of its parent, and late
/// ones of distinct validators for the very blocks that became final. `before` has the parent's
/// height and the two before it, as far as there are such. check_block_upon has passed.
/// Errors: invalid_argument, bad_signature.
[[nodiscard]] result<> check_seals_in(const block& x, std::span<const sealed_height> before,
                                      verifier& check);

} // namespace bpci::consensus
