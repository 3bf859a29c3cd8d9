#include "runtime/storage/account.hpp"

#include <array>
#include <grp.h>
#include <pwd.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace bpci::storage {

namespace {

std::vector<gid_t> groups_of(const account& who) {
  std::vector<gid_t> groups(32);
  auto count = static_cast<int>(groups.size());
  while (getgrouplist(who.name.c_str(), who.gid, groups.data(), &count) < 0)
    groups.resize(static_cast<std::size_t>(count));
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

bool can_enter(const std::filesystem::path& folder) {
  struct stat what {};
  // "x/." needs the right to search x itself, not only its parents.
  return stat((folder / ".").c_str(), &what) == 0;
}

} // namespace

result<account> find_account(const std::string& name) {
  std::array<char, 16384> text{};
  struct passwd entry {};
  struct passwd* found = nullptr;
  if (getpwnam_r(name.c_str(), &entry, text.data(), text.size(), &found) != 0 || !found)
    return fail(ec::storage_failed,
                "there is no account " + name
                    + ", which PostgreSQL needs because it refuses to run as root; create it with "
                      "`adduser --system "
                    + name + "`");
  if (found->pw_uid == 0)
    return fail(ec::storage_failed,
                "the account " + name + " is root, and PostgreSQL refuses to run as root");
  auto who = account{name, found->pw_uid, found->pw_gid, {}};
  who.groups = groups_of(who);
  return who;
}

std::optional<std::filesystem::path> first_unreachable(const std::filesystem::path& path,
                                                       const account& who) {
  std::optional<std::filesystem::path> blocked;
  // These identities belong to the thread as far as the kernel is concerned (only glibc's
  // wrappers spread them), so a thread that ends right after leaves the program as it was.
  std::thread{[&] {
    syscall(SYS_setgroups, who.groups.size(), who.groups.data());
    setfsgid(who.gid);
    setfsuid(who.uid);
    auto reached = std::filesystem::path{};
    for (const auto& part : path) {
      reached /= part;
      if (can_enter(reached)) continue;
      blocked = reached;
      return;
    }
  }}.join();
  return blocked;
}

} // namespace bpci::storage
