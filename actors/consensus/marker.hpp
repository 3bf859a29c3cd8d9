#pragma once

#include "messages/consensus/block.hpp"
#include "messages/error.hpp"

#include <filesystem>

/// The file that says "this validator has signed from here". Its record is in the database; were
/// that wiped, a validator without the marker would take itself for a new one, and sign anew what
/// it has signed already.
namespace bpci::consensus {

/// `<data_dir>/chain/<16 hex digits>.signed`.
[[nodiscard]] std::filesystem::path marker_path(const std::filesystem::path& data_dir,
                                                const address& self);

[[nodiscard]] bool is_marked(const std::filesystem::path& marker);

/// Creates it, and is back when it is on the disk, with its directories. Errors: storage_failed.
[[nodiscard]] result<> make_marker(const std::filesystem::path& marker);

} // namespace bpci::consensus
