#pragma once

#include "messages/consensus/block.hpp"
#include "messages/ledger/account.hpp"

#include <optional>
#include <string>
#include <vector>

/// The module `governance`: what validators decide by vote. A proposal holds a transaction without
/// a sender, the *call*; when it has passed, the call is executed on behalf of governance.
namespace bpci::ledger::governance {

inline constexpr std::size_t title_bytes_max = 256;
inline constexpr std::size_t call_bytes_max = 8'192;

// -- transactions ------------------------------------------------------------------------

/// By a validator, who thereby votes yes. `fast` shortens the time for voting, not the threshold.
struct propose {
  std::string title;
  std::string module;
  std::string kind;
  bytes body;
  bool fast = false;

  bool operator==(const propose&) const = default;
};
BPCI_MESSAGE(propose, title, module, kind, body, fast)

/// By a validator of the height at which the proposal was made, with the weight of that height.
struct vote {
  std::uint64_t proposal = 0;
  bool yes = false;

  bool operator==(const vote&) const = default;
};
BPCI_MESSAGE(vote, proposal, yes)

// -- transactions that only governance itself may make: as the call of a proposal ------------

/// From the next block on.
struct set_parameter {
  std::string name; ///< "governance.voting_heights"; docs/ledger.md lists them
  std::uint64_t value = 0;

  bool operator==(const set_parameter&) const = default;
};
BPCI_MESSAGE(set_parameter, name, value)

/// From this height on the rules of this version hold; a program that does not know them stops.
struct schedule_upgrade {
  std::uint32_t version = 0;
  height at;

  bool operator==(const schedule_upgrade&) const = default;
};
BPCI_MESSAGE(schedule_upgrade, version, at)

struct cancel_upgrade {
  bool operator==(const cancel_upgrade&) const = default;
};
BPCI_MESSAGE(cancel_upgrade)

/// Until `governance.halt_heights` have passed, only governance is served. Passes at a third.
struct halt {
  bool operator==(const halt&) const = default;
};
BPCI_MESSAGE(halt)

/// Ends a halt early.
struct resume {
  bool operator==(const resume&) const = default;
};
BPCI_MESSAGE(resume)

// -- state -------------------------------------------------------------------------------

BOOST_DEFINE_FIXED_ENUM_CLASS(standing, std::uint8_t, open, executed, failed, rejected, expired)

struct proposal {
  std::uint64_t number = 0; ///< 1 is the first
  account by{};
  propose what;
  height made;
  height deadline; ///< the last height at which votes count
  standing now{};
  std::uint64_t yes = 0, no = 0, total = 0; ///< weights; `total` is that of all who may vote
  std::string refusal;                      ///< why it failed; empty otherwise

  bool operator==(const proposal&) const = default;
};
BPCI_MESSAGE(proposal, number, by, what, made, deadline, now, yes, no, total, refusal)

/// Who may vote on a proposal: the validators of the height at which it was made.
struct electorate {
  std::vector<consensus::validator> who;

  bool operator==(const electorate&) const = default;
};
BPCI_MESSAGE(electorate, who)

struct open_proposal {
  std::uint64_t number = 0;
  height deadline;

  bool operator==(const open_proposal&) const = default;
};
BPCI_MESSAGE(open_proposal, number, deadline)

/// All that is being voted on, and how many proposals there ever were.
struct agenda {
  std::uint64_t count = 0;
  std::vector<open_proposal> open;

  bool operator==(const agenda&) const = default;
};
BPCI_MESSAGE(agenda, count, open)

// -- events ------------------------------------------------------------------------------

struct proposed {
  std::uint64_t number = 0;
  height deadline;

  bool operator==(const proposed&) const = default;
};
BPCI_MESSAGE(proposed, number, deadline)

struct voted {
  std::uint64_t number = 0;
  account by{};
  bool yes = false;
  std::uint64_t weight = 0;

  bool operator==(const voted&) const = default;
};
BPCI_MESSAGE(voted, number, by, yes, weight)

struct closed {
  std::uint64_t number = 0;
  standing as{};
  std::string refusal;

  bool operator==(const closed&) const = default;
};
BPCI_MESSAGE(closed, number, as, refusal)

struct parameter_changed {
  std::string name;
  std::uint64_t value = 0;

  bool operator==(const parameter_changed&) const = default;
};
BPCI_MESSAGE(parameter_changed, name, value)

struct upgraded {
  std::uint32_t version = 0;

  bool operator==(const upgraded&) const = default;
};
BPCI_MESSAGE(upgraded, version)

/// `until` is the last height of the halt.
struct halted {
  height until;

  bool operator==(const halted&) const = default;
};
BPCI_MESSAGE(halted, until)

struct resumed {
  bool operator==(const resumed&) const = default;
};
BPCI_MESSAGE(resumed)

// -- questions ---------------------------------------------------------------------------

/// Answer: proposal.
struct get_proposal {
  std::uint64_t number = 0;

  bool operator==(const get_proposal&) const = default;
};
BPCI_MESSAGE(get_proposal, number)

/// Answer: agenda.
struct get_agenda {
  bool operator==(const get_agenda&) const = default;
};
BPCI_MESSAGE(get_agenda)

/// Answer: chain_status (messages/ledger/chain.hpp).
struct get_chain {
  bool operator==(const get_chain&) const = default;
};
BPCI_MESSAGE(get_chain)

} // namespace bpci::ledger::governance
