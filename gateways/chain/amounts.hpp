#pragma once

#include "messages/error.hpp"
#include "messages/ledger/account.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// Amounts of money as people write them. Exact: no floating point. Pure.
namespace bpci::gateway {

/// "FLX", in either case. Errors: invalid_argument, with the names that there are.
result<ledger::token> token_of_name(std::string_view text);

std::string_view name_of(ledger::token x);

/// "1.500000000": all digits of the smallest unit, so that columns of them line up.
std::string decimal_text(std::uint64_t units);

/// "1.5", "1" or "0.000000001": whole tokens, with at most as many digits behind the point as the
/// token has. Errors: invalid_argument.
result<std::uint64_t> units_of_decimal(std::string_view text);

/// Smallest units: digits alone. Errors: invalid_argument.
result<std::uint64_t> units_of_digits(std::string_view text);

/// "1.5 FLX", as the node shows amounts in sentences. Errors: invalid_argument.
result<ledger::coin> coin_of_text(std::string_view text);

} // namespace bpci::gateway
