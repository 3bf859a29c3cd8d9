#pragma once

#include "messages/consensus/votes.hpp"

#include <span>
#include <vector>

namespace bpci::consensus {

/// What headers commit to: the hash of the set, sorted by id.
[[nodiscard]] hash validators_hash(std::vector<validator> set);

/// The validators of one height, sorted by id.
class validator_set {
public:
  validator_set() = default; ///< nobody
  /// Throws std::invalid_argument for what check_validators refuses: sets come out of blocks that
  /// were executed, so a bad one is a fault of this program.
  explicit validator_set(std::vector<validator> members);

  [[nodiscard]] const std::vector<validator>& members() const noexcept { return members_; }
  [[nodiscard]] std::uint64_t total() const noexcept { return total_; }
  [[nodiscard]] const hash& id() const noexcept { return id_; } ///< its validators_hash

  [[nodiscard]] bool contains(const address& who) const noexcept { return weight_of(who) > 0; }
  [[nodiscard]] std::uint64_t weight_of(const address& who) const noexcept; ///< 0: not in it
  /// Everybody once; throws nothing for strangers, who weigh nothing.
  [[nodiscard]] bool is_quorum(std::uint64_t weight) const noexcept;
  [[nodiscard]] bool is_weak(std::uint64_t weight) const noexcept;

  /// Who proposes in a round: round 0 belongs to the first behind the maker of the parent block,
  /// by id and around the end, whether or not that one is a validator still; each further round to
  /// the next. (Besu's rule; the specification's, by index, skips or repeats after a change of the
  /// set.) Weights do not matter. Behind the genesis block, whose maker is all zeros, it is the
  /// first of all.
  [[nodiscard]] const address& proposer(const address& parent_proposer,
                                        round_no round) const noexcept;

private:
  std::vector<validator> members_;
  std::uint64_t total_ = 0;
  hash id_{};
};

} // namespace bpci::consensus
