#define CAF_SUITE metrics_name_rules

#include "runtime/metrics/name_rules.hpp"

#include <caf/test/unit_test.hpp>

#include <string_view>

using namespace bpci::metrics;

CAF_TEST(good names are accepted) {
  CAF_CHECK_EQUAL(name_fault(kind::counter, "bpci_link_refused_total"), "");
  CAF_CHECK_EQUAL(name_fault(kind::counter, "bpci_http_sent_bytes_total"), "");
  CAF_CHECK_EQUAL(name_fault(kind::counter, "bpci_worker_busy_seconds_total"), "");
  CAF_CHECK_EQUAL(name_fault(kind::gauge, "bpci_consensus_height"), "");
  CAF_CHECK_EQUAL(name_fault(kind::gauge, "bpci_pool_use_ratio"), "");
  CAF_CHECK_EQUAL(name_fault(kind::gauge, "bpci_thermometers"), "");
  CAF_CHECK_EQUAL(name_fault(kind::histogram, "bpci_http_request_duration_seconds"), "");
}

CAF_TEST(names that promtool would complain of are refused) {
  struct row {
    kind what;
    std::string_view name;
  };
  for (const auto& x : {
           row{kind::counter, "bpci_link_refused"},
           {kind::gauge, "bpci_links_total"},
           {kind::histogram, "bpci_request_total"},
           {kind::histogram, "bpci_request_ms"},
           {kind::histogram, "bpci_request_milliseconds"},
           {kind::gauge, "bpci_wait_minutes"},
           {kind::gauge, "bpci_cache_kilobytes"},
           {kind::gauge, "bpci_cache_mb"},
           {kind::gauge, "bpci_lag_s_now"},
           {kind::gauge, "bpci_bits"},
           {kind::gauge, "bpci_link_gauge"},
           {kind::counter, "bpci_counter_reads_total"},
           {kind::gauge, "bpci_links_count"},
           {kind::gauge, "bpci_links_sum"},
           {kind::gauge, "bpci_links_bucket"},
           {kind::gauge, "bpci_Links"},
           {kind::gauge, "bpci_openLinks"},
           {kind::gauge, "bpci:links"},
           {kind::gauge, "bpci__links"},
           {kind::gauge, "bpci_links_"},
           {kind::gauge, "bpci_"},
           {kind::gauge, "links"},
           {kind::gauge, "other_links"},
           {kind::gauge, "_bpci_links"},
           {kind::gauge, ""},
       }) {
    CAF_MESSAGE(x.name);
    CAF_CHECK_NOT_EQUAL(name_fault(x.what, x.name), "");
  }
}

CAF_TEST(labels are snake case and leave the reserved ones alone) {
  CAF_CHECK_EQUAL(label_fault("code"), "");
  CAF_CHECK_EQUAL(label_fault("route_2"), "");
  for (std::string_view name : {"", "le", "quantile", "__name", "Code", "1st", "a-b", "a_"})
    CAF_CHECK_NOT_EQUAL(label_fault(name), "");
}
