#include "runtime/actor/vitals.hpp"

#include "runtime/time/clock.hpp"

namespace bpci {

vitals::vitals() : started_at_(wall_now()) {}

void vitals::on_turn(std::uint64_t waiting) noexcept {
  auto seen = enqueued_.load(std::memory_order_relaxed);
  done_.store(seen > waiting ? seen - waiting : 0, std::memory_order_relaxed);
}

void vitals::take_in_hand(const message_id& id) {
  auto lock = std::lock_guard{mutex_};
  in_hand_ = id;
}

void vitals::put_down() {
  auto lock = std::lock_guard{mutex_};
  in_hand_.reset();
}

void vitals::crashed(std::string why) {
  auto lock = std::lock_guard{mutex_};
  crash_ = std::move(why);
}

std::uint64_t vitals::mailbox_depth() const noexcept {
  auto done = done_.load(std::memory_order_relaxed);
  auto seen = enqueued_.load(std::memory_order_relaxed);
  return seen > done ? seen - done : 0;
}

std::string vitals::crash() const {
  auto lock = std::lock_guard{mutex_};
  return crash_;
}

std::optional<message_id> vitals::in_hand() const {
  auto lock = std::lock_guard{mutex_};
  return in_hand_;
}

} // namespace bpci
