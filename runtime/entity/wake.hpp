#pragma once

#include "messages/runtime/slots.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

namespace bpci::entity {

/// "There is something new for you in this slot": after a commit. From: the actor of an entity.
/// To: the OUTBOX or the TIMERS of its node. Lost without harm: they look for themselves, too.
struct wake {
  slots::slot_no slot;
};

} // namespace bpci::entity

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::entity::wake)
