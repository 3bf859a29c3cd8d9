#include "gateways/api/call.hpp"

#include "gateways/http/problem.hpp"
#include "runtime/metrics/metrics.hpp"
#include "runtime/time/clock.hpp"

#include <boost/json/object.hpp>

#include <charconv>

namespace bpci::gateway {

std::shared_ptr<void> permits::take() {
  if (counter_->taken.fetch_add(1) >= most_) {
    counter_->taken.fetch_sub(1);
    return nullptr;
  }
  return {counter_.get(), [counter = counter_](void*) { counter->taken.fetch_sub(1); }};
}

void call::ok(boost::json::value data) const {
  reply(http::json_response(boost::json::object{{"data", std::move(data)}, {"error", nullptr}}));
}

void call::fail(const failure& why) const {
  reply(http::problem(why, request.id));
}

void call::reply(http::response what) const {
  count_request(request.method, route.pattern, what.status, steady_now() - since);
  respond(std::move(what));
}

std::string call::parameter(std::string_view name) const {
  const auto* value = request.parameter(name);
  return value ? *value : std::string{};
}

result<std::uint64_t> call::number(std::string_view name) const {
  const auto* text = request.parameter(name);
  if (!text || text->empty()) return std::uint64_t{0};
  std::uint64_t out = 0;
  auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), out);
  if (error != std::errc{} || end != text->data() + text->size())
    return bpci::fail(ec::invalid_argument, std::string{name} + ": expected a whole number");
  return out;
}

void count_request(std::string_view method, std::string_view pattern, int status,
                   std::chrono::steady_clock::duration took) {
  using metrics::metrics;
  auto code = std::to_string(status);
  metrics()
      .counter("bpci_http_requests_total", "HTTP requests that were answered.",
               {{"method", method}, {"route", pattern}, {"status", code}})
      .add();
  metrics()
      .histogram("bpci_http_request_duration_seconds",
                 "From the end of an HTTP request to its answer.", metrics::latency_seconds,
                 {{"method", method}, {"route", pattern}})
      .observe(took);
}

} // namespace bpci::gateway
