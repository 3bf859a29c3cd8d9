#include "gateways/clients/cpp/outbox.hpp"

#include <algorithm>
#include <unordered_set>

namespace bpci::client {

namespace {

using namespace std::chrono_literals;

/// The server allows one second's worth at once. A part of it is kept back, for messages that the
/// network holds up and then brings close together.
constexpr std::chrono::nanoseconds burst = 750ms;

/// A server that names no time, or an absurd one, must not stop a client for good.
constexpr auto retry_after_max = 60'000ms;

/// Far above any sense; keeps the sum with the clock in range.
constexpr std::chrono::milliseconds deadline_max = std::chrono::hours{24 * 365};

/// Refusals that pass (section 4). A node that is stopping says so before it closes.
bool passing(ec code) noexcept {
  switch (code) {
  case ec::busy:
  case ec::rate_limited:
  case ec::restarted:
  case ec::unavailable:
  case ec::shutting_down:
    return true;
  default:
    return false;
  }
}

result<void> check(const outgoing& x) {
  if (!x.id || !is_valid_id(x.id->get())) return fail(ec::invalid_argument, "the message id");
  if (!is_valid_id(x.type)) return fail(ec::invalid_argument, "the message type");
  if (x.targets.empty()) return fail(ec::invalid_argument, "a message needs a target");
  std::unordered_set<node_id> seen;
  for (const auto& target : x.targets) {
    if (!is_valid_id(target.get())) return fail(ec::invalid_argument, "the id of a target");
    if (!seen.insert(target).second)
      return fail(ec::invalid_argument, "the target " + target.get() + " is named twice");
  }
  return {};
}

} // namespace

outbox::outbox(outbox_settings how) : how_(std::move(how)) {}

result<void> outbox::add(outgoing x, std::chrono::milliseconds deadline, moment now,
                         report_handler tell) {
  if (auto ok = check(x); !ok) return ok;
  if (messages_.size() >= how_.queue_max)
    return fail(ec::busy, std::to_string(how_.queue_max) + " messages wait for an answer");
  if (!by_id_.emplace(*x.id, next_place_).second)
    return fail(ec::conflict, "the message " + x.id->get() + " is under way already");
  entry fresh;
  for (const auto& target : x.targets)
    fresh.targets.push_back({target, std::nullopt, false, false});
  fresh.what = std::move(x);
  fresh.tell = std::move(tell);
  fresh.deadline = now.steady + std::min(deadline, deadline_max);
  deadlines_.emplace(fresh.deadline, next_place_);
  ready_.insert(next_place_);
  messages_.emplace(next_place_, std::move(fresh));
  ++next_place_;
  return {};
}

void outbox::opened(const oracle::limits& allowed, std::uint64_t resume_from, moment now) {
  closed();
  open_ = true;
  allowed_ = allowed;
  paused_until_ = now.steady;
  interval_ = std::chrono::nanoseconds{1s} / std::max<std::uint64_t>(allowed.rate_limit_per_sec, 1);
  bucket_full_at_ = now.steady;
  const auto clock = static_cast<std::uint64_t>(std::max<std::int64_t>(now.wall.get(), 0));
  last_sequence_ = std::max({last_sequence_, resume_from, clock});
}

void outbox::closed() {
  open_ = false;
  for (auto at = messages_.begin(); at != messages_.end(); ++at) {
    for (auto& target : at->second.targets)
      target.asked_again = false;
    move(at, stage::ready);
  }
}

std::optional<oracle::envelope> outbox::next(moment now) {
  if (!open_ || now.steady < paused_until_ || in_flight_ >= allowed_.max_in_flight) return {};
  promote(now.steady);
  if (ready_.empty() || !take_token(now.steady)) return {};
  const auto at = messages_.find(*ready_.begin());
  move(at, stage::in_flight);
  const auto& x = at->second.what;
  return oracle::envelope{.id = *x.id,
                          .sequence = ++last_sequence_,
                          .source = how_.source,
                          .targets = x.targets,
                          .type = x.type,
                          .priority = x.priority,
                          .delivery = x.delivery == oracle::delivery_mode::stored
                                          ? std::optional{x.delivery}
                                          : std::nullopt,
                          .sent_at = now.wall,
                          .body = x.body,
                          .signature = {}};
}

completions outbox::on_receipt(const oracle::receipt& x) {
  const auto at = find(x.id);
  return at == messages_.end() ? completions{}
                               : answer(at, x.target, fail(ec::none), x.stored.value_or(false));
}

completions outbox::on_refusal(const oracle::refusal& x, moment now, std::uint64_t luck) {
  const auto at = x.id ? find(*x.id) : messages_.end();
  if (at == messages_.end()) return {};
  const auto code = code_from_name(x.code);
  auto& it = at->second;
  if (!passing(code)) {
    const auto why = fail(code, x.detail.empty() ? x.message : x.detail);
    return x.target ? answer(at, *x.target, why) : refuse(*x.id, why);
  }
  const auto named = std::chrono::milliseconds{
      std::min(x.retry_after_ms.value_or(0), static_cast<std::uint64_t>(retry_after_max.count()))};
  const auto when = now.steady + (x.retry_after_ms ? named : delay(how_.retry, it.attempts, luck));
  if (!x.target) {
    // What hit this message hits those behind it: all wait, so that their order stays.
    paused_until_ = std::max(paused_until_, when);
    retry_later(at, when);
    return {};
  }
  const auto target = std::ranges::find(it.targets, *x.target, &target_state::name);
  // One that comes late, after a reconnect, says nothing about the next transmission.
  if (target == it.targets.end() || target->answer || it.now != stage::in_flight) return {};
  target->asked_again = true;
  it.retry_at = std::max(it.retry_at, when);
  return settle(at);
}

completions outbox::refuse(const message_id& id, const failure& why) {
  const auto at = find(id);
  completions out;
  if (at != messages_.end()) out.push_back(finish(at, why));
  return out;
}

completions outbox::expire(moment now) {
  completions out;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now.steady)
    out.push_back(finish(messages_.find(deadlines_.begin()->second),
                         fail(ec::timeout, "no answer within the deadline of the message")));
  return out;
}

completions outbox::refuse_all(const failure& why) {
  completions out;
  while (!messages_.empty())
    out.push_back(finish(messages_.begin(), why));
  return out;
}

std::optional<outbox::instant> outbox::wake(moment now) const {
  std::optional<instant> out;
  const auto sooner = [&](instant x) { out = out ? std::min(*out, x) : x; };
  if (!deadlines_.empty()) sooner(deadlines_.begin()->first);
  if (!open_ || in_flight_ >= allowed_.max_in_flight) return out;
  const auto possible =
      std::max({paused_until_, bucket_full_at_ + interval_ - depth(), now.steady});
  if (!ready_.empty()) sooner(possible);
  if (!waiting_.empty()) sooner(std::max(possible, waiting_.begin()->first));
  return out;
}

outbox::entries::iterator outbox::find(const message_id& id) {
  const auto at = by_id_.find(id);
  return at == by_id_.end() ? messages_.end() : messages_.find(at->second);
}

void outbox::move(entries::iterator at, stage to) {
  auto& [where, it] = *at;
  if (it.now == stage::ready) ready_.erase(where);
  if (it.now == stage::in_flight) --in_flight_;
  if (it.now == stage::waiting) waiting_.erase({it.retry_at, where});
  it.now = to;
  if (to == stage::ready) ready_.insert(where);
  if (to == stage::in_flight) ++in_flight_;
  if (to == stage::waiting) waiting_.emplace(it.retry_at, where);
}

void outbox::retry_later(entries::iterator at, instant when) {
  auto& it = at->second;
  move(at, stage::in_flight); // out of the schedule before its time changes
  for (auto& target : it.targets)
    target.asked_again = false;
  ++it.attempts;
  it.retry_at = when;
  move(at, stage::waiting);
}

void outbox::promote(instant now) {
  while (!waiting_.empty() && waiting_.begin()->first <= now)
    move(messages_.find(waiting_.begin()->second), stage::ready);
}

/// A rate so low that one message exceeds the burst is still one message at a time.
std::chrono::nanoseconds outbox::depth() const {
  return std::max(burst, interval_);
}

/// The server's own rule (a token bucket), kept as the time at which it would be full again.
bool outbox::take_token(instant now) {
  const auto full_at = std::max(bucket_full_at_, now) + interval_;
  if (full_at - now > depth()) return false;
  bucket_full_at_ = full_at;
  return true;
}

completions outbox::answer(entries::iterator at, const node_id& target, failure why, bool stored) {
  auto& targets = at->second.targets;
  const auto found = std::ranges::find(targets, target, &target_state::name);
  if (found == targets.end() || found->answer) return {};
  found->answer = std::move(why);
  found->stored = stored;
  return settle(at);
}

/// After a change of one target: done, or to be sent again once all targets have said something.
completions outbox::settle(entries::iterator at) {
  auto& it = at->second;
  completions out;
  if (std::ranges::all_of(it.targets, [](const auto& x) { return x.answer.has_value(); }))
    out.push_back(finish(at, {}));
  else if (it.now == stage::in_flight && std::ranges::all_of(it.targets, [](const auto& x) {
             return x.answer || x.asked_again;
           }))
    retry_later(at, it.retry_at);
  return out;
}

/// `missing` stands for the targets that have not answered.
completion outbox::finish(entries::iterator at, const failure& missing) {
  auto& it = at->second;
  completion out{std::move(it.tell), {*it.what.id, {}}};
  for (auto& target : it.targets)
    out.what.targets.push_back({target.name, target.answer.value_or(missing), target.stored});
  forget(at);
  return out;
}

void outbox::forget(entries::iterator at) {
  auto& [where, it] = *at;
  move(at, stage::ready);
  ready_.erase(where);
  deadlines_.erase({it.deadline, where});
  by_id_.erase(*it.what.id);
  messages_.erase(at);
}

} // namespace bpci::client
