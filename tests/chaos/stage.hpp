#pragma once

#include "message_load.hpp"
#include "probe_load.hpp"
#include "schedule.hpp"
#include "world.hpp"

#include <optional>
#include <string>
#include <vector>

namespace bpci::chaos {

/// What a scenario plays on: a cluster that is whole and under load.
class stage {
public:
  stage(world& where, probe_load& under, dice luck, milliseconds lasts)
      : cluster(where), load(under), luck_(luck), lasts_(lasts) {}

  world& cluster;
  probe_load& load;

  /// How long a scenario without an end of its own goes on.
  [[nodiscard]] milliseconds lasts() const noexcept { return lasts_; }
  dice& luck() noexcept { return luck_; }

  void say(const std::string& what) { cluster.says().say(what); }
  void sleep(milliseconds x) { cluster.sleep(x); }

  /// From now on, or from `from` on, every entity should take commands again within `bound`.
  void mark(const std::string& what, std::optional<milliseconds> bound);
  void mark_from(instant from, const std::string& what, std::optional<milliseconds> bound);

  /// A fault, from its beginning to its end, with marks.
  void play(const planned_fault& x);

  /// Until everything is as it should be; a finding if that takes too long.
  void make_whole();

  /// The node that owns the first probe; 1 if nobody knows.
  std::size_t an_owner();

  /// A client of the admin API that ends actors: whether that was done. `by`: the node that is
  /// asked.
  bool kill_actor(std::size_t by, const std::string& path);

  /// Of one thread each.
  probe_client make_client();

  void check(char invariant, bool holds, const std::string& what) {
    cluster.add_finding({invariant, holds, what});
  }

  // What goes to the checker beside what the load has seen.
  std::vector<recovery_mark> marks;
  std::vector<reading> readings;
  std::vector<message_record> messages;

private:
  void kill_some_actor(std::size_t node);
  void take_down(const planned_fault& x);
  void freeze(const planned_fault& x);
  void cut_off(const planned_fault& x);
  void hamper_database(const planned_fault& x);
  void crash_database(const planned_fault& x);
  void fill_disk(const planned_fault& x);
  void shift_clock(const planned_fault& x);

  dice luck_;
  milliseconds lasts_;
};

} // namespace bpci::chaos
