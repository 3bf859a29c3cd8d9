#define CAF_SUITE config_addresses

#include "config/addresses.hpp"

#include <caf/test/unit_test.hpp>

using namespace bpci::config;

CAF_TEST(a gateway that listens at one address is reached there) {
  node_config c;
  c.listen.host = "10.0.0.7";
  c.cluster.link_advertise = "node-2.internal";
  CAF_CHECK_EQUAL(gateway_host(c), "10.0.0.7");
}

CAF_TEST(a gateway that listens everywhere is reached where the other members reach the node) {
  for (const auto* everywhere : {"0.0.0.0", "::"}) {
    node_config c;
    c.listen.host = everywhere;
    c.cluster.link_host = "10.0.0.7";
    CAF_CHECK_EQUAL(gateway_host(c), "10.0.0.7");
    c.cluster.link_advertise = "node-2.internal";
    CAF_CHECK_EQUAL(gateway_host(c), "node-2.internal");
  }
}

CAF_TEST(an address of IPv6 stands in brackets before its port) {
  CAF_CHECK_EQUAL(host_and_port("10.0.0.7", 8'080), "10.0.0.7:8080");
  CAF_CHECK_EQUAL(host_and_port("node-2.internal", 0), "node-2.internal:0");
  CAF_CHECK_EQUAL(host_and_port("fe80::1", 8'080), "[fe80::1]:8080");
}
