#include "runtime/cluster/members_actor.hpp"

#include "messages/codec/json.hpp"
#include "runtime/cluster/backoff.hpp"
#include "runtime/cluster/member_store.hpp"
#include "runtime/log/log.hpp"
#include "runtime/metrics/metrics.hpp"
#include "runtime/storage/sql.hpp"
#include "runtime/time/clock.hpp"

#include <boost/describe/enum_to_string.hpp>

#include <algorithm>

namespace bpci::cluster {

namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

using open_atom = caf::atom_constant<caf::atom("open")>;
using join_atom = caf::atom_constant<caf::atom("join")>;
using tick_atom = caf::atom_constant<caf::atom("tick")>;
using dial_atom = caf::atom_constant<caf::atom("dial")>;

/// A heartbeat that takes longer than this has failed: well below the time after which the others
/// evict, so that the next one has a chance.
constexpr auto beat_max = milliseconds{1'000};

/// Everything else that the membership writes or reads.
constexpr auto query_max = milliseconds{2'000};

/// TUNNEL may have to wait for a port of its former life.
constexpr auto open_max = milliseconds{5'000};

/// Actors of this node that wait for one reading.
constexpr auto readers_max = std::size_t{256};

metrics::counter& evictions(const char* kind) {
  return metrics::metrics().counter("bpci_cluster_evictions_total",
                                    "Members that this node has declared dead.", {{"kind", kind}});
}

metrics::counter& heartbeat_failures() {
  static auto& out = metrics::metrics().counter("bpci_cluster_heartbeat_failures_total",
                                                "Heartbeats of this node that were not written.");
  return out;
}

metrics::gauge& view_number() {
  static auto& out =
      metrics::metrics().gauge("bpci_cluster_view_number", "Changes of any member's state so far.");
  return out;
}

metrics::gauge& members_in(member_state state) {
  return metrics::metrics().gauge("bpci_cluster_members", "Live members, as this node knows.",
                                  {{"state", boost::describe::enum_to_string(state, "")}});
}

membership_rules rules_of(const members_options& x) {
  membership_rules out;
  out.heartbeat = x.heartbeat;
  out.suspect_after = x.suspect_after;
  out.evict_after = x.dead_after;
  out.refused_evict_after = std::min(x.suspect_after, x.dead_after);
  out.alone_evict_after = 3 * x.dead_after;
  out.proto_min = x.proto_min;
  out.proto_max = x.proto_max;
  return out;
}

} // namespace

members_actor::members_actor(caf::actor_config& cfg, members_options how)
    : actor_base(cfg), how_(std::move(how)), rules_(rules_of(how_)) {
  if (!how_.lease) how_.lease = std::make_shared<lease>(default_lease);
  if (!how_.tunnel)
    how_.tunnel = [node = how_.node, where = how_.me.root + path::tunnel] {
      return node->directory.find(where);
    };
  link_.host = how_.me.link_host;
  set_exit_handler([this](caf::exit_msg& x) {
    if (x.reason == caf::exit_reason::user_shutdown && core_ && !leaving_)
      leave(std::move(x.reason));
    else
      quit(std::move(x.reason));
  });
}

caf::behavior members_actor::make_behavior() {
  agent_ = spawn<agent_actor, caf::linked>(how_.me, life_, how_.node, lag_);
  open();
  return {
      [this](open_atom) { open(); },
      [this](join_atom) { join(); },
      [this](tick_atom) { tick(); },
      [this](dial_atom, incarnation who) { connect(who); },
      [this](look_again) { look_again_now(); },
      [this](const list_members& x) { return list(x); },
      [this](const list_agents&) { return agents(); },
      [this](const read_members&) { return read(); },
      [this](const drain_member& x) { return set_draining(true, x.who, x.why); },
      [this](const undrain_member& x) { return set_draining(false, x.who, x.why); },
      [this](const certificates_changed& x) { return write_certificates(x); },
      [this](const probe_for_me& x) { return probe_for(x.target); },
      [this](const watch_members&) { watch(caf::actor_cast<caf::actor>(current_sender())); },
  };
}

// -- the way to this node ----------------------------------------------------------------

/// A member without a port can still be alone, so joining does not wait for TUNNEL beyond the
/// first answer.
void members_actor::open() {
  auto tunnel = how_.tunnel();
  if (!tunnel) {
    open_later();
    return join();
  }
  ask<port_opened>(
      tunnel, open_max, open_port{agent_},
      [this, tunnel](const port_opened& x) {
        tunnel_ = tunnel.address();
        monitor<caf::message_priority::high>(tunnel);
        opened(x);
      },
      [this](const failure& why) {
        log::error("link-port-failed", {{"code", bpci::name(why.code)}, {"detail", why.detail}});
        if (why.code == ec::address_in_use) return quit(to_caf(why));
        open_later();
        join();
      });
}

void members_actor::opened(const port_opened& x) {
  open_attempts_ = 0;
  auto same = std::exchange(link_, x) == x;
  if (!core_) return join();
  if (same) return;
  write_link([this](const result<void>& written) {
    if (written) return;
    log::warn("link-not-written", {{"code", bpci::name(written.error().code)}});
    open_later();
  });
}

void members_actor::open_later() {
  delayed_send(this, backoff(open_attempts_++), open_atom::value);
}

void members_actor::write_link(const std::function<void(const result<void>&)>& done) {
  auto pool = how_.pool();
  if (!pool) return done(fail(ec::unavailable, "the database"));
  storage::run<void>(this, pool, query_max, [life = self(), link = link_](pqxx::work& tx) {
    return store::set_link(tx, life, link);
  }).then([done] { done({}); }, [done](const failure& why) { done(why); });
}

caf::result<certificates_written>
members_actor::write_certificates(const certificates_changed& what) {
  if (!core_) return to_caf(ec::unavailable, "this node has not joined yet");
  link_.certificates = what.certificates;
  auto promise = make_response_promise();
  write_link([this, promise](const result<void>& written) mutable {
    if (!written) return (void)promise.deliver(to_caf(written.error()));
    promise.deliver(certificates_written{});
    look_again_now();
    tell_members();
  });
  return caf::delegated<certificates_written>{};
}

// -- this node's row -------------------------------------------------------------------------

void members_actor::join() {
  if (core_ || joining_) return;
  auto again = [this](const failure& why) {
    joining_ = false;
    log::warn("join-failed", {{"code", bpci::name(why.code)}, {"detail", why.detail}});
    delayed_send(this, backoff(join_attempts_++), join_atom::value);
  };
  auto pool = how_.pool();
  if (!pool) return again({ec::unavailable, "the database"});
  joining_ = true;
  member row;
  row.id = how_.me.id;
  row.link_host = link_.host;
  row.link_port = link_.port;
  row.certificates = link_.certificates;
  row.http_address = how_.me.http_address;
  row.session_tag = how_.session_tag;
  row.proto_min = how_.proto_min;
  row.proto_max = how_.proto_max;
  row.lease_ms = static_cast<std::uint32_t>(how_.lease->holds_for().count());
  storage::run<member>(this, pool, query_max, [row](pqxx::work& tx) {
    return store::join(tx, row);
  }).then([this](const member& me) { joined(me); }, again);
}

void members_actor::joined(const member& me) {
  joining_ = false;
  *life_ = me.incarnation.get();
  how_.lease->begin(me.incarnation);
  core_.emplace(me.incarnation, rules_);
  log::info("joined", {{"member", how_.me.id.get()},
                       {"incarnation", me.incarnation.get()},
                       {"link_port", link_.port}});
  if (how_.ready) how_.ready();
  due_ = boot_now();
  tick();
}

void members_actor::tick() {
  if (leaving_) return;
  auto now = boot_now();
  auto lag = std::max(duration_cast<milliseconds>(now - due_), milliseconds{0});
  *lag_ = static_cast<std::uint64_t>(lag.count());
  due_ = now + how_.heartbeat;
  delayed_send(this, how_.heartbeat, tick_atom::value);
  membership_effects effects;
  core_->on_tick(now, lag, effects);
  perform_all(effects);
  beat();
}

void members_actor::beat() {
  if (beating_ || leaving_) return;
  auto pool = how_.pool();
  if (!pool) return missed({ec::unavailable, "the database"});
  beating_ = true;
  auto began = boot_now();
  storage::run<reading>(this, pool, beat_max,
                        [life = self()](pqxx::work& tx) { return store::beat(tx, life); })
      .then([this, began](const reading& what) { beaten(what, began); },
            [this](const failure& why) { missed(why); });
}

void members_actor::beaten(const reading& what, instant began) {
  beating_ = false;
  if (leaving_) return;
  how_.lease->renew(began);
  membership_effects effects;
  core_->on_rows(what, began, boot_now(), effects);
  perform_all(effects);
  note_obstacle();
  answer_readers({});
}

void members_actor::missed(const failure& why) {
  beating_ = false;
  if (leaving_) return;
  membership_effects effects;
  if (why.code == ec::superseded) {
    core_->on_superseded(effects);
  } else {
    heartbeat_failures().add();
    core_->on_blind();
    log::debug("heartbeat-failed", {{"code", bpci::name(why.code)}, {"detail", why.detail}});
  }
  perform_all(effects);
  answer_readers(why);
}

void members_actor::answer_readers(const result<void>& outcome) {
  for (auto& x : readers_) {
    if (outcome)
      x.deliver(core_->view());
    else
      x.deliver(to_caf(outcome.error()));
  }
  readers_ = std::exchange(late_readers_, {});
  if (std::exchange(again_, false) || !readers_.empty()) beat();
}

/// A heartbeat is also the reading: an additional one costs nothing else.
void members_actor::look_again_now() {
  if (!core_) return;
  if (beating_)
    again_ = true;
  else
    beat();
}

caf::result<view_changed> members_actor::read() {
  if (!core_ || leaving_) return to_caf(ec::unavailable, "this node is not a member");
  if (readers_.size() + late_readers_.size() >= readers_max)
    return to_caf(ec::busy, "too many wait for the members");
  (beating_ ? late_readers_ : readers_).push_back(make_response_promise());
  look_again_now();
  return caf::delegated<view_changed>{};
}

/// A row that stays is evicted by the others, later.
void members_actor::leave(caf::error why) {
  leaving_ = true;
  how_.lease->revoke();
  auto pool = how_.pool();
  if (!pool) return quit(std::move(why));
  storage::run<void>(this, pool, query_max,
                     [life = self()](pqxx::work& tx) { store::leave(tx, life); })
      .then(
          [this, why] {
            log::info("left", {{"member", how_.me.id.get()}, {"incarnation", self().get()}});
            tell_members();
            quit(why);
          },
          [this, why](const failure&) { quit(why); });
}

// -- for admins --------------------------------------------------------------------------------

caf::result<member_list> members_actor::list(const list_members& what) {
  auto known = core_ ? core_->list(boot_now()) : member_list{};
  if (!what.with_ended) return known;
  auto pool = how_.pool();
  if (!pool) return to_caf(ec::unavailable, "the database");
  auto promise = make_response_promise();
  using rows = std::vector<member_status>;
  storage::run<rows>(this, pool, query_max, [](pqxx::work& tx) { return store::ended(tx); })
      .then(
          [promise, known](const rows& ended) mutable {
            // The view is a heartbeat behind: whoever has ended since stands in it still.
            std::erase_if(known.members, [&](const member_status& x) {
              return std::ranges::any_of(ended, [&](const member_status& y) {
                return x.member.incarnation == y.member.incarnation;
              });
            });
            known.members.insert(known.members.end(), ended.begin(), ended.end());
            promise.deliver(known);
          },
          [promise](const failure& why) mutable { promise.deliver(to_caf(why)); });
  return caf::delegated<member_list>{};
}

caf::result<member_state_set> members_actor::set_draining(bool draining, const std::string& who,
                                                          const std::string& why) {
  if (who.empty() || why.empty())
    return to_caf(ec::invalid_argument, "who does it, and why, is required");
  auto pool = how_.pool();
  if (!core_ || !pool) return to_caf(ec::unavailable, "this node is not a member");
  auto reason = (draining ? "drained by " : "undrained by ") + who + ": " + why;
  auto promise = make_response_promise();
  storage::run<void>(this, pool, query_max,
                     [life = self(), draining, reason](pqxx::work& tx) {
                       return store::set_draining(tx, life, draining, reason);
                     })
      .then(
          [this, promise, draining, reason]() mutable {
            log::info(draining ? "draining" : "undrained", {{"reason", reason}});
            promise.deliver(member_state_set{draining ? member_state::draining : member_state::up});
            look_again_now();
            tell_members();
          },
          [promise](const failure& why_not) mutable { promise.deliver(to_caf(why_not)); });
  return caf::delegated<member_state_set>{};
}

/// Why a node does not come up is what its operator looks for first.
void members_actor::note_obstacle() {
  if (core_->obstacle() == told_obstacle_) return;
  told_obstacle_ = core_->obstacle();
  if (!told_obstacle_.empty()) log::warn("join-waits", {{"why", told_obstacle_}});
}

std::string members_actor::describe() const {
  auto out = codec::to_json(core_ ? core_->list(boot_now()) : member_list{});
  out.as_object()["waits_for"] = core_ ? core_->obstacle() : "the database";
  return codec::to_text(out);
}

// -- effects -------------------------------------------------------------------------------------

void members_actor::perform_all(const membership_effects& all) {
  for (const auto& x : all)
    std::visit([this](const auto& effect) { perform(effect); }, x);
}

/// A write that is still under way is not sent again: the core asks with every heartbeat.
template <class T, class F, class Ok>
void members_actor::store_once(std::string what, F sql, Ok ok) {
  auto pool = how_.pool();
  if (!pool || !under_way_.insert(what).second) return;
  storage::run<T>(this, pool, query_max, std::move(sql))
      .then(
          [this, what, ok = std::move(ok)](T done) {
            under_way_.erase(what);
            ok(done);
          },
          [this, what](const failure& why) {
            under_way_.erase(what);
            log::debug("membership-write-failed",
                       {{"what", what}, {"code", bpci::name(why.code)}, {"detail", why.detail}});
          });
}

void members_actor::perform(const suspect& x) {
  auto kind = std::string{boost::describe::enum_to_string(x.kind, "")};
  store_once<bool>(
      "suspect " + kind + " " + std::to_string(x.who.incarnation.get()),
      [life = self(), x](pqxx::work& tx) {
        store::write_suspicion(tx, life, x);
        return true;
      },
      [x, kind](bool) {
        log::warn("member-suspected",
                  {{"member", x.who.id.get()}, {"kind", kind}, {"evidence", x.evidence}});
      });
}

void members_actor::perform(const withdraw& x) {
  auto kind = std::string{boost::describe::enum_to_string(x.kind, "")};
  store_once<bool>(
      "withdraw " + kind + " " + std::to_string(x.target.get()),
      [life = self(), x](pqxx::work& tx) {
        store::delete_suspicion(tx, life, x);
        return true;
      },
      [](bool) {});
}

void members_actor::perform(const evict_silent& x) {
  evict(x, "silent");
}

void members_actor::perform(const evict_unreachable& x) {
  evict(x, "unreachable");
}

template <class Effect>
void members_actor::evict(const Effect& x, const char* kind) {
  store_once<bool>(
      "evict " + std::to_string(x.who.incarnation.get()),
      [life = self(), x](pqxx::work& tx) { return store::evict(tx, life, x); },
      [this, who = x.who, kind](bool evicted) {
        if (!evicted) return;
        evictions(kind).add();
        log::warn(
            "member-evicted",
            {{"member", who.id.get()}, {"incarnation", who.incarnation.get()}, {"kind", kind}});
        look_again_now();
        tell_members();
      });
}

void members_actor::perform(const come_up& x) {
  store_once<bool>(
      "come up", [life = self(), x](pqxx::work& tx) { return store::rise(tx, life, x); },
      [this](bool risen) {
        if (risen) log::info("member-up", {{"member", how_.me.id.get()}});
        look_again_now();
        if (risen) tell_members();
      });
}

void members_actor::perform(const fence&) {
  log::error("fenced", {{"member", how_.me.id.get()}, {"incarnation", self().get()}});
  leaving_ = true;
  how_.lease->revoke();
  if (how_.on_fenced) how_.on_fenced();
}

void members_actor::perform(const view_changed& x) {
  count_members(x);
  tell_watchers(caf::make_message(x));
}

void members_actor::perform(const change_seen& x) {
  tell_watchers(caf::make_message(x));
}

void members_actor::count_members(const view_changed& x) {
  view_number().set(static_cast<double>(x.view_no));
  for (auto state : {member_state::joining, member_state::up, member_state::draining})
    members_in(state).set(static_cast<double>(std::ranges::count(x.live, state, &member::state)));
}

void members_actor::on_exit() {
  // A promise that is dropped is never answered.
  for (auto* waiting : {&readers_, &late_readers_})
    for (auto& x : *waiting)
      x.deliver(to_caf(ec::shutting_down));
  readers_.clear();
  late_readers_.clear();
  peers_.clear();
  watchers_.clear();
  agent_ = nullptr;
}

} // namespace bpci::cluster
