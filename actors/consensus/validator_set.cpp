#include "actors/consensus/validator_set.hpp"

#include "actors/consensus/quorum.hpp"
#include "actors/consensus/set_rules.hpp"
#include "messages/codec/canonical.hpp"
#include "runtime/crypto/hash.hpp"

#include <algorithm>
#include <stdexcept>

namespace bpci::consensus {

hash validators_hash(std::vector<validator> set) {
  std::ranges::sort(set, {}, &validator::id);
  auto raw = codec::canonical_writer{}(std::string{"bpci/consensus/validators/1"})(set).take();
  return crypto::sha256(raw);
}

validator_set::validator_set(std::vector<validator> members) : members_(std::move(members)) {
  if (auto ok = check_validators(members_); !ok) throw std::invalid_argument{ok.error().detail};
  std::ranges::sort(members_, {}, &validator::id);
  for (const auto& x : members_)
    total_ += x.weight;
  id_ = validators_hash(members_);
}

std::uint64_t validator_set::weight_of(const address& who) const noexcept {
  auto found = std::ranges::lower_bound(members_, who, {}, &validator::id);
  return found != members_.end() && found->id == who ? found->weight : 0;
}

bool validator_set::is_quorum(std::uint64_t weight) const noexcept {
  return consensus::is_quorum(weight, total_);
}

bool validator_set::is_weak(std::uint64_t weight) const noexcept {
  return consensus::is_weak(weight, total_);
}

const address& validator_set::proposer(const address& parent_proposer,
                                       round_no round) const noexcept {
  auto behind = std::ranges::upper_bound(members_, parent_proposer, {}, &validator::id);
  auto base = static_cast<std::uint64_t>(behind - members_.begin());
  return members_[(base + round.get()) % members_.size()].id;
}

} // namespace bpci::consensus
