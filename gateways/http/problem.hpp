#pragma once

#include "gateways/http/message.hpp"
#include "messages/error.hpp"

#include <chrono>
#include <string>

namespace bpci::http {

/// What a problem may need beyond the failure.
struct problem_hints {
  int status = 0;         ///< 0: the code's own, `http_status(code)`.
  std::string allow = {}; ///< For 405: the methods that the path has (RFC 9110, 10.2.1).
  /// For 429 and 503, in whole seconds as a header (RFC 9110, 10.2.3) and as `retry_after_ms`.
  std::chrono::milliseconds retry_after{1'000};
  std::string next_step = {}; ///< Instead of the code's own.
};

/// The answer to a request that failed: RFC 9457, `application/problem+json`, with
///
///     type      "urn:bpci:error:too_large"
///     title     the code's sentence
///     status    the HTTP status
///     detail    what was special about this case; absent if there is nothing
///     instance  "urn:bpci:request:" and the correlation id
///     code, next_step
///     retry_after_ms  with 429 and 503: when the same request is worth sending again
///     data      null, and error {code, message, next_step}: the envelope of the older clients
///
/// `detail` is shown as it stands, so it holds no secret.
response problem(const failure& why, const correlation_id& id, const problem_hints& hints = {});

} // namespace bpci::http
