#pragma once

#include "messages/inspect.hpp"
#include "messages/oracle/envelope.hpp"

#include <string>
#include <vector>

/// Commands and questions to the durable entity `mailbox/<BPI node id>`, which keeps stored
/// messages until the node has acknowledged them (actors/oracle/mailbox.hpp). All from a RELAY,
/// through ROUTER.
namespace bpci::oracle::mailbox {

/// What one mailbox may hold, and for how long.
struct bounds {
  std::uint64_t letters = 10'000;
  std::uint64_t bytes = 64 * 1'024 * 1'024;
  std::uint64_t age_ms = 30ULL * 24 * 60 * 60 * 1'000;

  bool operator==(const bounds&) const = default;
};
BPCI_MESSAGE(bounds, letters, bytes, age_ms)

/// A command, under the key "store/<source>/<message id>" and with `identity_of` the envelope: a
/// retry of the source has another signature. Answer: kept. Errors: busy (the mailbox is full).
struct store {
  oracle::envelope envelope;
  bytes source_key; ///< 32 bytes, as registered when the message was accepted.
  mailbox::bounds within;

  bool operator==(const store&) const = default;
};
BPCI_MESSAGE(store, envelope, source_key, within)

/// What the mailbox holds now.
struct kept {
  std::uint64_t letters = 0;
  std::uint64_t bytes = 0;

  bool operator==(const kept&) const = default;
};
BPCI_MESSAGE(kept, letters, bytes)

/// A command: these have been acknowledged, or are wanted no more. Numbers that are not there are
/// skipped, so it may be repeated under any key. Answer: kept.
struct remove {
  std::vector<std::uint64_t> numbers; ///< Of letters; at most removed_max.

  bool operator==(const remove&) const = default;
};
BPCI_MESSAGE(remove, numbers)

inline constexpr std::size_t removed_max = 256;

/// A question: what lies behind this number? Answer: page.
struct peek {
  std::uint64_t after = 0; ///< 0: from the start.
  std::uint64_t limit = 0; ///< Letters; fewer come when they are big.

  bool operator==(const peek&) const = default;
};
BPCI_MESSAGE(peek, after, limit)

/// A message in a mailbox. Numbers rise in the order of storing.
struct letter {
  std::uint64_t number = 0;
  oracle::envelope envelope;
  bytes source_key;

  bool operator==(const letter&) const = default;
};
BPCI_MESSAGE(letter, number, envelope, source_key)

struct page {
  std::vector<letter> letters;
  bool more = false;    ///< There are further ones behind these.
  mailbox::kept inside; ///< Of the whole mailbox.

  bool operator==(const page&) const = default;
};
BPCI_MESSAGE(page, letters, more, inside)

} // namespace bpci::oracle::mailbox
