#pragma once

#include "messages/error.hpp"
#include "messages/runtime/slots.hpp"

#include <boost/json/fwd.hpp>

#include <string>
#include <string_view>
#include <vector>

/// Slots as people write them. Pure.
namespace bpci::gateway {

/// "12,40-60": in order, each once. Errors: invalid_argument.
result<std::vector<slots::slot_no>> parse_slots(std::string_view text);

/// The same, or a list of numbers: [12, 40]. Errors: invalid_argument.
result<std::vector<slots::slot_no>> read_slots(const boost::json::value& x);

/// "12,40-60", of slots in order.
std::string format_slots(const std::vector<slots::slot_no>& all);

} // namespace bpci::gateway
