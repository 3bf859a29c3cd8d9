#include "actors/peers/telemetry.hpp"

#include "runtime/metrics/metrics.hpp"

namespace bpci::peers::telemetry {

using metrics::metrics;

void linked(std::size_t links) {
  static auto& open =
      metrics().gauge("bpci_peers_linked", "Other operators' nodes that are linked.");
  open.set(static_cast<double>(links));
}

void dropped() {
  static auto& counter = metrics().counter("bpci_peers_frames_dropped_total",
                                           "Frames that found no room in a peer's write queue.");
  counter.add();
}

void slowed() {
  static auto& counter =
      metrics().counter("bpci_peers_slowed_total", "Times that a peer had sent more than it may.");
  counter.add();
}

void misbehaved() {
  static auto& counter = metrics().counter("bpci_peers_misbehaved_total",
                                           "What peers sent that no honest node sends.");
  counter.add();
}

} // namespace bpci::peers::telemetry
