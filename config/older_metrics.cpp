#include "config/older_metrics.hpp"

#include <algorithm>

namespace bpci::config {

std::vector<older_metric> exported_older_metrics(const node_config& c) {
  std::vector<older_metric> out;
  if (!c.metrics.legacy_names) return out;
  const auto& wanted = c.prometheus_metrics;
  for (const auto& x : older_metrics)
    if (wanted.empty() || std::ranges::find(wanted, x.name) != wanted.end()) out.push_back(x);
  return out;
}

} // namespace bpci::config
