#include "actors/oracle/registry.hpp"

#include <boost/url/parse.hpp>

namespace bpci::oracle {

namespace {

constexpr std::size_t capabilities_max = 64;
constexpr std::size_t endpoint_size_max = 2048;

/// Where the node can be reached by others, if at all; the cluster itself never connects to it.
result<void> check_endpoint(const std::string& text) {
  auto url = boost::urls::parse_uri(text);
  if (text.size() > endpoint_size_max || url.has_error()
      || (url->scheme() != "ws" && url->scheme() != "wss") || url->host().empty())
    return fail(ec::invalid_argument, "endpoint: expected ws://HOST:PORT or wss://HOST:PORT");
  return {};
}

} // namespace

result<checked_registration> check(const registration& x) {
  constexpr auto alphabet = ": expected 1 to 64 characters of A-Z a-z 0-9 . _ : -";
  if (!is_valid_id(x.node_id.get()))
    return fail(ec::invalid_argument, std::string{"node_id"} + alphabet);
  if (!is_valid_id(x.node_type))
    return fail(ec::invalid_argument, std::string{"node_type"} + alphabet);
  if (auto ok = check_endpoint(x.endpoint); !ok) return ok.error();
  if (x.capabilities.size() > capabilities_max)
    return fail(ec::invalid_argument, "capabilities: at most " + std::to_string(capabilities_max));
  for (const auto& one : x.capabilities)
    if (!is_valid_id(one))
      return fail(ec::invalid_argument, std::string{"capabilities"} + alphabet);
  auto key = crypto::public_key_from_hex(x.public_key);
  if (!key) return fail(ec::invalid_argument, "public_key: " + key.error().detail);
  return checked_registration{x, *key};
}

} // namespace bpci::oracle
