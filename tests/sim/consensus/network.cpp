#include "network.hpp"

#include <utility>

namespace bpci::consensus::sim {

network::network(const plan& what, later do_later)
    : seed_(scatter(what.seed, 1)),
      n_(what.processes()),
      delay_min_(what.delay_min),
      delay_max_(what.delay_max),
      later_(std::move(do_later)),
      links_(n_ * n_),
      slow_ms_(n_) {}

bool network::reaches(std::size_t from, std::size_t to) const {
  return links_[from * n_ + to].cuts == 0;
}

void network::send(std::size_t from, std::size_t to, const delivery& what) {
  auto& way = at(from, to);
  ++way.sent;
  if (way.cuts > 0) return;
  if (way.clogs > 0) {
    // A sender's buffers end somewhere.
    if (way.held.size() < 200) way.held.push_back(what);
    return;
  }
  deliver(from, to, what);
}

void network::deliver(std::size_t from, std::size_t to, const delivery& what) {
  auto luck = chance{seed_, (from * n_ + to) << 40 | at(from, to).sent};
  if (luck.below(100) < static_cast<std::uint64_t>(lost_percent_)) return;
  auto copies = luck.below(100) < static_cast<std::uint64_t>(repeated_percent_) ? 2 : 1;
  for (auto i = 0; i < copies; ++i) {
    auto takes = luck.between(delay_min_, delay_max_);
    takes += milliseconds{slow_ms_[from] + slow_ms_[to]};
    if (lag_ms_ > 0) takes += luck.between(instant{0}, milliseconds{lag_ms_});
    later_(takes, what);
  }
}

void network::add_cuts(std::size_t from, std::size_t to, int sign) {
  if (from != to) at(from, to).cuts += sign;
}

void network::add(const fault& what, int sign) {
  switch (what.what) {
  case trouble::cut:
    return add_cuts(what.who, what.whom, sign);
  case trouble::isolate:
    for (std::size_t i = 0; i < n_; ++i) {
      add_cuts(what.who, i, sign);
      add_cuts(i, what.who, sign);
    }
    return;
  case trouble::split:
    for (std::size_t i = 0; i < n_; ++i)
      for (std::size_t k = 0; k < n_; ++k)
        if ((what.mask >> i & 1) != (what.mask >> k & 1)) add_cuts(i, k, sign);
    return;
  case trouble::clog: {
    auto& way = at(what.who, what.whom);
    way.clogs += sign;
    if (way.clogs > 0) return;
    for (const auto& held : std::exchange(way.held, {}))
      send(what.who, what.whom, held);
    return;
  }
  case trouble::slow:
    slow_ms_[what.who] += sign * what.amount;
    return;
  case trouble::lose:
    lost_percent_ += sign * what.amount;
    return;
  case trouble::repeat:
    repeated_percent_ += sign * what.amount;
    return;
  case trouble::lag:
    lag_ms_ += sign * what.amount;
    return;
  default:
    return;
  }
}

void network::begin(const fault& what) {
  add(what, 1);
}

void network::end(const fault& what) {
  add(what, -1);
}

} // namespace bpci::consensus::sim
