#pragma once

#include "messages/oracle/mailbox.hpp"
#include "runtime/entity/kind.hpp"

/// The kind `mailbox`: what is stored for one BPI node until that has acknowledged it. Pure.
///
/// A letter is two items: `k/<number>` says how big and how old it is, `m/<number>` holds it, so
/// that removing and ageing read no bodies. Numbers are 16 hex digits: their order is the items'.
namespace bpci::oracle::mailbox {

struct state {
  std::uint64_t letters = 0;
  std::uint64_t bytes = 0;
  std::uint64_t last = 0;    ///< The number of the newest letter.
  std::uint64_t expired = 0; ///< Letters that became too old, ever.
  std::uint64_t age_ms = 0;  ///< How old one may become, as the last `store` said.
  bool armed = false;        ///< The timer for the oldest is set.

  bool operator==(const state&) const = default;
};
BPCI_MESSAGE(state, letters, bytes, last, expired, age_ms, armed)

/// The item `k/<number>`.
struct label {
  timestamp_ms stored_at;
  std::uint64_t bytes = 0;

  bool operator==(const label&) const = default;
};
BPCI_MESSAGE(label, stored_at, bytes)

/// Of at most `labels_max` letters at a time.
inline constexpr std::uint64_t labels_max = 1'000;

/// The timer that drops what is too old. A late firing spares many: it may come up to a thirtieth
/// of the age after the oldest letter has reached it.
inline constexpr auto age_timer = "age";

inline constexpr auto kind_name = "mailbox";

entity::kind_ptr make_kind();

} // namespace bpci::oracle::mailbox
