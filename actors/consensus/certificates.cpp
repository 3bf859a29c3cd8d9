#include "actors/consensus/certificates.hpp"

#include "actors/consensus/body.hpp"
#include "actors/consensus/evidence.hpp"
#include "actors/consensus/set_rules.hpp"

#include <algorithm>
#include <set>

namespace bpci::consensus {

namespace {

failure refuse(const char* why) {
  return fail(ec::invalid_argument, why);
}

std::set<address> signers_of(const certificate& x) {
  std::set<address> out;
  for (const auto& s : x.seals)
    out.insert(s.by);
  return out;
}

std::uint64_t weight_in(const std::set<address>& who, const validator_set& set) {
  std::uint64_t out = 0;
  for (const auto& by : who)
    out += set.weight_of(by);
  return out;
}

} // namespace

result<> check_certificate(const certificate& x, const validator_set& set, verifier& check) {
  std::set<address> seen;
  std::uint64_t weight = 0;
  for (const auto& s : x.seals) {
    if (!set.contains(s.by)) return refuse("a seal of somebody who is no validator there");
    if (!seen.insert(s.by).second) return refuse("two seals of one validator");
    weight += set.weight_of(s.by);
  }
  if (!set.is_quorum(weight)) return refuse("the seals are no quorum");
  for (const auto& s : x.seals)
    if (!check(commit_of(x, s))) return fail(ec::bad_signature, "a seal that is not its signer's");
  return {};
}

result<hash> check_sealed_block(const sealed_block& x, const chain_head& parent, verifier& check) {
  if (auto ok = check_block_upon(x.what, parent, check.chain_id()); !ok) return ok.error();
  auto id = block_id(x.what.head);
  if (x.seals.at != x.what.head.at || x.seals.block_id != id)
    return refuse("seals of another block");
  if (auto ok = check_certificate(x.seals, validator_set{parent.validators}, check); !ok)
    return ok.error();
  return id;
}

result<> check_light_block(const light_block& x, const trusted_header& base, timestamp_ms now,
                           const light_rules& rules, verifier& check) {
  const auto& head = x.head;
  if (now.get() - base.head.time.get() >= rules.trusting_period.count())
    return fail(ec::expired, "what is trusted is older than the trusting period");
  if (head.time.get() - now.get() > rules.clock_drift.count())
    return fail(ec::from_the_future, "a header of the future");
  if (head.chain_id != check.chain_id() || base.head.chain_id != check.chain_id())
    return refuse("another chain");
  if (head.at <= base.head.at || head.time <= base.head.time) return refuse("not later");
  if (x.seals.at != head.at || x.seals.block_id != block_id(head))
    return refuse("seals of another block");
  if (auto ok = check_validators(x.validators); !ok) return ok.error();
  if (auto ok = check_validators(base.next); !ok) return ok.error();

  auto set = validator_set{x.validators};
  auto trusted = validator_set{base.next};
  if (set.id() != head.validators_hash) return refuse("not the validators of the header");
  if (trusted.id() != base.head.next_validators_hash)
    return refuse("not the validators of the trusted header");
  if (head.at.get() == base.head.at.get() + 1) {
    if (head.parent != block_id(base.head)) return refuse("upon another parent");
    if (set.id() != trusted.id()) return refuse("not the validators that were to be the next");
  } else if (!trusted.is_weak(weight_in(signers_of(x.seals), trusted))) {
    return refuse("too few of those who are trusted");
  }
  return check_certificate(x.seals, set, check);
}

bool conflict(const certificate& x, const certificate& y) {
  return x.at == y.at && x.block_id != y.block_id;
}

std::vector<address> culprits_of(const certificate& x, const certificate& y,
                                 std::span<const round_change> kept, const validator_set& set) {
  const auto& early = x.round <= y.round ? x : y;
  const auto& late = x.round <= y.round ? y : x;
  std::set<address> forgot;
  for (const auto& s : early.seals)
    for (const auto& change : kept)
      if (change.round <= late.round && contradict(commit_of(early, s), change))
        forgot.insert(s.by);
  if (set.is_weak(weight_in(forgot, set))) return {forgot.begin(), forgot.end()};

  std::vector<address> both;
  std::ranges::set_intersection(signers_of(x), signers_of(y), std::back_inserter(both));
  return both;
}

} // namespace bpci::consensus
