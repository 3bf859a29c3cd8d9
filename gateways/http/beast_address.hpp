#pragma once

#include "gateways/http/beast_loop.hpp"
#include "gateways/http/message.hpp"
#include "messages/error.hpp"

#include <boost/beast/websocket/rfc6455.hpp>

#include <string>
#include <string_view>

/// Internal to gateways/http: what both kinds of clients need to know of an address.
namespace bpci::http::io {

struct address {
  std::string host;
  std::string port;
  std::string path; ///< `/` if the address has none.

  /// For the Host header, with the brackets of an IPv6 address.
  [[nodiscard]] std::string authority() const {
    return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + port;
  }
};

/// `scheme` with its `://`. Errors: invalid_argument.
result<address> parse_address(std::string_view text, std::string_view scheme);

/// Why there is no connection: timeout, or unavailable.
failure broken(const address& to, error_code why);

/// Whether these cannot break out of their places in a request.
bool fits_in_a_request(const std::string& method, const std::string& path,
                       const header_list& headers);

/// What the server said when it did not open a WebSocket.
failure refusal(const boost::beast::websocket::response_type& said);

} // namespace bpci::http::io
