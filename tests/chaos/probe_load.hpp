#pragma once

#include "history.hpp"
#include "probe_client.hpp"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace bpci::chaos {

struct probe_load_options {
  std::vector<node_address> nodes;
  std::string token;
  std::uint64_t seed = 1;
  std::size_t entities = 16; ///< a client each
  std::size_t sinks = 4;
  milliseconds pace{90};              ///< between two operations of one client
  milliseconds operation_max{60'000}; ///< then a client gives up
};

/// Clients that add to probes, each mostly to its own, and read them now and then. Every third add
/// tells a sink.
class probe_load {
public:
  explicit probe_load(probe_load_options how);
  ~probe_load();
  probe_load(const probe_load&) = delete;
  probe_load& operator=(const probe_load&) = delete;

  void begin();
  /// Nothing new is begun; waits for what is under way.
  void finish();

  /// Acknowledged so far.
  [[nodiscard]] std::size_t acknowledged() const { return acknowledged_; }

  // After `finish`:
  std::vector<operation> operations() const;
  std::vector<reading> readings() const;

  /// Sends every key once more, and tells what came back. Those without an answer are left out.
  std::vector<resent> send_again(const std::vector<operation>& all, milliseconds deadline) const;

  [[nodiscard]] std::vector<std::string> entity_names() const;
  [[nodiscard]] std::vector<std::string> sink_names() const;
  [[nodiscard]] const probe_load_options& how() const noexcept { return how_; }

private:
  struct worker {
    std::vector<operation> operations;
    std::vector<reading> readings;
    std::thread thread;
  };

  void run(worker& x, std::size_t number);

  probe_load_options how_;
  std::vector<worker> workers_;
  std::atomic<bool> ending_{false};
  std::atomic<std::size_t> acknowledged_{0};
};

} // namespace bpci::chaos
