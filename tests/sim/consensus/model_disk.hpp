#pragma once

#include "actors/consensus/engine.hpp"
#include "plan.hpp"

#include <map>

namespace bpci::consensus::sim {

/// What survives a process: an append-only journal, and the blocks. A record counts once it has
/// been synced; what was written and not synced may be there after a crash, in part, or not at all.
class model_disk {
public:
  void write(const safety_record& what) { writing_ = what; }
  void sync() {
    if (!writing_) return;
    last_ = std::move(writing_);
    writing_.reset();
    existed_ = true;
  }

  void crash(torn tail, disk_fate fate) {
    // All of it arrived, but nobody was told so. A part of it is cut off at the next start.
    if (tail == torn::all && writing_) sync();
    writing_.reset();
    if (fate == disk_fate::intact || !existed_) return;
    last_.reset();
    if (fate == disk_fate::amnesia)
      existed_ = false;
    else
      lost_ = true;
  }

  /// For the next life. `head` comes from the blocks, which are kept elsewhere.
  [[nodiscard]] begin recover(chain_head head) {
    auto state = lost_ ? journal_state::lost : last_ ? journal_state::intact : journal_state::fresh;
    return {std::move(head), state, last_};
  }
  /// The validator has begun a journal again.
  void renew() { lost_ = lost_ && !last_; }

  std::map<std::uint64_t, sealed_block> blocks; ///< by height

private:
  std::optional<safety_record> last_;
  std::optional<safety_record> writing_;
  bool existed_ = false; ///< a marker beside the journal says that there was one
  bool lost_ = false;
};

} // namespace bpci::consensus::sim
