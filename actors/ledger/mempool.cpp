#include "actors/ledger/mempool.hpp"

#include "actors/ledger/coins/balances.hpp"
#include "actors/ledger/wide.hpp"

#include <algorithm>
#include <queue>

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
  if (auto known = by_id_.find(transaction_id(encoded)); known != by_id_.end())
    return taken{known->first, true};
  auto refuse_with = [this](refusal why) {
    ++refused_;
    return why;
  };
  auto x = check_claims(by, at, state, encoded, admission::mempool);
  if (!x) return refuse_with(x.error());
  // The signature costs more than all else together.
  if (auto placed = check_place(*x); !placed) return refuse_with(placed.error());
  if (auto room = check_room(*x); !room) return refuse_with(room.error());
  if (auto good = check_signature(by, *x); !good) return refuse_with(good.error());
  const taken out{x->id, false};
  const auto sender = x->what.sender;
  make_room(sender, x->what.nonce, x->size);
  put(std::move(*x), encoded, coins::get_holdings(state, sender).nonce);
  return out;
}

verdict mempool::check_place(const checked_transaction& x) const {
  auto found = lines_.find(x.what.sender);
  if (found == lines_.end()) return {};
  const auto& waiting = found->second.waiting;
  if (auto same = waiting.find(x.what.nonce); same != waiting.end()) {
    const auto& there = same->second.place;
    if (!pays_a_tenth_more(x.what.fee, there.fee))
      return refuse(replacement_pays_too_little,
                    "one with this nonce pays " + std::to_string(there.fee));
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

void mempool::put(checked_transaction x, std::span<const std::uint8_t> encoded,
                  std::uint64_t next) {
  const auto& what = x.what;
  auto it = lines_.try_emplace(what.sender).first;
  it->second.next = next;
  const rank place{what.fee.get(), x.size, ++arrivals_, what.sender, what.nonce};
  it->second.waiting.emplace(what.nonce, entry{x.id, bytes{encoded.begin(), encoded.end()}, place,
                                               what.valid_until, what.module == governance});
  all_.insert(place);
  expiries_.emplace(what.valid_until, what.sender, what.nonce);
  by_id_.emplace(x.id, std::pair{what.sender, what.nonce});
  bytes_ += x.size;
  refresh(it);
}

// -- letting go ----------------------------------------------------------------------------

void mempool::remove(const account& who, std::uint64_t nonce) {
  auto it = lines_.find(who);
  if (it == lines_.end()) return;
  auto found = it->second.waiting.find(nonce);
  if (found == it->second.waiting.end()) return;
  const auto& x = found->second;
  all_.erase(x.place);
  expiries_.erase({x.valid_until, who, nonce});
  by_id_.erase(x.id);
  bytes_ -= x.place.size;
  it->second.waiting.erase(found);
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
  if (x.first) firsts_.erase(*x.first);
  x.first.reset();
  if (x.waiting.empty()) {
    lines_.erase(it);
    return;
  }
  const auto& [nonce, first] = *x.waiting.begin();
  if (nonce != x.next) return;
  x.first = first.place;
  firsts_.insert(first.place);
}

void mempool::check_line(const terms& at, const reader& state, const account& who) {
  auto it = lines_.find(who);
  if (it == lines_.end()) return;
  const auto has = coins::get_holdings(state, who);
  it->second.next = has.nonce;
  std::vector<std::uint64_t> over;
  for (const auto& [nonce, x] : it->second.waiting)
    if (nonce < has.nonce || x.place.fee > has.flx.get()
        || x.place.fee < least_fee(at.how, x.place.size).get())
      over.push_back(nonce);
  refresh(it);
  for (auto nonce : over)
    remove(who, nonce);
}

void mempool::drop_expired(const terms& at) {
  while (!expiries_.empty()) {
    const auto [until, who, nonce] = *expiries_.begin();
    if (until >= at.at) return;
    remove(who, nonce);
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
    if (++it != waiting.end() && it->first == best.nonce + 1) next.push(it->second.place);
  }
  return out;
}

bool mempool::has_work() const {
  if (!halted_) return !firsts_.empty();
  return std::ranges::any_of(firsts_, [this](const rank& x) { return may_go(x); });
}

const bytes* mempool::find(const hash& id) const {
  auto found = by_id_.find(id);
  if (found == by_id_.end()) return nullptr;
  const auto& [who, nonce] = found->second;
  return &lines_.at(who).waiting.at(nonce).encoded;
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
