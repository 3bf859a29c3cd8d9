#pragma once

#include "messages/runtime/supervision.hpp"
#include "runtime/actor/vitals.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace bpci::supervision {

class crowd;
using crowd_ptr = std::shared_ptr<crowd>;

/// The supervision tree of a node as one table. Supervisors write their children into it, so that
/// it can be read without asking any actor: one that hangs is seen like the others. Thread-safe;
/// a page of 10,000 rows takes a few milliseconds at worst and never blocks a supervisor for longer
/// than `rows_per_lock` rows take.
class tree_registry {
public:
  struct entry {
    /// All but what is known at reading only: mailbox depth, messages received, children.
    tree_row row{};
    /// Where those are read from; null: an actor that is not built on actor_base.
    vitals_ptr life{};
    /// The actor id of the supervisor that has written this.
    std::uint64_t owner = 0;
    /// After which `restarts_in_period` is 0 again.
    std::chrono::seconds period{60};
  };

  /// Writes or overwrites the row of `what.row.path`; parents before children.
  void put(entry what);

  /// Does nothing when the row is another supervisor's by now.
  void remove(std::string_view path, std::uint64_t owner);

  /// From now on the members of this crowd stand in the tree, behind their supervisor.
  void attach(crowd_ptr who);
  void detach(const crowd_ptr& who);

  /// `now` is the wall clock's.
  [[nodiscard]] tree_page read(const tree_query& what, timestamp_ms now) const;

  [[nodiscard]] std::size_t size() const;

private:
  static constexpr std::size_t rows_per_lock = 1'024;

  /// Depth first: '/' before all other characters.
  struct tree_order {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const noexcept;
  };

  struct node {
    entry what;
    std::uint64_t children = 0;
  };

  struct reading;

  void count_child(std::string_view path, bool added);
  bool read_nodes(reading& walk) const;
  bool stop_at_crowd(reading& walk, std::string_view next) const;
  bool read_crowd(reading& walk) const;
  [[nodiscard]] crowd_ptr crowd_behind(const reading& walk) const;

  mutable std::mutex mutex_;
  std::map<std::string, node, tree_order> nodes_;       // guarded by mutex_
  std::map<std::string, crowd_ptr, tree_order> crowds_; // by path, guarded by mutex_
};

/// "/node/links" for "/node/links/link:bank-a"; empty for a root.
std::string_view parent_path(std::string_view path) noexcept;

} // namespace bpci::supervision
