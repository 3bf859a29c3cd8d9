#pragma once

#include "messages/error.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <sys/types.h>

namespace bpci::storage {

struct embedded_options {
  /// Made when it is missing. Holds everything: the cluster, the socket, the log, the ballast.
  std::filesystem::path data_dir;
  /// Whom PostgreSQL runs as when this process is root; of no meaning otherwise.
  std::string user = "postgres";
  /// Where `initdb` and `postgres` are; empty: the newest of /usr/lib/postgresql/*/bin, or PATH.
  std::filesystem::path bin_dir;
  std::size_t max_connections = 64;
  std::size_t shared_buffers_mib = 64;
  /// Disk space that is held back, and given to PostgreSQL when the disk is full: it cannot even
  /// recover without some.
  std::uint64_t ballast_bytes = std::uint64_t{64} << 20;
  /// For the server to answer, recovery after a crash included.
  std::chrono::milliseconds ready_max{60'000};
  /// For a fast shutdown, before the next signal.
  std::chrono::milliseconds stop_max{10'000};
};

/// A private PostgreSQL, the child of this process: the storage of a node that was given no
/// database. It listens on a Unix socket in a folder that only its account (and root) may enter,
/// so that there are no passwords. It writes durably (`fsync`), and dies with this process, also
/// when that is killed.
class embedded_postgres {
public:
  /// Blocks until the server answers and the database `bpci` exists. The first start makes it
  /// (some seconds); a start after a crash waits until what the crash left behind is gone.
  ///
  /// Errors: `storage_failed`. Its detail names the cause and the remedy: PostgreSQL is not
  /// installed, another node holds the directory, the account cannot enter a folder above it, the
  /// disk is full, the data belongs to another major version, or the server's own last words.
  static result<std::unique_ptr<embedded_postgres>> start(embedded_options how);

  /// Stops the server.
  ~embedded_postgres();
  embedded_postgres(const embedded_postgres&) = delete;
  embedded_postgres& operator=(const embedded_postgres&) = delete;

  /// How to connect, as libpq reads it. Every process of this machine that may enter the socket's
  /// folder can use it. The role in it owns the database and is no superuser.
  [[nodiscard]] const std::string& dsn() const noexcept;

  /// The server's first process.
  [[nodiscard]] pid_t pid() const noexcept;

  /// Calls `then(why)` once, when the server ends without `stop`; at once if it has already. Runs
  /// on a thread that must not be held up; `then` must not destroy this object.
  void on_exit(std::function<void(std::string)> then);

  /// Fast shutdown (SIGINT: transactions roll back, a checkpoint is written), at the deadline
  /// SIGQUIT, then SIGKILL. Blocks until the server is gone.
  void stop();

  /// Gives the ballast to the disk. False when there is none.
  bool release_ballast();

  /// To be called now and then: deletes old log files, and takes the ballast back once there is
  /// space again.
  void housekeep();

private:
  class server;
  explicit embedded_postgres(std::unique_ptr<server> it);
  std::unique_ptr<server> server_;
};

} // namespace bpci::storage
