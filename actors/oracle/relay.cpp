#include "actors/oracle/relay.hpp"

#include <boost/container_hash/hash.hpp>

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

namespace bpci::oracle {

namespace {

/// Tells a retry from another message under the same id. Not a security measure: both are signed
/// by the same source.
std::uint64_t content_of(const envelope& x) {
  std::size_t seed = 0;
  for (const auto& target : x.targets)
    boost::hash_combine(seed, target.get());
  boost::hash_combine(seed, x.type);
  boost::hash_combine(seed, is_stored(x));
  // By words: byte by byte it would cost more than all else that is done with the message here.
  auto rest = std::span{x.body};
  for (std::uint64_t word = 0; !rest.empty();
       rest = rest.subspan(std::min(rest.size(), sizeof word))) {
    word = 0;
    std::memcpy(&word, rest.data(), std::min(rest.size(), sizeof word));
    boost::hash_combine(seed, word);
  }
  boost::hash_combine(seed, x.body.size());
  return seed;
}

/// About what a message takes in memory and on the wire.
std::uint64_t weight_of(const envelope& x) {
  constexpr std::uint64_t frame = 384;
  constexpr std::uint64_t target = 64;
  return frame + target * x.targets.size() + x.body.size();
}

std::uint64_t weight_of(const submission& x) {
  auto out = weight_of(*x.message);
  if (x.batch)
    for (const auto& part : x.batch->parts)
      out += part->size();
  return out;
}

} // namespace

// -- routes --------------------------------------------------------------------

void relay::up(const route_up& to, instant now, relay_effects& out) {
  auto [found, fresh] = routes_.try_emplace(to.node, route{to, true, now});
  if (!fresh) {
    auto& known = found->second;
    if (known.to.session > to.session) {
      if (to.member == config_.self) out.push_back(supersede{to.node, known.to.session});
      return;
    }
    if (known.connected && known.to.member == config_.self && to.member != config_.self)
      out.push_back(supersede{to.node, to.session});
    known = route{to, true, now};
  }
  auto open = open_towards_.find(to.node);
  if (open == open_towards_.end()) return;
  // A copy, for what is beyond the credit is refused, and leaves the map.
  auto due = open->second;
  for (auto& [order, message] : due)
    for (auto& addressee : message->addressees)
      if (addressee.target == to.node && addressee.state != state::settled
          && !is_stored(*message->message))
        deliver(*message, addressee, to, now, out);
}

void relay::down(const route_down& gone, instant now) {
  auto found = routes_.find(gone.node);
  if (found == routes_.end() || found->second.to.session != gone.session) return;
  found->second.connected = false;
  found->second.since = now;
}

void relay::member_down(const member_id& member, instant now) {
  for (auto& [node, known] : routes_) {
    if (known.to.member != member || !known.connected) continue;
    known.connected = false;
    known.since = now;
  }
  under_way_.forget(member);
  for (auto* message : open_)
    for (auto& to : message->addressees)
      if (to.charged == member) to.charged = {};
}

void relay::snapshot(const route_snapshot& all, instant now, relay_effects& out) {
  member_down(all.member, now);
  for (const auto& to : all.routes)
    up(to, now, out);
}

route_snapshot relay::local_routes() const {
  route_snapshot all{config_.self, {}, false};
  for (const auto& [node, known] : routes_)
    if (known.connected && known.to.member == config_.self) all.routes.push_back(known.to);
  return all;
}

const route_up* relay::find(const node_id& node) const {
  auto found = routes_.find(node);
  return found != routes_.end() && found->second.connected ? &found->second.to : nullptr;
}

// -- messages ------------------------------------------------------------------

void relay::submit(const submission& what, const bytes& source_key, ticket who, instant now,
                   relay_effects& out) {
  const auto& message = what.message;
  forget_oldest(); // here, where no record is in hand
  auto content = content_of(*message);
  auto found = messages_.find(key{message->source, message->id});
  if (found != messages_.end()) {
    ++stats_.duplicates;
    if (found->second.content == content)
      return resubmit(found->second, what, source_key, who, now, out);
    return refuse(*message, ec::conflict, who, out);
  }
  auto weight = weight_of(what);
  if (is_full(weight)) return refuse(*message, ec::busy, who, out);
  ++stats_.accepted;
  found = messages_.try_emplace(key{message->source, message->id}).first;
  auto& fresh = found->second;
  fresh.self = &found->first;
  fresh.place = open_.insert(open_.end(), &fresh);
  fresh.message = message;
  fresh.batch = what.batch;
  fresh.weight = weight;
  fresh.source_key = source_key;
  fresh.content = content;
  fresh.who = who;
  fresh.order = next_order_++;
  fresh.accepted = now;
  fresh.addressees.reserve(message->targets.size());
  for (const auto& target : message->targets)
    fresh.addressees.push_back({target, {}, {}, {}, {}, 0});
  accept(fresh, now, out);
}

/// One message beyond the byte limit passes when nothing else is open.
bool relay::is_full(std::uint64_t weight) const {
  if (stats_.in_flight >= config_.open_max) return true;
  return open_bytes_ > 0 && open_bytes_ + weight > config_.open_bytes_max;
}

void relay::refuse(const envelope& message, ec why, ticket who, relay_effects& out) {
  stats_.refused += message.targets.size();
  for (const auto& target : message.targets)
    out.push_back(
        answer{who, {message.source, message.id, target, {why, {}}}, std::chrono::microseconds{0}});
}

/// Opens the message towards every target that has not acknowledged it.
void relay::accept(record& message, instant now, relay_effects& out) {
  message.deadline = now + config_.relay_timeout;
  if (std::exchange(message.answered, false)) open_.splice(open_.end(), answered_, message.place);
  open_bytes_ += message.weight;
  for (auto& to : message.addressees) {
    if (to.state == state::settled && to.why.code == ec::none) continue;
    to.state = state::waiting;
    to.progress = progress::acknowledged;
    ++message.open;
    ++stats_.in_flight;
    open_towards_[to.target].emplace(message.order, &message);
  }
  for (auto& to : message.addressees)
    if (to.state == state::waiting) try_target(message, to, now, out);
}

void relay::resubmit(record& known, const submission& what, const bytes& source_key, ticket who,
                     instant now, relay_effects& out) {
  known.who = who;
  // The same content under a fresh signature, perhaps by a new key.
  known.message = what.message;
  known.batch = what.batch;
  known.source_key = source_key;
  for (const auto& to : known.addressees)
    if (to.state == state::settled && (to.why.code == ec::none || known.open > 0))
      say(known, to, now, out);
  if (known.open > 0) return;
  if (std::ranges::any_of(known.addressees, [](const auto& to) { return to.why.code != ec::none; }))
    accept(known, now, out);
  else
    forget_content(known);
}

void relay::forget_content(record& answered) {
  answered.message = nullptr;
  answered.batch = nullptr;
}

void relay::try_target(record& message, addressee& to, instant now, relay_effects& out) {
  if (is_stored(*message.message)) {
    out.push_back(store_for{to.target, message.message, message.source_key});
    return;
  }
  auto found = routes_.find(to.target);
  if (found != routes_.end()) {
    if (found->second.connected) deliver(message, to, found->second.to, now, out);
    return;
  }
  if (config_.announce_max == std::chrono::milliseconds{0})
    return settle_one(message, to, {ec::unknown_target, {}}, now, out);
  unannounced_.emplace_back(now + config_.announce_max,
                            key{message.message->source, message.message->id});
}

/// Whoever was announced meanwhile has a route, and `up` has delivered.
void relay::give_up_unannounced(instant now, relay_effects& out) {
  while (!unannounced_.empty() && unannounced_.front().first <= now) {
    auto which = std::move(unannounced_.front().second);
    unannounced_.pop_front();
    auto found = messages_.find(which);
    if (found == messages_.end() || !found->second.message || is_stored(*found->second.message))
      continue;
    for (auto& to : found->second.addressees)
      if (to.state == state::waiting && !routes_.contains(to.target))
        settle_one(found->second, to, {ec::unknown_target, {}}, now, out);
  }
}

void relay::deliver(record& message, addressee& to, const route_up& where, instant now,
                    relay_effects& out) {
  release(to);
  if (!charge(message, to, where.member))
    return settle_one(message, to, {ec::busy, "too much is under way to its member"}, now, out);
  to.state = state::sent;
  const auto* part = part_of(message, to);
  out.push_back(deliver_to{to.target,
                           {part ? message.batch->head : message.message, message.source_key,
                            config_.self, part ? *part : nullptr}});
}

/// Null when it is no batch.
const frame_ptr* relay::part_of(const record& message, const addressee& to) {
  if (!message.batch) return nullptr;
  return &message.batch->parts.at(static_cast<std::size_t>(&to - message.addressees.data()));
}

/// A message beyond all credit passes when nothing else is under way: it could never be sent else.
std::uint64_t relay::credit_for(const record& message, const addressee& to) const {
  const auto* part = part_of(message, to);
  auto weight = part ? (*part)->size() : message.weight;
  return std::min(weight, config_.to_member.bytes);
}

/// LINKs of this member have bounds of their own.
bool relay::charge(record& message, addressee& to, const member_id& member) {
  if (member == config_.self) return true;
  const auto bytes = credit_for(message, to);
  if (!under_way_.take(member, bytes)) return false;
  to.charged = member;
  to.charged_bytes = bytes;
  return true;
}

void relay::release(addressee& to) {
  if (to.charged == member_id{}) return;
  under_way_.give_back(to.charged, to.charged_bytes);
  to.charged = {};
}

void relay::stored(const outcome& what, instant now, relay_effects& out) {
  auto found = messages_.find(key{what.source, what.id});
  // Answered already: by its deadline, or by the target, if it was stored once before.
  if (found == messages_.end() || found->second.open == 0) return;
  for (auto& to : found->second.addressees) {
    if (to.target != what.target || to.state == state::settled) continue;
    if (what.why.code == ec::none) to.progress = progress::stored;
    return settle_one(found->second, to, what.why, now, out, what.retry_after_ms);
  }
}

void relay::settle(const outcome& what, instant now, relay_effects& out) {
  auto found = messages_.find(key{what.source, what.id});
  if (found == messages_.end()) return;
  auto& all = found->second.addressees;
  // Those of a batch are many, and in the order of their names.
  auto to = found->second.batch ? std::ranges::lower_bound(all, what.target, {}, &addressee::target)
                                : std::ranges::find(all, what.target, &addressee::target);
  if (to != all.end() && to->target == what.target && to->state != state::settled)
    settle_one(found->second, *to, what.why, now, out);
}

void relay::settle_one(record& message, addressee& to, failure why, instant now, relay_effects& out,
                       std::uint64_t retry_after_ms) {
  switch (why.code) {
  case ec::none:
    ++(to.progress == progress::stored ? stats_.stored : stats_.delivered);
    break;
  case ec::expired:
    ++stats_.expired;
    break;
  default:
    ++stats_.refused;
  }
  release(to);
  to.state = state::settled;
  to.why = std::move(why);
  --stats_.in_flight;
  auto open = open_towards_.find(to.target);
  open->second.erase(message.order);
  if (open->second.empty()) open_towards_.erase(open);
  say(message, to, now, out, retry_after_ms);
  if (--message.open > 0) return;
  answered_.splice(answered_.end(), open_, message.place);
  message.answered = true;
  open_bytes_ -= message.weight;
  forget_content(message);
}

void relay::say(const record& message, const addressee& to, instant now, relay_effects& out,
                std::uint64_t retry_after_ms) const {
  out.push_back(
      answer{message.who,
             {message.message->source, message.message->id, to.target, to.why, to.progress,
              retry_after_ms},
             std::chrono::duration_cast<std::chrono::microseconds>(now - message.accepted)});
}

void relay::tick(instant now, relay_effects& out) {
  give_up_unannounced(now, out);
  while (!open_.empty() && open_.front()->deadline <= now) {
    auto& message = *open_.front(); // leaves the list with its last answer
    for (auto& to : message.addressees) {
      if (to.state == state::settled) continue;
      auto why = to.state == state::sent       ? ec::expired
                 : is_stored(*message.message) ? ec::unavailable
                                               : ec::unknown_target;
      settle_one(message, to, {why, {}}, now, out);
    }
  }
  forget_routes(now);
}

void relay::forget_oldest() {
  while (answered_.size() > config_.message_cache_size) {
    messages_.erase(messages_.find(*answered_.front()->self));
    answered_.pop_front();
  }
}

void relay::forget_routes(instant now) {
  std::erase_if(routes_, [&](const auto& x) {
    return !x.second.connected && now - x.second.since > config_.relay_timeout;
  });
}

relay_stats relay::stats() const {
  auto out = stats_;
  for (const auto& [node, known] : routes_) {
    if (!known.connected) continue;
    ++out.connected_cluster;
    out.connected_local += known.to.member == config_.self;
  }
  return out;
}

} // namespace bpci::oracle
