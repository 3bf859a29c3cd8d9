#pragma once

#include "gateways/api/call.hpp"
#include "messages/codec/json.hpp"

namespace bpci::gateway {

/// The body of a request as a described message. Errors: malformed, too_deep, invalid_argument.
template <class T>
result<T> read_body(const call& what) {
  auto body = codec::parse_json(what.request.body);
  if (!body) return body.error();
  return codec::from_json<T>(*body);
}

} // namespace bpci::gateway
