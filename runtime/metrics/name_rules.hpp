#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bpci::metrics {

enum class kind : std::uint8_t { counter, gauge, histogram };

/// What is wrong with this name of a metric, for its author; empty if nothing. The rules are those
/// of Prometheus ("Metric and label naming", and what `promtool check metrics` reports), and ours:
/// - `bpci_`, then words of `a-z 0-9` joined by single underscores;
/// - a counter, and nothing else, ends in `_total`;
/// - base units, written out: seconds, bytes, ratio; never `_ms`, `_kilobytes`, `_minutes`;
/// - no kind of metric as a word, none of the endings that a histogram makes itself.
std::string name_fault(kind what, std::string_view name);

/// The same for the name of a label: snake_case, and not one that Prometheus keeps for itself.
std::string label_fault(std::string_view name);

} // namespace bpci::metrics
