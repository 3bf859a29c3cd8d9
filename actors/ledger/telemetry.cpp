#include "actors/ledger/telemetry.hpp"

#include "runtime/metrics/metrics.hpp"

namespace bpci::ledger::telemetry {

using metrics::metrics;

void height_is(height at) {
  static auto& gauge = metrics().gauge("bpci_ledger_height", "The last block that is stored here.");
  gauge.set(static_cast<double>(at.get()));
}

void appended(std::uint64_t transactions, std::chrono::nanoseconds took) {
  static auto& count = metrics().counter("bpci_ledger_transactions_total",
                                         "Transactions in blocks that were stored.");
  static auto& blocks = metrics().counter("bpci_ledger_blocks_total", "Blocks that were stored.");
  static auto& seconds =
      metrics().histogram("bpci_ledger_append_seconds", "To execute and store a final block.");
  count.add(transactions);
  blocks.add();
  seconds.observe(took);
}

void executed(std::chrono::nanoseconds took) {
  static auto& seconds = metrics().histogram(
      "bpci_ledger_block_seconds", "To fill a block, or to find out whether it is valid.");
  seconds.observe(took);
}

void pool_is(const chain::pool_status& x) {
  static auto& count =
      metrics().gauge("bpci_mempool_transactions", "Transactions that wait for a block.");
  static auto& size = metrics().gauge("bpci_mempool_bytes", "What these have in bytes.");
  count.set(static_cast<double>(x.transactions));
  size.set(static_cast<double>(x.bytes_held));
}

void taken() {
  static auto& count =
      metrics().counter("bpci_mempool_taken_total", "Transactions that were new and good.");
  count.add();
}

void refused(std::string_view why) {
  metrics()
      .counter("bpci_mempool_refusals_total", "Transactions that were refused.", {{"why", why}})
      .add();
}

} // namespace bpci::ledger::telemetry
