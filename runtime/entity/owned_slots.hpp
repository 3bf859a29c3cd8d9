#pragma once

#include "runtime/slots/slot_table.hpp"

#include <vector>

namespace bpci::entity {

/// Those that this node owns now, in order.
inline std::vector<slots::slot_no> owned_slots(const slots::slot_table& all) {
  std::vector<slots::slot_no> out;
  for (std::uint16_t i = 0; i < slots::slot_count; ++i)
    if (all.owned(slots::slot_no{i})) out.emplace_back(i);
  return out;
}

} // namespace bpci::entity
