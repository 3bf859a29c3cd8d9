#define CAF_SUITE metrics_aliases

#include "runtime/metrics/aliases.hpp"
#include "runtime/metrics/metrics.hpp"

#include <caf/test/unit_test.hpp>

using namespace bpci::metrics;

namespace {

std::string shown(const registry& all, const alias& x) {
  return aliased(all.expose(), {&x, 1});
}

} // namespace

CAF_TEST(an alias has the values and labels of its metric) {
  registry all;
  all.counter("bpci_rounds_total", "Rounds.", {{"result", "passed"}}).add(2);
  all.counter("bpci_rounds_total", "Rounds.", {{"result", "failed"}}).add(3);
  all.counter("bpci_rounds_refused_total", "Others.").add(7);
  const auto text = shown(all, {"rounds_total", "bpci_rounds_total", kind::counter});
  CAF_CHECK(text.starts_with("# HELP rounds_total The same as bpci_rounds_total.\n"
                             "# TYPE rounds_total counter\n"));
  CAF_CHECK(text.find("\nrounds_total{result=\"passed\"} 2") != std::string::npos);
  CAF_CHECK(text.find("\nrounds_total{result=\"failed\"} 3") != std::string::npos);
  CAF_CHECK(text.find("bpci_rounds_total{") == std::string::npos);
  CAF_CHECK(text.find("refused") == std::string::npos);
}

CAF_TEST(the alias of a histogram has its buckets) {
  registry all;
  all.histogram("bpci_wait_seconds", "Waiting.", {0.1, 1}).observe(0.5);
  const auto text = shown(all, {"wait_seconds", "bpci_wait_seconds", kind::histogram});
  CAF_CHECK(text.find("\nwait_seconds_count 1") != std::string::npos);
  CAF_CHECK(text.find("\nwait_seconds_bucket{le=\"0.1\"} 0") != std::string::npos);
  CAF_CHECK(text.find("\nwait_seconds_bucket{le=\"1\"} 1") != std::string::npos);
}

CAF_TEST(the alias of a metric that is not there yet is zero) {
  const registry all;
  CAF_CHECK_EQUAL(shown(all, {"links_active", "bpci_links", kind::gauge}),
                  "# HELP links_active The same as bpci_links.\n"
                  "# TYPE links_active gauge\n"
                  "links_active 0\n");
}
