#include "actors/chain/tenure.hpp"

#include <algorithm>

namespace bpci::chain {

void tenure::begin(tenure_effects& out) {
  now_ = state::stopping;
  out.emplace_back(stop_live{});
}

void tenure::is_to_be(std::optional<hold> x, tenure_effects& out) {
  if (x == wanted_) return;
  wanted_ = x;
  next(out);
}

void tenure::next(tenure_effects& out) {
  if (retry_at_) return;
  if (now_ == state::running && running_ != wanted_) {
    now_ = state::stopping;
    out.emplace_back(stop_live{});
  } else if (now_ == state::idle && wanted_) {
    now_ = state::starting;
    running_ = wanted_;
    out.emplace_back(start_live{*wanted_});
  }
}

void tenure::started(tenure_effects& out) {
  failures_ = 0;
  now_ = state::running;
  next(out);
}

void tenure::stopped(tenure_effects& out) {
  failures_ = 0;
  now_ = state::idle;
  running_.reset();
  next(out);
}

/// A start that is not known to have happened may yet: it is stopped first, as after a stop that
/// did not.
void tenure::failed(instant now) {
  now_ = state::stopping;
  retry_at_ = now + std::min(retry_min * (1 << std::min(failures_, 5u)), retry_max);
  ++failures_;
}

void tenure::tick(instant now, tenure_effects& out) {
  if (!retry_at_ || *retry_at_ > now) return;
  retry_at_.reset();
  out.emplace_back(stop_live{});
}

} // namespace bpci::chain
