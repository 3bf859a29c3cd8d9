#include "actors/consensus/sync.hpp"

#include <algorithm>

namespace bpci::consensus {

namespace {

milliseconds doubled(milliseconds least, milliseconds most, std::uint32_t times) {
  auto out = least;
  while (times-- > 0 && out < most)
    out *= 2;
  return std::min(out, most);
}

height plus(height x, std::uint64_t n) {
  return height{x.get() + n};
}

} // namespace

// -- who is where ------------------------------------------------------------------------

void sync::moved(height head, instant now, const hash& id) {
  if (known_ && head <= head_) return;
  head_ = head;
  head_id_ = id;
  known_ = true;
  moved_at_ = now;
  urgent_ = false;
  if (applying_ && *applying_ <= head) applying_.reset();
  for (auto& [who, x] : peers_)
    x.ahead_since = now;
  settle(now);
}

void sync::seen(const address& who, height at, instant now, const hash& id) {
  auto& x = peers_[who];
  x.told = at;
  x.told_id = id;
  if (!std::exchange(x.linked, true)) x.ahead_since = now;
  if (at <= x.claims || at <= x.disproved) return settle(now);
  if (x.claims <= head_) x.ahead_since = now;
  x.claims = at;
  settle(now);
}

/// Its questions are answered by whoever carries them out.
void sync::lost(const address& who) {
  auto found = peers_.find(who);
  if (found == peers_.end()) return;
  if (found->second.lies == 0 && found->second.open == 0)
    peers_.erase(found);
  else
    found->second.linked = false;
}

void sync::hint(const address& who, height at, instant now) {
  auto found = peers_.find(who);
  urgent_ = true;
  if (found != peers_.end() && found->second.linked) {
    auto& x = found->second;
    if (at > x.disproved) x.claims = std::max(x.claims, at);
    if (x.claims > head_) return settle(now);
  }
  // Who was named is gone, or was asked before: anybody will do.
  if (now - asked_anyway_at_ >= how_.rest_min) ask_anyway(now);
  settle(now);
}

bool sync::may_ask(const peer& who, instant now) const {
  return who.linked && who.open == 0 && now >= who.rests_until && now >= who.banned_until;
}

/// How far the others are, as far as it matters.
height sync::target(instant now) const {
  auto out = head_;
  for (const auto& [who, x] : peers_) {
    if (!x.linked || now < x.banned_until || x.claims <= head_) continue;
    auto is_fresh = patient_ && x.claims == plus(head_, 1) && now - x.ahead_since < how_.grace;
    if (!is_fresh || urgent_) out = std::max(out, x.claims);
  }
  return out;
}

bool sync::is_behind(instant now) const {
  return known_ && (in_snapshot_ || target(now) > head_);
}

height sync::highest() const {
  auto out = head_;
  for (const auto& [who, x] : peers_)
    if (x.linked && x.lies == 0) out = std::max(out, x.claims);
  return out;
}

// -- answers -----------------------------------------------------------------------------

void sync::answered(std::uint64_t number, result<std::vector<bytes>> blocks, instant now) {
  auto asked = questions_.extract(number);
  if (!asked) return;
  auto [who, place] = asked.mapped();
  auto giver = peers_.find(who);
  auto* x = giver == peers_.end() ? nullptr : &giver->second;
  if (x) x->open -= x->open > 0;
  if (x && !blocks) rest(*x, now);
  if (x && blocks && !blocks->empty()) x->failures = 0;
  if (!place) {
    if (x && blocks && !blocks->empty()) compare(who, *x, *blocks);
    return settle(now);
  }
  auto found = batches_.find(*place);
  auto is_ours = found != batches_.end() && found->second.question == number;
  if (!is_ours) return settle(now);
  auto& what = found->second;
  what.question = 0;
  if (!blocks) {
    what.failed.insert(who);
  } else if (blocks->empty()) {
    // It has not what it said, or not any more.
    what.failed.insert(who);
    if (x) {
      x->disproved = std::max(x->disproved, x->claims);
      x->claims = height{found->first.get() - 1};
      rest(*x, now);
    }
  } else if (blocks->size() > what.limit) {
    lie(who, "more blocks than were asked for", now);
  } else {
    fill(found, who, std::move(*blocks));
  }
  settle(now);
}

/// The first should be the head; what is behind it shows how far the other is.
void sync::compare(const address& who, peer& x, const std::vector<bytes>& blocks) {
  if (head_ > height{0}) out_.push_back(compare_head{head_, who, blocks.front()});
  if (blocks.size() > 1) x.claims = std::max(x.claims, plus(head_, 1));
}

/// Fewer than were asked for: the rest is a batch of its own.
void sync::fill(std::map<height, batch>::iterator found, const address& who,
                std::vector<bytes> blocks) {
  auto& [from, what] = *found;
  auto count = static_cast<std::uint32_t>(blocks.size());
  if (count < what.limit) {
    batch left;
    left.limit = what.limit - count;
    batches_.emplace(plus(from, count), std::move(left));
    what.limit = count;
  }
  what.who = who;
  what.blocks.assign(std::make_move_iterator(blocks.begin()),
                     std::make_move_iterator(blocks.end()));
}

void sync::rest(peer& who, instant now) {
  who.rests_until = now + doubled(how_.rest_min, how_.rest_max, who.failures++);
}

void sync::refused(height at, const address& from, const std::string& why, instant now) {
  if (applying_ == at) applying_.reset();
  lie(from, why, now);
  settle(now);
}

void sync::unusable(height at, const address& from, instant now) {
  if (applying_ == at) applying_.reset();
  if (auto found = peers_.find(from); found != peers_.end()) rest(found->second, now);
  drop_blocks_of(from);
  settle(now);
}

void sync::postponed(height at) {
  if (applying_ == at) applying_.reset();
}

void sync::lie(const address& who, const std::string& why, instant now) {
  out_.push_back(report_peer{who, why});
  auto& x = peers_[who];
  x.banned_until = now + doubled(how_.ban_min, how_.ban_max, x.lies++);
  x.claims = height{0};
  drop_blocks_of(who);
}

/// Nothing of what it has sent is used.
void sync::drop_blocks_of(const address& who) {
  for (auto& [from, what] : batches_)
    if (what.who == who && what.question == 0) {
      what.blocks.clear();
      what.failed.insert(who);
      what.who = {};
    }
}

// -- what next ---------------------------------------------------------------------------

void sync::tick(instant now) {
  auto is_quiet = now - moved_at_ >= how_.quiet && now - asked_anyway_at_ >= how_.quiet;
  if (known_ && is_quiet) ask_anyway(now);
  settle(now);
}

void sync::snapshot_over(instant now) {
  in_snapshot_ = false;
  snapshot_after_ = now + how_.snapshot_again;
  settle(now);
}

void sync::settle(instant now) {
  if (!known_ || in_snapshot_) return;
  trim();
  auto to = target(now);
  if (to.get() - head_.get() > how_.snapshot_gap && now >= snapshot_after_ && !applying_) {
    fetch_snapshot far;
    for (const auto& [who, x] : peers_)
      if (may_ask(x, now) && x.claims.get() > head_.get() + how_.snapshot_gap)
        far.from.push_back(who);
    if (!far.from.empty()) {
      in_snapshot_ = true;
      batches_.clear();
      out_.push_back(std::move(far));
      return;
    }
  }
  plan(to);
  ask_peers(now);
  hand_out();
  settle_dispute(now);
}

/// Forgets what is stored by now.
void sync::trim() {
  while (!batches_.empty() && batches_.begin()->first <= head_) {
    auto node = batches_.extract(batches_.begin());
    auto& what = node.mapped();
    auto over = head_.get() + 1 - node.key().get();
    if (over >= what.limit) continue;
    what.limit -= static_cast<std::uint32_t>(over);
    for (std::uint64_t i = 0; i < over && !what.blocks.empty(); ++i)
      what.blocks.pop_front();
    what.question = 0; // its answer begins too early: it is asked again
    node.key() = plus(head_, 1);
    batches_.insert(std::move(node));
  }
}

/// Batches without a gap from the head on, as far as others are and as the window allows.
void sync::plan(height to) {
  auto next = plus(head_, 1);
  for (auto it = batches_.begin(); it != batches_.end(); ++it) {
    if (it->first != next) {
      batches_.erase(it, batches_.end());
      break;
    }
    next = plus(next, it->second.limit);
  }
  while (batches_.size() < how_.window && next <= to) {
    auto left = to.get() - next.get() + 1;
    batch what;
    what.limit = static_cast<std::uint32_t>(std::min<std::uint64_t>(how_.batch, left));
    auto limit = what.limit;
    batches_.emplace(next, std::move(what));
    next = plus(next, limit);
  }
}

void sync::ask_peers(instant now) {
  for (auto& [from, what] : batches_) {
    if (what.question != 0 || !what.blocks.empty()) continue;
    auto serves = [&, first = from](const auto& x) {
      return x.second.linked && now >= x.second.banned_until && x.second.claims >= first;
    };
    auto has_failed = [&, failed = &what.failed](const auto& x) {
      return failed->contains(x.first);
    };
    auto all_failed =
        std::ranges::none_of(peers_, [&](const auto& x) { return serves(x) && !has_failed(x); });
    if (all_failed) what.failed.clear(); // perhaps it was lost on the way
    auto best = peers_.end();
    for (auto it = peers_.begin(); it != peers_.end(); ++it) {
      if (!serves(*it) || has_failed(*it) || !may_ask(it->second, now)) continue;
      auto rank = [](const peer& x) { return std::pair{x.failures, x.asked}; };
      if (best == peers_.end() || rank(it->second) < rank(best->second)) best = it;
    }
    if (best == peers_.end()) continue;
    what.who = best->first;
    what.question = ask(best->first, from, what.limit, false);
  }
}

std::uint64_t sync::ask(const address& who, height from, std::uint32_t limit, bool is_probe) {
  auto& x = peers_[who];
  ++x.open;
  x.asked = ++last_;
  questions_.emplace(last_, question{who, is_probe ? std::nullopt : std::optional{from}});
  out_.push_back(ask_for_blocks{last_, who, from, limit});
  return last_;
}

void sync::hand_out() {
  if (applying_ || batches_.empty()) return;
  auto& [from, what] = *batches_.begin();
  if (from != plus(head_, 1) || what.blocks.empty()) return;
  applying_ = from;
  out_.push_back(apply_block{from, what.who, what.blocks.front()});
}

/// Who says that it has another block at the height of the head is asked for it, once a height: the
/// chain is split, or it lies.
void sync::settle_dispute(instant now) {
  if (head_ == height{0} || head_id_ == hash{}) return;
  for (auto& [who, x] : peers_) {
    if (x.told != head_ || x.told_id == head_id_ || x.told_id == hash{}) continue;
    if (x.compared == head_ || !may_ask(x, now)) continue;
    x.compared = head_;
    ask(who, head_, 2, true);
  }
}

/// Whoever was asked least lately, from the head itself on: perhaps the chain is split, and round
/// changes do not say upon which block.
void sync::ask_anyway(instant now) {
  auto best = peers_.end();
  for (auto it = peers_.begin(); it != peers_.end(); ++it)
    if (may_ask(it->second, now) && (best == peers_.end() || it->second.asked < best->second.asked))
      best = it;
  if (best == peers_.end() || in_snapshot_) return;
  asked_anyway_at_ = now;
  auto from = height{std::max<std::uint64_t>(head_.get(), 1)};
  ask(best->first, from, 2, true);
}

} // namespace bpci::consensus
