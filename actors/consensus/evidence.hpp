#pragma once

#include "actors/consensus/signing.hpp"
#include "actors/consensus/validator_set.hpp"

#include <compare>
#include <optional>

/// Two signed statements of one validator that an honest one never makes both, whenever it crashes
/// and starts again: everything is on record before it is sent (safety.hpp). A signature that is
/// bad proves nothing against anybody.
///
/// | kind                | contradiction, at one height                                           |
/// |---------------------|------------------------------------------------------------------------|
/// | double_*            | one type and round, other words; of proposals and round changes all    |
/// |                     | that is signed counts                                                  |
/// | amnesia: commit(r)  | round change of a later round that claims to be prepared before r, or  |
/// |                     | not at all, or in r with another block                                 |
/// | amnesia: two        | the later one claims an earlier prepared round than the first, or none;|
/// | round changes       | or the same round with another block; or a round that was over already |
/// |                     | when the first was made, which did not know of it                      |
namespace bpci::consensus {

[[nodiscard]] bool contradict(const proposal& x, const proposal& y);
[[nodiscard]] bool contradict(const prepare& x, const prepare& y);
[[nodiscard]] bool contradict(const commit& x, const commit& y);
[[nodiscard]] bool contradict(const commit& x, const round_change& y);
[[nodiscard]] bool contradict(const round_change& x, const round_change& y);

/// In the one form that a pair has, whichever came first; none: they do not contradict.
[[nodiscard]] std::optional<evidence> evidence_of(const proposal& x, const proposal& y);
[[nodiscard]] std::optional<evidence> evidence_of(const prepare& x, const prepare& y);
[[nodiscard]] std::optional<evidence> evidence_of(const commit& x, const commit& y);
[[nodiscard]] std::optional<evidence> evidence_of(const commit& x, const round_change& y);
[[nodiscard]] std::optional<evidence> evidence_of(const round_change& x, const round_change& y);

/// What is punished, once, whatever pairs of statements prove it.
struct offence {
  evidence::kind what{};
  address by{};
  height at;
  round_no round; ///< of amnesia: that of the earlier statement

  friend auto operator<=>(const offence&, const offence&) = default;
};

/// What the evidence is about, if it is in its one form and contradicts itself: whose signatures
/// these are is not checked yet. Errors: malformed, invalid_argument.
[[nodiscard]] result<offence> offence_of(const evidence& x);

/// `set`: the validators of offence_of(x)->at. Whether it is too old, or was punished already, is
/// the caller's to know. Errors: malformed, invalid_argument, bad_signature.
[[nodiscard]] result<offence> check_evidence(const evidence& x, const validator_set& set,
                                             verifier& check);

} // namespace bpci::consensus
