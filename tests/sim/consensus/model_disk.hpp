#pragma once

#include "actors/consensus/journal.hpp"
#include "chance.hpp"
#include "plan.hpp"

#include <map>

namespace bpci::consensus::sim {

/// What survives a process: the journal, with the bytes that the node writes too, and the blocks. A
/// record counts once it has been synced; what was written and not synced may be there after a
/// crash, in part, or not at all.
class model_disk {
public:
  explicit model_disk(std::uint64_t seed) : luck_(seed, 3) {}

  void write(const safety_record& what);
  void sync();
  void crash(torn tail, disk_fate fate);

  /// For the next life. `head` comes from the blocks, which are kept elsewhere.
  [[nodiscard]] begin recover(chain_head head);

  std::map<std::uint64_t, sealed_block> blocks; ///< by height

private:
  void tear();

  chance luck_;
  bytes journal_;
  bytes writing_;        ///< not synced yet
  bool existed_ = false; ///< a marker beside the journal says that there was one
  bool lost_ = false;    ///< what is there is for a person to look at, and another one is begun
};

} // namespace bpci::consensus::sim
