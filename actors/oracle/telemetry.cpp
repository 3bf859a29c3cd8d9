#include "actors/oracle/telemetry.hpp"

namespace bpci::oracle::telemetry {

using metrics::metrics;

void refused(std::string_view code) {
  metrics()
      .counter("bpci_oracle_refusals_total", "Refusals given to BPI nodes.", {{"code", code}})
      .add();
}

void accepted(std::size_t messages) {
  static auto& counter =
      metrics().counter("bpci_oracle_messages_accepted_total", "Messages that passed all checks.");
  counter.add(messages);
}

void delivered(std::chrono::microseconds took) {
  static auto& counter = metrics().counter("bpci_oracle_messages_relayed_total",
                                           "Messages that a target has acknowledged.");
  static auto& latency =
      metrics().histogram("bpci_oracle_message_latency_seconds",
                          "From the acceptance of a message to its target's acknowledgement.");
  counter.add();
  latency.observe(took);
}

void stored(std::chrono::microseconds took) {
  static auto& counter = metrics().counter("bpci_oracle_messages_stored_total",
                                           "Messages put into the mailbox of a target.");
  static auto& latency = metrics().histogram("bpci_oracle_store_latency_seconds",
                                             "From the acceptance of a message to its safety.");
  counter.add();
  latency.observe(took);
}

void delivered_from_mailbox() {
  static auto& counter = metrics().counter("bpci_oracle_mailbox_delivered_total",
                                           "Stored messages that their target has acknowledged.");
  counter.add();
}

void mailboxes(std::size_t read, std::uint64_t in_flight) {
  static auto& open = metrics().gauge("bpci_oracle_mailboxes", "Mailboxes read at this node.");
  static auto& letters = metrics().gauge("bpci_oracle_mailbox_in_flight",
                                         "Stored messages given to a target and not acknowledged.");
  open.set(static_cast<double>(read));
  letters.set(static_cast<double>(in_flight));
}

void expired_in_mailbox(std::uint64_t letters) {
  static auto& counter = metrics().counter("bpci_oracle_mailbox_expired_total",
                                           "Stored messages dropped because of their age.");
  counter.add(letters);
}

void connected(std::uint64_t here, std::uint64_t cluster) {
  static auto& links =
      metrics().gauge("bpci_oracle_links", "BPI nodes connected to this node of the cluster.");
  static auto& nodes =
      metrics().gauge("bpci_oracle_connected_nodes", "BPI nodes connected to the cluster.");
  links.set(static_cast<double>(here));
  nodes.set(static_cast<double>(cluster));
}

void isolated(std::string_view reason) {
  metrics()
      .counter("bpci_node_isolations_total", "BPI nodes that were isolated.", {{"reason", reason}})
      .add();
}

void isolated_now(std::uint64_t nodes) {
  static auto& gauge =
      metrics().gauge("bpci_nodes_isolated", "BPI nodes of the register that are isolated now.");
  gauge.set(static_cast<double>(nodes));
}

void key_changed(std::string_view how) {
  metrics()
      .counter("bpci_node_key_changes_total", "BPI nodes that got another key.", {{"how", how}})
      .add();
}

void announced() {
  static auto& counter =
      metrics().counter("bpci_node_announcements_total", "Announcements of BPI nodes.");
  counter.add();
}

void announced_now(std::uint64_t nodes) {
  static auto& gauge =
      metrics().gauge("bpci_nodes_announced", "BPI nodes whose announcement holds now.");
  gauge.set(static_cast<double>(nodes));
}

} // namespace bpci::oracle::telemetry
