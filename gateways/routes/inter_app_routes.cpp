#include "gateways/routes/inter_app_routes.hpp"

#include "gateways/api/admin_action.hpp"
#include "gateways/api/api_actor.hpp"
#include "gateways/routes/asking.hpp"
#include "gateways/routes/body.hpp"
#include "messages/interapp/gate.hpp"
#include "messages/interapp/paths.hpp"
#include "messages/interapp/signing.hpp"
#include "runtime/crypto/hash.hpp"

namespace bpci::gateway {

namespace {

using http::permission;
namespace json = boost::json;

/// What asks several entities one after the other; less than a request may take.
constexpr auto several_max = std::chrono::milliseconds{9'000};

interapp::agreement_id agreement_of(const call& what) {
  return interapp::agreement_id{std::string{what.parameters.get("id")}};
}

/// With what its apps sign, as hex.
json::value show_agreement(const interapp::agreement& x) {
  auto out = codec::to_json(x).as_object();
  const auto bytes = interapp::agreement_bytes(x.agreement_id, x.terms);
  out["signing_bytes"] = crypto::to_hex(std::span{bytes});
  return out;
}

// -- apps --------------------------------------------------------------------------------

void register_app(api_actor& self, const call_ptr& what) {
  auto in = read_body<interapp::app_registration>(*what);
  if (!in) return what->fail(in.error());
  self.forward<interapp::app_record>(what, interapp::path::registry, std::move(*in), several_max,
                                     as_json);
}

void list_apps(api_actor& self, const call_ptr& what) {
  auto limit = page_limit(*what);
  if (!limit) return what->fail(limit.error());
  self.forward<interapp::app_page>(what, interapp::path::registry,
                                   interapp::list_apps{interapp::app_id{what->parameter("after")},
                                                       what->parameter("type"), *limit},
                                   answer_max, as_json);
}

void show_app(api_actor& self, const call_ptr& what) {
  self.forward<interapp::app_record>(
      what, interapp::path::registry,
      interapp::show_app{interapp::app_id{std::string{what->parameters.get("id")}}}, answer_max,
      as_json);
}

// -- agreements --------------------------------------------------------------------------

void establish(api_actor& self, const call_ptr& what) {
  auto in = read_body<interapp::establish>(*what);
  if (!in) return what->fail(in.error());
  in->who = what->caller;
  self.forward<interapp::agreement>(what, interapp::path::registry, std::move(*in), several_max,
                                    show_agreement);
}

/// Open: the signature says who agrees, and nothing is written without a true one.
void sign(api_actor& self, const call_ptr& what) {
  auto in = read_body<interapp::sign_agreement>(*what);
  if (!in) return what->fail(in.error());
  self.forward<interapp::agreement>(what, interapp::path::registry,
                                    interapp::sign{agreement_of(*what), std::move(*in)}, answer_max,
                                    show_agreement);
}

/// By an app with its signature, or by an admin; either way it is on record.
void revoke(api_actor& self, const call_ptr& what) {
  auto in = read_body<interapp::revoke_agreement>(*what);
  if (!in) return what->fail(in.error());
  auto id = agreement_of(*what);
  carry_out(self, what, {"revoke-agreement", "agreement/" + id.get(), in->reason},
            without_record::refuse, [&self, id, in = *in](const admin_action_ptr& action) {
              auto order = interapp::revoke{id, in};
              order.what.who = action->who();
              ask_here<interapp::agreement>(
                  self, interapp::path::registry, std::move(order),
                  [action](const interapp::agreement& x) { action->done(show_agreement(x)); },
                  [action](const failure& why) { action->failed(why); });
            });
}

void list_agreements(api_actor& self, const call_ptr& what) {
  auto limit = page_limit(*what);
  if (!limit) return what->fail(limit.error());
  self.forward<interapp::agreement_page>(
      what, interapp::path::registry,
      interapp::list_agreements{interapp::agreement_id{what->parameter("after")},
                                interapp::app_id{what->parameter("app")}, what->parameter("state"),
                                *limit},
      answer_max, as_json);
}

void one_agreement(api_actor& self, const call_ptr& what) {
  self.forward<interapp::agreement>(what, interapp::path::registry,
                                    interapp::show_agreement{agreement_of(*what)}, answer_max,
                                    show_agreement);
}

void validate(api_actor& self, const call_ptr& what) {
  self.forward<interapp::validation>(what, interapp::path::registry,
                                     interapp::validate{agreement_of(*what)}, several_max, as_json);
}

void show_audit(api_actor& self, const call_ptr& what) {
  interapp::read_audit asked;
  asked.agreement_id = agreement_of(*what);
  for (auto [name, to] : {std::pair{"after", &asked.after}, {"limit", &asked.limit}}) {
    auto number = what->number(name);
    if (!number) return what->fail(number.error());
    *to = *number;
  }
  for (auto [name, to] : {std::pair{"from", &asked.from}, {"until", &asked.until}}) {
    auto number = what->number(name);
    if (!number) return what->fail(number.error());
    *to = timestamp_ms{static_cast<std::int64_t>(
        std::min<std::uint64_t>(*number, static_cast<std::uint64_t>(codec::json_integer_max)))};
  }
  self.forward<interapp::audit_report>(what, interapp::path::registry, asked, answer_max, as_json);
}

void health(api_actor& self, const call_ptr& what) {
  self.forward<interapp::inter_app_health>(what, interapp::path::registry, interapp::get_health{},
                                           answer_max, as_json);
}

// -- messages ----------------------------------------------------------------------------

json::object show_refusal(std::string_view code, std::string_view message,
                          std::string_view next_step, std::string_view detail) {
  return {{"code", code}, {"message", message}, {"next_step", next_step}, {"detail", detail}};
}

std::string_view status_of(const oracle::outcome& x) {
  if (x.why.code != ec::none) return "refused";
  return x.progress == oracle::progress::stored ? "stored" : "delivered";
}

json::object show_failure(const failure& why) {
  return show_refusal(name(why.code), sentence(why.code), next_step(why.code), why.detail);
}

/// The verdict is the answer: a refusal is no failure of the request.
json::value show_report(const interapp::message_report& x) {
  auto out = json::object{};
  if (!x.verdict.allowed)
    out = show_refusal(name(x.verdict.code), sentence(x.verdict.code), next_step(x.verdict.code),
                       x.verdict.detail);
  out["status"] = x.verdict.allowed ? "authorized" : "refused";
  if (x.verdict.seq > 0) out["audit_entry"] = x.verdict.seq;
  json::array results;
  for (const auto& one : x.outcomes.items) {
    auto row = one.why.code == ec::none ? json::object{} : show_failure(one.why);
    row["target"] = one.target.get();
    row["status"] = status_of(one);
    results.push_back(std::move(row));
  }
  out["results"] = std::move(results);
  if (x.relay_failed.code != ec::none) out["relay"] = show_failure(x.relay_failed);
  return out;
}

result<interapp::submit_message> read_submission(const call& what) {
  auto body = codec::parse_json(what.request.body);
  if (!body) return body.error();
  auto message = codec::from_json<interapp::message>(*body);
  if (!message) return message.error();
  auto id = agreement_of(what);
  if (message->agreement_id.get().empty()) message->agreement_id = id;
  if (message->agreement_id != id)
    return fail(ec::invalid_argument, "agreement_id: not that of the path");
  interapp::submit_message out{std::move(*message), std::nullopt};
  if (const auto* envelope = body->as_object().if_contains("envelope");
      envelope && !envelope->is_null())
    if (auto read = codec::read_json(*envelope, out.envelope, "envelope"); !read)
      return read.error();
  return out;
}

/// Not open, as the relay is: without an envelope anybody could fill the audit with refusals.
void send_message(api_actor& self, const call_ptr& what) {
  auto in = read_submission(*what);
  if (!in) return what->fail(in.error());
  auto deadline = self.shared().config.oracle.relay_timeout + several_max;
  self.forward<interapp::message_report>(what, interapp::path::gate, std::move(*in), deadline,
                                         show_report);
}

} // namespace

std::vector<route> inter_app_routes() {
  return {
      {{.method = "POST",
        .pattern = "/api/v1/inter-app/apps",
        .need = permission::write,
        .summary = "Register an app, or update its type, capabilities and host"},
       register_app},
      {{.method = "GET",
        .pattern = "/api/v1/inter-app/apps",
        .need = permission::read,
        .summary = "Registered apps"},
       list_apps},
      {{.method = "GET",
        .pattern = "/api/v1/inter-app/apps/{id}",
        .need = permission::read,
        .summary = "One app"},
       show_app},
      {{.method = "POST",
        .pattern = "/api/v1/inter-app/establish",
        .need = permission::write,
        .summary = "Propose an agreement between two apps"},
       establish},
      {{.method = "GET",
        .pattern = "/api/v1/inter-app/agreements",
        .need = permission::read,
        .summary = "Agreements, of an app or in a state"},
       list_agreements},
      {{.method = "GET",
        .pattern = "/api/v1/inter-app/agreements/{id}",
        .need = permission::read,
        .summary = "One agreement, and what its apps sign"},
       one_agreement},
      {{.method = "POST",
        .pattern = "/api/v1/inter-app/agreements/{id}/sign",
        .need = permission::open,
        .summary = "Sign an agreement as one of its apps"},
       sign},
      {{.method = "POST",
        .pattern = "/api/v1/inter-app/agreements/{id}/revoke",
        .need = permission::write,
        .summary = "End an agreement"},
       revoke},
      {{.method = "POST",
        .pattern = "/api/v1/inter-app/agreements/{id}/messages",
        .need = permission::write,
        .summary = "Have a message authorized, and relayed if it has an envelope"},
       send_message},
      {{.method = "GET",
        .pattern = "/api/v1/inter-app/agreements/{id}/validate",
        .need = permission::read,
        .summary = "What is wrong with an agreement"},
       validate},
      {{.method = "GET",
        .pattern = "/api/v1/inter-app/agreements/{id}/audit",
        .need = permission::read,
        .summary = "What happened under an agreement, verified"},
       show_audit},
      {{.method = "GET",
        .pattern = "/api/v1/inter-app/health",
        .need = permission::open,
        .summary = "Whether apps can communicate"},
       health},
  };
}

} // namespace bpci::gateway
