#include "runtime/entity/memory.hpp"

#include <algorithm>
#include <fstream>
#include <limits>
#include <malloc.h>
#include <string>
#include <unistd.h>

namespace bpci::entity {

namespace {

std::uint64_t page_bytes() {
  return static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

/// A limit of "max" is none.
std::uint64_t limit_in(const char* file) {
  std::ifstream in{file};
  std::uint64_t limit = 0;
  return in >> limit ? limit : std::numeric_limits<std::uint64_t>::max();
}

} // namespace

std::uint64_t resident_bytes() {
  std::ifstream in{"/proc/self/statm"};
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  return in >> size >> resident ? resident * page_bytes() : 0;
}

std::uint64_t memory_limit_bytes() {
  auto machine = static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) * page_bytes();
  return std::min({machine, limit_in("/sys/fs/cgroup/memory.max"),
                   limit_in("/sys/fs/cgroup/memory/memory.limit_in_bytes")});
}

void give_back_memory() {
  malloc_trim(0);
}

} // namespace bpci::entity
