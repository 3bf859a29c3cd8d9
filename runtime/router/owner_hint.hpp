#pragma once

#include "messages/error.hpp"
#include "messages/ids.hpp"
#include "messages/runtime/slots.hpp"

#include <optional>

/// The detail of a `not_owner`: "node-2 17", or "- 17" when nobody, or nobody that the speaker can
/// name, owns the slot.
namespace bpci::router {

struct owner_hint {
  member_id owner; ///< empty: nobody
  slots::epoch_no epoch;

  bool operator==(const owner_hint&) const = default;
};

failure not_owner(const owner_hint& known);

/// Nothing when it names no owner: another code, or a detail of another form.
std::optional<owner_hint> owner_hint_of(const failure& why);

} // namespace bpci::router
