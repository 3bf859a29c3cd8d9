#include "runtime/actor/failpoint.hpp"

#include <atomic>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <list>
#include <stdexcept>
#include <thread>
#include <unistd.h>

namespace bpci {

namespace {

constexpr auto variable = "BPCI_FAILPOINTS";
constexpr auto slow_by = std::chrono::milliseconds{200};

struct place {
  std::string name;
  std::string action;
  std::uint64_t from = 1; ///< the passing at which it begins
  std::atomic<std::uint64_t> passed{0};
};

void read_place(std::list<place>& out, std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return;
  auto& x = out.emplace_back();
  x.name = text.substr(0, colon);
  auto action = text.substr(colon + 1);
  if (const auto at = action.rfind('@'); at != std::string_view::npos) {
    std::from_chars(action.data() + at + 1, action.data() + action.size(), x.from);
    action = action.substr(0, at);
  }
  x.action = action;
}

std::list<place> read_places() {
  std::list<place> out;
  const auto* given = std::getenv(variable);
  for (std::string_view rest = given ? given : ""; !rest.empty();) {
    const auto end = std::min(rest.find(','), rest.size());
    read_place(out, rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

std::list<place>& places() {
  static auto all = read_places();
  return all;
}

void act(const place& x, std::uint64_t passing) {
  if (x.action == "kill" && passing == x.from) ::kill(::getpid(), SIGKILL);
  if (x.action == "throw") throw std::runtime_error("failpoint " + x.name);
  if (x.action == "slow") std::this_thread::sleep_for(slow_by);
}

} // namespace

void failpoint(std::string_view name) {
  static const auto none = places().empty();
  if (none) return;
  for (auto& x : places()) {
    if (x.name != name) continue;
    const auto passing = x.passed.fetch_add(1) + 1;
    if (passing >= x.from) act(x, passing);
  }
}

std::optional<std::string> failpoint_setting(std::string_view name) {
  for (const auto& x : places())
    if (x.name == name) return x.action;
  return std::nullopt;
}

} // namespace bpci
