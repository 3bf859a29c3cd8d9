#include "actors/consensus/consensus_actor.hpp"

#include <algorithm>

namespace bpci::consensus {

namespace {

struct inquiry {
  heights_known known;
  std::size_t open = 1; ///< answers that are to come, and the one that asks
  std::optional<failure> failed;
  std::function<void(result<heights_known>)> then;

  void answered() {
    if (--open > 0) return;
    auto say = std::exchange(then, nullptr);
    if (failed)
      say(*failed);
    else
      say(std::move(known));
  }
};

} // namespace

std::vector<sealed_height> sealed_heights(const chain::position& x) {
  std::vector<sealed_height> out;
  for (const auto& one : x.recent)
    if (one.at > height{0}) out.push_back({one.at, one.id, validator_set{one.validators}});
  return out;
}

void consensus_actor::know_heights(const chain::position& where, const std::set<height>& wanted,
                                   std::function<void(result<heights_known>)> then) {
  auto all = std::make_shared<inquiry>();
  all->then = std::move(then);
  auto ledger = shared_->find(chain::path::ledger);
  for (auto at : wanted) {
    auto here = std::ranges::find(where.recent, at, &chain::past_height::at);
    if (here != where.recent.end()) {
      all->known.emplace(at, *here);
    } else if (at <= where.head->head.at && !ledger) {
      all->failed = fail(ec::unavailable, "the ledger");
    } else if (at <= where.head->head.at) {
      ++all->open;
      ask<chain::past_height>(
          ledger, ledger_read_max, chain::get_past{at},
          [all](const chain::past_height& x) {
            all->known.emplace(x.at, x);
            all->answered();
          },
          [all](const failure& why) {
            if (why.code != ec::not_found) all->failed = why;
            all->answered();
          });
    }
  }
  all->answered();
}

} // namespace bpci::consensus
