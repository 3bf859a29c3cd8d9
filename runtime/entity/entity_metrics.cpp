#include "runtime/entity/entity_metrics.hpp"

namespace bpci::entity::counted {

using metrics::metrics;

bpci::metrics::gauge& active() {
  static auto& x = metrics().gauge("bpci_entities_active", "Entities that have an actor now.");
  return x;
}

bpci::metrics::counter& activations() {
  static auto& x = metrics().counter("bpci_entity_activations_total", "Entities given an actor.");
  return x;
}

bpci::metrics::counter& passivations() {
  static auto& x = metrics().counter("bpci_entity_passivations_total",
                                     "Idle entities that have left the memory.");
  return x;
}

bpci::metrics::counter& commits() {
  static auto& x = metrics().counter("bpci_entity_commits_total",
                                     "Transactions of entities that were committed.");
  return x;
}

bpci::metrics::counter& commands() {
  static auto& x =
      metrics().counter("bpci_entity_commands_total", "Commands whose effect was committed.");
  return x;
}

bpci::metrics::counter& fenced() {
  static auto& x = metrics().counter("bpci_entity_fenced_total",
                                     "Writes refused because the slot is another node's.");
  return x;
}

bpci::metrics::counter& repeated() {
  static auto& x = metrics().counter("bpci_entity_repeated_total",
                                     "Commands answered with what they were answered before.");
  return x;
}

bpci::metrics::counter& crashed() {
  static auto& x = metrics().counter("bpci_entity_crashed_total",
                                     "Actors of entities that were not told to end.");
  return x;
}

bpci::metrics::gauge& outbox_depth() {
  static auto& x = metrics().gauge("bpci_outbox_depth", "Effects of this node's slots to be sent.");
  return x;
}

bpci::metrics::gauge& outbox_age_seconds() {
  static auto& x =
      metrics().gauge("bpci_outbox_age_seconds", "Age of the oldest effect that is to be sent.");
  return x;
}

bpci::metrics::counter& outbox_delivered() {
  static auto& x = metrics().counter("bpci_outbox_delivered_total", "Effects that have arrived.");
  return x;
}

bpci::metrics::counter& outbox_set_aside() {
  static auto& x = metrics().counter("bpci_outbox_set_aside_total",
                                     "Effects that were given up and wait for an operator.");
  return x;
}

bpci::metrics::counter& timers_fired() {
  static auto& x = metrics().counter("bpci_timers_fired_total", "Firings that were committed.");
  return x;
}

bpci::metrics::histogram& timer_lateness() {
  static auto& x = metrics().histogram("bpci_timer_lateness_seconds",
                                       "How late timers were sent to their entities.");
  return x;
}

bpci::metrics::counter& timers_skipped() {
  static auto& x = metrics().counter("bpci_timers_skipped_total",
                                     "Times that a timer has missed and does not catch up with.");
  return x;
}

} // namespace bpci::entity::counted
