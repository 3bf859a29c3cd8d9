#include "conduct.hpp"

#include "keys.hpp"
#include "traitors.hpp"

#include <algorithm>

namespace bpci::consensus::sim {

std::vector<address> conduct::others() const {
  std::vector<address> out;
  for (const auto& x : on_.chain_now().validators)
    if (x.id != on_.keys().self()) out.push_back(x.id);
  return out;
}

void conduct::tell_all(const consensus_message& what) {
  for (const auto& who : others())
    on_.send_as_traitor(who, what);
}

std::unique_ptr<conduct> make_conduct(conduct_kind how, conduct::stage& on) {
  switch (how) {
  case conduct_kind::honest:
    return nullptr;
  case conduct_kind::equivocator:
    return std::make_unique<equivocator>(on);
  case conduct_kind::double_voter:
    return std::make_unique<double_voter>(on);
  case conduct_kind::false_claimer:
    return std::make_unique<false_claimer>(on);
  case conduct_kind::mute:
    return std::make_unique<mute>(on);
  case conduct_kind::half_mute:
    return std::make_unique<half_mute>(on);
  case conduct_kind::replayer:
    return std::make_unique<replayer>(on);
  case conduct_kind::bomber:
    return std::make_unique<bomber>(on);
  case conduct_kind::seal_forger:
    return std::make_unique<seal_forger>(on);
  case conduct_kind::amnesiac:
    return std::make_unique<amnesiac>(on);
  }
  return nullptr;
}

} // namespace bpci::consensus::sim
