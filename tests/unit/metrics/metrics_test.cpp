#define CAF_SUITE metrics_registry

#include "runtime/metrics/metrics.hpp"

#include <caf/test/unit_test.hpp>

#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace bpci::metrics;
using namespace std::chrono_literals;

namespace {

bool has_line(const std::string& text, const std::string& line) {
  return text.starts_with(line + '\n') || text.find('\n' + line + '\n') != std::string::npos;
}

/// The sample of a metric without labels; -1 if there is none.
double sample(const std::string& text, const std::string& name) {
  auto at = text.find('\n' + name + ' ');
  return at == std::string::npos ? -1 : std::atof(text.c_str() + at + name.size() + 2);
}

template <class Call>
bool breaks(Call call) {
  try {
    call();
    return false;
  } catch (const std::logic_error&) {
    return true;
  }
}

} // namespace

CAF_TEST(a counter is exposed with its help and its kind and its labels) {
  registry all;
  auto& refused = all.counter("bpci_link_refused_total", "Frames refused.", {{"code", "too_old"}});
  refused.add();
  refused.add(2);
  auto text = all.expose();
  CAF_CHECK(has_line(text, "# HELP bpci_link_refused_total Frames refused."));
  CAF_CHECK(has_line(text, "# TYPE bpci_link_refused_total counter"));
  CAF_CHECK(has_line(text, "bpci_link_refused_total{code=\"too_old\"} 3"));
}

CAF_TEST(a gauge goes up and down) {
  registry all;
  auto& open = all.gauge("bpci_links_open", "Open links.");
  open.set(5);
  open.add();
  open.subtract(2);
  CAF_CHECK_EQUAL(open.value(), 4.0);
  CAF_CHECK(has_line(all.expose(), "bpci_links_open 4"));
}

CAF_TEST(a histogram counts durations in seconds) {
  registry all;
  auto& took = all.histogram("bpci_query_duration_seconds", "Time of a query.", {0.01, 0.1, 1});
  took.observe(5ms);
  took.observe(50ms);
  took.observe(2.5);
  auto text = all.expose();
  CAF_CHECK(has_line(text, "bpci_query_duration_seconds_bucket{le=\"0.01\"} 1"));
  CAF_CHECK(has_line(text, "bpci_query_duration_seconds_bucket{le=\"1\"} 2"));
  CAF_CHECK(has_line(text, "bpci_query_duration_seconds_bucket{le=\"+Inf\"} 3"));
  CAF_CHECK_EQUAL(sample(text, "bpci_query_duration_seconds_count"), 3.0);
}

CAF_TEST(the same name and labels are the same handle in any order of labels) {
  registry all;
  auto& one = all.counter("bpci_seen_total", "Seen.", {{"a", "1"}, {"b", "2"}});
  auto& same = all.counter("bpci_seen_total", "Seen.", {{"b", "2"}, {"a", "1"}});
  auto& other = all.counter("bpci_seen_total", "Seen.", {{"a", "1"}, {"b", "3"}});
  CAF_CHECK(&one == &same);
  CAF_CHECK(&one != &other);
}

CAF_TEST(what breaks a rule is a fault of the program) {
  registry all;
  all.counter("bpci_taken_total", "Taken.");
  all.gauge("bpci_taken", "Taken.");
  CAF_CHECK(breaks([&] { all.counter("bpci_seen", "Seen."); }));
  CAF_CHECK(breaks([&] { all.gauge("bpci_wait_ms", "Wait."); }));
  CAF_CHECK(breaks([&] { all.gauge("bpci_wait_seconds", ""); }));
  CAF_CHECK(breaks([&] { all.gauge("bpci_wait_seconds", "Wait.", {{"le", "1"}}); }));
  CAF_CHECK(breaks([&] { all.histogram("bpci_taken", "Taken."); }));
  CAF_CHECK(breaks([&] { all.histogram("bpci_wait_seconds", "Wait.", buckets{}); }));
  CAF_CHECK(breaks([&] { all.histogram("bpci_wait_seconds", "Wait.", {1, 1}); }));
  CAF_CHECK(breaks([&] { all.histogram("bpci_wait_seconds", "Wait.", {2, 1}); }));
  CAF_CHECK_EQUAL(all.expose().find("bpci_wait"), std::string::npos);
}

CAF_TEST(label values beyond the limit are counted together) {
  registry all;
  for (std::size_t i = 0; i < series_max + 10; ++i)
    all.counter("bpci_seen_total", "Seen.", {{"who", std::to_string(i)}}).add();
  auto text = all.expose();
  CAF_CHECK(has_line(text, "bpci_seen_total{who=\"999\"} 1"));
  CAF_CHECK_EQUAL(text.find("who=\"1000\""), std::string::npos);
  CAF_CHECK(has_line(text, "bpci_seen_total{who=\"other\"} 10"));
}

CAF_TEST(a label value with quotes and line ends stays one sample) {
  registry all;
  all.counter("bpci_seen_total", "Seen.", {{"who", "a\"b\nc\\d"}}).add();
  CAF_CHECK(has_line(all.expose(), R"(bpci_seen_total{who="a\"b\nc\\d"} 1)"));
}

CAF_TEST(the process tells of itself under the standard names) {
  auto text = registry{}.expose();
  auto now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch());
  CAF_CHECK(sample(text, "process_cpu_seconds_total") >= 0);
  CAF_CHECK(sample(text, "process_resident_memory_bytes") > 1e6);
  CAF_CHECK(sample(text, "process_virtual_memory_bytes")
            >= sample(text, "process_resident_memory_bytes"));
  CAF_CHECK(sample(text, "process_open_fds") >= 3);
  CAF_CHECK(sample(text, "process_max_fds") >= sample(text, "process_open_fds"));
  CAF_CHECK(sample(text, "process_start_time_seconds") <= now.count() + 2);
  CAF_CHECK(sample(text, "process_start_time_seconds") > now.count() - 3600);
}

CAF_TEST(threads count without losing anything while others read and register) {
  constexpr auto threads = 4;
  constexpr auto each = 5000;
  registry all;
  std::vector<std::thread> workers;
  workers.reserve(threads);
  for (auto t = 0; t < threads; ++t)
    workers.emplace_back([&] {
      for (auto i = 0; i < each; ++i)
        all.counter("bpci_seen_total", "Seen.").add();
    });
  for (auto i = 0; i < 20; ++i)
    static_cast<void>(all.expose());
  for (auto& worker : workers)
    worker.join();
  CAF_CHECK_EQUAL(all.counter("bpci_seen_total", "Seen.").value(), 1.0 * threads * each);
}

CAF_TEST(the process has one registry) {
  CAF_CHECK(&metrics() == &metrics());
}
