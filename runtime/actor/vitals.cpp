#include "runtime/actor/vitals.hpp"

#include "runtime/time/clock.hpp"

#include <array>
#include <mutex>

namespace bpci {

namespace {

/// A mutex of its own would be a third of the vitals of an idle actor.
std::mutex& mutex_of(const vitals* who) noexcept {
  static std::array<std::mutex, 64> all;
  constexpr auto alignment = 6; // what the lower bits of addresses have in common
  return all[(reinterpret_cast<std::uintptr_t>(who) >> alignment) % all.size()];
}

} // namespace

vitals::vitals() : started_at_(wall_now()) {}

void vitals::on_turn(std::uint64_t waiting) noexcept {
  auto seen = enqueued_.load(std::memory_order_relaxed);
  done_.store(seen > waiting ? seen - waiting : 0, std::memory_order_relaxed);
}

void vitals::take_in_hand(const message_id& id) {
  auto lock = std::lock_guard{mutex_of(this)};
  if (!last_words_) last_words_ = std::make_unique<last_words>();
  last_words_->in_hand = id;
}

void vitals::put_down() {
  auto lock = std::lock_guard{mutex_of(this)};
  last_words_.reset();
}

void vitals::crashed(std::string why) {
  auto lock = std::lock_guard{mutex_of(this)};
  if (!last_words_) last_words_ = std::make_unique<last_words>();
  last_words_->crash = std::move(why);
}

std::uint64_t vitals::mailbox_depth() const noexcept {
  auto done = done_.load(std::memory_order_relaxed);
  auto seen = enqueued_.load(std::memory_order_relaxed);
  return seen > done ? seen - done : 0;
}

std::string vitals::crash() const {
  auto lock = std::lock_guard{mutex_of(this)};
  return last_words_ ? last_words_->crash : std::string{};
}

std::optional<message_id> vitals::in_hand() const {
  auto lock = std::lock_guard{mutex_of(this)};
  return last_words_ ? last_words_->in_hand : std::nullopt;
}

} // namespace bpci
