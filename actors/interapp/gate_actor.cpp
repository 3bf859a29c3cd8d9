#include "actors/interapp/gate_actor.hpp"

#include "actors/interapp/agreement.hpp"
#include "actors/interapp/telemetry.hpp"
#include "messages/codec/canonical.hpp"
#include "messages/codec/json.hpp"
#include "messages/interapp/signing.hpp"
#include "runtime/crypto/hash.hpp"
#include "runtime/entity/call.hpp"
#include "runtime/log/log.hpp"

#include <memory>

namespace bpci::interapp {

namespace {

/// Messages without a verdict, before `busy`. Each is in memory anyway, in the RELAY or the API.
constexpr std::size_t waiting_max = 1'000;

/// How much longer than the relay timeout its outcomes are waited for.
constexpr auto relay_grace = std::chrono::milliseconds{3'000};

carrier carrier_of(const oracle::envelope& x) {
  return {x.source, x.id, x.targets.size() == 1 ? x.targets.front() : node_id{}};
}

/// Of the source too: a node that hosts neither app must not use up the ids of one that does.
std::string key_of(const message& x, const carrier& by) {
  codec::canonical_writer out;
  out(by.source.get())(x.from_app.get())(x.message_id.get());
  return "message/" + crypto::to_hex(crypto::sha256(out.take()));
}

/// A retry is the same message in an envelope of the same id, whatever that was signed anew with.
bytes identity_of(const message& x, const carrier& by) {
  codec::canonical_writer out;
  out(message_bytes(x))(x.signature)(by.envelope.get())(by.target.get());
  auto hash = crypto::sha256(out.take());
  return {hash.begin(), hash.end()};
}

entity::entity_ref entity_of(const agreement_id& x) {
  return {agreement_kind, x.get()};
}

audit_entry replayed(const message& x, const carrier& by, audit_level level) {
  audit_entry out{.event = audit_event::message,
                  .who = x.from_app.get(),
                  .message_id = x.message_id.get(),
                  .permission = x.permission,
                  .verdict = "refused",
                  .code = std::string{name(finding_code::replayed)}};
  if (level >= audit_level::Detailed) add_details(out, x, by);
  return out;
}

std::string_view word_of(const oracle::outcome& x) {
  if (x.why.code != ec::none) return "refused";
  return x.progress == oracle::progress::stored ? "stored" : "delivered";
}

} // namespace

gate_actor::gate_actor(caf::actor_config& cfg, context_ptr shared)
    : actor_base(cfg), shared_(std::move(shared)) {}

caf::behavior gate_actor::make_behavior() {
  return {
      [this](const may_pass& x) { return check(x); },
      [this](const submit_message& x) { return submit(x); },
  };
}

caf::result<passage> gate_actor::check(const may_pass& x) {
  if (!shared_->agreement_validation) return passage{true};
  auto what = decode_message(x.message->body);
  if (what)
    if (auto ok = check_shape(*what); !ok) what = ok.error();
  if (!what) {
    telemetry::refused(interapp::name(finding_code::malformed));
    return passage{false, to_failure(finding_code::malformed, what.error().detail)};
  }
  auto answer = make_response_promise<passage>();
  decide(*what, carrier_of(*x.message), [answer](const result<verdict>& said) mutable {
    if (!said)
      answer.deliver(to_caf(said.error()));
    else if (said->allowed)
      answer.deliver(passage{true});
    else
      answer.deliver(passage{false, to_failure(said->code, said->detail)});
  });
  return answer;
}

void gate_actor::decide(const message& what, const carrier& by, decided then) {
  if (waiting_ >= waiting_max) return then(fail(ec::busy, "too many messages wait at the gate"));
  auto router = shared_->find(path::router);
  if (!router) return then(fail(ec::unavailable, "the router"));
  auto asked = entity::make_command(entity_of(what.agreement_id), key_of(what, by),
                                    authorize{what, by, shared_->rules}, entity_max);
  asked.identity = identity_of(what, by);
  ++waiting_;
  ask<entity::response>(
      router, entity_max + entity_grace, std::move(asked),
      [this, what, by, then](const entity::response& x) {
        --waiting_;
        decided_by_agreement(what, by, entity::answer_of<verdict>(x), then);
      },
      [this, what, by, then](const failure& why) {
        --waiting_;
        decided_by_agreement(what, by, why, then);
      });
}

/// What the entity cannot decide is a verdict, too: there is no agreement, or the id was used for
/// something else.
void gate_actor::decided_by_agreement(const message& what, const carrier& by,
                                      const result<verdict>& said, const decided& then) {
  if (said) {
    if (said->allowed)
      telemetry::authorized();
    else
      telemetry::refused(interapp::name(said->code));
    return then(said);
  }
  switch (said.error().code) {
  case ec::not_found:
    telemetry::refused(interapp::name(finding_code::unknown_agreement));
    log::warn("inter-app-refused", {{"code", interapp::name(finding_code::unknown_agreement)},
                                    {"agreement", what.agreement_id.get()},
                                    {"source", by.source.get()}});
    return then(verdict{false, finding_code::unknown_agreement, what.agreement_id.get(), 0});
  case ec::conflict: {
    telemetry::refused(interapp::name(finding_code::replayed));
    auto identity = identity_of(what, by);
    // It is refused whether or not that can be written down; but it is answered after it was.
    return record(what.agreement_id, "replayed/" + crypto::to_hex(identity),
                  replayed(what, by, shared_->rules.audit), [then](const result<audit_head>& head) {
                    then(verdict{false, finding_code::replayed, {}, head ? head->seq : 0});
                  });
  }
  default:
    telemetry::refused(bpci::name(said.error().code));
    return then(said);
  }
}

void gate_actor::record(const agreement_id& where, const std::string& key, audit_entry what,
                        std::function<void(const result<audit_head>&)> then) {
  auto router = shared_->find(path::router);
  if (!router) return then(fail(ec::unavailable, "the router"));
  ask<entity::response>(
      router, entity_max + entity_grace,
      entity::make_command(entity_of(where), key, record_entry{std::move(what), shared_->rules},
                           entity_max),
      [then](const entity::response& x) { then(entity::answer_of<audit_head>(x)); },
      [where, then](const failure& why) {
        log::warn("inter-app-not-recorded",
                  {{"agreement", where.get()}, {"code", bpci::name(why.code)}});
        then(why);
      });
}

// -- messages over HTTP ----------------------------------------------------------------

caf::result<message_report> gate_actor::submit(const submit_message& x) {
  if (auto ok = check_shape(x.message); !ok) return to_caf(ec::invalid_argument, ok.error().detail);
  if (x.envelope) {
    auto inside = decode_message(x.envelope->body);
    if (x.envelope->type != envelope_type || !inside || *inside != x.message)
      return to_caf(ec::invalid_argument,
                    "envelope: its type has to be inter-app and its body this message");
  }
  auto answer = make_response_promise<message_report>();
  auto by = x.envelope ? carrier_of(*x.envelope) : carrier{};
  decide(x.message, by, [this, x, answer](const result<verdict>& said) mutable {
    if (!said)
      answer.deliver(to_caf(said.error()));
    else if (said->allowed && x.envelope)
      relay(x, *said, answer);
    else
      answer.deliver(message_report{*said, {}});
  });
  return answer;
}

/// RELAY asks here again, as it does for every envelope of this type: that is the same command.
void gate_actor::relay(const submit_message& x, const verdict& said,
                       caf::typed_response_promise<message_report> answer) {
  auto registry = shared_->find(path::bpi_registry);
  if (!registry) {
    answer.deliver(message_report{said, {}, fail(ec::restarted, "the relay")});
    return;
  }
  ask<oracle::outcomes>(
      registry, shared_->relay_timeout + relay_grace,
      oracle::relay_order{std::make_shared<const oracle::envelope>(*x.envelope)},
      [this, x, said, answer](const oracle::outcomes& got) mutable {
        record_outcomes(x, got);
        answer.deliver(message_report{said, got});
      },
      [this, x, said, answer](const failure& why) mutable {
        record_outcomes(x, {{{x.envelope->source, x.envelope->id, {}, why}}});
        answer.deliver(message_report{said, {}, why});
      });
}

void gate_actor::record_outcomes(const submit_message& x, const oracle::outcomes& got) {
  if (shared_->rules.audit < audit_level::Comprehensive) return;
  const auto& by = *x.envelope;
  for (const auto& one : got.items) {
    auto failed = one.why.code != ec::none;
    audit_entry what{.event = audit_event::relay,
                     .who = x.message.from_app.get(),
                     .message_id = x.message.message_id.get(),
                     .permission = x.message.permission,
                     .verdict = std::string{word_of(one)},
                     .code = failed ? std::string{bpci::name(one.why.code)} : "",
                     .detail = one.target.get().empty() ? "" : "to " + one.target.get(),
                     .envelope = by.source.get() + "/" + by.id.get()};
    // Once for each outcome: a retry that ends the same way says nothing new.
    auto key = "relay/"
               + crypto::to_hex(crypto::sha256(
                   crypto::as_bytes(what.envelope + " " + what.verdict + " " + what.code)));
    record(x.message.agreement_id, key, std::move(what), [](const result<audit_head>&) {});
  }
}

std::string gate_actor::describe() const {
  return codec::to_text({{"waiting", waiting_}});
}

} // namespace bpci::interapp
