#pragma once

#include "actors/consensus/signing.hpp"

#include <optional>

namespace bpci::consensus {

/// All that this validator ever signs, and why it may. Holds the record that goes to the disk; what
/// contradicts it, or goes back behind it, is refused. What was signed before is given out again
/// byte by byte.
///
/// What makes the record enough: rounds only grow. A vote of round r is given only while nothing
/// of a later round was signed, a commit only together with the prepared certificate that it rests
/// on, and a round change only with the claim of that certificate. So a round change never denies
/// a commit, and no restart makes it.
///
/// Without the record (`lost`) nothing is signed until both hold of a block that became final:
///
/// - its time is later than the start by more than twice `precision`. An honest validator judged
///   it timely when it was new, by a clock that differs from this one's by `precision` at most, so
///   it was proposed after the start; before the start its height was open, and what was signed
///   then was for its height or an earlier one;
/// - it is `heights_ahead` blocks above where the chain stood at the start: where only the record
///   was lost and the blocks were not, what was signed was for the first of these at most, and this
///   half needs no clock.
///
/// From the height above that block on it signs again. A chain that cannot go on without this
/// validator waits for ever: then its key has to be replaced.
///
/// `fresh`, or a record that is older than the chain, while this validator has sealed the block
/// that the chain stands at: that is a lost record as well, whatever the disk says.
///
/// A record of a height above the chain's says that blocks were lost but the record was not: then
/// nothing is signed below it.
class safety {
public:
  safety(std::string chain_id, const signer& keys, const engine_settings& how)
      : chain_id_(std::move(chain_id)),
        keys_(&keys),
        precision_(how.precision),
        margin_(how.heights_ahead) {}

  void start(const begin& what, timestamp_ms now);
  /// The chain has come to `parent`: what follows is about the height behind it.
  void advance(const header& parent, bool is_validator);

  [[nodiscard]] bool may_sign() const noexcept;
  /// Waits because its record was lost.
  [[nodiscard]] bool is_watching() const noexcept { return watch_.has_value(); }
  /// The first height at which it may sign again: never earlier than that. 0: it need not wait.
  [[nodiscard]] height silent_below() const noexcept;

  /// Each: none if it may not; else the vote, which is in record() then. `changed()` says whether
  /// the record has to be written first.
  std::optional<proposal_message> propose(round_no round, proposal_message unsigned_one);
  std::optional<prepare> vote_prepare(round_no round, const hash& block_id);
  std::optional<commit> vote_commit(round_no round, const block& what, const hash& block_id,
                                    std::vector<prepare> prepares);
  std::optional<round_change> vote_change(round_no round);

  /// With what its claim rests on, while that is on record.
  [[nodiscard]] std::optional<round_change_message> change_message() const;
  [[nodiscard]] std::optional<prepared_claim> prepared() const;

  [[nodiscard]] const safety_record& record() const noexcept { return record_; }
  /// Anything was signed at this height.
  [[nodiscard]] bool has_signed() const noexcept;
  /// Whether the record was changed since the last call.
  [[nodiscard]] bool take_changed() noexcept { return std::exchange(changed_, false); }

private:
  struct watch {
    height above;
    timestamp_ms later_than;
  };

  bool enter(round_no round);

  std::string chain_id_;
  const signer* keys_;
  milliseconds precision_;
  std::uint32_t margin_;
  bool is_validator_ = false;
  bool changed_ = false;
  height at_;
  std::optional<watch> watch_;
  safety_record record_; ///< of at_, or of a later height from a former life
};

} // namespace bpci::consensus
