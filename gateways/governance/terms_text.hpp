#pragma once

#include "messages/error.hpp"
#include "messages/ids.hpp"

#include <boost/json/fwd.hpp>

#include <string>
#include <string_view>

/// Times, shares and weights of the consensus bridge as people and JSON write them. What is decimal
/// is read from its digits: no arithmetic with doubles.
namespace bpci::gateway {

/// "1.5" is 1,500 thousandths. At most three decimals. Errors: invalid_argument.
result<std::uint64_t> parse_weight(std::string_view text);

/// "1.5", as short as it gets.
std::string weight_text(std::uint64_t thousandths);

/// A number or a string. Errors: invalid_argument.
result<std::uint64_t> read_weight(const boost::json::value& in);

/// "2024-12-31T23:59:59Z" (RFC 3339), or milliseconds since 1970. Errors: invalid_argument.
result<timestamp_ms> parse_time(std::string_view text);

/// Replaces a member that is a time as text by its milliseconds; one that is missing, or a number,
/// stays. Errors: invalid_argument, naming the member.
result<void> replace_time(boost::json::object& in, std::string_view name);

/// The same for a share of the weight: 0.67, "67%", 6700 to basis points
/// (config/basis_points.hpp).
result<void> replace_share(boost::json::object& in, std::string_view name);

} // namespace bpci::gateway
