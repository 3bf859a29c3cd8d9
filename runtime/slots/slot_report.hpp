#pragma once

#include "messages/error.hpp"
#include "messages/runtime/slots.hpp"
#include "runtime/slots/slot_keeper.hpp"

#include <span>
#include <string>

/// What SLOTS answers to admins out of what it knows, pure.
namespace bpci::slots {

/// "timeline.counter": the database's timeline, and what has risen in it.
std::string to_text(epoch_no epoch);

/// Errors: invalid_argument (the state), unavailable (the table has not been read yet).
result<slot_page> page_of(const slot_query& what, const slot_keeper& known);

/// `entities` of each slot, by its number. Errors: not_found (no such member is alive),
/// unavailable.
result<drain_plan> plan_of(const plan_drain& what, const slot_keeper& known,
                           std::span<const std::uint64_t> entities);

/// Errors: invalid_argument (no slots, or numbers that there are not), not_found (the member is not
/// up).
result<void> check(const pin_slots& what, const slot_keeper& known);

} // namespace bpci::slots
