#include "actors/ledger/mempool.hpp"

#include "actors/ledger/coins/balances.hpp"
#include "actors/ledger/wide.hpp"

#include <algorithm>
#include <queue>
#include <utility>

namespace bpci::ledger {

namespace {

constexpr refusal_kind replacement_pays_too_little{"replacement_pays_too_little", ec::conflict};
constexpr refusal_kind pool_full{"pool_full", ec::busy};
constexpr refusal_kind sender_full{"sender_full", ec::busy};

constexpr std::string_view governance = "governance";

/// By how much more a replacement pays: each is checked and shared by every node.
bool pays_a_tenth_more(amount<flx> fee, std::uint64_t than) {
  return wide{fee.get()} * 10 >= wide{than} * 11 && fee.get() > than;
}

} // namespace

bool mempool::better::operator()(const rank& x, const rank& y) const {
  const auto left = wide{x.fee} * y.size;
  const auto right = wide{y.fee} * x.size;
  return left != right ? left > right : x.arrival < y.arrival;
}

// -- taking in -----------------------------------------------------------------------------

boost::system::result<mempool::taken, refusal> mempool::add(const rules& by, const terms& at,
                                                            const reader& state,
                                                            std::span<const std::uint8_t> encoded) {
  const auto id = transaction_id(encoded);
  if (by_id_.contains(id)) return taken{id, true};
  auto refuse_with = [this](refusal why) {
    ++refused_;
    return why;
  };
  auto x = check_claims(by, at, state, encoded, id, admission::mempool);
  if (!x) return refuse_with(x.error());
  // The signature costs more than all else together.
  if (auto placed = check_place(*x); !placed) return refuse_with(placed.error());
  if (auto room = check_room(*x); !room) return refuse_with(room.error());
  if (auto good = check_signature(by, *x); !good) return refuse_with(good.error());
  make_room(x->what.sender, x->what.nonce, x->size);
  put(*x, encoded);
  return taken{id, false};
}

verdict mempool::check_place(const checked_transaction& x) const {
  auto found = lines_.find(x.what.sender);
  if (found == lines_.end()) return {};
  const auto& waiting = found->second.waiting;
  if (auto same = waiting.find(x.what.nonce); same != waiting.end()) {
    const auto there = same->second.place->fee;
    if (!pays_a_tenth_more(x.what.fee, there))
      return refuse(replacement_pays_too_little,
                    "one with this nonce pays " + std::to_string(there));
    return {};
  }
  // The last of the line gives way to one that stands before it.
  if (waiting.size() >= how_.per_sender && waiting.rbegin()->first < x.what.nonce)
    return refuse(sender_full, std::to_string(waiting.size()) + " of this sender wait");
  return {};
}

/// Whether it fits, or pays more than what would have to go for it.
verdict mempool::check_room(const checked_transaction& x) const {
  auto count = by_id_.size() + 1;
  auto size = bytes_ + x.size;
  if (size > how_.bytes_max && x.size > how_.bytes_max) return refuse(pool_full);
  const rank fresh{x.what.fee.get(), x.size, arrivals_ + 1, x.what.sender, x.what.nonce};
  for (auto worst = all_.rbegin(); count > how_.count_max || size > how_.bytes_max; ++worst) {
    if (worst == all_.rend() || !better{}(fresh, *worst)
        || (worst->who == fresh.who && worst->nonce < fresh.nonce))
      return refuse(pool_full, "it pays less for a byte than what waits");
    --count;
    size -= worst->size;
  }
  return {};
}

void mempool::make_room(const account& sender, std::uint64_t nonce, std::size_t size) {
  if (auto found = lines_.find(sender); found != lines_.end()) {
    const auto& waiting = found->second.waiting;
    if (waiting.contains(nonce)) {
      remove(sender, nonce);
      ++replaced_;
    } else if (waiting.size() >= how_.per_sender) {
      remove(sender, waiting.rbegin()->first);
    }
  }
  while (!all_.empty() && (by_id_.size() >= how_.count_max || bytes_ + size > how_.bytes_max)) {
    const auto worst = *all_.rbegin();
    remove_from(worst.who, worst.nonce);
  }
}

void mempool::put(const checked_transaction& x, std::span<const std::uint8_t> encoded) {
  const auto& what = x.what;
  auto it = lines_.try_emplace(what.sender).first;
  it->second.next = x.sender_in_chain;
  // Most often all pay the same, so that who comes last is the last.
  const auto place =
      all_.insert(all_.end(), {what.fee.get(), x.size, ++arrivals_, what.sender, what.nonce});
  const auto expiry =
      expiries_.emplace_hint(expiries_.end(), what.valid_until, std::pair{what.sender, what.nonce});
  const auto& fresh = it->second.waiting
                          .emplace(what.nonce, entry{x.id, bytes{encoded.begin(), encoded.end()},
                                                     what.module == governance, place, expiry})
                          .first->second;
  by_id_.emplace(x.id, &fresh);
  bytes_ += x.size;
  refresh(it);
}

// -- letting go ----------------------------------------------------------------------------

/// The line is to be refreshed behind it.
void mempool::take_out(line& from, std::map<std::uint64_t, entry>::iterator which) {
  const auto& x = which->second;
  by_id_.erase(x.id);
  expiries_.erase(x.expiry);
  bytes_ -= x.place->size;
  all_.erase(x.place);
  from.waiting.erase(which);
}

void mempool::remove(const account& who, std::uint64_t nonce) {
  auto it = lines_.find(who);
  if (it == lines_.end()) return;
  auto found = it->second.waiting.find(nonce);
  if (found == it->second.waiting.end()) return;
  take_out(it->second, found);
  refresh(it);
}

void mempool::remove_from(const account& who, std::uint64_t nonce) {
  for (auto it = lines_.find(who); it != lines_.end(); it = lines_.find(who)) {
    const auto last = it->second.waiting.rbegin()->first;
    if (last < nonce) return;
    remove(who, last);
  }
}

/// An empty line is none.
void mempool::refresh(lines::iterator it) {
  auto& x = it->second;
  const auto was_first = std::exchange(x.first, std::nullopt);
  if (was_first) firsts_.erase(*was_first);
  if (x.waiting.empty()) {
    lines_.erase(it);
    return;
  }
  const auto& [nonce, first] = *x.waiting.begin();
  if (nonce == x.next) x.first = firsts_.insert(firsts_.end(), *first.place);
}

void mempool::check_line(const terms& at, const reader& state, const account& who) {
  auto it = lines_.find(who);
  if (it == lines_.end()) return;
  const auto has = coins::get_holdings(state, who);
  auto& here = it->second;
  here.next = has.nonce;
  const auto is_over = [&](const auto& x) {
    const auto& place = *x.second.place;
    return x.first < has.nonce || place.fee > has.flx.get()
           || place.fee < least_fee(at.how, place.size).get();
  };
  for (auto x = here.waiting.begin(); x != here.waiting.end();)
    if (auto which = x++; is_over(*which)) take_out(here, which);
  refresh(it);
}

void mempool::drop_expired(const terms& at) {
  while (!expiries_.empty()) {
    const auto [until, whose] = *expiries_.begin();
    if (until >= at.at) return;
    remove(whose.first, whose.second);
    ++expired_;
  }
}

void mempool::check(const terms& at, const reader& state, std::span<const account> changed) {
  halted_ = at.halted;
  for (const auto& who : changed)
    check_line(at, state, who);
  drop_expired(at);
}

void mempool::check_all(const terms& at, const reader& state) {
  std::vector<account> everybody;
  for (const auto& [who, x] : lines_)
    everybody.push_back(who);
  check(at, state, everybody);
}

// -- asking ----------------------------------------------------------------------------------

const mempool::entry& mempool::entry_of(const rank& x) const {
  return lines_.at(x.who).waiting.at(x.nonce);
}

bool mempool::may_go(const rank& x) const {
  return !halted_ || entry_of(x).is_governance;
}

std::vector<bytes> mempool::offer(std::size_t count_max, std::size_t bytes_max) const {
  std::vector<bytes> out;
  auto worse = [](const rank& x, const rank& y) { return better{}(y, x); };
  // Those that come behind one that was taken; the firsts stand in order already.
  std::priority_queue<rank, std::vector<rank>, decltype(worse)> next{worse};
  auto first = firsts_.begin();
  while (out.size() < count_max && (first != firsts_.end() || !next.empty())) {
    rank best;
    if (next.empty() || (first != firsts_.end() && better{}(*first, next.top()))) {
      best = *first++;
    } else {
      best = next.top();
      next.pop();
    }
    if (best.size > bytes_max || !may_go(best)) continue;
    bytes_max -= best.size;
    const auto& waiting = lines_.at(best.who).waiting;
    auto it = waiting.find(best.nonce);
    out.push_back(it->second.encoded);
    if (++it != waiting.end() && it->first == best.nonce + 1) next.push(*it->second.place);
  }
  return out;
}

bool mempool::has_work() const {
  if (!halted_) return !firsts_.empty();
  return std::ranges::any_of(firsts_, [this](const rank& x) { return may_go(x); });
}

const bytes* mempool::find(const hash& id) const {
  auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &found->second->encoded;
}

chain::nonce_free mempool::next_nonce(const account& sender, std::uint64_t in_chain) const {
  chain::nonce_free out{in_chain, 0};
  auto found = lines_.find(sender);
  if (found == lines_.end()) return out;
  const auto& waiting = found->second.waiting;
  out.waiting = waiting.size();
  for (auto it = waiting.lower_bound(in_chain); it != waiting.end() && it->first == out.next; ++it)
    ++out.next;
  return out;
}

chain::pool_status mempool::status() const {
  chain::pool_status out;
  out.transactions = by_id_.size();
  out.bytes_held = bytes_;
  out.senders = lines_.size();
  for (const auto& [who, x] : lines_) {
    auto next = x.next;
    for (auto it = x.waiting.begin(); it != x.waiting.end() && it->first == next; ++it, ++next)
      ++out.ready;
  }
  out.refused = refused_;
  out.replaced = replaced_;
  out.expired = expired_;
  return out;
}

} // namespace bpci::ledger
