#include "actors/consensus/telemetry.hpp"

#include "runtime/metrics/metrics.hpp"

namespace bpci::consensus::telemetry {

using metrics::metrics;

void decided(height at, round_no round) {
  static auto& newest = metrics().gauge("bpci_chain_height", "The height of the last final block.");
  static auto& blocks =
      metrics().counter("bpci_chain_blocks_total", "Blocks that became final here.");
  static auto& rounds = metrics().counter("bpci_chain_rounds_changed_total",
                                          "Rounds that ended without a decision, of final blocks.");
  newest.set(static_cast<double>(at.get()));
  blocks.add();
  rounds.add(round.get());
}

void decision_took(std::chrono::nanoseconds time) {
  static auto& latency = metrics().histogram(
      "bpci_chain_decision_seconds", "From the first proposal of a height to its block on disk.");
  latency.observe(time);
}

void recorded(std::chrono::nanoseconds took) {
  static auto& latency = metrics().histogram("bpci_chain_record_seconds",
                                             "To write what the validator is about to sign.");
  latency.observe(took);
}

void stopped(bool x) {
  static auto& gauge = metrics().gauge(
      "bpci_chain_halted", "1: this node decides nothing any more, and a person has to look.");
  gauge.set(x ? 1 : 0);
}

void syncing(bool x, height seen) {
  static auto& now = metrics().gauge("bpci_chain_syncing", "1: others are further on.");
  static auto& highest =
      metrics().gauge("bpci_chain_height_seen", "The highest block that a peer has told of.");
  now.set(x ? 1 : 0);
  highest.set(static_cast<double>(seen.get()));
}

void synced(std::size_t blocks) {
  static auto& counter =
      metrics().counter("bpci_chain_synced_blocks_total", "Blocks that were fetched from others.");
  counter.add(blocks);
}

void misbehaved() {
  static auto& counter = metrics().counter("bpci_chain_peer_lies_total",
                                           "Answers of peers that no honest node gives.");
  counter.add();
}

void evidence_found() {
  static auto& counter =
      metrics().counter("bpci_chain_evidence_total", "Validators caught contradicting themselves.");
  counter.add();
}

void evidence_waiting(std::size_t count) {
  static auto& gauge =
      metrics().gauge("bpci_chain_evidence_waiting", "Evidence that no block has yet.");
  gauge.set(static_cast<double>(count));
}

} // namespace bpci::consensus::telemetry
