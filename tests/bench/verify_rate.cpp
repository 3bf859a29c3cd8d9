#include "tests/bench/verify_rate.hpp"

#include <sodium.h>

#include <cstdint>
#include <ctime>
#include <stdexcept>

namespace bpci::bench {

namespace {

double thread_cpu_microseconds() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) * 1e6 + static_cast<double>(used.tv_nsec) / 1e3;
}

bool check(verifier how, const signed_bytes& x) {
  if (how == verifier::project) return crypto::verify(x.by, x.message, x.signature);
  return crypto_sign_verify_detached(x.signature.bytes.data(), x.message.data(), x.message.size(),
                                     x.by.bytes.data())
         == 0;
}

} // namespace

double verify_microseconds(verifier how, const std::vector<signed_bytes>& what,
                           std::chrono::milliseconds for_about) {
  const auto wanted = static_cast<double>(for_about.count()) * 1e3;
  const auto begin = thread_cpu_microseconds();
  std::uint64_t checks = 0;
  double used = 0;
  do {
    for (const auto& x : what)
      if (!check(how, x)) throw std::logic_error("a good signature was refused");
    checks += what.size();
    used = thread_cpu_microseconds() - begin;
  } while (used < wanted);
  return used / static_cast<double>(checks);
}

} // namespace bpci::bench
