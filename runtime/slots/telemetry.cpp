#include "runtime/slots/telemetry.hpp"

#include "runtime/metrics/metrics.hpp"

namespace bpci::slots::telemetry {

using metrics::metrics;

void owned(std::size_t slots, std::size_t draining) {
  static auto& all = metrics().gauge("bpci_slots_owned", "Slots that this node owns.");
  static auto& leaving =
      metrics().gauge("bpci_slots_draining", "Slots that this node is giving away.");
  all.set(static_cast<double>(slots));
  leaving.set(static_cast<double>(draining));
}

void moved(move_kind why, std::uint64_t slots) {
  if (slots == 0) return;
  metrics()
      .counter("bpci_slot_moves_total", "Slots that this node has taken or given away, by cause.",
               {{"cause", name(why)}})
      .add(slots);
}

void refused(std::uint64_t slots) {
  static auto& counter = metrics().counter("bpci_slot_claims_refused_total",
                                           "Slots that the database did not give to a claim.");
  if (slots > 0) counter.add(slots);
}

} // namespace bpci::slots::telemetry
