#include "actors/interapp/telemetry.hpp"

namespace bpci::interapp::telemetry {

using metrics::metrics;

void authorized() {
  static auto& counter = metrics().counter("bpci_inter_app_messages_authorized_total",
                                           "Messages that their agreement permits.");
  counter.add();
}

void refused(std::string_view code) {
  metrics()
      .counter("bpci_inter_app_messages_refused_total",
               "Messages that their agreement does not permit.", {{"code", code}})
      .add();
}

void agreements(std::string_view state, std::uint64_t count) {
  metrics()
      .gauge("bpci_inter_app_agreements", "Agreements between apps.", {{"state", state}})
      .set(static_cast<double>(count));
}

} // namespace bpci::interapp::telemetry
