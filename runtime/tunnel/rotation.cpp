#include "runtime/tunnel/rotation.hpp"

#include <algorithm>
#include <utility>

namespace bpci::tunnel {

void rotation::on_found(const std::string& fingerprint) {
  next_ = fingerprint == current_ ? std::string{} : fingerprint;
}

std::vector<std::string> rotation::shown() const {
  std::vector<std::string> out;
  if (!next_.empty()) out.push_back(next_);
  out.push_back(current_);
  for (const auto& x : former_)
    if (std::ranges::find(out, x.fingerprint) == out.end()) out.push_back(x.fingerprint);
  return out;
}

void rotation::on_written(instant now) {
  written_ = std::exchange(asked_, {});
  written_at_ = now;
}

void rotation::on_not_written() {
  asked_.clear();
}

bool rotation::next_may_be_used(instant now) const {
  return !next_.empty() && std::ranges::find(written_, next_) != written_.end()
         && now - written_at_ >= how_.settle;
}

void rotation::use_next(instant now, rotation_effects& out) {
  std::erase_if(former_, [&](const former& x) { return x.fingerprint == next_; });
  former_.push_back({std::exchange(current_, std::exchange(next_, {})), now});
  out.emplace_back(use_certificate{current_});
}

void rotation::on_tick(instant now, const std::function<std::size_t(const std::string&)>& in_use,
                       rotation_effects& out) {
  if (next_may_be_used(now)) use_next(now, out);
  std::erase_if(former_, [&](const former& x) {
    // A handshake that has just begun with it may not be counted yet.
    if (now - x.since < how_.settle) return false;
    return now - x.since >= how_.retire_after || in_use(x.fingerprint) == 0;
  });
  auto wanted = shown();
  if (!asked_.empty() || wanted == written_) return;
  asked_ = wanted;
  out.emplace_back(announce_certificates{std::move(wanted)});
}

} // namespace bpci::tunnel
