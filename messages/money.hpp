#pragma once

#include "messages/describe.hpp"
#include "messages/error.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <vector>

/// Amounts of money: whole numbers of a token's smallest unit, with the token in the type, so that
/// one token can't be added to another. No floating point, no silent overflow, and a division gives
/// parts that sum to the whole.
namespace bpci {

/// What can be counted. `decimals` is for showing only.
struct gen {
  static constexpr std::string_view symbol = "GEN";
  static constexpr int decimals = 9;
};
struct nex {
  static constexpr std::string_view symbol = "NEX";
  static constexpr int decimals = 9;
};
struct flx {
  static constexpr std::string_view symbol = "FLX";
  static constexpr int decimals = 9;
};
struct aur {
  static constexpr std::string_view symbol = "AUR";
  static constexpr int decimals = 9;
};
struct lamports {
  static constexpr std::string_view symbol = "SOL";
  static constexpr int decimals = 9;
};

/// So many smallest units of a token. Travels as the number, in JSON as a decimal string when it is
/// beyond 2^53.
template <class Token>
using amount = strong<std::uint64_t, Token>;

/// Errors: invalid_argument, when the sum does not fit.
template <class Token>
constexpr result<amount<Token>> add(amount<Token> a, amount<Token> b) {
  if (b.get() > std::numeric_limits<std::uint64_t>::max() - a.get())
    return fail(ec::invalid_argument, "the sum is out of range");
  return amount<Token>{a.get() + b.get()};
}

/// Errors: invalid_argument, when `b` is more than `a`.
template <class Token>
constexpr result<amount<Token>> subtract(amount<Token> a, amount<Token> b) {
  if (b.get() > a.get()) return fail(ec::invalid_argument, "more than there is");
  return amount<Token>{a.get() - b.get()};
}

/// Divides `whole` by weights so that the parts sum to it exactly: each gets its share rounded
/// down, and the units that are left go to the largest remainders, the earlier one first where two
/// are equal (the largest remainder method). Errors: invalid_argument, when no weight is above 0 or
/// their sum does not fit in 32 bits.
template <class Token>
result<std::vector<amount<Token>>> split(amount<Token> whole,
                                         std::span<const std::uint32_t> weights) {
  auto total = std::accumulate(weights.begin(), weights.end(), std::uint64_t{0});
  if (total == 0 || total > std::numeric_limits<std::uint32_t>::max())
    return fail(ec::invalid_argument, "weights");
  // whole * weight needs 96 bits; the whole is taken apart so that 64 are enough.
  const auto quotient = whole.get() / total;
  const auto rest = whole.get() % total;
  std::vector<std::uint64_t> parts;
  std::vector<std::pair<std::uint64_t, std::size_t>> remainders;
  auto left = whole.get();
  for (std::size_t i = 0; i < weights.size(); ++i) {
    auto part = quotient * weights[i] + rest * weights[i] / total;
    parts.push_back(part);
    remainders.emplace_back(rest * weights[i] % total, i);
    left -= part;
  }
  std::ranges::stable_sort(remainders, std::greater{}, [](const auto& x) { return x.first; });
  for (std::size_t i = 0; i < left; ++i)
    ++parts[remainders[i].second];
  std::vector<amount<Token>> out;
  for (auto part : parts)
    out.emplace_back(part);
  return out;
}

/// "1.5 GEN": exact, without trailing zeros. Not of other strong numbers, such as heights.
template <class Token>
requires requires { Token::symbol; }
std::string to_string(amount<Token> x) {
  auto digits = std::to_string(x.get());
  if (digits.size() <= Token::decimals) digits.insert(0, Token::decimals + 1 - digits.size(), '0');
  auto whole = digits.substr(0, digits.size() - Token::decimals);
  auto fraction = digits.substr(digits.size() - Token::decimals);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return whole + (fraction.empty() ? "" : "." + fraction) + " " + std::string{Token::symbol};
}

} // namespace bpci
