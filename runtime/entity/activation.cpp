#include "runtime/entity/activation.hpp"

#include "messages/codec/msgpack.hpp"
#include "runtime/crypto/hash.hpp"
#include "runtime/entity/slot_of.hpp"

#include <algorithm>
#include <ranges>
#include <utility>

namespace bpci::entity {

namespace {

/// Another actor of the same entity must be at work, or the database has gone back in time.
constexpr std::uint16_t attempts_max = 5;

constexpr std::string_view timer_prefix = "timer/";
constexpr std::string_view effect_prefix = "effect/";
constexpr std::size_t item_key_max = 200;

std::size_t size_of(const command& x) noexcept {
  constexpr std::size_t overhead = 256; // the record, its strings and the list's node
  return overhead + x.key.size() + x.body.size();
}

std::size_t size_of(const decision& x) noexcept {
  auto size = x.answer.size();
  for (const auto& send : x.sends)
    size += send.body.size();
  for (const auto& item : x.items)
    size += item.key.size() + (item.value ? item.value->size() : 0);
  return size;
}

bool is_timer(const command& x) noexcept {
  return x.name == message_name(static_cast<const timer_fired*>(nullptr));
}

/// No zero byte, which a text of the database cannot hold, and nothing that hides in a log.
bool is_printable(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 127; });
}

result<void> check_key(const command& x) {
  if (x.key.size() > key_max || !is_printable(x.key))
    return fail(ec::invalid_argument, "key: 1 to 200 printable ASCII characters");
  if (x.key.starts_with(timer_prefix) != is_timer(x))
    return fail(ec::invalid_argument, "key: those that begin with 'timer/' are the timers'");
  // Who could take the key of an effect could keep the effect from ever being carried out.
  if (x.key.starts_with(effect_prefix) && !x.background)
    return fail(ec::invalid_argument, "key: those that begin with 'effect/' are the outbox's");
  return {};
}

std::string effect_key(const entity_ref& from, std::uint64_t version, std::size_t no) {
  return std::string{effect_prefix} + to_string(from) + '/' + std::to_string(version) + '/'
         + std::to_string(no);
}

result<void> check(const decision& x) {
  for (const auto& send : x.sends)
    if (auto named = check_name(send.to); !named) return named;
  for (const auto& timer : x.timers)
    if (!is_valid_id(timer.name)) return fail(ec::invalid_argument, "timer: not a name");
  for (const auto& item : x.items)
    if (item.key.empty() || item.key.size() > item_key_max || !is_printable(item.key))
      return fail(ec::invalid_argument, "item: 1 to 200 printable ASCII characters");
  return {};
}

command_hash hash_of(const command& x) {
  constexpr std::uint8_t end_of_name[] = {0};
  return crypto::sha256_joined(
      {crypto::as_bytes(x.name), end_of_name, x.identity.empty() ? x.body : x.identity});
}

/// The later change of a thing replaces the earlier.
template <class Change, class Key>
void merge(std::vector<Change>& into, std::vector<Change> more, Key key) {
  for (auto& x : more) {
    auto same = std::ranges::find(into, x.*key, key);
    if (same != into.end())
      *same = std::move(x);
    else
      into.push_back(std::move(x));
  }
}

bool is_unknown(ec code) noexcept {
  return code == ec::timeout || code == ec::restarted || code == ec::shutting_down;
}

/// Nothing is wrong with the commands themselves.
bool is_away(ec code) noexcept {
  return code == ec::unavailable || code == ec::busy || code == ec::storage_failed;
}

/// A question without a name is an admin's: what is it that you hold?
result<bytes> described_as(const instance& x) {
  auto text = x.describe();
  return bytes(text.begin(), text.end());
}

failure not_ours() {
  return fail(ec::unavailable, "this node may not speak for the slot just now");
}

failure unknown_outcome() {
  return fail(ec::timeout, "whether it was carried out is unknown; send it again under its key");
}

} // namespace

struct activation::run {
  const moment& now;
  guard& watch;
  effects out;

  void reply(const waiting& to, result<response> answer) {
    out.push_back(entity::reply{to.what->ticket, std::move(answer)});
  }
};

activation::activation(const kind& what, std::string id, const activation_limits& limits)
    : kind_(what), id_(std::move(id)), limits_(limits) {}

// -- what happens to it --------------------------------------------------------------

effects activation::take(request_ptr what, const moment& now, guard& watch) {
  auto in = run{now, watch, {}};
  auto size = size_of(what->what);
  if (queue_.size() >= limits_.queue_commands || bytes_ + size > limits_.queue_bytes) {
    in.reply({std::move(what)}, fail(ec::busy, "the queue of this entity is full"));
  } else if (auto good = check_key(what->what); !what->what.key.empty() && !good) {
    in.reply({std::move(what)}, good.error());
  } else {
    bytes_ += size;
    queue_.push_back({std::move(what)});
    advance(in);
  }
  return std::move(in.out);
}

effects activation::loaded(result<stored_entity> what, const moment& now, guard& watch) {
  auto in = run{now, watch, {}};
  under_way_ = false;
  auto state = [&]() -> result<instance_ptr> {
    if (!what) return what.error();
    if (!what->state) return kind_.fresh();
    return kind_.load(*what->state, what->schema);
  }();
  if (!state && state.error().code == ec::fenced) in.out.push_back(give_up{});
  if (!state) {
    drop_queue(in, state.error());
  } else {
    state_ = std::move(*state);
    version_ = what->version;
    advance(in);
  }
  return std::move(in.out);
}

effects activation::items_loaded(result<stored_items> what, const moment& now, guard& watch) {
  auto in = run{now, watch, {}};
  under_way_ = false;
  if (what && what->version != version_) {
    reload(in);
  } else if (what) {
    items_ = std::make_unique<items>(std::move(what->all));
  } else if (!queue_.empty()) {
    in.reply(queue_.front(), queue_.front().uncertain ? unknown_outcome() : what.error());
    forget_front();
  }
  advance(in);
  return std::move(in.out);
}

effects activation::committed(result<commit_outcome> what, const moment& now, guard& watch) {
  auto in = run{now, watch, {}};
  under_way_ = false;
  if (!what) {
    failed(in, what.error());
  } else if (what->how == commit_end::fenced) {
    take_back(false);
    state_ = nullptr;
    in.out.push_back(give_up{});
    drop_queue(in, fail(ec::fenced));
  } else if (what->how == commit_end::stale) {
    take_back(false);
    reload(in);
  } else if (what->how == commit_end::refused) {
    settle_refused(in, what->refused);
  } else {
    done(in);
  }
  advance(in);
  return std::move(in.out);
}

void activation::done(run& in) {
  auto done = std::move(open_);
  attempts_ = 0;
  state_ = done->after;
  version_ += done->what.added;
  answer_all(in, *done);
}

void activation::failed(run& in, const failure& why) {
  if (is_unknown(why.code) || why.code == ec::conflict) {
    take_back(is_unknown(why.code));
    return reload(in);
  }
  if (!is_away(why.code) && open_->members.size() > 1) {
    // One of them does not go into the database; the others need not suffer for it.
    alone_ = static_cast<std::uint16_t>(open_->members.size());
    return take_back(false);
  }
  for (auto failed = std::move(open_); const auto& x : failed->members)
    in.reply(x.who, x.who.uncertain ? unknown_outcome() : why);
}

// -- the transaction -----------------------------------------------------------------

void activation::advance(run& in) {
  if (under_way_ || queue_.empty()) return;
  if (state_) return gather(in);
  under_way_ = true;
  in.out.push_back(read_state{});
}

void activation::gather(run& in) {
  while (!under_way_ && !queue_.empty()) {
    transaction next;
    next.after = state_;
    next.what.known = version_;
    auto most = alone_ > 0 ? 1 : limits_.batch_commands;
    while (!queue_.empty() && next.members.size() < most && next.bytes < limits_.batch_bytes)
      if (!gather_one(in, next)) break;
    if (alone_ > 0) --alone_;
    if (!next.members.empty()) begin(in, std::move(next));
  }
}

/// Takes the first of the queue along; false when it has to wait for what was gathered, or for its
/// items.
bool activation::gather_one(run& in, transaction& to) {
  const auto& first = queue_.front();
  const auto& what = first.what->what;
  if (first.what->deadline <= in.now.steady) {
    in.reply(first, first.uncertain ? unknown_outcome() : fail(ec::timeout, "it waited too long"));
    forget_front();
    return true;
  }
  auto is_same = [&](const batch_command& x) { return x.key == what.key; };
  if (!what.key.empty() && std::ranges::any_of(to.what.commands, is_same)) return false;
  if (must_read_items(in, to, what)) return false;
  auto who = first;
  if (!in.watch.take_up(what)) {
    in.reply(who, fail(ec::quarantined));
    forget_front();
    return true;
  }
  if (what.key.empty())
    ask(in, to, who);
  else
    decide(in, to, who);
  in.watch.put_down();
  forget_front();
  return true;
}

/// Items are read when nothing else is under way, so that they belong to the state.
bool activation::must_read_items(run& in, const transaction& to, const command& what) {
  if (items_) return false;
  auto range = to.after->items_for(what);
  if (!range) return false;
  if (!to.members.empty()) return true;
  under_way_ = true;
  in.out.push_back(read_items{std::move(*range)});
  return true;
}

void activation::ask(run& in, transaction& to, waiting who) {
  if (!in.now.may_answer) return in.reply(who, not_ours());
  const auto& what = who.what->what;
  auto answer = what.name.empty() ? described_as(*to.after)
                                  : to.after->answer(what, items_ ? *items_ : items{});
  auto full = [&]() -> result<response> {
    if (!answer) return answer.error();
    return response{std::move(*answer), version_ + to.what.added, false};
  }();
  to.members.push_back({std::move(who), std::move(full)});
}

void activation::decide(run& in, transaction& to, waiting who) {
  const auto& what = who.what->what;
  auto outcome = outcome_of(in, to, what);
  auto at = static_cast<std::uint32_t>(to.what.commands.size());
  auto entry = batch_command{what.key, what.name, hash_of(what), {}, 0};
  to.bytes += size_of(what);
  if (!outcome) {
    to.members.push_back({std::move(who), outcome.error(), at});
    to.what.commands.push_back(std::move(entry));
    return;
  }
  entry.version = version_ + ++to.what.added;
  to.bytes += size_of(*outcome);
  for (std::size_t i = 0; auto& send : outcome->sends)
    to.what.sends.push_back({effect_key(self(), entry.version, i++), std::move(send)});
  merge(to.what.timers, std::move(outcome->timers), &timer_change::name);
  merge(to.what.items, std::move(outcome->items), &item_change::key);
  to.after = std::move(outcome->after);
  auto answer = response{std::move(outcome->answer), entry.version, false};
  entry.response = answer.body;
  to.members.push_back({std::move(who), std::move(answer), at});
  to.what.commands.push_back(std::move(entry));
}

result<decision> activation::outcome_of(run& in, const transaction& to, const command& what) {
  auto at = circumstances{in.now.wall, self(), items_ ? std::move(*items_) : items{}};
  auto outcome = to.after->decide(what, at);
  if (!outcome) return outcome;
  if (auto good = check(*outcome); !good) return good.error();
  return outcome;
}

/// Sends the transaction to the database, or answers at once when there is nothing to ask it.
void activation::begin(run& in, transaction what) {
  if (what.what.commands.empty()) {
    attempts_ = 0;
    return answer_all(in, what);
  }
  auto sealed = seal(what);
  open_ = std::make_unique<transaction>(std::move(what));
  if (sealed) {
    under_way_ = true;
    in.out.push_back(commit_batch{open_->what});
    return;
  }
  if (open_->members.size() > 1) {
    alone_ = static_cast<std::uint16_t>(open_->members.size());
    return take_back(false);
  }
  auto guilty = std::move(open_);
  in.reply(guilty->members.front().who, sealed.error());
}

result<void> activation::seal(transaction& what) const {
  for (const auto& x : what.members) {
    if (x.at == no_command || !is_timer(x.who.what->what) || !x.answer) continue;
    auto fired = codec::from_msgpack<timer_fired>(x.who.what->what.body);
    if (!fired) return fired.error();
    what.what.firings.push_back({x.at, std::move(*fired)});
  }
  if (what.what.added == 0) return {};
  auto state = what.after->encode();
  if (state.size() > limits_.state_bytes)
    return fail(ec::too_large, "the entity's state would have " + std::to_string(state.size())
                                   + " bytes, the limit is " + std::to_string(limits_.state_bytes));
  // What has fewer bytes cannot have more values than the decoder takes.
  if (state.size() > codec::msgpack_items_max)
    if (auto back = kind_.load(state, kind_.schema()); !back)
      return fail(ec::too_large, "the entity's state could not be read again");
  what.what.state = std::move(state);
  return {};
}

void activation::answer_all(run& in, const transaction& what) {
  for (const auto& x : what.members)
    in.reply(x.who, x.answer);
  if (!what.what.sends.empty()) in.out.push_back(wake_outbox{});
  auto starts = [](const timer_change& x) { return x.due.has_value(); };
  if (std::ranges::any_of(what.what.timers, starts)) in.out.push_back(wake_timers{});
}

/// Those that must not be carried out have their answer; the others are decided again, without
/// them.
///
/// What was carried out and is not in our state was written for an actor that was killed meanwhile,
/// after we had read. Who is told now that it was carried out must see it in whatever is asked
/// next.
void activation::settle_refused(run& in, const std::vector<refused_command>& refused) {
  auto behind = false;
  for (const auto& x : refused) {
    auto who = std::ranges::find(open_->members, x.at, &decided::at);
    if (who == open_->members.end()) continue;
    behind = behind || x.why == verdict::outdated || x.response.version > version_;
    switch (x.why) {
    case verdict::repeated:
      in.reply(who->who, x.response);
      break;
    case verdict::conflict:
      in.reply(who->who, fail(ec::conflict, "another command has this key"));
      break;
    case verdict::outdated:
      in.reply(who->who, fail(ec::not_found, "this timer was moved, was stopped or has fired"));
      break;
    }
    open_->members.erase(who);
  }
  take_back(false);
  if (behind) state_ = nullptr; // no attempt: each time the queue is shorter
}

/// What was under way stands at the front of the queue again, in its order.
void activation::take_back(bool uncertain) {
  auto back = std::exchange(open_, nullptr);
  for (auto& x : back->members | std::views::reverse) {
    x.who.uncertain = x.who.uncertain || (uncertain && x.at != no_command);
    bytes_ += size_of(x.who.what->what);
    queue_.push_front(std::move(x.who));
  }
}

/// What is in memory is not what stands in the database.
void activation::reload(run& in) {
  state_ = nullptr;
  if (++attempts_ <= attempts_max) return;
  attempts_ = 0;
  drop_queue(in, fail(ec::retry_after, "200"));
}

void activation::drop_queue(run& in, const failure& why) {
  for (const auto& x : std::exchange(queue_, {}))
    in.reply(x, x.uncertain && why.code != ec::fenced ? unknown_outcome() : why);
  bytes_ = 0;
}

void activation::forget_front() {
  bytes_ -= size_of(queue_.front().what->what);
  queue_.pop_front();
  items_.reset();
}

} // namespace bpci::entity
