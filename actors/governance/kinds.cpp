#include "actors/governance/kinds.hpp"

#include "actors/governance/electorate.hpp"
#include "actors/governance/round.hpp"
#include "actors/governance/round_store.hpp"

namespace bpci::governance {

void add_kinds(entity::kinds& to) {
  to.add(make_round_kind(), store::round_table());
  to.add(make_electorate_kind());
}

} // namespace bpci::governance
