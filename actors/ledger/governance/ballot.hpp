#pragma once

#include "actors/ledger/module.hpp"
#include "messages/ledger/governance.hpp"

/// Proposals and votes, for the files of this folder (consensus.md, section 1, Bridge).
///
/// | key                                | value                                          |
/// |------------------------------------|------------------------------------------------|
/// | `governance/agenda`                | agenda: what is open                           |
/// | `governance/proposal/` u64         | proposal; stays for good                       |
/// | `governance/electorate/` u64       | electorate, while it is open                   |
/// | `governance/vote/` u64 address     | voted, while it is open                        |
namespace bpci::ledger::governance {

inline constexpr std::string_view module_name = "governance";

/// For each proposer, and for all together.
inline constexpr std::size_t open_per_validator_max = 4;
inline constexpr std::size_t open_max = 64;

inline constexpr parameter voting_heights{"governance.voting_heights", 10'000, 10, 1'000'000};
inline constexpr parameter fast_voting_heights{"governance.fast_voting_heights", 100, 3, 10'000};
inline constexpr parameter halt_heights{"governance.halt_heights", 1'000, 10, 100'000};
/// How far ahead an upgrade must lie, so that operators have the time for it.
inline constexpr parameter upgrade_notice_heights{"governance.upgrade_notice_heights", 100, 1,
                                                  1'000'000};

/// Two thirds and a little (67 of 100); for `halt`, a third: whoever could stop the chain by
/// silence may as well do it in order.
bool enough(std::uint64_t yes, std::uint64_t total, bool is_halt);

/// Whether those who have not voted could still make it pass.
bool possible(std::uint64_t no, std::uint64_t total, bool is_halt);

std::optional<proposal> find_proposal(const reader& state, std::uint64_t number);
agenda read_agenda(const reader& state);

/// Refuses: not_a_validator, title_not_allowed, call_too_large, call_unknown, too_many_proposals.
verdict open_proposal_for(context& c, const propose& x);

/// Counts the sender's vote, the first that it gives, and closes the proposal when that decides it.
/// Refuses: proposal_unknown, proposal_closed, not_in_electorate, already_voted.
verdict cast(context& c, const vote& x);

/// Closes what has reached its deadline.
void close_expired(context& c);

} // namespace bpci::ledger::governance
