#pragma once

#include "messages/runtime/entities.hpp"

namespace bpci::entity {

/// The slot of an entity: the first two bytes of SHA-256 of its name ("mailbox/bank-a"), the first
/// one the higher, modulo `slot_count`. Never to be changed: rows of the database carry it.
slots::slot_no slot_of(const entity_ref& x);

/// Errors: invalid_argument, naming the part.
result<void> check_name(const entity_ref& x);

} // namespace bpci::entity
