#pragma once

#include "messages/error.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace bpci::storage {

/// An account of the operating system that a child process runs under.
struct account {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
};

/// Errors: `storage_failed` when there is no such account, or it is root.
result<account> find_account(const std::string& name);

/// The first component of the absolute `path` that `who` may not enter; nothing when it can reach
/// all of it. Asks the kernel with the account's rights, so that access lists count too.
std::optional<std::filesystem::path> first_unreachable(const std::filesystem::path& path,
                                                       const account& who);

} // namespace bpci::storage
