#include "free_port.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <random>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace bpci::e2e {

namespace {

/// Linux gives 32768 and up (ip_local_port_range).
constexpr std::uint16_t first = 20'000;
constexpr std::uint16_t last = 32'000;

bool is_free(std::uint16_t port) {
  const auto file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  where.sin_port = htons(port);
  const auto taken = bind(file, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0;
  close(file);
  return !taken;
}

} // namespace

std::uint16_t free_port() {
  // Other programs of tests begin elsewhere.
  static unsigned next = [] {
    std::random_device any;
    return std::uniform_int_distribution<unsigned>{first, last}(any);
  }();
  for (auto tries = last - first; tries > 0; --tries) {
    next = next < last ? next + 1 : first;
    if (is_free(static_cast<std::uint16_t>(next))) return static_cast<std::uint16_t>(next);
  }
  throw std::runtime_error("no free port");
}

} // namespace bpci::e2e
