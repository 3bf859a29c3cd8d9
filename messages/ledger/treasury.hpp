#pragma once

#include "messages/ids.hpp"
#include "messages/ledger/account.hpp"

#include <string>
#include <vector>

/// The module `treasury`: the coins that belong to the network. Document 1 names a community and a
/// roundtable treasury, document 4 the one that pays for scaling (CoinTreasury), here `main`; the
/// fees of transactions go to `main`.
namespace bpci::ledger::treasury {

inline constexpr std::size_t reason_bytes_max = 256;

/// The numbers are part of the protocol.
BOOST_DEFINE_FIXED_ENUM_CLASS(fund, std::uint8_t, main, community, roundtable)

constexpr bool is_fund(fund x) noexcept {
  return x <= fund::roundtable;
}

/// Pays out of a fund. Only governance may: as the call of a proposal.
struct spend {
  fund from{};
  account to{};
  coin what;
  std::string reason;

  bool operator==(const spend&) const = default;
};
BPCI_MESSAGE(spend, from, to, what, reason)

/// One payment of the history; also the event.
struct spent {
  std::uint64_t number = 0; ///< 0 is the first
  fund from{};
  account to{};
  coin what;
  std::string reason;
  height at;
  timestamp_ms time;

  bool operator==(const spent&) const = default;
};
BPCI_MESSAGE(spent, number, from, to, what, reason, at, time)

/// State: how many payments there were.
struct history {
  std::uint64_t count = 0;

  bool operator==(const history&) const = default;
};
BPCI_MESSAGE(history, count)

inline constexpr std::uint32_t spends_per_answer_max = 100;

/// Answer: spend_list, from `first` upwards.
struct get_spends {
  std::uint64_t first = 0;
  std::uint32_t count = spends_per_answer_max;

  bool operator==(const get_spends&) const = default;
};
BPCI_MESSAGE(get_spends, first, count)

struct spend_list {
  std::uint64_t total = 0;
  std::vector<spent> spends;

  bool operator==(const spend_list&) const = default;
};
BPCI_MESSAGE(spend_list, total, spends)

/// Answer: fund_answer.
struct get_fund {
  fund which{};

  bool operator==(const get_fund&) const = default;
};
BPCI_MESSAGE(get_fund, which)

struct fund_answer {
  account where{};
  std::vector<coin> has; ///< one of each token

  bool operator==(const fund_answer&) const = default;
};
BPCI_MESSAGE(fund_answer, where, has)

} // namespace bpci::ledger::treasury
