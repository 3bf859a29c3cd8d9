#pragma once

#include "runtime/storage/embedded_postgres.hpp"

#include <filesystem>
#include <functional>
#include <string>

namespace bpci::storage::test {

/// A directory that is gone when the object is.
class temp_dir {
public:
  temp_dir();
  ~temp_dir();
  temp_dir(const temp_dir&) = delete;
  temp_dir& operator=(const temp_dir&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

private:
  std::filesystem::path path_;
};

/// Options for a small server.
embedded_options small(const std::filesystem::path& data_dir);

/// One server for all tests that only need a database; started by the first of them.
embedded_postgres& shared_server();

/// The conninfo of a new, empty database on that server.
std::string fresh_database();

/// Runs one statement on a connection of its own; the first field of the first row, if any.
std::string query(const std::string& conninfo, const std::string& sql);

/// Polls until `ready`, for ten seconds at most.
bool eventually(const std::function<bool()>& ready);

bool process_exists(pid_t pid);

} // namespace bpci::storage::test
