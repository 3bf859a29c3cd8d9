#pragma once

#include "messages/chain/peers.hpp"

#include <chrono>
#include <map>
#include <set>

/// Whom this node knows, whom it dials when, and whom it lets in. Pure: times and random numbers
/// come from the caller.
namespace bpci::peers {

using chain::address;
using std::chrono::milliseconds;
using instant = std::chrono::steady_clock::time_point;

/// An operator whose node this one dials.
struct known_peer {
  address who{};
  std::vector<std::string> urls; ///< of the members of its cluster, ws://host:port/bpi/v1
};

struct book_rules {
  milliseconds dial_pause_min{250};    ///< after the first failure; doubles with each
  milliseconds dial_pause_max{15'000}; ///< jitter included
  milliseconds settled_after{10'000};  ///< a link that lasted so long makes the pause short again

  /// Of those who are neither configured nor validators, at once, linked or about to be.
  std::size_t strangers_max = 64;
  milliseconds arrival_max{15'000}; ///< from being let in to an open link

  std::uint64_t misbehaved_max = 8;    ///< then the link is closed
  milliseconds forgiven_after{30'000}; ///< one of them
  milliseconds penalty_min{30'000};    ///< without a link; doubles with each time
  milliseconds penalty_max{1'800'000};
};

/// Of two links to one operator the one that was dialled by the smaller address stays, and of two
/// that the same side dialled, the newer: its dialler has given up the other. Both sides decide
/// alike, in whatever order the links opened.
[[nodiscard]] bool newer_link_stays(const address& self, const address& other,
                                    bool older_dialled_by_us, bool newer_dialled_by_us) noexcept;

class peer_book {
public:
  peer_book(const address& self, const std::vector<known_peer>& configured, book_rules rules = {});

  /// Those of the next heights. They are let in whether they are configured or not.
  void validators_are(std::set<address> who) { validators_ = std::move(who); }

  // -- dialling --------------------------------------------------------------------------

  struct call {
    address who{};
    std::string url;

    bool operator==(const call&) const = default;
  };

  /// Whom to dial now; each is on the way from here on, until `opened` or `failed`. `can(who)`:
  /// whether it can be dialled at all.
  template <class Can>
  std::vector<call> due(instant now, Can can) {
    std::vector<call> out;
    for (auto& [who, x] : entries_)
      if (is_due(x, now) && can(who)) out.push_back(begin(who, x));
    return out;
  }

  /// A dialled link did not open. `not_owner`: the next url is tried at once, each of them once.
  void failed(const address& who, const failure& why, instant now, std::uint64_t random);

  // -- being dialled ---------------------------------------------------------------------

  /// Whether this one is let in; then it has `arrival_max` to open its link. Errors: not_permitted
  /// (it is this node), busy (there are enough strangers), rate_limited (it has misbehaved).
  [[nodiscard]] result<void> admit(const address& who, instant now);

  // -- links -----------------------------------------------------------------------------

  void opened(const address& who, bool dialled_by_us, instant now, timestamp_ms at);
  void closed(const address& who, const failure& why, instant now, std::uint64_t random);
  void stands_at(const address& who, const chain::peer_head& head);

  /// True: enough; its link is to be closed, and it is neither dialled nor let in for a while.
  [[nodiscard]] bool misbehaved(const address& who, const std::string& why, instant now);

  /// Strangers that are gone; they are forgotten here, and to be by the caller.
  std::vector<address> forget(instant now);

  // -- for people ------------------------------------------------------------------------

  /// Sorted by address; `sent` and `received` are the caller's to fill in.
  [[nodiscard]] std::vector<chain::peer_status> list() const;

  [[nodiscard]] bool is_linked(const address& who) const;
  [[nodiscard]] std::vector<address> configured() const;

private:
  struct entry {
    std::vector<std::string> urls;
    std::size_t next_url = 0;
    std::size_t refused_in_row = 0; ///< urls whose member does not hold the chain
    bool dialling = false;
    bool linked = false;
    bool dialled_by_us = false;
    std::uint32_t failures = 0;
    instant dial_at = instant::min();
    instant opened_at{};
    instant arrives_until = instant::min();
    height at;
    timestamp_ms since{};
    std::string last_error;

    std::uint64_t misbehaved = 0; ///< in all
    std::uint64_t points = 0;     ///< not yet forgiven
    instant last_point{};
    std::uint32_t penalties = 0;
    instant shut_out_until = instant::min();
  };

  [[nodiscard]] bool is_due(const entry& x, instant now) const noexcept;
  static call begin(const address& who, entry& x);
  void wait(entry& x, instant now, std::uint64_t random) const;
  [[nodiscard]] bool is_stranger(const address& who, const entry& x) const;
  [[nodiscard]] bool is_remembered(const address& who, const entry& x, instant now) const;
  void forgive(entry& x, instant now) const;

  address self_;
  book_rules rules_;
  std::set<address> validators_;
  std::map<address, entry> entries_;
};

} // namespace bpci::peers
