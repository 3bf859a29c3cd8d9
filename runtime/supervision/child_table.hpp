#pragma once

#include "messages/runtime/supervision.hpp"
#include "runtime/actor/vitals.hpp"
#include "runtime/supervision/child_spec.hpp"

#include <caf/actor.hpp>
#include <caf/actor_addr.hpp>
#include <caf/typed_response_promise.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

/// A supervisor's own book of its children; nobody else includes this.
namespace bpci::supervision {

/// What becomes of a child once the stop under way is complete.
enum class after_stop : std::uint8_t { start_again, pause, stay_stopped, remove, count_as_crash };

struct child {
  child_spec spec;
  std::string path;
  std::uint64_t number = 0; ///< in start order
  bool dynamic = false;     ///< came by start_child, not by the table

  child_state state = child_state::stopped;
  after_stop then = after_stop::start_again;
  bool wanted = true;        ///< false: it has ended for good
  bool stop_pending = false; ///< another child's restart takes it along, when its turn comes

  caf::actor handle; ///< null: no incarnation is alive
  vitals_ptr life;   ///< of the present or the last incarnation

  std::uint64_t turn = 0; ///< timers and `ready` of an earlier turn are void
  std::uint64_t starts = 0;
  std::uint32_t attempt = 0;              ///< restarts since it last ran quietly
  instant running_since = instant::max(); ///< of the present incarnation; max: not yet
  timestamp_ms started_at;
  timestamp_ms last_restart_at;
  restart_history restarts;
  std::string last_error;
  std::vector<caf::typed_response_promise<child_action_done>> stop_waiters;

  [[nodiscard]] bool alive() const noexcept { return handle != nullptr; }

  void runs_from(instant now) noexcept {
    state = child_state::running;
    running_since = now;
  }
};

/// Keeps children by number, id and address; pointers stay valid until `remove`.
class child_table {
public:
  child& add(child_spec spec, const std::string& parent, bool dynamic);
  void remove(const child& x);
  void clear();

  void now_alive(child& x);
  void now_gone(child& x);

  [[nodiscard]] child* by_id(std::string_view id);
  [[nodiscard]] child* by_number(std::uint64_t number);
  [[nodiscard]] child* by_address(const caf::actor_addr& address);

  /// The fixed ones, in start order.
  [[nodiscard]] const std::vector<child*>& fixed() const noexcept { return fixed_; }
  [[nodiscard]] std::size_t size() const noexcept { return children_.size(); }
  /// Children from start_child of which an incarnation is alive.
  [[nodiscard]] std::size_t dynamic_alive() const noexcept { return dynamic_alive_; }

  template <class F>
  void for_each(F&& visit) {
    for (auto& [number, x] : children_)
      visit(x);
  }

private:
  std::map<std::uint64_t, child> children_;
  std::vector<child*> fixed_;
  std::unordered_map<std::string, child*> by_id_;
  std::unordered_map<caf::actor_addr, child*> by_address_;
  std::uint64_t next_number_ = 1;
  std::size_t dynamic_alive_ = 0;
};

} // namespace bpci::supervision
