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

/// What a message takes of a batch's frame beside its body, with ids of the usual length.
constexpr std::size_t item_bytes = 256;

/// No batch carries it (docs/protocol/bpi-1.0.md, section 14).
constexpr std::string_view durable_type = "inter-app";

void append(completions& out, completions&& more) {
  std::ranges::move(more, std::back_inserter(out));
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
  if (size_ >= how_.queue_max)
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
  ++size_;
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

bool outbox::may_send(instant now) const {
  return open_ && now >= paused_until_ && in_flight_ < allowed_.max_in_flight;
}

std::optional<oracle::envelope> outbox::next(moment now) {
  if (!may_send(now.steady)) return {};
  promote(now.steady);
  if (ready_.empty()) return {};
  const auto at = messages_.find(*ready_.begin());
  if (!at->second.items.empty() || !take_tokens(now.steady, 1)) return {};
  move(at, stage::in_flight);
  at->second.sent = true;
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

std::size_t outbox::batch_max() const {
  const auto wanted = how_.batch_max == 0 ? allowed_.batch_size : how_.batch_max;
  return std::min<std::size_t>(wanted, allowed_.max_batch);
}

/// The first that is ready, and what may travel with it.
std::vector<outbox::entries::iterator> outbox::next_group() {
  std::vector<entries::iterator> out;
  // Half of a frame at most, so that the members beside the bodies have room in the other half.
  auto room = allowed_.max_frame_bytes / 2;
  for (const auto where : ready_) {
    const auto at = messages_.find(where);
    const auto& it = at->second;
    const auto fits = it.items.empty() && !it.sent && it.targets.size() == 1
                      && it.what.delivery == oracle::delivery_mode::live
                      && it.what.type != durable_type && it.what.body.size() + item_bytes <= room;
    // Nothing overtakes what cannot come along.
    if (!fits || (!out.empty() && it.what.priority != out.front()->second.what.priority)) break;
    room -= it.what.body.size() + item_bytes;
    out.push_back(at);
    if (out.size() >= batch_max()) break;
  }
  return out;
}

/// Makes them one entry, in the place of the first.
outbox::entries::iterator outbox::join(const std::vector<entries::iterator>& group,
                                       const message_id& id) {
  entry fresh;
  const auto where = group.front()->first;
  fresh.what.id = id;
  fresh.what.priority = group.front()->second.what.priority;
  fresh.deadline = group.front()->second.deadline;
  for (const auto at : group) {
    auto& it = at->second;
    if (std::ranges::find(fresh.targets, it.targets.front().name, &target_state::name)
        == fresh.targets.end())
      fresh.targets.push_back(it.targets.front());
    fresh.deadline = std::min(fresh.deadline, it.deadline);
    deadlines_.erase({it.deadline, at->first});
    ready_.erase(at->first);
    by_id_[*it.what.id] = where;
    fresh.items.push_back({std::move(it.what), std::move(it.tell), it.deadline, false});
    messages_.erase(at);
  }
  by_id_[id] = where;
  ready_.insert(where);
  deadlines_.emplace(fresh.deadline, where);
  return messages_.emplace(where, std::move(fresh)).first;
}

std::optional<oracle::send_batch> outbox::next_batch(moment now, const message_id& fresh) {
  if (!may_send(now.steady) || by_id_.contains(fresh)) return {};
  promote(now.steady);
  if (ready_.empty()) return {};
  auto at = messages_.find(*ready_.begin());
  if (at->second.items.empty()) {
    if (batch_max() < 2) return {};
    const auto group = next_group();
    if (group.size() < 2) return {};
    at = join(group, fresh);
  }
  if (!take_tokens(now.steady, at->second.items.size())) return {};
  move(at, stage::in_flight);
  const auto& it = at->second;
  oracle::send_batch out{.id = *it.what.id,
                         .sequence = ++last_sequence_,
                         .source = how_.source,
                         .priority = it.what.priority,
                         .sent_at = now.wall,
                         .items = {},
                         .signature = {}};
  // Those that have been told as well: a retry has the same content.
  for (const auto& x : it.items)
    out.items.push_back({*x.what.id, x.what.targets.front(), x.what.type, x.what.body});
  return out;
}

completions outbox::on_receipt(const oracle::receipt_batch& x) {
  completions out;
  for (const auto& target : x.targets)
    append(out, on_receipt(oracle::receipt{x.id, target}));
  return out;
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
  return at == messages_.end() ? completions{} : finish(at, why);
}

completions outbox::expire(moment now) {
  const auto why = fail(ec::timeout, "no answer within the deadline of the message");
  completions out;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now.steady) {
    const auto at = messages_.find(deadlines_.begin()->second);
    append(out, at->second.items.empty() ? finish(at, why) : expire_items(at, now.steady, why));
  }
  return out;
}

completions outbox::refuse_all(const failure& why) {
  completions out;
  while (!messages_.empty())
    append(out, finish(messages_.begin(), why));
  return out;
}

std::optional<outbox::instant> outbox::wake(moment now) const {
  std::optional<instant> out;
  const auto sooner = [&](instant x) { out = out ? std::min(*out, x) : x; };
  if (!deadlines_.empty()) sooner(deadlines_.begin()->first);
  if (!open_ || in_flight_ >= allowed_.max_in_flight) return out;
  std::size_t count = 1;
  if (!ready_.empty())
    count = std::max(count, messages_.find(*ready_.begin())->second.items.size());
  const auto cost = interval_ * static_cast<std::int64_t>(count);
  const auto possible =
      std::max({paused_until_, bucket_full_at_ + cost - depth(count), now.steady});
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

/// A rate so low that one message, or one batch, exceeds the burst is still one at a time.
std::chrono::nanoseconds outbox::depth(std::size_t count) const {
  return std::max(burst, interval_ * static_cast<std::int64_t>(count));
}

/// The server's own rule (a token bucket), kept as the time at which it would be full again.
bool outbox::take_tokens(instant now, std::size_t count) {
  const auto full_at =
      std::max(bucket_full_at_, now) + interval_ * static_cast<std::int64_t>(count);
  if (full_at - now > depth(count)) return false;
  bucket_full_at_ = full_at;
  return true;
}

completions outbox::answer(entries::iterator at, const node_id& target, failure why, bool stored) {
  auto& targets = at->second.targets;
  const auto found = std::ranges::find(targets, target, &target_state::name);
  if (found == targets.end() || found->answer) return {};
  found->answer = std::move(why);
  found->stored = stored;
  auto out = finish_items(at, target, *found->answer);
  append(out, settle(at));
  return out;
}

/// After a change of one target: done, or to be sent again once all targets have said something.
completions outbox::settle(entries::iterator at) {
  auto& it = at->second;
  if (std::ranges::all_of(it.targets, [](const auto& x) { return x.answer.has_value(); }))
    return finish(at, {});
  if (it.now == stage::in_flight
      && std::ranges::all_of(it.targets, [](const auto& x) { return x.answer || x.asked_again; }))
    retry_later(at, it.retry_at);
  return {};
}

/// `missing` stands for the targets that have not answered.
completions outbox::finish(entries::iterator at, const failure& missing) {
  auto& it = at->second;
  completions out;
  if (it.items.empty()) {
    out.push_back({std::move(it.tell), {*it.what.id, {}}});
    for (auto& target : it.targets)
      out.front().what.targets.push_back(
          {target.name, target.answer.value_or(missing), target.stored});
    --size_;
  }
  for (const auto& target : it.targets)
    append(out, finish_items(at, target.name, missing));
  forget(at);
  return out;
}

/// The messages of a batch to this target are done.
completions outbox::finish_items(entries::iterator at, const node_id& target, const failure& why) {
  completions out;
  for (auto& x : at->second.items) {
    if (x.told || x.what.targets.front() != target) continue;
    x.told = true;
    --size_;
    out.push_back({std::move(x.tell), {*x.what.id, {{target, why}}}});
  }
  return out;
}

/// A batch lives on as long as somebody waits for a part of it.
completions outbox::expire_items(entries::iterator at, instant now, const failure& why) {
  auto& it = at->second;
  completions out;
  std::optional<instant> next;
  for (auto& x : it.items) {
    if (x.told) continue;
    if (x.deadline > now) {
      next = next ? std::min(*next, x.deadline) : x.deadline;
      continue;
    }
    x.told = true;
    --size_;
    out.push_back({std::move(x.tell), {*x.what.id, {{x.what.targets.front(), why}}}});
  }
  if (!next) {
    forget(at);
    return out;
  }
  deadlines_.erase({it.deadline, at->first});
  it.deadline = *next;
  deadlines_.emplace(it.deadline, at->first);
  return out;
}

void outbox::forget(entries::iterator at) {
  auto& [where, it] = *at;
  move(at, stage::ready);
  ready_.erase(where);
  deadlines_.erase({it.deadline, where});
  by_id_.erase(*it.what.id);
  for (const auto& x : it.items)
    by_id_.erase(*x.what.id);
  messages_.erase(at);
}

} // namespace bpci::client
