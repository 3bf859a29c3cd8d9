#pragma once

#include "messages/error.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <sys/types.h>

namespace bpci::storage {

/// The first lines of `postmaster.pid` (PostgreSQL 15 sources, `utils/pidfile.h`).
struct postmaster_file {
  pid_t pid = 0;
  std::filesystem::path data_dir;
  std::int64_t started_at = 0; ///< seconds since 1970
  bool operator==(const postmaster_file&) const = default;
};

/// Nothing when the text is cut short or is not such a file.
std::optional<postmaster_file> parse_postmaster_file(std::string_view text);

/// Makes sure that no postmaster serves `data_dir`, before one is started there. The caller holds
/// the directory's lock, so one that still runs was left behind by a node that is gone.
///
/// - The process exists, and its program, directory and start time match the file: it is stopped.
/// - Another process has taken over the number: the stale file is removed.
/// - Program and directory match, the time does not (a clock that was set?): `storage_failed`. It
///   may be somebody's, and a second one on the same files would destroy them.
result<void> stop_orphan(const std::filesystem::path& data_dir);

} // namespace bpci::storage
