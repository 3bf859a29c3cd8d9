#pragma once

#include "messages/error.hpp"

#include <span>
#include <string>
#include <string_view>

namespace bpci::storage {

/// One step of the database schema: the folder `migrations/NNNN-name`, built into the program.
struct migration {
  int number;
  std::string_view name;
  std::string_view sha256; ///< of the SQL text, in hex
  std::string_view sql;
};

/// Every step that this program knows, by number, from 1 without a gap.
std::span<const migration> all_migrations() noexcept;

/// Brings the database to the schema of this program, and gives the number of steps that were
/// missing. Each step is one transaction. Any number of nodes may do it at once: one works, the
/// others wait for it (five minutes at most).
///
/// Errors: `unavailable` when the database cannot be reached, `timeout`, and `storage_failed` when
/// - the database has a step that this program does not know: it was used by a newer one;
/// - a step that was applied has been changed since;
/// - a step fails; then it and those behind it are not applied.
result<int> migrate(const std::string& conninfo);
result<int> migrate(const std::string& conninfo, std::span<const migration> steps);

} // namespace bpci::storage
