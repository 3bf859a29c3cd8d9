#pragma once

#include <prometheus/metric_family.h>

#include <vector>

namespace bpci::metrics {

/// What Prometheus' own client libraries tell of a process, under the same names, read from
/// proc(5) now. A figure that the system does not give is left out.
std::vector<prometheus::MetricFamily> process_metrics();

} // namespace bpci::metrics
