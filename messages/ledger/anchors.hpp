#pragma once

#include "messages/ids.hpp"
#include "messages/ledger/account.hpp"

#include <string>

/// The module `anchors`: Merkle roots of what is kept elsewhere, so that it can't be changed
/// unnoticed: receipts of the shadow registry (document 3), the audit log, statements of
/// commissions (document 5).
namespace bpci::ledger::anchors {

inline constexpr std::size_t label_bytes_max = 64;

/// The numbers are part of the protocol.
BOOST_DEFINE_FIXED_ENUM_CLASS(subject, std::uint8_t, receipts, audit, statement)

constexpr bool is_subject(subject x) noexcept {
  return x <= subject::statement;
}

/// The sender states this root, once and for good.
struct anchor {
  subject what{};
  std::string label; ///< its period or batch: 1 to 64 of `A-Z a-z 0-9 . _ : -`
  hash root{};
  std::uint64_t count = 0; ///< how many leaves

  bool operator==(const anchor&) const = default;
};
BPCI_MESSAGE(anchor, what, label, root, count)

/// State: of an owner, a subject and a label; also the event.
struct anchored {
  account owner{};
  subject what{};
  std::string label;
  hash root{};
  std::uint64_t count = 0;
  height at;
  timestamp_ms time;

  bool operator==(const anchored&) const = default;
};
BPCI_MESSAGE(anchored, owner, what, label, root, count, at, time)

/// Answer: anchored.
struct get_anchor {
  account owner{};
  subject what{};
  std::string label;

  bool operator==(const get_anchor&) const = default;
};
BPCI_MESSAGE(get_anchor, owner, what, label)

} // namespace bpci::ledger::anchors
