#include "tests/bench/report.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sys/utsname.h>
#include <thread>

namespace bpci::bench {

namespace {

namespace json = boost::json;

std::string processor() {
  auto in = std::ifstream{"/proc/cpuinfo"};
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("model name"))
      if (auto at = line.find(": "); at != std::string::npos) return line.substr(at + 2);
  return "unknown";
}

json::object machine() {
  utsname system{};
  ::uname(&system);
  double load = 0;
  ::getloadavg(&load, 1);
  return {{"processor", processor()},
          {"cores", std::thread::hardware_concurrency()},
          {"kernel", system.release},
          {"load_average_1min", load}};
}

/// A number of a table need not be read to its sixteenth digit.
double rounded(double x, int digits) {
  auto scale = std::pow(10.0, digits);
  return std::round(x * scale) / scale;
}

json::object to_json(const row& x) {
  const auto digits = x.digits + 2;
  return {{"median", rounded(x.values.median(), digits)},
          {"min", rounded(x.values.least(), digits)},
          {"max", rounded(x.values.most(), digits)},
          {"unit", x.unit}};
}

} // namespace

double series::median() const {
  if (values_.empty()) return 0;
  auto sorted = values_;
  std::ranges::sort(sorted);
  auto middle = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

double series::least() const {
  return values_.empty() ? 0 : std::ranges::min(values_);
}

double series::most() const {
  return values_.empty() ? 0 : std::ranges::max(values_);
}

double percentile_ms(std::vector<std::chrono::nanoseconds>& values, double share) {
  if (values.empty()) return 0;
  auto place = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1));
  auto at = values.begin() + static_cast<std::ptrdiff_t>(place);
  std::ranges::nth_element(values, at);
  return std::chrono::duration<double, std::milli>{*at}.count();
}

void print_table(const report& what) {
  std::printf("%s\n", what.title.c_str());
  for (const auto& part : what.sections) {
    std::printf("\n%-58s %12s   %s\n", part.title.c_str(), "median", "min .. max");
    for (const auto& x : part.rows)
      std::printf("  %-56s %12.*f   %.*f .. %.*f %s\n", x.text.c_str(), x.digits, x.values.median(),
                  x.digits, x.values.least(), x.digits, x.values.most(), x.unit.c_str());
  }
}

result<void> write_json(const report& what, const std::filesystem::path& where) {
  json::object all;
  for (const auto& part : what.sections) {
    json::object rows;
    for (const auto& x : part.rows)
      rows[x.name] = to_json(x);
    all[part.name] = std::move(rows);
  }
  all["machine"] = machine();
  all["settings"] = what.settings;
  std::error_code error;
  std::filesystem::create_directories(where.parent_path(), error);
  auto out = std::ofstream{where};
  out << json::serialize(all) << "\n";
  out.close();
  if (!out) return fail(ec::internal, "cannot write " + where.string());
  return {};
}

} // namespace bpci::bench
