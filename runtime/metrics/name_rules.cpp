#include "runtime/metrics/name_rules.hpp"

#include <algorithm>
#include <array>

namespace bpci::metrics {

namespace {

constexpr std::string_view prefix = "bpci_";

constexpr std::array<std::string_view, 5> kinds = {"counter", "gauge", "histogram", "summary",
                                                   "untyped"};

constexpr std::array<std::string_view, 14> abbreviations = {
    "s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d"};

constexpr std::array<std::string_view, 10> base_units = {"amperes", "bytes",  "celsius", "grams",
                                                         "joules",  "kelvin", "meters",  "metres",
                                                         "seconds", "volts"};

constexpr std::array<std::string_view, 15> other_units = {
    "minutes", "hours", "days", "weeks",    "kelvins", "fahrenheit", "rankine", "inches",
    "yards",   "miles", "bits", "calories", "pounds",  "ounces",     "percent"};

constexpr std::array<std::string_view, 18> multiples = {
    "pico", "nano", "micro", "milli", "centi", "deci", "deca", "hecto", "kilo",
    "kibi", "mega", "mibi",  "giga",  "gibi",  "tera", "tebi", "peta",  "pebi"};

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

/// `milliseconds` and `kilobytes`, but not `thermometers`.
bool is_multiple(std::string_view word) {
  return std::ranges::any_of(multiples, [&](std::string_view multiple) {
    if (!word.starts_with(multiple)) return false;
    auto unit = word.substr(multiple.size());
    return contains(base_units, unit) || contains(other_units, unit);
  });
}

std::string word_fault(std::string_view word) {
  if (contains(kinds, word)) return "names a kind of metric";
  if (contains(abbreviations, word)) return "abbreviates a unit";
  if (contains(other_units, word) || is_multiple(word)) return "has a unit that is no base unit";
  return {};
}

bool is_snake_case(std::string_view name) {
  if (name.empty() || name.front() < 'a' || name.front() > 'z' || name.ends_with('_')) return false;
  if (name.find("__") != std::string_view::npos) return false;
  return std::ranges::all_of(
      name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

} // namespace

std::string name_fault(kind what, std::string_view name) {
  if (!is_snake_case(name)) return "is not snake_case";
  if (!name.starts_with(prefix)) return "does not begin with bpci_";
  if (what == kind::counter && !name.ends_with("_total")) return "counts, so it ends in _total";
  if (what != kind::counter && name.ends_with("_total")) return "does not count, so no _total";
  for (std::string_view reserved : {"_bucket", "_count", "_sum"})
    if (name.ends_with(reserved)) return "ends as only the parts of a histogram do";
  for (auto rest = name; !rest.empty();) {
    auto word = rest.substr(0, rest.find('_'));
    if (auto fault = word_fault(word); !fault.empty()) return fault;
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
  }
  return {};
}

std::string label_fault(std::string_view name) {
  if (!is_snake_case(name)) return "is not snake_case";
  if (name == "le" || name == "quantile") return "is kept for the parts of a histogram or summary";
  return {};
}

} // namespace bpci::metrics
