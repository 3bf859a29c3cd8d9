#include "actors/consensus/body.hpp"

#include "actors/consensus/signing.hpp"
#include "actors/consensus/validator_set.hpp"

#include <algorithm>

namespace bpci::consensus {

namespace {

/// Seals that come late are taken for two blocks: of the two heights before the parent.
bool lateness_is_right(const block& x) {
  auto at = x.head.at.get();
  return std::ranges::all_of(x.late_seals, [&](const certificate& late) {
    auto of = late.at.get();
    return of >= 1 && of + 2 <= at && of + 3 >= at && !late.seals.empty();
  });
}

bool is_about_parent(const certificate& seals, const chain_head& parent) {
  if (parent.head.at == height{0}) return seals == certificate{};
  return seals.at == parent.head.at && seals.block_id == parent.id;
}

} // namespace

block block_upon(const chain_head& parent, const std::string& chain_id, const address& proposer,
                 timestamp_ms now) {
  block out;
  auto& head = out.head;
  head.chain_id = chain_id;
  head.at = height{parent.head.at.get() + 1};
  head.parent = parent.id;
  head.time = std::max(now, timestamp_ms{parent.head.time.get() + 1});
  head.proposer = proposer;
  head.state_root = parent.head.state_root;
  head.validators_hash = validators_hash(parent.validators);
  head.next_validators_hash = validators_hash(parent.next);
  if (parent.head.at > height{0}) out.parent_seals = parent.seals;
  out.late_seals = parent.late;
  fix_roots(out);
  return out;
}

void fix_roots(block& x) {
  x.head.transactions_root = transactions_root(x);
  x.head.evidence_root = evidence_root(x);
  x.head.parent_seals_root = parent_seals_root(x);
}

bool roots_match(const block& x) {
  return x.head.transactions_root == transactions_root(x)
         && x.head.evidence_root == evidence_root(x)
         && x.head.parent_seals_root == parent_seals_root(x);
}

result<> check_block_upon(const block& x, const chain_head& parent, const std::string& chain_id) {
  const auto& head = x.head;
  auto refuse = [](const char* why) { return fail(ec::invalid_argument, why); };
  if (head.version != header{}.version) return refuse("a version that is not known");
  if (head.chain_id != chain_id) return refuse("a block of another chain");
  if (head.at.get() != parent.head.at.get() + 1) return refuse("not the next height");
  if (head.parent != parent.id) return refuse("upon another parent");
  if (head.time <= parent.head.time) return refuse("not later than its parent");
  if (head.validators_hash != validators_hash(parent.validators)) return refuse("other validators");
  if (head.next_validators_hash != validators_hash(parent.next))
    return refuse("other validators of the next height");
  if (!is_about_parent(x.parent_seals, parent)) return refuse("seals of another block");
  if (!lateness_is_right(x)) return refuse("seals that are too late or too early");
  if (!roots_match(x)) return refuse("a body that the header does not commit to");
  return {};
}

bool is_timely(timestamp_ms block_time, timestamp_ms now, round_no round,
               const engine_settings& how) {
  // Long before it overflows it is patience enough.
  constexpr std::int64_t patience_max = 86'400'000;
  std::int64_t patience = how.message_delay.count();
  for (std::uint32_t r = 0; r < round.get() && patience > 0 && patience < patience_max; ++r)
    patience += std::max<std::int64_t>(patience / 10, 1);
  auto age = now.get() - block_time.get();
  return age >= -how.precision.count() && age <= patience + how.precision.count();
}

} // namespace bpci::consensus
