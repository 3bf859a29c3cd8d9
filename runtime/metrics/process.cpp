#include "runtime/metrics/process.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <unistd.h>

namespace bpci::metrics {

namespace {

/// Fields of /proc/self/stat, counted from the one behind the program's name (proc(5) numbers
/// that one 3).
struct stat_fields {
  std::vector<std::string> words;

  [[nodiscard]] std::optional<double> number(std::size_t proc5_number) const {
    auto index = proc5_number - 3;
    if (index >= words.size()) return std::nullopt;
    const auto& word = words[index];
    double value = 0;
    auto [end, why] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (why != std::errc{}) return std::nullopt;
    return value;
  }
};

stat_fields read_stat() {
  std::ifstream in{"/proc/self/stat"};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  // The name stands in brackets and may itself hold brackets and blanks.
  auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest{text.substr(name_end + 1)};
  return {{std::istream_iterator<std::string>{rest}, {}}};
}

std::optional<double> boot_time_seconds() {
  std::ifstream in{"/proc/stat"};
  for (std::string word; in >> word;) {
    double seconds = 0;
    if (word == "btime" && in >> seconds) return seconds;
  }
  return std::nullopt;
}

std::optional<double> open_descriptors() {
  std::error_code why;
  auto entries = std::filesystem::directory_iterator{"/proc/self/fd", why};
  if (why) return std::nullopt;
  // One of the entries is the descriptor that lists them.
  return static_cast<double>(std::distance(begin(entries), end(entries)) - 1);
}

std::optional<double> descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::nullopt;
  return static_cast<double>(limit.rlim_cur);
}

std::optional<double> times(std::optional<double> x, double factor) {
  if (!x) return std::nullopt;
  return *x * factor;
}

std::optional<double> sum(std::optional<double> x, std::optional<double> y) {
  if (!x || !y) return std::nullopt;
  return *x + *y;
}

class collector {
 public:
  void gauge(std::string name, std::string help, std::optional<double> value) {
    if (!value) return;
    prometheus::ClientMetric sample;
    sample.gauge.value = *value;
    add(std::move(name), std::move(help), prometheus::MetricType::Gauge, std::move(sample));
  }

  void counter(std::string name, std::string help, std::optional<double> value) {
    if (!value) return;
    prometheus::ClientMetric sample;
    sample.counter.value = *value;
    add(std::move(name), std::move(help), prometheus::MetricType::Counter, std::move(sample));
  }

  std::vector<prometheus::MetricFamily> families;

 private:
  void add(std::string name, std::string help, prometheus::MetricType type,
           prometheus::ClientMetric sample) {
    families.push_back({std::move(name), std::move(help), type, {std::move(sample)}});
  }
};

} // namespace

std::vector<prometheus::MetricFamily> process_metrics() {
  static const auto seconds_per_tick = 1.0 / static_cast<double>(::sysconf(_SC_CLK_TCK));
  static const auto page_bytes = static_cast<double>(::sysconf(_SC_PAGESIZE));
  auto stat = read_stat();
  collector all;
  all.counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.",
              times(sum(stat.number(14), stat.number(15)), seconds_per_tick));
  all.gauge("process_resident_memory_bytes", "Resident memory size in bytes.",
            times(stat.number(24), page_bytes));
  all.gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", stat.number(23));
  all.gauge("process_open_fds", "Number of open file descriptors.", open_descriptors());
  all.gauge("process_max_fds", "Maximum number of open file descriptors.", descriptor_limit());
  all.gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.",
            sum(boot_time_seconds(), times(stat.number(22), seconds_per_tick)));
  return all.families;
}

} // namespace bpci::metrics
