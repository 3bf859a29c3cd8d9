#pragma once

#include "runtime/log/outputs.hpp"
#include "runtime/shipping/consignment.hpp"
#include "runtime/shipping/spool.hpp"
#include "runtime/shipping/web_client.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace bpci::shipping {

struct shipper_options {
  std::string endpoint;            ///< of Elasticsearch: `https://host:9200`, a path may follow
  std::string index = "bpci-logs"; ///< the prefix
  std::string node;                ///< who logs; letters that JSON need not escape
  std::filesystem::path folder;    ///< of the spool
  std::uint64_t spool_bytes_max = 64 * 1024 * 1024;
  /// What is sent as `Authorization: ApiKey`, read for every request so that it can be renewed;
  /// empty: none. A secret.
  std::function<result<std::string>()> api_key = [] { return result<std::string>{std::string{}}; };
  web_client::options web;
  backoff_range backoff;
  std::size_t batch_lines = 1'000;
  std::size_t batch_bytes = 1024 * 1024;
  std::chrono::milliseconds batch_wait{1'000};   ///< that a line waits for others
  std::size_t queue_bytes_max = 8 * 1024 * 1024; ///< lines on their way to the spool
  std::chrono::milliseconds finish_max{2'000};
};

/// Takes log lines to Elasticsearch, by one thread and through a spool: while nobody takes them
/// they wait on disk, and the next life of the node goes on with them. What has to be dropped is
/// counted (`bpci_log_lines_dropped_total`) and said (`log-lines-dropped`).
class shipper final : public log::outlet {
public:
  /// Errors: config_invalid, for a spool or a key that cannot be used.
  static result<std::shared_ptr<shipper>> start(shipper_options how);
  ~shipper() override;

  void take(std::string line) noexcept override;
  void finish() noexcept override;

private:
  using time_point = std::chrono::steady_clock::time_point;

  shipper(shipper_options how, std::unique_ptr<spool> lines);

  void run();
  [[nodiscard]] std::chrono::milliseconds pause();
  void store();
  void send_if_due();
  void begin_request();
  void conclude(const consignment::outcome& x);
  [[nodiscard]] bool is_over();
  void dropped(std::string_view reason, std::uint64_t lines);
  void report_dropped();
  void show_waiting();
  [[nodiscard]] bool batch_is_due() const;

  shipper_options how_;
  std::unique_ptr<spool> spool_;
  consignment under_way_;
  web_client web_;
  time_point not_before_;   ///< the next request
  time_point unread_since_; ///< when the oldest line that waits for others came
  bool failing_ = false;    ///< the latest request has failed
  std::map<std::string, std::uint64_t, std::less<>> unreported_;
  std::uint64_t shown_bytes_ = 0; ///< of what waits, in the metric
  std::string refused_why_;       ///< of the latest line that is not acceptable
  time_point reported_;

  std::mutex guard_; ///< of what follows
  std::vector<std::string> queue_;
  std::size_t queue_bytes_ = 0;
  std::uint64_t overflown_ = 0;
  bool woken_ = false;
  bool finishing_ = false;
  time_point finish_by_;

  std::once_flag finished_;
  std::thread thread_;
};

} // namespace bpci::shipping
