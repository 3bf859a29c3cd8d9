#pragma once

#include "runtime/storage/embedded_postgres.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace bpci::chaos {

/// The cluster's PostgreSQL, with an operating system around it that starts it again whenever it
/// ends, unless it is told to leave it down.
class database_server {
public:
  struct how {
    std::filesystem::path folder;
    std::uint64_t tmpfs_bytes = 0; ///< 0: on the folder's own disk. See `disk_obstacle` otherwise.
  };

  /// Why it can have no disk of its own on this machine; nothing if it can. Root is not enough in a
  /// container.
  static std::optional<std::string> disk_obstacle();

  /// Starts it. Throws std::runtime_error.
  explicit database_server(how x);
  ~database_server();
  database_server(const database_server&) = delete;
  database_server& operator=(const database_server&) = delete;

  /// For a connection of the role that owns the tables.
  [[nodiscard]] std::string dsn() const;
  [[nodiscard]] std::filesystem::path socket() const;

  [[nodiscard]] bool running() const { return up_; }
  /// When it was ready the last time.
  [[nodiscard]] std::chrono::steady_clock::time_point ready_at() const;
  /// Starts since the first.
  [[nodiscard]] unsigned restarts() const { return restarts_; }

  /// An immediate shutdown, as by a crash. It is started again, or stays down until `start`.
  void crash(bool stay_down);
  void start();
  bool wait_until_running(std::chrono::milliseconds deadline) const;

  /// Takes all space, and what becomes free, until `free_disk`. Only on a tmpfs.
  void fill_disk();
  void free_disk();
  /// Makes it need a new file for its log now; on a full disk that is its end.
  void switch_log() const;

private:
  void mount();
  void unmount() noexcept;
  void keep_running();
  void try_start();
  [[nodiscard]] std::filesystem::path filler() const { return how_.folder / "filler"; }

  how how_;
  std::unique_ptr<storage::embedded_postgres> server_;
  std::string dsn_;
  mutable std::mutex mutex_; ///< of server_ and ready_at_
  std::chrono::steady_clock::time_point ready_at_;
  std::atomic<bool> up_{false};
  std::atomic<bool> wanted_{true};
  std::atomic<bool> filling_{false};
  std::atomic<bool> ending_{false};
  std::atomic<unsigned> restarts_{0};
  bool mounted_ = false;
  std::thread keeper_;
};

} // namespace bpci::chaos
