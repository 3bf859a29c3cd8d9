#include "gateways/routes/probe_routes.hpp"

#include "gateways/api/api_actor.hpp"
#include "gateways/http/problem.hpp"
#include "gateways/routes/body.hpp"
#include "messages/probe/probe.hpp"
#include "runtime/entity/call.hpp"

#include <algorithm>
#include <charconv>

namespace bpci::gateway {

namespace {

using http::permission;
using std::chrono::milliseconds;
namespace json = boost::json;

constexpr auto within_default = milliseconds{5'000};
constexpr auto within_min = milliseconds{100};
constexpr auto within_max = milliseconds{8'000}; // less than listen.request_timeout_secs by default

/// ROUTER answers by the command's own deadline; this is for the case that it hangs.
constexpr auto router_grace = milliseconds{500};

constexpr auto wait_default = milliseconds{100};
constexpr auto wait_max = milliseconds{60'000};

/// The milliseconds that a `retry_after` names in its detail.
milliseconds wait_of(const failure& why) {
  if (why.code != ec::retry_after) return wait_default;
  const auto digit = why.detail.find_first_of("0123456789");
  if (digit == std::string::npos) return wait_default;
  milliseconds::rep number = wait_default.count();
  std::from_chars(why.detail.data() + digit, why.detail.data() + why.detail.size(), number);
  return std::clamp(milliseconds{number}, milliseconds{1}, wait_max);
}

void refuse(const call& what, const failure& why) {
  what.reply(http::problem(why, what.request.id, {.retry_after = wait_of(why)}));
}

result<milliseconds> within_of(const call& what) {
  auto given = what.number("within_ms");
  if (!given) return given.error();
  if (*given == 0) return within_default;
  if (std::cmp_less(*given, within_min.count()) || std::cmp_greater(*given, within_max.count()))
    return fail(ec::invalid_argument, "within_ms: 100 to 8000");
  return milliseconds{*given};
}

/// Errors: invalid_argument.
result<std::string> key_of(const call& what) {
  auto key = std::string{what.request.headers.get("Idempotency-Key")};
  if (key.empty() || key.size() > entity::key_max)
    return fail(ec::invalid_argument, "the header Idempotency-Key: 1 to 200 bytes are needed");
  return key;
}

entity::entity_ref target(std::string_view kind, const call& what) {
  return {std::string{kind}, std::string{what.parameters.get("id")}};
}

/// The answer with the version behind it, and whether it was given before.
template <class Answer>
json::value show(const entity::response& from, const Answer& x) {
  auto out = codec::to_json(x).as_object();
  out["version"] = from.version;
  out["repeated"] = from.repeated;
  return out;
}

template <class Answer, class Message>
void send(api_actor& self, const call_ptr& what, std::string_view kind, std::string key,
          const Message& x) {
  auto within = within_of(*what);
  if (!within) return what->fail(within.error());
  auto router = self.shared().find(path::router);
  if (!router) return refuse(*what, {ec::restarted, std::string{path::router}});
  self.ask<entity::response>(
      router, *within + router_grace,
      entity::make_command(target(kind, *what), std::move(key), x, *within, what->request.id),
      [what](const entity::response& got) {
        auto answer = entity::answer_of<Answer>(got);
        if (!answer) return what->fail(answer.error());
        what->ok(show(got, *answer));
      },
      [what](const failure& why) { refuse(*what, why); });
}

void add(api_actor& self, const call_ptr& what) {
  auto key = key_of(*what);
  if (!key) return what->fail(key.error());
  auto in = read_body<probe::add>(*what);
  if (!in) return what->fail(in.error());
  send<probe::added>(self, what, probe::counter_kind, std::move(*key), *in);
}

void crash(api_actor& self, const call_ptr& what) {
  auto key = key_of(*what);
  if (!key) return what->fail(key.error());
  send<probe::crash>(self, what, probe::counter_kind, std::move(*key), probe::crash{});
}

void standing(api_actor& self, const call_ptr& what) {
  send<probe::standing>(self, what, probe::counter_kind, {}, probe::get_standing{});
}

void receipts(api_actor& self, const call_ptr& what) {
  auto limit = what->number("limit");
  if (!limit) return what->fail(limit.error());
  send<probe::receipt_page>(self, what, probe::sink_kind, {},
                            probe::list_receipts{what->parameter("after"), *limit});
}

} // namespace

std::vector<route> probe_routes() {
  return {
      {{.method = "POST",
        .pattern = "/api/v1/probes/{id}/add",
        .need = permission::admin,
        .summary = "Add to a durable counter, once for each Idempotency-Key"},
       add},
      {{.method = "POST",
        .pattern = "/api/v1/probes/{id}/crash",
        .need = permission::admin,
        .summary = "Crash the counter's actor, to see what a bad message does"},
       crash},
      {{.method = "GET",
        .pattern = "/api/v1/probes/{id}",
        .need = permission::read,
        .summary = "A durable counter"},
       standing},
      {{.method = "GET",
        .pattern = "/api/v1/probe-sinks/{id}",
        .need = permission::read,
        .summary = "What a sink of counters has received"},
       receipts},
  };
}

} // namespace bpci::gateway
