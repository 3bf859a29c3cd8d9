#pragma once

#include "gateways/http/router.hpp"
#include "gateways/http/server.hpp"

#include <boost/json/value.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <atomic>
#include <chrono>
#include <memory>

namespace bpci::gateway {

/// Counts the requests that are being answered, and bounds them.
class permits {
public:
  explicit permits(std::size_t most) : most_(most) {}

  /// Null when all are taken. Given back when the last copy goes.
  std::shared_ptr<void> take();

private:
  struct counter {
    std::atomic<std::size_t> taken{0};
  };

  std::size_t most_;
  std::shared_ptr<counter> counter_ = std::make_shared<counter>();
};

class api_actor;
struct call;
using call_ptr = std::shared_ptr<const call>;

/// Answers `what`, now or later. Runs in the API actor: it must not block.
using route_handler = void (*)(api_actor& self, const call_ptr& what);

using router = http::router<route_handler>;
using route = router::route;

/// One request on its way through the API actor. Answered at the latest when the last copy goes,
/// with `restarted`.
struct call {
  http::request request;
  http::path_parameters parameters;
  http::route_info route;
  route_handler handle = nullptr;
  http::responder respond;
  std::shared_ptr<void> permit;
  std::chrono::steady_clock::time_point since;
  std::string caller = {}; ///< The label of the token; empty where none is needed.

  /// 200 with the envelope {"data": ..., "error": null}.
  void ok(boost::json::value data) const;
  void fail(const failure& why) const;
  void reply(http::response what) const;

  /// The value of a query parameter, empty if there is none.
  [[nodiscard]] std::string parameter(std::string_view name) const;

  /// A whole number of the query; 0 if there is none. Errors: invalid_argument.
  [[nodiscard]] result<std::uint64_t> number(std::string_view name) const;
};

/// Counts a request that ended (bpci_http_requests_total, bpci_http_request_duration_seconds).
/// `pattern` is the route's, so that the number of series is bounded.
void count_request(std::string_view method, std::string_view pattern, int status,
                   std::chrono::steady_clock::duration took);

} // namespace bpci::gateway

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::gateway::call_ptr)
