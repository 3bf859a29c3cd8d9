#pragma once

#include "messages/consensus/block.hpp"
#include "messages/ledger/account.hpp"

#include <optional>
#include <string>
#include <vector>

/// What the state says about the chain itself, beside its modules.
namespace bpci::ledger {

struct chain_identity {
  std::string chain_id;
  timestamp_ms genesis_time;

  bool operator==(const chain_identity&) const = default;
};
BPCI_MESSAGE(chain_identity, chain_id, genesis_time)

struct parameter_value {
  std::string name;
  std::uint64_t value = 0;

  bool operator==(const parameter_value&) const = default;
};
BPCI_MESSAGE(parameter_value, name, value)

/// The parameters that differ from what the program has for them, sorted by name.
struct parameter_values {
  std::vector<parameter_value> set;

  bool operator==(const parameter_values&) const = default;
};
BPCI_MESSAGE(parameter_values, set)

struct scheduled_upgrade {
  std::uint32_t version = 0;
  height at;

  bool operator==(const scheduled_upgrade&) const = default;
};
BPCI_MESSAGE(scheduled_upgrade, version, at)

/// Which rules hold.
struct protocol_version {
  std::uint32_t version = 1;
  std::optional<scheduled_upgrade> next;

  bool operator==(const protocol_version&) const = default;
};
BPCI_MESSAGE(protocol_version, version, next)

/// Up to this height, only governance is served.
struct halt_until {
  height until;

  bool operator==(const halt_until&) const = default;
};
BPCI_MESSAGE(halt_until, until)

// -- answers -----------------------------------------------------------------------------

/// A parameter as it stands (actors/ledger/modules.hpp, list_parameters).
struct parameter_setting {
  std::string name;
  std::uint64_t value = 0, least = 0, most = 0;

  bool operator==(const parameter_setting&) const = default;
};
BPCI_MESSAGE(parameter_setting, name, value, least, most)

/// Answer to governance::get_chain.
struct chain_status {
  chain_identity chain;
  protocol_version rules;
  std::optional<halt_until> halted; ///< may be over: at heights beyond `until` it is

  bool operator==(const chain_status&) const = default;
};
BPCI_MESSAGE(chain_status, chain, rules, halted)

} // namespace bpci::ledger
