#pragma once

#include "messages/ids.hpp"

#include <boost/json/fwd.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// HTTP as the rest of the gateways sees it: plain data, nothing of the library that speaks it.
namespace bpci::http {

using name_value = std::pair<std::string, std::string>;

/// Header fields in the order of the message. Names are compared without case (RFC 9110, 5.1).
struct header_list {
  std::vector<name_value> fields;

  /// The value of the first field of this name; null if there is none.
  [[nodiscard]] const std::string* find(std::string_view name) const& noexcept;
  const std::string* find(std::string_view) const&& = delete;

  /// The same, empty if there is none.
  [[nodiscard]] std::string_view get(std::string_view name) const& noexcept;
  std::string_view get(std::string_view) const&& = delete;

  /// Replaces all fields of this name by one.
  void set(std::string_view name, std::string value);

  bool operator==(const header_list&) const = default;
};

/// One request, complete. Its size was checked while it came in.
struct request {
  std::string method;            ///< As sent: methods are case-sensitive.
  std::string path;              ///< Decoded and normalised, see target.hpp. Starts with `/`.
  std::vector<name_value> query; ///< Decoded, in the order of the address.
  header_list headers;
  std::string body;
  std::string remote_address; ///< The address of the connection's other end, without the port.
  correlation_id id;          ///< From `X-Correlation-ID` where that is a valid id, else made here.

  /// The first value of this name in the query; null if there is none.
  [[nodiscard]] const std::string* parameter(std::string_view name) const noexcept;

  /// The media type of the body in lower case, without parameters: `application/json`.
  [[nodiscard]] std::string media_type() const;
};

/// The request of a client that wants a WebSocket; the method was GET, there is no body.
struct upgrade_request {
  std::string path;
  std::vector<name_value> query;
  header_list headers;
  std::string remote_address;
  correlation_id id;
  std::string subprotocol; ///< The one that was agreed; empty if the client offered none.
};

/// An answer. The server adds Content-Length, Date, Server, X-Correlation-ID and the security
/// headers; a header set here wins over the server's default of the same name.
struct response {
  int status = 200;
  header_list headers = {};
  std::string body = {};
  std::string content_type = {}; ///< Empty: there is no Content-Type.
};

response json_response(const boost::json::value& body, int status = 200);

/// `body` is JSON already.
response json_text_response(std::string body, int status = 200);

response text_response(std::string body, std::string content_type, int status = 200);

/// 204: done, and there is nothing to say.
response empty_response();

} // namespace bpci::http
