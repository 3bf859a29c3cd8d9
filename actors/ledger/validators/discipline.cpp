#include "actors/ledger/coins/balances.hpp"
#include "actors/ledger/validators/members.hpp"
#include "actors/ledger/wide.hpp"

#include <algorithm>
#include <stdexcept>

/// What misbehaviour costs (consensus.md, section 4). Slashed coins are burned: nobody gains by
/// another's fault. All of it happens in the execution of a block, so at the same height
/// everywhere.
namespace bpci::ledger::validators {

namespace {

constexpr std::string_view module_name = "validators";

std::uint64_t take_share(amount<gen>& from, std::uint64_t points) {
  auto lost = share_of(from.get(), points);
  from = amount<gen>{from.get() - lost};
  return lost;
}

/// From the bond, and from what is on its way out.
amount<gen> slash(context& c, member& x, std::uint64_t points) {
  auto lost = take_share(x.bond, points);
  for (auto& u : x.unbonding)
    lost += take_share(u.units, points);
  if (lost == 0) return {};
  if (!coins::burn(c, bond_account(), {token::GEN, lost}))
    throw std::logic_error("validators: the bonds are not in their account");
  return amount<gen>{lost};
}

// -- double signing ----------------------------------------------------------------------

/// Only when both limits have passed: else a stop of the chain, or a rush of blocks, would let
/// misbehaviour go unpunished.
bool expired(const context& c, const verified_evidence& x) {
  return c.block.at.get() > x.at.get() + c.value(evidence_heights)
         && c.block.time.get() > x.time.get() + static_cast<std::int64_t>(c.value(evidence_ms));
}

void punish_double_sign(context& c, const verified_evidence& evidence) {
  auto found = find_member(c.state, evidence.by);
  auto ignore = [&](const char* why) {
    c.emit(module_name, evidence_ignored{evidence.by, evidence.at, why});
  };
  if (!found) return ignore("no_validator");
  auto& x = *found;
  if (x.tombstoned) return ignore("tombstoned");
  if (evidence.at > c.block.at) return ignore("from_the_future");
  if (expired(c, evidence)) return ignore("expired");
  auto lost = slash(c, x, c.value(double_sign_slash_bp));
  if (!x.leaving) change_count(c.state, -1);
  x.tombstoned = true;
  x.leaving = true;
  if (x.bond.get() > 0) x.unbonding.push_back({std::exchange(x.bond, {}), {}, {}});
  put_member(c.state, evidence.by, x);
  enqueue(c.state, evidence.by, urgency::at_once);
  c.emit(module_name, slashed{evidence.by, offence::double_sign, lost, true, {}});
}

// -- absence -----------------------------------------------------------------------------

bool absent(std::span<const sealing> window, const address& who, std::uint64_t least) {
  std::uint64_t present = 0;
  for (const auto& x : window)
    if (std::ranges::binary_search(x.by, who) && ++present >= least) return false;
  return true;
}

void punish_absence(context& c, const address& who, height window_began) {
  auto found = find_member(c.state, who);
  if (!found) return;
  auto& x = *found;
  if (x.leaving || x.jailed || x.counted_from > window_began) return;
  if (!others_remain(c.state, who)) return; // a chain with nobody left is worse than a slow one
  x.jailed = true;
  x.jailed_until = timestamp_ms{c.block.time.get() + static_cast<std::int64_t>(c.value(jail_ms))};
  auto lost = slash(c, x, c.value(downtime_slash_bp));
  put_member(c.state, who, x);
  enqueue(c.state, who, urgency::at_once);
  c.emit(module_name, slashed{who, offence::downtime, lost, false, x.jailed_until});
}

} // namespace

void punish(context& c) {
  for (const auto& x : c.block.evidence)
    punish_double_sign(c, x);
  if (c.block.sealed.size() < downtime_window) return;
  auto window = std::span{c.block.sealed}.last(downtime_window);
  const auto least = (downtime_window * c.value(downtime_min_bp) + basis_points - 1) / basis_points;
  for (const auto& x : c.block.validators)
    if (absent(window, x.id, least)) punish_absence(c, x.id, window.front().at);
}

} // namespace bpci::ledger::validators
