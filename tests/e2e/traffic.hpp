#pragma once

#include "cluster_of_processes.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace bpci::e2e {

/// A BPI node by the C++ client, with what happened to its link.
class cpp_node {
public:
  cpp_node(const identity& who, const std::vector<std::string>& urls,
           client::message_handler on_message = {}, std::size_t batch_max = 1);
  ~cpp_node() { client_.close(); }

  client::bpi_client& client() noexcept { return client_; }
  [[nodiscard]] const identity& who() const noexcept { return who_; }

  /// Handshakes so far.
  [[nodiscard]] std::size_t connections() const;

  /// Waits for the `count`th handshake; its address, or nothing at the deadline.
  std::string wait_for_connection(std::size_t count, milliseconds deadline);

  /// When the `count`th handshake was done.
  [[nodiscard]] std::chrono::steady_clock::time_point connected_at(std::size_t count) const;

  /// Why the link was lost or refused, each time.
  [[nodiscard]] std::vector<failure> losses() const;

private:
  struct connection {
    std::string url;
    std::chrono::steady_clock::time_point at;
  };

  void note(const client::state_change& x);

  identity who_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<connection> connections_;
  std::vector<failure> losses_;
  client::bpi_client client_;
};

/// What became of numbered messages.
struct tally {
  std::size_t sent = 0;
  std::size_t acknowledged = 0; ///< The sender has been told so, by the target's receipt.
  std::size_t received = 0;     ///< Distinct numbers.
  std::size_t lost = 0;         ///< Acknowledged, and never received.
  std::size_t doubled = 0;      ///< Handled more than once.
  milliseconds longest_gap{0};  ///< Between two arrivals.
  std::map<std::string, std::size_t> failed; ///< By code.
  std::uint64_t duplicates_dropped = 0;      ///< By the receiving client.
};

std::string to_string(const tally& x);

/// A steady stream of numbered messages from one BPI node to another, both by the C++ client.
class traffic {
public:
  /// `at_once`: messages that are given to the client together, to go under one signature.
  traffic(const identity& from, const std::vector<std::string>& from_urls, const identity& to,
          const std::vector<std::string>& to_urls, std::size_t at_once = 1);
  ~traffic();

  /// Begins to send, at a steady rate of messages.
  void begin(std::size_t per_second);

  /// Waits until so many distinct numbers have arrived.
  bool wait_for_received(std::size_t count, milliseconds deadline);

  [[nodiscard]] std::size_t received() const;

  /// Sends no more, waits for every answer, and counts.
  tally finish(milliseconds deadline);

  cpp_node& sender() noexcept { return *from_; }
  cpp_node& receiver() noexcept { return *to_; }

private:
  bool take(const client::delivery& x);
  void note_report(std::size_t number, const client::report& x);
  void note_refusal(const failure& why);
  void send_some(std::size_t first);
  void run(std::chrono::nanoseconds pause);

  const std::size_t at_once_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::size_t sent_ = 0;
  std::size_t answered_ = 0;
  std::vector<char> acknowledged_; ///< by number
  std::map<std::size_t, std::size_t> received_;
  std::map<std::string, std::size_t> failed_;
  std::chrono::steady_clock::time_point last_arrival_;
  std::chrono::nanoseconds longest_gap_{0};
  std::unique_ptr<cpp_node> from_;
  std::unique_ptr<cpp_node> to_;
  std::thread thread_;
};

} // namespace bpci::e2e
