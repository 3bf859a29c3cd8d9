#pragma once

#include "messages/error.hpp"
#include "runtime/storage/account.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

/// The files of an embedded PostgreSQL. For the .cpp files of this folder,
/// and for whoever looks for what is missing.
namespace bpci::storage {

/// What stands where in the data directory.
struct pg_layout {
  std::filesystem::path root;
  std::filesystem::path cluster; ///< PGDATA
  std::filesystem::path socket;  ///< inside the root, unless that is too long for a socket
  std::filesystem::path log;
  std::filesystem::path ballast;
  std::filesystem::path lock;

  /// Where programs write until the server's own log is open. Not in `log`, which belongs to the
  /// server's account: root opens these.
  [[nodiscard]] std::filesystem::path start_log() const { return root / "start.log"; }
  [[nodiscard]] std::filesystem::path initdb_log() const { return root / "initdb.log"; }
};

/// Makes the folders, each owned by `owner` (if any) and closed to others.
/// Errors: `storage_failed`, naming the folder that is in the way.
result<pg_layout> make_layout(const std::filesystem::path& data_dir,
                              const std::optional<account>& owner);

/// Held as long as the object lives; the kernel lets go when the process dies.
class directory_lock {
public:
  /// Errors: `storage_failed` when another process, or another part of this one, holds it.
  static result<directory_lock> take(const std::filesystem::path& file);
  directory_lock(directory_lock&& other) noexcept;
  directory_lock& operator=(directory_lock&& other) = delete;
  ~directory_lock();

private:
  explicit directory_lock(int file) : file_(file) {}
  int file_;
};

/// The newest folder with `initdb` and `postgres`; `major` picks a version. Errors:
/// `storage_failed`, naming the Debian package that is missing.
result<std::filesystem::path> find_binaries(const std::filesystem::path& given,
                                            const std::optional<std::string>& major);

/// The major version that made the cluster; nothing when there is none yet.
std::optional<std::string> cluster_major(const std::filesystem::path& cluster);

std::uint64_t free_bytes(const std::filesystem::path& folder);

/// Reserves the space on disk. False when there is not enough, or the file exists.
bool make_ballast(const std::filesystem::path& file, std::uint64_t size);

/// Keeps the newest log files only.
void prune_logs(const std::filesystem::path& folder);

/// The last lines of a file that say what went wrong, on one line.
std::string last_words(const std::filesystem::path& file);

/// The newest log of the server; an empty path when there is none.
std::filesystem::path newest_log(const std::filesystem::path& folder);

} // namespace bpci::storage
