#pragma once

#include "messages/consensus/votes.hpp"

/// What a validator hears, as one input of the fuzzer.
namespace bpci::fuzz {

/// A message, or something that happens: 0 the timer of the round, 1 that to say it again, 2 work,
/// 3 a crash, after which it starts from its record.
struct heard {
  std::uint8_t from = 0; ///< validator 1 to 4
  std::variant<std::uint8_t, consensus::consensus_message> what;

  bool operator==(const heard&) const = default;
};
BPCI_MESSAGE(heard, from, what)

struct conversation {
  std::vector<heard> all;

  bool operator==(const conversation&) const = default;
};
BPCI_MESSAGE(conversation, all)

} // namespace bpci::fuzz
