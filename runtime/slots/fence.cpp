#include "runtime/slots/fence.hpp"

namespace bpci::slots {

result<void> lock_slot(pqxx::work& tx, slot_no slot, epoch_no epoch, incarnation owner) {
  auto row = tx.exec_params("SELECT 1 FROM slot WHERE slot = $1 AND epoch = $2 AND owner = $3 "
                            "FOR SHARE",
                            int{slot.get()}, epoch.get(), owner.get());
  if (row.empty())
    return fail(ec::fenced,
                "slot " + std::to_string(slot.get()) + " at epoch " + std::to_string(epoch.get()));
  return {};
}

} // namespace bpci::slots
