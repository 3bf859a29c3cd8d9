#include "actors/governance/telemetry.hpp"

#include "runtime/metrics/metrics.hpp"

#include <boost/describe/enum_to_string.hpp>

namespace bpci::governance::telemetry {

using metrics::metrics;

void round_ended(standing how) {
  metrics()
      .counter("bpci_oracle_consensus_rounds_total", "Rounds of the consensus bridge that ended.",
               {{"standing", boost::describe::enum_to_string(how, "")}})
      .add();
}

void vote_refused(std::string_view why) {
  metrics()
      .counter("bpci_oracle_consensus_votes_refused_total",
               "Votes on proposals that were refused and put on record.", {{"why", why}})
      .add();
}

void rounds(std::uint64_t active, std::uint64_t participation) {
  static auto& open = metrics().gauge("bpci_oracle_consensus_active_rounds",
                                      "Rounds of the consensus bridge that are under way.");
  static auto& share =
      metrics().gauge("bpci_oracle_consensus_participation_ratio",
                      "The mean share of the weight that voted, of all rounds that have ended.");
  constexpr auto whole = 10'000.0;
  open.set(static_cast<double>(active));
  share.set(static_cast<double>(participation) / whole);
}

void published(std::string_view topic) {
  metrics()
      .counter("bpci_oracle_consensus_notices_total",
               "Notices of proposals and results told to the BPI nodes that are connected here.",
               {{"topic", topic}})
      .add();
}

} // namespace bpci::governance::telemetry
