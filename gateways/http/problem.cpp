#include "gateways/http/problem.hpp"

#include "gateways/http/text.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace bpci::http {

namespace {

constexpr int too_many_requests = 429;
constexpr int service_unavailable = 503;
constexpr int method_not_allowed = 405;

} // namespace

response problem(const failure& why, const correlation_id& id, const problem_hints& hints) {
  const auto status = hints.status != 0 ? hints.status : http_status(why.code);
  const auto detail = printable(why.detail);
  const auto title = sentence(why.code);
  const auto next =
      hints.next_step.empty() ? next_step(why.code) : std::string_view{hints.next_step};

  boost::json::object body;
  body["type"] = "urn:bpci:error:" + std::string{name(why.code)};
  body["title"] = title;
  body["status"] = status;
  if (!detail.empty()) body["detail"] = detail;
  body["instance"] = "urn:bpci:request:" + id.get();
  body["code"] = name(why.code);
  body["next_step"] = next;
  const auto may_retry = status == too_many_requests || status == service_unavailable;
  if (may_retry) body["retry_after_ms"] = hints.retry_after.count();
  body["data"] = nullptr;
  body["error"] = {{"code", name(why.code)},
                   {"message", detail.empty() ? std::string{title} : detail},
                   {"next_step", next}};

  auto out = text_response(boost::json::serialize(body), "application/problem+json", status);
  if (status == method_not_allowed) out.headers.set("Allow", hints.allow);
  if (may_retry)
    out.headers.set(
        "Retry-After",
        std::to_string(std::chrono::ceil<std::chrono::seconds>(hints.retry_after).count()));
  return out;
}

} // namespace bpci::http
