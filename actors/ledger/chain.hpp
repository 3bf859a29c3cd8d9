#pragma once

#include "actors/ledger/state/draft.hpp"
#include "messages/ledger/chain.hpp"
#include "messages/ledger/proof.hpp"

/// What the state says about the chain itself.
///
/// | key                 | value                                              |
/// |---------------------|----------------------------------------------------|
/// | `ledger/chain`      | chain_identity                                     |
/// | `ledger/parameters` | parameter_values (parameters.hpp)                  |
/// | `ledger/version`    | protocol_version                                   |
/// | `ledger/halt`       | halt_until                                         |
/// | `ledger/receipts`   | receipts_root (receipts.hpp)                       |
namespace bpci::ledger {

inline constexpr std::string_view chain_key = "ledger/chain";
inline constexpr std::string_view version_key = "ledger/version";
inline constexpr std::string_view halt_key = "ledger/halt";
inline constexpr std::string_view receipts_key = "ledger/receipts";

/// The newest rules that this program knows (`schedule_upgrade`).
inline constexpr std::uint32_t version_supported = 1;

/// The rules that hold for the block of height `at`, upon this state.
inline std::uint32_t version_at(const reader& state, height at) {
  auto x = load_or_new<protocol_version>(state, version_key);
  return x.next && at >= x.next->at ? x.next->version : x.version;
}

/// Whether governance alone is served in the block of height `at`.
inline bool is_halted(const reader& state, height at) {
  auto x = load<halt_until>(state, halt_key);
  return x && at <= x->until;
}

} // namespace bpci::ledger
