#include "timeline.hpp"

#include <cstdio>

namespace bpci::chaos {

void timeline::say(const std::string& what) {
  const auto at = text(std::chrono::steady_clock::now());
  std::lock_guard lock{mutex_};
  std::printf("%12s  %s\n", at.c_str(), what.c_str());
  std::fflush(stdout);
}

std::string timeline::text(instant at) const {
  const auto ms = std::chrono::duration_cast<milliseconds>(at - begun_).count();
  char out[32];
  std::snprintf(out, sizeof out, "%lld.%03lld s", static_cast<long long>(ms / 1000),
                static_cast<long long>(ms % 1000));
  return out;
}

} // namespace bpci::chaos
