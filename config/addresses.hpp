#pragma once

#include "config/node_config.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace bpci::config {

/// Whether who listens at `host` is reached by every address of the machine. Nobody can connect to
/// such a host.
bool is_every_interface(std::string_view host);

/// `host:port`, with an IPv6 address in brackets (RFC 3986, 3.2.2).
std::string host_and_port(std::string_view host, std::uint16_t port);

/// The host by which clients and admins are told of this node's gateway: where it listens or, when
/// that is every interface, where the other members reach it.
std::string gateway_host(const node_config& c);

} // namespace bpci::config
