#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

/// What the tunnel between members costs: the same messages between the same two kinds of
/// processes, once through it and once over CAF's own connection on loopback.
namespace bpci::bench {

struct tunnel_options {
  std::size_t rounds = 5; ///< of each of the two, taking turns
  std::chrono::milliseconds round{2'000};
  std::size_t message_bytes = 200;
};

/// Messages per second, one way, a round each; sorted.
struct tunnel_rates {
  std::vector<std::uint64_t> plain;
  std::vector<std::uint64_t> tunnel;

  [[nodiscard]] std::uint64_t plain_median() const { return plain[plain.size() / 2]; }
  [[nodiscard]] std::uint64_t tunnel_median() const { return tunnel[tunnel.size() / 2]; }

  /// Of the medians; 1000: the tunnel costs nothing.
  [[nodiscard]] std::uint64_t ratio_permille() const {
    return tunnel_median() * 1'000 / plain_median();
  }
};

/// To be called first in main: the process that measures starts its own program again as the
/// peers. The exit code of a peer; none in the process that measures.
std::optional<int> run_tunnel_peer(int argc, char** argv);

/// Ends the program with a message if the peers cannot be reached.
tunnel_rates measure_tunnel(const tunnel_options& how);

} // namespace bpci::bench
