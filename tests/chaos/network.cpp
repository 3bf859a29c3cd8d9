#include "network.hpp"

#include "tests/e2e/process.hpp"

#include <array>
#include <filesystem>
#include <stdexcept>
#include <unistd.h>

namespace bpci::chaos {

namespace {

constexpr auto command_max = std::chrono::milliseconds{10'000};

/// Third bytes of the subnet; two runs at once shall not meet.
constexpr int subnets = 250;

std::filesystem::path find_ip() {
  for (const auto* where : {"/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip", "/bin/ip"})
    if (std::filesystem::exists(where)) return where;
  return {};
}

e2e::command_outcome ip(std::vector<std::string> words) {
  return e2e::run_command({.program = find_ip(), .arguments = std::move(words)}, command_max);
}

void must(std::vector<std::string> words) {
  std::string text = "ip";
  for (const auto& x : words)
    text += " " + x;
  const auto got = ip(std::move(words));
  if (got.exit_code != 0) throw std::runtime_error(text + ": " + got.err);
}

} // namespace

std::optional<std::string> network::obstacle() {
  if (geteuid() != 0) return "network namespaces need root";
  if (find_ip().empty()) return "the program ip is missing (package iproute2)";
  const auto name = "bpci-" + std::to_string(getpid());
  const auto made = ip({"netns", "add", name});
  if (made.exit_code != 0) return "ip netns add: " + made.err;
  const auto bridge = ip({"-n", name, "link", "add", "name", "br0", "type", "bridge"});
  ip({"netns", "del", name});
  if (bridge.exit_code != 0) return "no bridge can be made: " + bridge.err;
  return std::nullopt;
}

network::network(std::size_t nodes)
    : nodes_(nodes),
      tag_("bc" + std::to_string(getpid())),
      subnet_("10.231." + std::to_string(getpid() % subnets) + ".") {
  remove(); // what a run under the same process number has left
  try {
    build();
  } catch (...) {
    remove();
    throw;
  }
}

network::~network() {
  remove();
}

std::string network::address(std::size_t last) const {
  return subnet_ + std::to_string(last);
}

std::string network::space(std::size_t node) const {
  return tag_ + "-" + std::to_string(node);
}

void network::build() {
  must({"link", "add", "name", tag_, "type", "bridge"});
  must({"addr", "add", host_address() + "/24", "dev", tag_});
  must({"link", "set", tag_, "up"});
  for (std::size_t i = 1; i <= nodes_; ++i) {
    const auto outer = tag_ + "v" + std::to_string(i);
    must({"netns", "add", space(i)});
    must({"link", "add", outer, "type", "veth", "peer", "name", "eth0", "netns", space(i)});
    must({"link", "set", outer, "master", tag_, "up"});
    must({"-n", space(i), "addr", "add", node_address(i) + "/24", "dev", "eth0"});
    must({"-n", space(i), "link", "set", "eth0", "up"});
    must({"-n", space(i), "link", "set", "lo", "up"});
  }
}

void network::remove() noexcept {
  try {
    // Each takes its end of the veth pair along, and that the other one.
    for (std::size_t i = 1; i <= nodes_; ++i)
      ip({"netns", "del", space(i)});
    ip({"link", "del", tag_});
  } catch (...) { // nothing is left to be tried
  }
}

std::vector<std::string> network::prefix(std::size_t node) const {
  return {find_ip().string(), "netns", "exec", space(node)};
}

void network::cut(std::size_t from, std::size_t to) {
  if (!cuts_.emplace(from, to).second) return;
  must({"-n", space(from), "route", "add", "blackhole", node_address(to) + "/32"});
}

void network::isolate(std::size_t node) {
  for (std::size_t other = 1; other <= nodes_; ++other) {
    if (other == node) continue;
    cut(node, other);
    cut(other, node);
  }
}

void network::heal() {
  for (const auto& [from, to] : cuts_)
    must({"-n", space(from), "route", "del", "blackhole", node_address(to) + "/32"});
  cuts_.clear();
}

} // namespace bpci::chaos
