#pragma once

#include "messages/error.hpp"
#include "messages/runtime/slots.hpp"

#include <pqxx/transaction>

namespace bpci::slots {

/// The first statement of every transaction that writes under a slot: until it ends nobody else can
/// become the owner, and whoever does then sees what it has written. Checking the row without
/// locking it, or locking it FOR KEY SHARE, would let a claim pass by: a claim changes no key.
/// Errors: fenced (the slot has another owner, or another epoch, now).
result<void> lock_slot(pqxx::work& tx, slot_no slot, epoch_no epoch, incarnation owner);

} // namespace bpci::slots
