#include "config/addresses.hpp"

namespace bpci::config {

bool is_every_interface(std::string_view host) {
  return host == "0.0.0.0" || host == "::";
}

std::string host_and_port(std::string_view host, std::uint16_t port) {
  const auto is_ipv6 = host.find(':') != std::string_view::npos;
  auto out = std::string{host};
  if (is_ipv6) out = '[' + out + ']';
  return out + ':' + std::to_string(port);
}

std::string gateway_host(const node_config& c) {
  if (!is_every_interface(c.listen.host)) return c.listen.host;
  return c.cluster.link_advertise.empty() ? c.cluster.link_host : c.cluster.link_advertise;
}

} // namespace bpci::config
