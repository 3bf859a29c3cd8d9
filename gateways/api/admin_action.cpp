#include "gateways/api/admin_action.hpp"

#include "gateways/api/api_actor.hpp"
#include "gateways/api/audit_log.hpp"
#include "runtime/log/log.hpp"

#include <algorithm>

namespace bpci::gateway {

namespace {

constexpr std::size_t text_max = 1'000;

/// What is recorded is shown in terminals and logs, and the database takes no zero byte.
result<void> check_text(std::string_view name, const std::string& text) {
  auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (text.size() > text_max)
    return fail(ec::invalid_argument, std::string{name} + ": at most 1,000 bytes");
  if (std::ranges::any_of(text, is_control))
    return fail(ec::invalid_argument, std::string{name} + ": no control characters");
  return {};
}

result<void> check(const intent& x) {
  if (x.why.empty()) return fail(ec::invalid_argument, "reason: say why; it is recorded");
  if (auto ok = check_text("reason", x.why); !ok) return ok;
  return check_text("target", x.target);
}

} // namespace

/// The way from an intent to an action.
class recording {
public:
  static admin_action_ptr of(api_actor& self, const call_ptr& what, const intent& wanted,
                             std::uint64_t no) {
    return admin_action_ptr{new admin_action{self, what, wanted, no}};
  }
};

admin_action::admin_action(api_actor& self, call_ptr call, intent what, std::uint64_t no)
    : self_(self), call_(std::move(call)), what_(std::move(what)), no_(no) {}

void admin_action::done(boost::json::value data) const {
  finish("done", [call = call_, data = std::move(data)] { call->ok(data); });
}

void admin_action::failed(const failure& why) const {
  finish(std::string{name(why.code)}, [call = call_, why] { call->fail(why); });
}

void admin_action::finish(std::string result, std::function<void()> answer) const {
  log::correlation_scope whose{call_->request.id};
  audit_log::action_ended(self_.shared().config.logging.audit_logging, *call_, what_.action,
                          what_.target, result);
  if (no_ == 0) return answer();
  self_.shared().records->end_action(
      self_, no_, std::move(result), [no = no_, answer = std::move(answer)](const auto& written) {
        if (!written)
          log::warn("admin-action-result-unrecorded",
                    {{"no", no}, {"code", name(written.error().code)}});
        answer();
      });
}

void carry_out(api_actor& self, const call_ptr& what, intent wanted, without_record otherwise,
               std::function<void(const admin_action_ptr&)> act) {
  if (auto ok = check(wanted); !ok) return what->fail(ok.error());
  audit_log::action(self.shared().config.logging.audit_logging, *what, wanted.action, wanted.target,
                    wanted.why);
  auto entry =
      audit::entry{what->caller, wanted.action, wanted.target, wanted.why, what->request.id};
  self.shared().records->begin_action(
      self, std::move(entry),
      [&self, what, wanted, otherwise, act = std::move(act)](const result<std::uint64_t>& no) {
        log::correlation_scope whose{what->request.id};
        if (no) return act(recording::of(self, what, wanted, *no));
        audit_log::action_unrecorded(*what, wanted.action, wanted.target, wanted.why,
                                     no.error().code);
        if (otherwise == without_record::go_on) return act(recording::of(self, what, wanted, 0));
        what->fail({ec::unavailable,
                    "the database; an action that cannot be recorded is not carried out"});
      });
}

} // namespace bpci::gateway
