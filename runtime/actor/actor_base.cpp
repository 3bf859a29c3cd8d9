#include "runtime/actor/actor_base.hpp"

#include "messages/runtime/introspection.hpp"
#include "runtime/log/log.hpp"

#include <algorithm>

namespace bpci {

namespace {

/// Messages.
constexpr std::size_t turn_max = 100;

} // namespace

void send_exit_now(const caf::actor& who, caf::exit_reason why) {
  if (who) caf::anon_send<caf::message_priority::high>(who, caf::exit_msg{who.address(), why});
}

actor_base::actor_base(caf::actor_config& cfg) : caf::event_based_actor(cfg) {
  set_default_handler([this](caf::scheduled_actor*, caf::message_view& what) {
    return on_unexpected(what.move_content_to_message());
  });
  set_exception_handler([this](caf::scheduled_actor*, std::exception_ptr& what) {
    return to_caf(ec::internal, on_exception(what));
  });
  set_down_handler([this](caf::scheduled_actor*, caf::down_msg& what) {
    fail_calls_to(what.source);
    on_down(what);
  });
}

actor_base::~actor_base() = default;

std::string actor_base::describe() const {
  return "{}";
}

void actor_base::on_down(const caf::down_msg&) {}

// -- as CAF runs it ------------------------------------------------------------------

void actor_base::enqueue(caf::mailbox_element_ptr what, caf::execution_unit* where) {
  vitals_->on_enqueue();
  caf::event_based_actor::enqueue(std::move(what), where);
}

caf::resumable::resume_result actor_base::resume(caf::execution_unit* where, std::size_t most) {
  // The mailbox may be counted only while it is ours: before the turn, not after. So the turn of
  // an actor with a thread of its own has an end, which it would not have while it is busy.
  if (getf(caf::abstract_actor::is_detached_flag)) most = std::min(most, turn_max);
  vitals_->on_turn(mailbox().size());
  auto life = vitals_; // the turn may be this object's last
  auto how = caf::event_based_actor::resume(where, most);
  if (how == caf::resumable::awaiting_message) life->on_turn(0);
  return how;
}

bool actor_base::cleanup(caf::error&& why, caf::execution_unit* where) {
  auto ended = caf::event_based_actor::cleanup(std::move(why), where);
  calls_.reset();
  return ended;
}

caf::result<caf::message> actor_base::on_unexpected(const caf::message& what) {
  if (what.match_elements<get_state>()) return caf::make_message(actor_state{describe()});
  log::warn("unexpected-message", {{"actor", name()}, {"message", caf::to_string(what)}});
  return caf::sec::unexpected_message;
}

std::string actor_base::on_exception(const std::exception_ptr& what) {
  auto text = std::string{"unknown exception"};
  try {
    std::rethrow_exception(what);
  } catch (const std::exception& e) {
    text = e.what();
  } catch (...) { // not ours to know
  }
  vitals_->crashed(text);
  log::error("actor-crashed", {{"actor", name()}, {"why", text}});
  return text;
}

// -- requests ------------------------------------------------------------------------

void actor_base::begin_call(const caf::actor& target, std::chrono::milliseconds deadline,
                            caf::message what, std::shared_ptr<pending_call> call) {
  remember(caf::actor_cast<caf::actor_addr>(target), call);
  const auto sent = request(target, deadline, std::move(what));
  add_multiplexed_response_handler(sent.id(), answered_by(std::move(call)));
}

void actor_base::remember(const caf::actor_addr& target, std::shared_ptr<pending_call> call) {
  if (!calls_) calls_ = std::make_unique<calls_by_target>();
  auto [found, fresh] = calls_->try_emplace(target);
  if (fresh) monitor<caf::message_priority::high>(target);
  auto& entry = found->second;
  if (entry.calls.size() >= entry.sweep_at) {
    std::erase_if(entry.calls, [](const auto& x) { return x->is_over(); });
    entry.sweep_at = 16 + 2 * entry.calls.size();
  }
  entry.calls.push_back(std::move(call));
}

void actor_base::fail_calls_to(const caf::actor_addr& target) {
  if (!calls_) return;
  auto found = calls_->find(target);
  if (found == calls_->end()) return;
  auto calls = std::move(found->second.calls);
  calls_->erase(found);
  for (auto& call : calls)
    call->fail({ec::restarted, {}});
}

} // namespace bpci
