#include "actors/oracle/mailman.hpp"

#include "messages/oracle/signing.hpp"
#include "runtime/crypto/hash.hpp"

#include <algorithm>
#include <utility>

namespace bpci::oracle {

namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t page_letters_max = 64;

/// Acknowledged letters that wait for their removal; beyond it nothing further is read.
constexpr std::size_t done_max = 1'024;

/// As many as are removed without waiting for the next tick.
constexpr std::size_t clear_at_once = 64;

/// How soon a LINK whose queue was full is tried again.
constexpr auto busy_again = milliseconds{1'000};

milliseconds backoff(milliseconds first, milliseconds most, std::uint32_t failures) {
  auto out = first;
  for (; failures > 0 && out < most; --failures)
    out *= 2;
  return std::min(out, most);
}

/// Between four and six fifths of `x`.
milliseconds spread(milliseconds x, std::uint64_t luck) {
  constexpr std::uint64_t parts = 1'024;
  auto share = static_cast<std::int64_t>(luck % parts);
  return x * 4 / 5 + x * 2 / 5 * share / parts;
}

} // namespace

bytes identity_of(const envelope& x) {
  auto same = x;
  same.sequence = 0;
  same.priority = priority::Normal;
  same.sent_at = {};
  auto hash = crypto::sha256(signing_bytes(same));
  return {hash.begin(), hash.end()};
}

// -- who is connected --------------------------------------------------------------

mailman::box* mailman::find(const node_id& node) {
  auto found = boxes_.find(node);
  return found == boxes_.end() ? nullptr : &found->second;
}

void mailman::up(const node_id& node, session_no session, instant now, mailman_effects& out) {
  if (const auto* known = find(node); known && known->connected && known->session == session)
    return;
  down(node);
  auto& at = boxes_[node];
  at.session = session;
  at.connected = true;
  at.more = true;
  pump(node, at, now, out);
}

void mailman::down(const node_id& node) {
  auto* at = find(node);
  if (!at) return;
  in_flight_ -= at->letters.size();
  auto left = box{};
  left.done = std::move(at->done);
  left.clearing = at->clearing;
  left.clear_at = at->clear_at;
  left.clear_failures = at->clear_failures;
  if (left.done.empty())
    boxes_.erase(node);
  else
    *at = std::move(left);
}

// -- reading -----------------------------------------------------------------------

void mailman::hint(const node_id& node, instant now, mailman_effects& out) {
  auto* at = find(node);
  if (!at || !at->connected) return;
  (at->asked == 0 ? at->more : at->hinted) = true;
  pump(node, *at, now, out);
}

void mailman::hint_all(instant now, mailman_effects& out) {
  for (auto& [node, at] : boxes_)
    hint(node, now, out);
}

void mailman::pump(const node_id& node, box& at, instant now, mailman_effects& out) {
  if (!at.connected || at.asked != 0 || !at.more || now < at.ask_at) return;
  if (at.letters.size() > config_.window / 2 || at.bytes >= config_.window_bytes) return;
  if (at.done.size() >= done_max) return;
  at.asked = ++last_no_;
  auto room = std::max<std::uint64_t>(config_.window - at.letters.size(), 1);
  out.push_back(read_mailbox{node, at.asked, {at.after, std::min(at.limit, room)}});
}

void mailman::page(const node_id& node, std::uint64_t no, const result<mailbox::page>& what,
                   instant now, std::uint64_t luck, mailman_effects& out) {
  auto* at = find(node);
  if (!at || at->asked != no) return; // of an earlier session
  at->asked = 0;
  if (!what) {
    auto wait = backoff(config_.retry_min, config_.retry_max, at->failures++);
    at->ask_at = now + spread(wait, luck);
    return;
  }
  at->failures = 0;
  for (const auto& one : what->letters)
    hand_over(node, *at, one, now, out);
  auto each = what->inside.bytes / std::max<std::uint64_t>(what->inside.letters, 1);
  at->limit = std::clamp<std::uint64_t>(config_.page_bytes / std::max<std::uint64_t>(each, 1), 1,
                                        page_letters_max);
  at->more = what->more || std::exchange(at->hinted, false);
  at->poll_at = now + spread(config_.poll, luck);
  pump(node, *at, now, out);
}

void mailman::hand_over(const node_id& node, box& at, const mailbox::letter& what, instant now,
                        mailman_effects& out) {
  at.after = std::max(at.after, what.number);
  if (at.letters.contains(what.number) || at.done.contains(what.number)) return;
  auto message = message_key{what.envelope.source, what.envelope.id};
  // The same message twice in a mailbox: the second time when the first is gone.
  if (!at.numbers.try_emplace(message, what.number).second)
    return leave_over(at, config_.ack_max, now);
  auto size = what.envelope.body.size();
  at.letters.emplace(what.number, flight{std::move(message), size, now});
  at.bytes += size;
  ++in_flight_;
  out.push_back(hand_letter{
      node, {std::make_shared<const envelope>(what.envelope), what.source_key, config_.self}});
}

/// What is left over is found again by reading from the start.
void mailman::leave_over(box& at, milliseconds again, instant now) {
  if (!at.again_at) at.again_at = now + again;
}

// -- in flight ---------------------------------------------------------------------

void mailman::land(box& at, std::map<std::uint64_t, flight>::iterator which) {
  at.bytes -= which->second.bytes;
  at.numbers.erase(which->second.message);
  at.letters.erase(which);
  --in_flight_;
}

bool mailman::settle(const outcome& what, instant now, mailman_effects& out) {
  auto* at = find(what.target);
  if (!at || at->numbers.empty()) return false;
  auto found = at->numbers.find(message_key{what.source, what.id});
  if (found == at->numbers.end()) return false;
  auto number = found->second;
  land(*at, at->letters.find(number));
  if (what.why.code != ec::none) {
    leave_over(*at, busy_again, now);
    return true;
  }
  at->done.emplace(number, false);
  out.push_back(tell_source{{what.source, what.id, what.target, {ec::none, {}}, progress::later}});
  if (at->done.size() >= clear_at_once) clear(what.target, *at, now, out);
  pump(what.target, *at, now, out);
  return true;
}

/// As a LINK does: a node that fails on some messages must not lose its credit for all others.
void mailman::forget_overdue(box& at, instant now) {
  auto late = false;
  for (auto it = at.letters.begin(); it != at.letters.end();) {
    auto which = it++;
    if (now - which->second.at < config_.ack_max) continue;
    land(at, which);
    late = true;
  }
  if (late) leave_over(at, backoff(config_.ack_max, config_.again_max, at.agains++), now);
}

// -- removing ----------------------------------------------------------------------

void mailman::clear(const node_id& node, box& at, instant now, mailman_effects& out) {
  if (at.clearing != 0 || at.done.empty() || now < at.clear_at) return;
  mailbox::remove what;
  for (auto& [number, under_way] : at.done) {
    if (what.numbers.size() >= mailbox::removed_max) break;
    under_way = true;
    what.numbers.push_back(number);
  }
  at.clearing = ++last_no_;
  out.push_back(clear_mailbox{node, at.clearing, std::move(what)});
}

void mailman::cleared(const node_id& node, std::uint64_t no, const result<void>& what, instant now,
                      std::uint64_t luck, mailman_effects& out) {
  auto* at = find(node);
  if (!at || at->clearing != no) return;
  at->clearing = 0;
  if (!what) {
    for (auto& [number, under_way] : at->done)
      under_way = false;
    auto wait = backoff(config_.retry_min, config_.retry_max, at->clear_failures++);
    at->clear_at = now + spread(wait, luck);
    return;
  }
  at->clear_failures = 0;
  std::erase_if(at->done, [](const auto& x) { return x.second; });
  if (at->done.size() >= clear_at_once) clear(node, *at, now, out);
  pump(node, *at, now, out);
  if (!at->connected && at->done.empty()) boxes_.erase(node);
}

// -- time --------------------------------------------------------------------------

void mailman::look_again(box& at, instant now) {
  if (!at.connected || at.asked != 0) return;
  if (at.again_at && now >= *at.again_at) {
    at.again_at.reset();
    at.after = 0;
    at.more = true;
  }
  if (!at.more && now >= at.poll_at) at.more = true;
}

void mailman::tick(instant now, mailman_effects& out) {
  for (auto& [node, at] : boxes_) {
    forget_overdue(at, now);
    look_again(at, now);
    clear(node, at, now, out);
    pump(node, at, now, out);
  }
}

} // namespace bpci::oracle
