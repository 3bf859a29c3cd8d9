#pragma once

#include "messages/error.hpp"

#include <boost/json/object.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace bpci::bench {

/// One number, measured once a round.
class series {
public:
  void add(double x) { values_.push_back(x); }
  [[nodiscard]] const std::vector<double>& values() const { return values_; }
  [[nodiscard]] double median() const;
  [[nodiscard]] double least() const;
  [[nodiscard]] double most() const;

private:
  std::vector<double> values_;
};

/// `how(x, y)` of each round: what disturbs one round disturbs both of its numbers.
template <class How>
series combine(const series& x, const series& y, How how) {
  series out;
  for (std::size_t i = 0; i < std::min(x.values().size(), y.values().size()); ++i)
    out.add(how(x.values()[i], y.values()[i]));
  return out;
}

/// The value below which `share` of them lie; reorders them.
double percentile_ms(std::vector<std::chrono::nanoseconds>& values, double share);

struct row {
  std::string name; ///< In the file.
  std::string text; ///< In the table.
  std::string unit;
  int digits = 0; ///< Behind the point.
  series values;
};

struct section {
  std::string name;
  std::string title;
  std::vector<row> rows;
};

struct report {
  std::string title;
  std::vector<section> sections;
  boost::json::object settings; ///< What was asked for.
};

void print_table(const report& what);

/// Each section by its name, and `machine` and `settings`. Errors: `internal`.
result<void> write_json(const report& what, const std::filesystem::path& where);

} // namespace bpci::bench
