#pragma once

#include "actors/ledger/state/draft.hpp"
#include "messages/ledger/chain.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <string_view>

/// What governance can set: whole numbers with bounds, each declared once by whose it is.
namespace bpci::ledger {

struct parameter {
  std::string_view name; ///< "module.name", the unit last
  std::uint64_t fallback = 0;
  std::uint64_t min = 0;
  std::uint64_t max = 0;
};

/// FLX, smallest units: what a transaction pays at least, and that for each byte on top.
inline constexpr parameter fee_base{"ledger.fee_base", 100'000, 0, 1'000'000'000'000};
inline constexpr parameter fee_per_byte{"ledger.fee_per_byte", 1'000, 0, 1'000'000'000};
inline constexpr parameter block_transactions{"ledger.block_transactions", 5'000, 1, 100'000};
inline constexpr parameter block_bytes{"ledger.block_bytes", 2'097'152, 65'536 + 1'024, 16'777'216};

inline constexpr std::array ledger_parameters{fee_base, fee_per_byte, block_transactions,
                                              block_bytes};

/// The values at a state. One that is set during a block holds from the next block on.
class settings {
public:
  explicit settings(const reader& state);

  [[nodiscard]] std::uint64_t operator[](const parameter& x) const;

private:
  std::map<std::string, std::uint64_t, std::less<>> set_;
};

/// Errors: invalid_argument, with the bounds.
result<void> set_parameter(draft& state, const parameter& what, std::uint64_t value);

} // namespace bpci::ledger
