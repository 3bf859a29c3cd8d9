#pragma once

#include "config/node_config.hpp"

#include <string_view>
#include <vector>

/// The metrics of document 2 ("Metrics Collection"), and which of this program's they are.
namespace bpci::config {

enum class older_kind : std::uint8_t { counter, gauge, histogram };

struct older_metric {
  std::string_view name;
  std::string_view canonical;
  older_kind kind;

  bool operator==(const older_metric&) const = default;
};

inline constexpr older_metric older_metrics[] = {
    {"oracle_connected_nodes_total", "bpci_oracle_connected_nodes", older_kind::gauge},
    {"oracle_messages_relayed_total", "bpci_oracle_messages_relayed_total", older_kind::counter},
    {"oracle_consensus_rounds_total", "bpci_oracle_consensus_rounds_total", older_kind::counter},
    {"oracle_inter_app_agreements_total", "bpci_inter_app_agreements", older_kind::gauge},
    {"oracle_message_latency_seconds", "bpci_oracle_message_latency_seconds",
     older_kind::histogram},
    {"oracle_consensus_participation_ratio", "bpci_oracle_consensus_participation_ratio",
     older_kind::gauge},
    {"oracle_websocket_connections_active", "bpci_oracle_links", older_kind::gauge},
};

/// Those that this node exports beside its own.
std::vector<older_metric> exported_older_metrics(const node_config& c);

} // namespace bpci::config
