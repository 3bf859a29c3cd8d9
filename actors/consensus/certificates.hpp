#pragma once

#include "actors/consensus/signing.hpp"
#include "actors/consensus/validator_set.hpp"

#include <span>

/// What a certificate proves, and to whom. Pure; what comes in may come from an adversary.
namespace bpci::consensus {

/// The seals are of distinct validators of `set`, which is that of the certificate's height, with a
/// quorum of the weight, and each is a signature of this very height, round and block; there are no
/// others among them.
/// Errors: invalid_argument, bad_signature.
[[nodiscard]] result<> check_certificate(const certificate& x, const validator_set& set,
                                         verifier& check);

/// A final block that comes from whoever it may: upon `parent`, as it must look there
/// (check_block_upon), and sealed by a quorum of parent.validators. It is the caller's to execute
/// it and to compare the state root, before it is stored. Returns its block id.
/// Errors: invalid_argument, bad_signature.
[[nodiscard]] result<hash> check_sealed_block(const sealed_block& x, const chain_head& parent,
                                              verifier& check);

// -- by light clients --------------------------------------------------------------------

/// A header that is believed, and the validators of the height behind it: those whose hash is its
/// next_validators_hash.
struct trusted_header {
  header head;
  std::vector<validator> next;
};

struct light_rules {
  milliseconds trusting_period{}; ///< shorter than what a liar can still be punished for
  milliseconds clock_drift{};
};

/// A header of a later height, why it is final, and who its validators are.
struct light_block {
  header head;
  certificate seals;
  std::vector<validator> validators;
};

/// Whether `x` may be believed because of `base`: it has a quorum of its own validators, and those
/// are either the ones that `base` names for the next height, or at least a third of the weight
/// that `base` names sealed it, so that one honest validator did. (CometBFT, light verification.)
/// Errors: expired (`base` is too old to be trusted), from_the_future, invalid_argument,
/// bad_signature.
[[nodiscard]] result<> check_light_block(const light_block& x, const trusted_header& base,
                                         timestamp_ms now, const light_rules& rules,
                                         verifier& check);

// -- when it went wrong --------------------------------------------------------------------

/// Both have passed check_certificate with the same set. Whether they make two blocks of one height
/// final, which less than a third of the weight cannot do.
[[nodiscard]] bool conflict(const certificate& x, const certificate& y);

/// Who lied, of two certificates that conflict; sorted.
///
/// - Of one round: who sealed both.
/// - Of two rounds: whoever sealed the earlier and asked then for a round up to the later one
///   without knowing of it, by the round changes that were kept. Where these are too few to weigh a
///   third, who sealed both: then an honest validator may be among them that such a round change
///   deceived, and a person has to look.
[[nodiscard]] std::vector<address> culprits_of(const certificate& x, const certificate& y,
                                               std::span<const round_change> kept,
                                               const validator_set& set);

} // namespace bpci::consensus
