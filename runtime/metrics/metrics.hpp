#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
} // namespace prometheus

/// What Prometheus reads. A thin face of prometheus-cpp, whose headers stay in this folder.
///
///     static auto& refused = metrics::metrics().counter(
///       "bpci_link_refused_total", "Frames that a link refused.", {{"code", "too_old"}});
///     refused.add();
///
/// Look a handle up once and keep the reference: it lives as long as its registry, may be used by
/// any thread, and costs an atomic addition (a histogram: a short lock).
namespace bpci::metrics {

/// Only goes up. Samples are doubles, as everywhere in Prometheus: exact up to 2^53.
class counter {
 public:
  void add(std::uint64_t n = 1) noexcept;
  /// For seconds and other things that have fractions; `n` is not negative.
  void add_fraction(double n) noexcept;
  [[nodiscard]] double value() const noexcept;

 private:
  friend class registry;
  explicit counter(prometheus::Counter& x) noexcept : metric_(&x) {}
  prometheus::Counter* metric_;
};

/// Goes up and down.
class gauge {
 public:
  void set(double x) noexcept;
  void add(double n = 1) noexcept;
  void subtract(double n = 1) noexcept;
  [[nodiscard]] double value() const noexcept;

 private:
  friend class registry;
  explicit gauge(prometheus::Gauge& x) noexcept : metric_(&x) {}
  prometheus::Gauge* metric_;
};

/// Counts observations in buckets; durations in seconds.
class histogram {
 public:
  void observe(double x);
  void observe(std::chrono::nanoseconds took);

 private:
  friend class registry;
  explicit histogram(prometheus::Histogram& x) noexcept : metric_(&x) {}
  prometheus::Histogram* metric_;
};

/// The name and value of each label; the values of one metric come from a small, closed set.
using labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

/// The upper bounds of a histogram's buckets, rising.
using buckets = std::initializer_list<double>;

/// From 1 ms to 10 s: requests, queries, deliveries.
inline constexpr buckets latency_seconds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                            0.25,  0.5,    1,     2.5,  5,     10};

/// How many combinations of label values one metric may have. Beyond them everything is counted
/// under the value "other", so that label values from outside cannot exhaust the memory.
constexpr std::size_t series_max = 1000;

/// All functions are thread-safe. The same name and labels give the same handle again; the help
/// and the buckets of the first call hold. Throws std::logic_error for a name or label that
/// breaks the rules of name_rules.hpp, a missing help text, a name already taken by another kind
/// of metric and buckets that do not rise: faults of the program, met when it first runs.
class registry {
 public:
  registry();
  ~registry();
  registry(const registry&) = delete;
  registry& operator=(const registry&) = delete;

  metrics::counter& counter(std::string_view name, std::string_view help, labels of = {});
  metrics::gauge& gauge(std::string_view name, std::string_view help, labels of = {});
  metrics::histogram& histogram(std::string_view name, std::string_view help,
                                buckets bounds = latency_seconds, labels of = {});

  /// All metrics, and those of the process (process_resident_memory_bytes and so on, read now), in
  /// the text format 0.0.4 of Prometheus; its content type is `content_type`.
  [[nodiscard]] std::string expose() const;

  static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

 private:
  struct state;
  std::unique_ptr<state> state_;
};

/// The registry of this process; never destroyed, so destructors may still count.
registry& metrics();

} // namespace bpci::metrics
