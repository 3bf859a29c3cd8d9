#pragma once

#include "messages/describe.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Counters that an operator can use to see that a cluster commits (docs/chaos.md). They stand for
/// nothing else.
namespace bpci::probe {

/// The kinds of durable entities.
inline constexpr std::string_view counter_kind = "probe";
inline constexpr std::string_view sink_kind = "probe-sink";

/// The largest amount of one `add`, in either direction.
inline constexpr std::int64_t by_max = 1'000'000'000;

// -- of a probe ----------------------------------------------------------------------

/// Adds `by` to the total. A command: it has a key. With `tell`, the sink of that name is sent a
/// `receipt` once this is committed. Answer: added. Errors: invalid_argument (`by` is too large, or
/// `tell` is no id).
struct add {
  std::int64_t by = 0;
  std::string tell; ///< an id; empty: nobody

  bool operator==(const add&) const = default;
};
BPCI_MESSAGE(add, by, tell)

struct added {
  std::int64_t total = 0;
  std::uint64_t count = 0; ///< of the adds so far, this one included

  bool operator==(const added&) const = default;
};
BPCI_MESSAGE(added, total, count)

/// Ends the entity's actor with an exception whenever it is tried. A command. Answer: none; after
/// the third time `quarantined`.
struct crash {
  bool operator==(const crash&) const = default;
};
BPCI_MESSAGE(crash)

/// A question. Answer: standing.
struct get_standing {
  bool operator==(const get_standing&) const = default;
};
BPCI_MESSAGE(get_standing)

struct standing {
  std::int64_t total = 0;
  std::uint64_t count = 0;
  std::vector<std::string> latest; ///< keys, newest last, at most 32

  bool operator==(const standing&) const = default;
};
BPCI_MESSAGE(standing, total, count, latest)

// -- of a sink ------------------------------------------------------------------------

/// "This add is committed." A command. From: a probe, through the outbox. No answer.
struct receipt {
  std::string from; ///< the probe's id
  std::string key;  ///< of the add
  std::int64_t by = 0;

  bool operator==(const receipt&) const = default;
};
BPCI_MESSAGE(receipt, from, key, by)

/// "What have you received?" A question. Answer: receipt_page.
struct list_receipts {
  std::string after;       ///< the `next` of the page before
  std::uint64_t limit = 0; ///< 0: 100; at most 1,000

  bool operator==(const list_receipts&) const = default;
};
BPCI_MESSAGE(list_receipts, after, limit)

/// One for each receipt that was carried out, in that order; a key that stands here twice was
/// counted twice.
struct receipt_page {
  std::uint64_t received = 0; ///< altogether
  std::int64_t sum = 0;       ///< altogether
  std::vector<receipt> rows;
  std::string next; ///< empty: this is the last page

  bool operator==(const receipt_page&) const = default;
};
BPCI_MESSAGE(receipt_page, received, sum, rows, next)

} // namespace bpci::probe
