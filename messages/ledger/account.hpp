#pragma once

#include "messages/describe.hpp"
#include "messages/money.hpp"

#include <boost/describe/enum.hpp>

#include <array>
#include <cstdint>

namespace bpci::ledger {

/// SHA-256.
using hash = std::array<std::uint8_t, 32>;

/// Who owns coins: an Ed25519 public key. A module's own account is the hash of a tag, for which
/// nobody has a secret key (actors/ledger/transaction.hpp). A validator's account is its address.
using account = std::array<std::uint8_t, 32>;

using signature = std::array<std::uint8_t, 64>;

/// The coins of the ledger (document 4, Four-Tier Token System), in the order of their tiers. The
/// numbers are part of the protocol.
BOOST_DEFINE_FIXED_ENUM_CLASS(token, std::uint8_t, GEN, NEX, FLX, AUR)

inline constexpr std::array all_tokens{token::GEN, token::NEX, token::FLX, token::AUR};

/// Whether a number that came from outside is one of the tokens.
constexpr bool is_token(token x) noexcept {
  return x <= token::AUR;
}

/// How much a unit weighs against the others, AUR being 1 (document 4, TokenType).
constexpr std::uint64_t tier_multiplier(token x) noexcept {
  constexpr std::array<std::uint64_t, 4> table{1000, 100, 10, 1};
  return is_token(x) ? table[static_cast<std::size_t>(x)] : 0;
}

template <class Token>
inline constexpr token token_of = token::GEN;
template <>
inline constexpr token token_of<nex> = token::NEX;
template <>
inline constexpr token token_of<flx> = token::FLX;
template <>
inline constexpr token token_of<aur> = token::AUR;

/// So many smallest units of a token that is known only at run time.
struct coin {
  token what{};
  std::uint64_t units = 0;

  bool operator==(const coin&) const = default;
};
BPCI_MESSAGE(coin, what, units)

template <class Token>
constexpr coin to_coin(amount<Token> x) {
  return {token_of<Token>, x.get()};
}

} // namespace bpci::ledger
