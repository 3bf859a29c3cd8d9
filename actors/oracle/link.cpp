#include "actors/oracle/link.hpp"

#include "actors/oracle/checks.hpp"

#include <algorithm>

namespace bpci::oracle {

namespace {

/// What a sender is told to wait when a queue is full: about the time in which one drains.
constexpr auto busy_retry = std::chrono::milliseconds{200};

receipt make_receipt(const outcome& x) {
  auto stored = x.progress == progress::stored ? std::optional{true} : std::nullopt;
  return {x.id, x.target, stored};
}

std::optional<std::chrono::milliseconds> wait_of(const outcome& x) {
  if (x.retry_after_ms == 0) return std::nullopt;
  return std::chrono::milliseconds{x.retry_after_ms};
}

/// Whether one is a retry of the other (protocol, section 4).
bool same_content(const envelope& x, const envelope& y) {
  return x.targets == y.targets && x.type == y.type && is_stored(x) == is_stored(y)
         && x.body == y.body;
}

} // namespace

refusal make_refusal(const failure& why, std::optional<message_id> id,
                     std::optional<node_id> target,
                     std::optional<std::chrono::milliseconds> retry_after) {
  if (!retry_after && why.code == ec::busy) retry_after = busy_retry;
  auto wait = retry_after ? std::optional<std::uint64_t>(retry_after->count()) : std::nullopt;
  return {std::string{name(why.code)},
          std::string{sentence(why.code)},
          std::string{next_step(why.code)},
          why.detail,
          std::move(id),
          std::move(target),
          wait};
}

link::link(link_config config)
    : config_(std::move(config)), rate_(config_.limits.rate_limit_per_sec) {}

std::uint64_t link::attach(const crypto::public_key& key, std::uint64_t last_sequence) {
  detach();
  attached_ = true;
  key_ = key;
  last_sequence_ = std::max(last_sequence_, last_sequence);
  return last_sequence_;
}

void link::detach() {
  attached_ = false;
  blocked_ = false;
  unanswered_.clear();
  unacknowledged_.clear();
  handed_over_order_.clear();
  backlog_.clear();
}

// -- from the node ---------------------------------------------------------------

void link::on_frame(client_frame frame, moment now, link_effects& out) {
  if (auto* x = std::get_if<send>(&frame)) return on_send(std::move(x->envelope), now, out);
  if (auto* x = std::get_if<ack>(&frame)) return on_ack(*x, now.steady, out);
  const auto* why = std::holds_alternative<peer>(frame)
                        ? "peer frames are for the links between operators' nodes"
                        : "the link is open already";
  out.push_back(write{make_refusal({ec::unsupported, why})});
}

void link::on_garbage(const failure& why, moment now, link_effects& out) {
  ++stats_.refused;
  out.push_back(write{make_refusal(why)});
  if (rate_.take(now.steady)) out.push_back(hang_up{{ec::rate_limited, "too many bad frames"}});
}

void link::on_send(envelope message, moment now, link_effects& out) {
  if (auto no = check(message, now)) {
    ++stats_.refused;
    // An id that may not stand in an answer is left out of it.
    auto id = is_valid_id(message.id.get()) ? std::optional{message.id} : std::nullopt;
    out.push_back(write{make_refusal(no->why, std::move(id), {}, no->retry_after)});
    return;
  }
  ++stats_.accepted;
  last_sequence_ = message.sequence;
  auto shared = std::make_shared<const envelope>(std::move(message));
  auto& open = unanswered_[shared->id];
  if (open.message && !same_content(*open.message, *shared)) {
    open.conflicts += shared->targets.size();
  } else {
    open.message = shared;
    open.targets = shared->targets.size();
  }
  out.push_back(submit{std::move(shared)});
}

/// In the order of cost. The sequence is used up only by the caller, once all checks have passed:
/// a forged message must not be able to block the true one.
std::optional<link::refused> link::check(const envelope& x, moment now) {
  const auto& limits = config_.limits;
  if (auto ok = check_shape(x, limits); !ok) return refused{ok.error(), {}};
  if (x.source != config_.node)
    return refused{{ec::wrong_source, "this link belongs to " + config_.node.get()}, {}};
  if (auto ok = check_age(x, limits, now.wall); !ok) return refused{ok.error(), {}};
  if (x.sequence <= last_sequence_)
    return refused{{ec::replayed, "the last sequence was " + std::to_string(last_sequence_)}, {}};
  if (unanswered_.size() >= limits.max_in_flight)
    return refused{{ec::busy, "at most " + std::to_string(limits.max_in_flight)
                                  + " messages without an answer"},
                   {}};
  if (auto wait = rate_.take(now.steady))
    return refused{
        {ec::rate_limited, "at most " + std::to_string(limits.rate_limit_per_sec) + " a second"},
        wait};
  if (auto ok = check_signature(x, key_); !ok) return refused{ok.error(), {}};
  return std::nullopt;
}

void link::on_ack(const ack& x, instant now, link_effects& out) {
  auto found = unacknowledged_.find(message_key{x.source, x.id});
  if (found == unacknowledged_.end()) return; // a duplicate, or from before a reconnect
  ++stats_.delivered;
  out.push_back(settle{found->second.relay, {x.source, x.id, config_.node, {ec::none, {}}}});
  unacknowledged_.erase(found);
  pump(now, out);
}

// -- from the cluster --------------------------------------------------------------

void link::on_delivery(delivery what, instant now, link_effects& out) {
  // Whoever is away gets it after the reconnect, when the RELAYs learn the new route.
  if (!attached_) return;
  forget_overdue(now);
  auto known = unacknowledged_.find(message_key{what.message->source, what.message->id});
  if (known != unacknowledged_.end()) {
    known->second.relay = what.relay;
    return;
  }
  if (backlog_.size() >= config_.backlog_max) {
    out.push_back(
        settle{what.relay, {what.message->source, what.message->id, config_.node, {ec::busy, {}}}});
    return;
  }
  backlog_.push_back(std::move(what));
  pump(now, out);
}

/// A node that fails on some messages must not lose its credit for all others.
void link::forget_overdue(instant now) {
  auto timeout = std::chrono::seconds{config_.limits.relay_timeout_secs};
  while (!handed_over_order_.empty()) {
    const auto& [at, key] = handed_over_order_.front();
    auto found = unacknowledged_.find(key);
    auto open = found != unacknowledged_.end() && found->second.at == at;
    if (open && now - at < timeout) return;
    if (open) unacknowledged_.erase(found);
    handed_over_order_.pop_front();
  }
}

void link::pump(instant now, link_effects& out) {
  forget_overdue(now);
  while (!blocked_ && !backlog_.empty() && unacknowledged_.size() < config_.limits.max_in_flight) {
    auto next = std::move(backlog_.front());
    backlog_.pop_front();
    hand_over(std::move(next), now, out);
  }
}

void link::hand_over(delivery what, instant now, link_effects& out) {
  auto key = message_key{what.message->source, what.message->id};
  auto [known, fresh] = unacknowledged_.try_emplace(key, handed_over{what.relay, now});
  if (!fresh) { // twice in the backlog; the source waits at the later RELAY
    known->second.relay = what.relay;
    return;
  }
  handed_over_order_.emplace_back(now, std::move(key));
  out.push_back(write_delivery{std::move(what)});
}

void link::on_outcome(const outcome& what, link_effects& out) {
  auto found = unanswered_.find(what.id);
  if (found != unanswered_.end() && what.progress != progress::later) {
    auto& open = found->second;
    auto to_conflict = what.why.code == ec::conflict && open.conflicts > 0;
    auto& left = to_conflict ? open.conflicts : open.targets;
    if (left > 0) --left;
    if (open.targets + open.conflicts == 0) unanswered_.erase(found);
  }
  if (!attached_) return;
  if (what.why.code == ec::none)
    out.push_back(write{make_receipt(what)});
  else
    out.push_back(write{make_refusal(what.why, what.id, what.target, wait_of(what))});
}

void link::refuse(const message_id& id, const failure& why, link_effects& out) {
  ++stats_.refused;
  out.push_back(write{make_refusal(why, id)});
}

// -- from the shell ------------------------------------------------------------------

void link::write_failed(delivery what) {
  if (!attached_) return; // as in on_delivery
  blocked_ = true;
  unacknowledged_.erase(message_key{what.message->source, what.message->id});
  backlog_.push_front(std::move(what));
}

void link::on_writable(instant now, link_effects& out) {
  blocked_ = false;
  pump(now, out);
}

void link::tick(instant now, link_effects& out) {
  pump(now, out);
}

void link::relay_lost(link_effects& out) {
  for (const auto& [id, targets] : unanswered_)
    out.push_back(write{make_refusal({ec::restarted, "the relay"}, id)});
  unanswered_.clear();
}

} // namespace bpci::oracle
