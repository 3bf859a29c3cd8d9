#include "runtime/router/telemetry.hpp"

#include "runtime/metrics/metrics.hpp"

#include <array>

namespace bpci::router::telemetry {

namespace {

struct counted {
  std::uint64_t router_stats::*field;
  metrics::counter& counter;
};

const std::array<counted, 8>& counters() {
  auto make = [](std::string_view name, std::string_view help) -> metrics::counter& {
    return metrics::metrics().counter(name, help);
  };
  static const std::array<counted, 8> all{{
      {&router_stats::commands,
       make("bpci_router_commands_total", "Commands and questions of this node.")},
      {&router_stats::routed,
       make("bpci_router_routed_total", "Commands and questions that other members sent here.")},
      {&router_stats::redirects,
       make("bpci_router_redirects_total", "Attempts refused by a member that was not the owner.")},
      {&router_stats::resent, make("bpci_router_resent_total", "Attempts after the first.")},
      {&router_stats::buffered,
       make("bpci_router_buffered_total", "Commands that had to wait for an owner.")},
      {&router_stats::retry_after,
       make("bpci_router_retry_after_total", "Commands answered retry_after by the router.")},
      {&router_stats::busy,
       make("bpci_router_busy_total", "Commands answered busy by the router.")},
      {&router_stats::timeouts,
       make("bpci_router_timeouts_total", "Commands whose answer did not come in time.")},
  }};
  return all;
}

} // namespace

void publish(const router_stats& now, const router_stats& before) {
  for (const auto& [field, counter] : counters())
    if (now.*field > before.*field) counter.add(now.*field - before.*field);
  static auto& pending =
      metrics::metrics().gauge("bpci_router_pending", "Commands accepted and not yet answered.");
  static auto& waiting = metrics::metrics().gauge("bpci_router_waiting_bytes",
                                                  "Memory of the commands that wait for an owner.");
  pending.set(static_cast<double>(now.pending));
  waiting.set(static_cast<double>(now.waiting_bytes));
}

void in_flight(const member_id& member, std::uint64_t commands, std::uint64_t bytes) {
  metrics::metrics()
      .gauge("bpci_router_in_flight", "Commands in flight to another member.",
             {{"member", member.get()}})
      .set(static_cast<double>(commands));
  metrics::metrics()
      .gauge("bpci_router_in_flight_bytes", "Memory of the commands in flight to another member.",
             {{"member", member.get()}})
      .set(static_cast<double>(bytes));
}

} // namespace bpci::router::telemetry
