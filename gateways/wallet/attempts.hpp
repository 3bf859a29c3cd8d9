#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

/// How often a passphrase may be tried. Pure.
namespace bpci::gateway::wallet {

/// Five wrong passphrases of one wallet in a row are a person who mistypes; then each further one
/// costs twice the wait of the one before, from half a minute to an hour.
inline constexpr std::uint32_t free_attempts = 5;
inline constexpr std::chrono::seconds first_wait{30};
inline constexpr std::chrono::seconds longest_wait{3'600};

/// Remembers in memory, for one node.
class attempts {
public:
  using time = std::chrono::steady_clock::time_point;

  /// How long this wallet must wait now; empty: it may be tried.
  [[nodiscard]] std::optional<std::chrono::milliseconds> wait(const std::string& wallet,
                                                              time now) const;
  void failed(const std::string& wallet, time now);
  void succeeded(const std::string& wallet) { rows_.erase(wallet); }

  /// Wallets that somebody has failed to open.
  [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }

private:
  struct row {
    std::uint32_t failures = 0;
    time until;
  };
  std::map<std::string, row> rows_; ///< of wallets that exist, so no more than there are
};

} // namespace bpci::gateway::wallet
