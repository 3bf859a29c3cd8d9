#include "actors/chain/keeper_actor.hpp"

#include "messages/chain/paths.hpp"
#include "messages/chain/peers.hpp"
#include "messages/chain/pool.hpp"
#include "messages/chain/questions.hpp"
#include "messages/codec/json.hpp"
#include "runtime/entity/slot_of.hpp"
#include "runtime/log/log.hpp"
#include "runtime/supervision/supervisor_actor.hpp"

#include <algorithm>

namespace bpci::chain {

namespace {

using tick_atom = caf::atom_constant<caf::atom("tick")>;

/// Ahead of a question: it has been passed on already.
using passed_atom = caf::atom_constant<caf::atom("passed")>;

constexpr auto tick_every = std::chrono::milliseconds{200};
constexpr auto find_max = std::chrono::milliseconds{2'000};
constexpr auto admit_max = std::chrono::milliseconds{2'000};
constexpr auto start_max = std::chrono::milliseconds{5'000};
constexpr auto stop_grace = std::chrono::milliseconds{2'000};

namespace place {
constexpr auto supervisor = "/chain";
constexpr auto live_id = "live";
constexpr auto slots = "/cluster/slots";
constexpr auto members = "/cluster/members";
} // namespace place

failure nobody() {
  return fail(ec::unavailable, "no member of this cluster holds the chain now");
}

} // namespace

keeper_actor::keeper_actor(caf::actor_config& cfg, keeper_options how)
    : actor_base(cfg), how_(std::move(how)), slot_(entity::slot_of({"chain", how_.chain_id})) {}

caf::actor keeper_actor::find(std::string_view where) const {
  return how_.node->directory.find(how_.root + std::string{where});
}

/// Each is taken as it is, and with the atom ahead.
template <class Answer, class... Question>
caf::message_handler keeper_actor::questions(std::string_view to) {
  caf::message_handler out;
  ((out = out.or_else(
        [this, to](const Question& x) { return answer<Answer>(x, to, false); },
        [this, to](passed_atom, const Question& x) { return answer<Answer>(x, to, true); })),
   ...);
  return out;
}

caf::behavior keeper_actor::make_behavior() {
  tenure_effects begin;
  tenure_.begin(begin);
  perform(begin);
  send(this, tick_atom::value);
  auto all = caf::message_handler{
      [this](const slots::slots_changed& x) { on_slots(x); },
      [this](const cluster::view_changed& x) { on_view(x); },
      [this](const cluster::peer_up& x) { others_[x.incarnation].agent = x.agent; },
      [this](const cluster::peer_down& x) { others_.erase(x.incarnation); },
      [](const cluster::change_seen&) {},
      [this](const oracle::admit_peer& x) { return admit(x); },
      [this](tick_atom) { tick(); },
  };
  return all.or_else(questions<chain_overview, get_overview>(path::ledger))
      .or_else(questions<block_shown, get_block>(path::ledger))
      .or_else(questions<block_page, list_blocks>(path::ledger))
      .or_else(questions<transaction_shown, get_transaction>(path::ledger))
      .or_else(questions<history_page, get_history>(path::ledger))
      .or_else(questions<module_answer, ask_module>(path::ledger))
      .or_else(questions<state_proven, prove_state>(path::ledger))
      .or_else(questions<receipt_proven, prove_receipt>(path::ledger))
      .or_else(questions<engine_status, get_engine, propose_now, lift_halt>(path::engine))
      .or_else(questions<evidence_page, list_evidence>(path::evidence))
      .or_else(questions<transaction_taken, submit_transaction>(path::mempool))
      .or_else(questions<nonce_free, find_nonce>(path::mempool))
      .or_else(questions<pool_status, get_pool>(path::mempool))
      .or_else(questions<peer_list, get_peers>(path::peers));
}

/// What runs goes on: the next KEEPER stops it, if it is not to be, before it starts anything.
void keeper_actor::on_exit() {
  others_.clear();
  slots_ = nullptr;
  members_ = nullptr;
}

void keeper_actor::on_down(const caf::down_msg& what) {
  if (slots_ && what.source == slots_.address()) slots_ = nullptr;
  if (members_ && what.source == members_.address()) members_ = nullptr;
}

// -- questions -----------------------------------------------------------------------

template <class Answer, class Question>
caf::result<Answer> keeper_actor::answer(const Question& x, std::string_view to, bool passed_on) {
  if (!tenure_.is_held()) {
    if (passed_on) return to_caf(nobody());
    auto promise = make_response_promise<Answer>();
    pass_on<Answer>(caf::make_message(passed_atom::value, x), promise);
    return promise;
  }
  auto who = find(to);
  if (!who) return to_caf(ec::unavailable, "the chain is being started on this member");
  auto promise = make_response_promise<Answer>();
  ask<Answer>(
      who, how_.answer_max, x, [promise](const Answer& y) mutable { promise.deliver(y); },
      [promise](const failure& why) mutable {
        promise.deliver(why.code == ec::restarted
                            ? to_caf(ec::unavailable, "the chain is being started anew")
                            : to_caf(why));
      });
  return promise;
}

template <class Answer>
void keeper_actor::pass_on(const caf::message& x, caf::typed_response_promise<Answer> to) {
  auto found = others_.find(row_.owner);
  if (row_.owner == how_.lease->self() || found == others_.end() || !found->second.agent) {
    to.deliver(to_caf(nobody()));
    return;
  }
  if (found->second.keeper) return ask_other<Answer>(found->first, found->second.keeper, x, to);
  ask<cluster::service_handle>(
      found->second.agent, find_max, cluster::find_service{path::keeper},
      [this, owner = found->first, x, to](const cluster::service_handle& y) {
        if (auto at = others_.find(owner); at != others_.end()) at->second.keeper = y.service;
        ask_other<Answer>(owner, y.service, x, to);
      },
      [to](const failure&) mutable { to.deliver(to_caf(nobody())); });
}

template <class Answer>
void keeper_actor::ask_other(incarnation owner, const caf::actor& keeper, const caf::message& x,
                             caf::typed_response_promise<Answer> to) {
  ask<Answer>(
      keeper, how_.hop_max, x, [to](const Answer& y) mutable { to.deliver(y); },
      [this, owner, to](const failure& why) mutable {
        if (auto at = others_.find(owner); at != others_.end() && why.code == ec::restarted)
          at->second.keeper = nullptr;
        to.deliver(why.code == ec::restarted ? to_caf(nobody()) : to_caf(why));
      });
}

caf::result<oracle::peer_admitted> keeper_actor::admit(const oracle::admit_peer& x) {
  if (!tenure_.is_held()) {
    auto found = others_.find(row_.owner);
    if (row_.owner == incarnation{} || row_.owner == how_.lease->self()) return to_caf(nobody());
    return to_caf(ec::not_owner, found == others_.end() ? "" : found->second.http_address);
  }
  auto peers = find(path::peers);
  if (!peers) return to_caf(ec::unavailable, "the chain is being started on this member");
  auto promise = make_response_promise<oracle::peer_admitted>();
  ask<oracle::peer_admitted>(
      peers, admit_max, x,
      [promise](const oracle::peer_admitted& y) mutable { promise.deliver(y); },
      [promise](const failure& why) mutable { promise.deliver(to_caf(why)); });
  return promise;
}

// -- who holds it --------------------------------------------------------------------

void keeper_actor::watch() {
  if (!slots_ && (slots_ = find(place::slots))) {
    monitor<caf::message_priority::high>(slots_);
    send(slots_, slots::watch_slots{});
  }
  if (!members_ && (members_ = find(place::members))) {
    monitor<caf::message_priority::high>(members_);
    send(members_, cluster::watch_members{});
  }
}

void keeper_actor::on_slots(const slots::slots_changed& x) {
  for (const auto& row : x.rows)
    if (row.slot == slot_) row_ = row;
  const auto owns = row_.owner != incarnation{} && row_.owner == how_.lease->self();
  std::optional<hold> to_be;
  if (owns && !row_.draining) to_be = hold{slot_, row_.epoch, row_.owner};
  if (to_be && !tenure_.is_held() && !how_.can_hold()) to_be.reset();
  tenure_effects out;
  tenure_.is_to_be(to_be, out);
  perform(out);
}

void keeper_actor::on_view(const cluster::view_changed& x) {
  for (const auto& member : x.live)
    others_[member.incarnation].http_address = member.http_address;
  // One that can be reached goes with its peer_down.
  std::erase_if(others_, [&](const auto& known) {
    return !known.second.agent
           && std::ranges::find(x.live, known.first, &cluster::member::incarnation) == x.live.end();
  });
}

void keeper_actor::tick() {
  delayed_send(this, tick_every, tick_atom::value);
  watch();
  tenure_effects out;
  tenure_.tick(system().clock().now(), out);
  perform(out);
}

void keeper_actor::perform(const tenure_effects& what) {
  for (const auto& x : what)
    std::visit([this](const auto& each) { perform(each); }, x);
}

void keeper_actor::perform(const start_live& x) {
  auto above = find(place::supervisor);
  if (!above) return failed("start", {ec::unavailable, "the supervisor"});
  auto spec = how_.live(x.under);
  spec.id = place::live_id;
  log::info(
      "chain-held",
      {{"chain", how_.chain_id}, {"slot", x.under.slot.get()}, {"epoch", x.under.epoch.get()}});
  ask<caf::actor>(
      above, start_max, supervision::start_child{std::move(spec)},
      [this](const caf::actor&) {
        tenure_effects out;
        tenure_.started(out);
        perform(out);
      },
      [this](const failure& why) { failed("start", why); });
}

void keeper_actor::perform(const stop_live&) {
  auto above = find(place::supervisor);
  if (!above) return failed("stop", {ec::unavailable, "the supervisor"});
  auto done = [this] {
    tenure_effects out;
    tenure_.stopped(out);
    perform(out);
  };
  if (tenure_.running()) log::info("chain-released", {{"chain", how_.chain_id}});
  ask<supervision::child_action_done>(
      above, supervision::supervisor_stop_max + stop_grace, supervision::stop_child{place::live_id},
      [done](const supervision::child_action_done&) { done(); },
      [this, done](const failure& why) {
        if (why.code == ec::not_found) return done();
        failed("stop", why);
      });
}

void keeper_actor::failed(std::string_view what, const failure& why) {
  log::warn("chain-not-moved",
            {{"what", what}, {"code", bpci::name(why.code)}, {"detail", why.detail}});
  tenure_.failed(system().clock().now());
}

std::string keeper_actor::describe() const {
  const auto& running = tenure_.running();
  return codec::to_text({{"chain", how_.chain_id},
                         {"slot", slot_.get()},
                         {"owner", row_.owner.get()},
                         {"held", tenure_.is_held()},
                         {"running_under", running ? running->epoch.get() : 0},
                         {"members", others_.size()}});
}

} // namespace bpci::chain
