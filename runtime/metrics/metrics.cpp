#include "runtime/metrics/metrics.hpp"

#include "runtime/metrics/name_rules.hpp"
#include "runtime/metrics/process.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace bpci::metrics {

namespace {

[[noreturn]] void broken(std::string_view name, std::string_view rule) {
  throw std::logic_error("the metric or label " + std::string{name} + ": " + std::string{rule});
}

void check(kind what, std::string_view name, std::string_view help, labels of) {
  if (auto fault = name_fault(what, name); !fault.empty()) broken(name, fault);
  if (help.empty()) broken(name, "has no help text");
  for (const auto& label : of)
    if (auto fault = label_fault(label.first); !fault.empty()) broken(label.first, fault);
}

void check(std::string_view name, buckets bounds) {
  auto falls = std::ranges::adjacent_find(bounds, std::greater_equal{}) != bounds.end();
  if (bounds.size() == 0 || falls) broken(name, "has buckets that do not rise");
}

/// All handles of one metric, by their labels. A std::map, since its elements never move.
template <class Handle>
using series = std::map<prometheus::Labels, Handle>;

template <class Handle>
using by_name = std::map<std::string, series<Handle>, std::less<>>;

} // namespace

struct registry::state {
  mutable std::mutex guard;
  prometheus::Registry families;
  by_name<metrics::counter> counters;
  by_name<metrics::gauge> gauges;
  by_name<metrics::histogram> histograms;

  /// `bounds` is what prometheus-cpp needs to make a histogram, and empty for the others.
  template <class Handle, class Builder, class... Bounds>
  Handle& find_or_add(by_name<Handle>& all, Builder builder, std::string_view name,
                      std::string_view help, labels of, const Bounds&... bounds) {
    std::lock_guard lock{guard};
    auto& known = all[std::string{name}];
    prometheus::Labels key{of.begin(), of.end()};
    if (auto found = known.find(key); found != known.end()) return found->second;
    if (known.size() >= series_max)
      for (auto& entry : key)
        entry.second = "other";
    if (auto found = known.find(key); found != known.end()) return found->second;
    auto& family = builder.Name(std::string{name}).Help(std::string{help}).Register(families);
    return known.emplace(key, Handle{family.Add(key, bounds...)}).first->second;
  }
};

registry::registry() : state_(std::make_unique<state>()) {}

registry::~registry() = default;

metrics::counter& registry::counter(std::string_view name, std::string_view help, labels of) {
  check(kind::counter, name, help, of);
  return state_->find_or_add(state_->counters, prometheus::BuildCounter(), name, help, of);
}

metrics::gauge& registry::gauge(std::string_view name, std::string_view help, labels of) {
  check(kind::gauge, name, help, of);
  return state_->find_or_add(state_->gauges, prometheus::BuildGauge(), name, help, of);
}

metrics::histogram& registry::histogram(std::string_view name, std::string_view help,
                                        buckets bounds, labels of) {
  check(kind::histogram, name, help, of);
  check(name, bounds);
  return state_->find_or_add(state_->histograms, prometheus::BuildHistogram(), name, help, of,
                             std::vector<double>{bounds});
}

std::string registry::expose() const {
  auto all = state_->families.Collect();
  std::ranges::move(process_metrics(), std::back_inserter(all));
  std::ostringstream out;
  prometheus::TextSerializer{}.Serialize(out, all);
  return std::move(out).str();
}

registry& metrics() {
  static auto& ours = *new registry;
  return ours;
}

void counter::add(std::uint64_t n) noexcept {
  metric_->Increment(static_cast<double>(n));
}

void counter::add_fraction(double n) noexcept {
  metric_->Increment(n);
}

double counter::value() const noexcept {
  return metric_->Value();
}

void gauge::set(double x) noexcept {
  metric_->Set(x);
}

void gauge::add(double n) noexcept {
  metric_->Increment(n);
}

void gauge::subtract(double n) noexcept {
  metric_->Decrement(n);
}

double gauge::value() const noexcept {
  return metric_->Value();
}

void histogram::observe(double x) {
  metric_->Observe(x);
}

void histogram::observe(std::chrono::nanoseconds took) {
  metric_->Observe(std::chrono::duration<double>{took}.count());
}

} // namespace bpci::metrics
