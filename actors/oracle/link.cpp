#include "actors/oracle/link.hpp"

#include "actors/oracle/checks.hpp"
#include "messages/oracle/codec.hpp"

#include <algorithm>
#include <numeric>

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

/// A batch has no type, and its body is the root of its items (submission.hpp).
bool is_batch(const envelope& x) {
  return x.type.empty();
}

/// What stands for a batch, but for its targets and its root.
envelope head_of(const batch_view& x) {
  envelope out;
  out.id = message_id{std::string{x.id}};
  out.sequence = x.sequence;
  out.source = node_id{std::string{x.source}};
  out.priority = x.priority;
  out.sent_at = timestamp_ms{x.sent_at};
  return out;
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
    : config_(std::move(config)),
      rate_(config_.limits.rate_limit_per_sec),
      conduct_(config_.conduct),
      backlog_(config_.backlog_max) {}

std::uint64_t link::attach(const crypto::public_key& key, std::uint64_t last_sequence) {
  detach();
  attached_ = true;
  accused_ = false;
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
  if (auto* x = std::get_if<ack>(&frame)) {
    on_ack(*x, out);
    return pump(now.steady, out);
  }
  if (auto* x = std::get_if<ack_batch>(&frame)) {
    for (const auto& one : x->items)
      on_ack(one, out);
    return pump(now.steady, out);
  }
  if (std::holds_alternative<send_batch>(frame)) {
    // It came as JSON, or with members that we do not know.
    auto plain = encode(frame, encoding::msgpack);
    if (view_batch(plain, batch_)) return on_batch(batch_, now, out);
    return on_garbage({ec::invalid_argument, "ids, or the number, of the items"}, now, out);
  }
  const auto* why = std::holds_alternative<peer>(frame)
                        ? "peer frames are for the links between operators' nodes"
                        : "the link is open already";
  out.push_back(write{make_refusal({ec::unsupported, why})});
  note(ec::unsupported, now.steady, out);
}

void link::on_garbage(const failure& why, moment now, link_effects& out) {
  ++stats_.refused;
  out.push_back(write{make_refusal(why)});
  note(why.code, now.steady, out);
  if (rate_.take(now.steady)) out.push_back(hang_up{{ec::rate_limited, "too many bad frames"}});
}

void link::note(ec code, instant now, link_effects& out) {
  if (accused_ || !conduct_.note(code, now)) return;
  accused_ = true;
  out.push_back(accuse{code});
}

void link::on_send(envelope message, moment now, link_effects& out) {
  if (auto no = check(message, now)) return refuse(message.id.get(), *no, now.steady, out);
  auto shared = std::make_shared<const envelope>(std::move(message));
  accept(shared);
  out.push_back(submit{std::move(shared)});
}

void link::on_batch(const batch_view& x, moment now, link_effects& out) {
  if (auto no = check(x, now)) return refuse(x.id, *no, now.steady, out);
  auto message = head_of(x);
  auto batch = take_apart(x, message.targets);
  message.body.assign(tree_.root().begin(), tree_.root().end());
  auto shared = std::make_shared<const envelope>(std::move(message));
  accept(shared);
  out.push_back(submit{std::move(shared), std::move(batch)});
}

void link::refuse(std::string_view id, const refused& no, instant now, link_effects& out) {
  ++stats_.refused;
  // An id that may not stand in an answer is left out of it.
  auto said = is_valid_id(id) ? std::optional{message_id{std::string{id}}} : std::nullopt;
  out.push_back(write{make_refusal(no.why, std::move(said), {}, no.retry_after)});
  note(no.why.code, now, out);
}

void link::accept(const envelope_ptr& message) {
  ++stats_.accepted;
  last_sequence_ = message->sequence;
  auto& open = unanswered_[message->id];
  if (open.message && !same_content(*open.message, *message)) {
    open.conflicts += message->targets.size();
  } else {
    open.message = message;
    open.targets = message->targets.size();
  }
}

/// The frame for each target. The usual batch has one, which gets its items as they came.
std::shared_ptr<const batch_parts> link::take_apart(const batch_view& x,
                                                    std::vector<node_id>& targets) const {
  auto out = std::make_shared<batch_parts>();
  out->head = std::make_shared<const envelope>(head_of(x));
  auto add = [&](std::string_view target, bytes frame) {
    targets.emplace_back(std::string{target});
    out->parts.push_back(std::make_shared<const bytes>(std::move(frame)));
  };
  const auto& first = x.items.front().target;
  if (std::ranges::all_of(x.items, [&](const auto& item) { return item.target == first; })) {
    add(first, encode_part(x, key_.bytes, {&x.raw_items, 1}, x.items.size(), {}, {}));
    return out;
  }
  std::vector<std::uint32_t> order(x.items.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {}, [&](auto i) { return x.items[i].target; });
  std::vector<std::span<const std::uint8_t>> items;
  for (auto rest = std::span<const std::uint32_t>{order}; !rest.empty();) {
    const auto& target = x.items[rest.front()].target;
    items.clear();
    for (auto i : rest) {
      if (x.items[i].target != target) break;
      items.push_back(x.items[i].raw);
    }
    auto indexes = rest.first(items.size());
    add(target, encode_part(x, key_.bytes, items, items.size(), indexes, tree_.proof(indexes)));
    rest = rest.subspan(items.size());
  }
  return out;
}

/// In the order of cost. The sequence is used up only by the caller, once all checks have passed:
/// a forged message must not be able to block the true one.
std::optional<link::refused> link::check(const envelope& x, moment now) {
  if (auto ok = check_shape(x, config_.limits); !ok) return refused{ok.error(), {}};
  if (x.source != config_.node)
    return refused{{ec::wrong_source, "this link belongs to " + config_.node.get()}, {}};
  if (auto ok = check_age(x, config_.limits, now.wall); !ok) return refused{ok.error(), {}};
  if (auto no = check_window(x.sequence, 1, now)) return no;
  if (auto ok = check_signature(x, key_); !ok) return refused{ok.error(), {}};
  return std::nullopt;
}

/// The same for all items at once. Leaves their tree in `tree_`.
std::optional<link::refused> link::check(const batch_view& x, moment now) {
  if (auto ok = check_shape(x, config_.limits); !ok) return refused{ok.error(), {}};
  if (x.source != config_.node.get())
    return refused{{ec::wrong_source, "this link belongs to " + config_.node.get()}, {}};
  if (auto ok = check_age(timestamp_ms{x.sent_at}, config_.limits, now.wall); !ok)
    return refused{ok.error(), {}};
  if (auto no = check_window(x.sequence, x.items.size(), now)) return no;
  seal_items(x, tree_);
  if (auto ok = check_signature(x, tree_, key_); !ok) return refused{ok.error(), {}};
  return std::nullopt;
}

std::optional<link::refused> link::check_window(std::uint64_t sequence, std::uint64_t messages,
                                                moment now) {
  const auto& limits = config_.limits;
  if (sequence <= last_sequence_)
    return refused{{ec::replayed, "the last sequence was " + std::to_string(last_sequence_)}, {}};
  if (unanswered_.size() >= limits.max_in_flight)
    return refused{{ec::busy, "at most " + std::to_string(limits.max_in_flight)
                                  + " messages without an answer"},
                   {}};
  if (auto wait = rate_.take(now.steady, messages))
    return refused{
        {ec::rate_limited, "at most " + std::to_string(limits.rate_limit_per_sec) + " a second"},
        wait};
  return std::nullopt;
}

void link::on_ack(const ack& x, link_effects& out) {
  auto found = unacknowledged_.find(message_key{x.source, x.id});
  if (found == unacknowledged_.end()) return; // a duplicate, or from before a reconnect
  ++stats_.delivered;
  out.push_back(settle{found->second.relay, {x.source, x.id, config_.node, {ec::none, {}}}});
  unacknowledged_.erase(found);
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
  if (has_room() && backlog_.empty()) return hand_over(std::move(what), now, out);
  if (!backlog_.push(what)) {
    out.push_back(
        settle{what.relay, {what.message->source, what.message->id, config_.node, {ec::busy, {}}}});
    return;
  }
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

bool link::has_room() const {
  return !blocked_ && unacknowledged_.size() < config_.limits.max_in_flight;
}

void link::pump(instant now, link_effects& out) {
  forget_overdue(now);
  while (!backlog_.empty() && has_room())
    hand_over(backlog_.pop(), now, out);
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

void link::note_answer(const outcome& what) {
  auto found = unanswered_.find(what.id);
  if (found == unanswered_.end() || what.progress == progress::later) return;
  auto& open = found->second;
  auto to_conflict = what.why.code == ec::conflict && open.conflicts > 0;
  auto& left = to_conflict ? open.conflicts : open.targets;
  if (left > 0) --left;
  if (open.targets + open.conflicts == 0) unanswered_.erase(found);
}

void link::on_outcome(const outcome& what, link_effects& out) {
  note_answer(what);
  if (!attached_) return;
  if (what.why.code == ec::none)
    out.push_back(write{make_receipt(what)});
  else
    out.push_back(write{make_refusal(what.why, what.id, what.target, wait_of(what))});
}

void link::on_outcomes(const std::vector<outcome>& all, link_effects& out) {
  std::vector<receipt_batch> receipts;
  for (const auto& what : all) {
    // Most are of a message, or of the only target of a batch.
    auto alone = what.why.code != ec::none || all.size() == 1;
    auto found = alone ? unanswered_.end() : unanswered_.find(what.id);
    if (found == unanswered_.end() || !is_batch(*found->second.message)) {
      on_outcome(what, out);
      continue;
    }
    note_answer(what);
    auto place = std::ranges::find(receipts, what.id, &receipt_batch::id);
    if (place == receipts.end()) place = receipts.insert(place, {what.id, {}});
    place->targets.push_back(what.target);
  }
  if (!attached_) return;
  for (auto& x : receipts)
    out.push_back(write{std::move(x)});
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
