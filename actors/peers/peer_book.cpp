#include "actors/peers/peer_book.hpp"

#include <algorithm>
#include <utility>

namespace bpci::peers {

namespace {

/// `least` doubled so many times, at most `most`.
milliseconds doubled(milliseconds least, std::uint32_t times, milliseconds most) {
  for (; times > 0 && least < most; --times)
    least *= 2;
  return std::min(least, most);
}

} // namespace

bool newer_link_stays(const address& self, const address& other, bool older_dialled_by_us,
                      bool newer_dialled_by_us) noexcept {
  if (older_dialled_by_us == newer_dialled_by_us) return true;
  return newer_dialled_by_us == (self < other);
}

peer_book::peer_book(const address& self, const std::vector<known_peer>& configured,
                     book_rules rules)
    : self_(self), rules_(rules) {
  for (const auto& x : configured)
    if (x.who != self && !x.urls.empty()) entries_[x.who].urls = x.urls;
}

// -- dialling ------------------------------------------------------------------------

bool peer_book::is_due(const entry& x, instant now) const noexcept {
  return !x.urls.empty() && !x.linked && !x.dialling && x.dial_at <= now && x.shut_out_until <= now;
}

peer_book::call peer_book::begin(const address& who, entry& x) {
  x.dialling = true;
  return {who, x.urls[x.next_url % x.urls.size()]};
}

void peer_book::failed(const address& who, const failure& why, instant now, std::uint64_t random) {
  auto found = entries_.find(who);
  if (found == entries_.end()) return;
  auto& x = found->second;
  const auto was_dialling = std::exchange(x.dialling, false);
  // With a link, that is why another was not wanted.
  if (x.linked || !was_dialling) return;
  x.last_error = to_string(why);
  ++x.next_url;
  if (why.code == ec::not_owner && ++x.refused_in_row < x.urls.size()) {
    x.dial_at = now;
    return;
  }
  x.refused_in_row = 0;
  wait(x, now, random);
}

/// The full pause and up to a quarter less: so nobody waits longer than the longest, and those who
/// lost each other at once do not meet again and again.
void peer_book::wait(entry& x, instant now, std::uint64_t random) const {
  const auto pause = doubled(rules_.dial_pause_min, x.failures, rules_.dial_pause_max);
  const auto jitter = random % (static_cast<std::uint64_t>(pause.count()) / 4 + 1);
  x.dial_at = now + pause - milliseconds{jitter};
  ++x.failures;
}

// -- being dialled -------------------------------------------------------------------

bool peer_book::is_stranger(const address& who, const entry& x) const {
  return x.urls.empty() && !validators_.contains(who);
}

result<void> peer_book::admit(const address& who, instant now) {
  if (who == self_) return fail(ec::not_permitted, "this node's own address");
  auto found = entries_.find(who);
  if (found != entries_.end() && found->second.shut_out_until > now)
    return fail(ec::rate_limited, "it has sent what no honest node sends");
  if (found == entries_.end()) {
    const auto strangers = std::ranges::count_if(
        entries_, [this](const auto& x) { return is_stranger(x.first, x.second); });
    if (!validators_.contains(who) && static_cast<std::size_t>(strangers) >= rules_.strangers_max)
      return fail(ec::busy, "no further nodes are taken that are not validators");
    found = entries_.emplace(who, entry{}).first;
  }
  found->second.arrives_until = now + rules_.arrival_max;
  return {};
}

// -- links ---------------------------------------------------------------------------

void peer_book::opened(const address& who, bool dialled_by_us, instant now, timestamp_ms at) {
  auto& x = entries_[who];
  x.linked = true;
  if (dialled_by_us) x.dialling = false;
  x.dialled_by_us = dialled_by_us;
  x.refused_in_row = 0;
  x.opened_at = now;
  x.since = at;
  x.last_error.clear();
}

void peer_book::closed(const address& who, const failure& why, instant now, std::uint64_t random) {
  auto found = entries_.find(who);
  if (found == entries_.end()) return;
  auto& x = found->second;
  if (!x.linked) return;
  x.linked = false;
  x.last_error = to_string(why);
  if (now - x.opened_at >= rules_.settled_after) x.failures = 0;
  wait(x, now, random);
}

void peer_book::stands_at(const address& who, const chain::peer_head& head) {
  if (auto found = entries_.find(who); found != entries_.end()) found->second.at = head.at;
}

void peer_book::forgive(entry& x, instant now) const {
  const auto since = now - x.last_point;
  const auto forgiven = static_cast<std::uint64_t>(since / rules_.forgiven_after);
  x.points -= std::min(x.points, forgiven);
  if (x.penalties > 0 && now - x.shut_out_until > rules_.penalty_max) x.penalties = 0;
}

bool peer_book::misbehaved(const address& who, const std::string& why, instant now) {
  auto found = entries_.find(who);
  if (found == entries_.end()) return false;
  auto& x = found->second;
  if (x.points > 0 || x.penalties > 0) forgive(x, now);
  ++x.misbehaved;
  x.last_point = now;
  x.last_error = why;
  if (++x.points < rules_.misbehaved_max) return false;
  x.points = 0;
  x.shut_out_until = now + doubled(rules_.penalty_min, x.penalties++, rules_.penalty_max);
  return true;
}

/// What a stranger has done counts until it is forgiven, or it would come back as a new one.
bool peer_book::is_remembered(const address& who, const entry& x, instant now) const {
  if (!is_stranger(who, x) || x.linked || x.arrives_until > now || x.shut_out_until > now)
    return true;
  return x.points > 0 && now - x.last_point < rules_.forgiven_after;
}

std::vector<address> peer_book::forget(instant now) {
  std::vector<address> out;
  for (const auto& [who, x] : entries_)
    if (!is_remembered(who, x, now)) out.push_back(who);
  for (const auto& who : out)
    entries_.erase(who);
  return out;
}

// -- for people ----------------------------------------------------------------------

std::vector<chain::peer_status> peer_book::list() const {
  std::vector<chain::peer_status> out;
  for (const auto& [who, x] : entries_) {
    chain::peer_status line;
    line.who = who;
    line.urls = x.urls;
    line.linked = x.linked;
    line.dialled_by_us = x.linked && x.dialled_by_us;
    line.at = x.at;
    line.since = x.since;
    line.last_error = x.last_error;
    line.misbehaved = x.misbehaved;
    out.push_back(std::move(line));
  }
  return out;
}

bool peer_book::is_linked(const address& who) const {
  auto found = entries_.find(who);
  return found != entries_.end() && found->second.linked;
}

std::vector<address> peer_book::configured() const {
  std::vector<address> out;
  for (const auto& [who, x] : entries_)
    if (!x.urls.empty()) out.push_back(who);
  return out;
}

} // namespace bpci::peers
