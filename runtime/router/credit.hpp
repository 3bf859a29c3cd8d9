#pragma once

#include <cstdint>
#include <unordered_map>

namespace bpci::router {

/// How much may be under way at once. Whoever wants to send beyond it is answered `busy`, before
/// memory grows.
struct credit_limit {
  std::uint64_t count = 10'000;             ///< messages
  std::uint64_t bytes = 16 * 1'024 * 1'024; ///< a message above this never fits

  bool operator==(const credit_limit&) const = default;
};

/// What is under way in one direction, counted in messages and bytes. Pure; whoever takes gives
/// the same amount back, once.
class credit {
public:
  explicit credit(credit_limit limit) : limit_(limit) {}

  /// False, and nothing is taken, when it does not fit.
  [[nodiscard]] bool take(std::uint64_t bytes) noexcept {
    if (count_ >= limit_.count || bytes > limit_.bytes || bytes_ > limit_.bytes - bytes)
      return false;
    ++count_;
    bytes_ += bytes;
    return true;
  }

  void give_back(std::uint64_t bytes, std::uint64_t count = 1) noexcept {
    count_ -= count < count_ ? count : count_;
    bytes_ -= bytes < bytes_ ? bytes : bytes_;
  }

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

private:
  credit_limit limit_;
  std::uint64_t count_ = 0;
  std::uint64_t bytes_ = 0;
};

/// A credit towards each of several peers: members, LINKs. Knows only peers that something is
/// under way to, so one that is gone costs nothing once that has been given back or forgotten.
template <class Peer>
class credits {
public:
  explicit credits(credit_limit each) : each_(each) {}

  [[nodiscard]] bool take(const Peer& peer, std::uint64_t bytes) {
    auto [found, fresh] = of_.try_emplace(peer, credit{each_});
    if (found->second.take(bytes)) return true;
    if (fresh) of_.erase(found);
    return false;
  }

  void give_back(const Peer& peer, std::uint64_t bytes, std::uint64_t count = 1) {
    auto found = of_.find(peer);
    if (found == of_.end()) return;
    found->second.give_back(bytes, count);
    if (found->second.count() == 0) of_.erase(found);
  }

  /// The peer is gone, and with it everything that was under way to it.
  void forget(const Peer& peer) { of_.erase(peer); }

  [[nodiscard]] std::uint64_t count(const Peer& peer) const {
    auto found = of_.find(peer);
    return found == of_.end() ? 0 : found->second.count();
  }

  [[nodiscard]] std::uint64_t bytes(const Peer& peer) const {
    auto found = of_.find(peer);
    return found == of_.end() ? 0 : found->second.bytes();
  }

  /// Calls `visit(peer, credit)` for each peer that something is under way to, in no order.
  template <class Visitor>
  void for_each(Visitor&& visit) const {
    for (const auto& [peer, used] : of_)
      visit(peer, used);
  }

private:
  credit_limit each_;
  std::unordered_map<Peer, credit> of_;
};

} // namespace bpci::router
