#include "actors/consensus/downtime.hpp"

#include "actors/consensus/certificates.hpp"

#include <algorithm>
#include <map>

namespace bpci::consensus {

std::vector<attendance> attendance_of(const block& x) {
  std::map<height, std::set<address>> signers;
  auto add = [&](const certificate& of) {
    for (const auto& s : of.seals)
      signers[of.at].insert(s.by);
  };
  add(x.parent_seals);
  std::ranges::for_each(x.late_seals, add);
  std::vector<attendance> out;
  for (const auto& [at, who] : signers)
    out.push_back({at, {who.begin(), who.end()}});
  return out;
}

result<> check_seals_in(const block& x, std::span<const sealed_height> before, verifier& check) {
  auto refuse = [](const char* why) { return fail(ec::invalid_argument, why); };
  auto of = [&](height at) {
    auto found = std::ranges::find(before, at, &sealed_height::at);
    return found == before.end() ? nullptr : &*found;
  };
  if (x.head.at > height{1}) {
    const auto* parent = of(x.parent_seals.at);
    if (!parent || parent->id != x.parent_seals.block_id) return refuse("seals of another parent");
    if (auto ok = check_certificate(x.parent_seals, parent->set, check); !ok) return ok.error();
  }
  std::set<std::pair<height, address>> seen;
  for (const auto& late : x.late_seals) {
    const auto* final_one = of(late.at);
    if (!final_one || final_one->id != late.block_id) return refuse("late seals of another block");
    for (const auto& s : late.seals) {
      if (!final_one->set.contains(s.by)) return refuse("a late seal of no validator");
      if (!seen.emplace(late.at, s.by).second) return refuse("a late seal twice");
      if (!check(commit_of(late, s))) return fail(ec::bad_signature, "a late seal");
    }
  }
  return {};
}

} // namespace bpci::consensus
