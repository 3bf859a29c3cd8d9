#pragma once

#include "messages/error.hpp"
#include "messages/governance/rounds.hpp"

#include <array>

/// Which proposals can be voted on. Pure.
namespace bpci::governance {

/// What the operator has set (config: oracle_config.consensus_config), in units of the messages.
struct bridge_rules {
  bool enabled = true;
  std::uint64_t min_voters = 3;    ///< Fewer than these do not vote; and a proposal's least votes.
  std::uint64_t threshold = 6'700; ///< Where a proposal names none.
  std::int64_t emergency_ms = 60'000; ///< The longest deadline of an emergency, and its default.

  bool operator==(const bridge_rules&) const = default;
};

/// Where an admin's proposal names none: a day, as in document 2's examples.
inline constexpr std::int64_t deadline_default_ms = 24LL * 60 * 60 * 1'000;
inline constexpr std::int64_t deadline_max_ms = 366LL * deadline_default_ms;

/// What an emergency has at least, beside `emergency_threshold_min`: votes of two thirds.
inline constexpr std::uint64_t emergency_participation_min = 6'667;

/// The types that need no further name: NetworkParameter...
extern const std::array<std::string_view, 6> plain_types;

/// Whether a proposal is on the fast track: a short deadline, and higher bounds.
bool is_emergency(const proposal& x) noexcept;

/// A name of `plain_types`, or `Custom(id)`. Errors: type_unknown.
result<void> check_type(std::string_view type);

/// A JSON object with the members that its type needs. Errors: content_too_large,
/// content_not_allowed.
result<void> check_content(std::string_view type, const std::string& content);

/// Fills in what an admin may leave out: id, deadline, threshold, minimums; a signed proposal has
/// to name deadline and threshold, for nobody else can sign them. Raises `minimum_votes` of an
/// admin's proposal to what the cluster asks for at least. Checks all but the deadline against the
/// clock. Errors: all refusals of proposals (refusals.hpp) but those of round.hpp.
result<proposal> prepare(proposal x, const bridge_rules& rules, timestamp_ms now);

/// What a round checks again, for it is what counts: deadline against the database's clock,
/// threshold and minimums against the electorate. Errors: deadline_passed, deadline_too_far,
/// threshold_not_allowed, minimum_not_allowed.
result<void> check_terms(const proposal& x, std::uint64_t voters, timestamp_ms now);

/// Whether this is the signature of these bytes by a key of 32 bytes that is, or was, registered.
bool is_signed(const bytes& message, const bytes& signature, const bytes& key);

/// SHA-256 of what was asked for, before anything was filled in; of a proposal without a signature
/// `created_at` is not part of it.
bytes asked_for(const proposal& x);

} // namespace bpci::governance
