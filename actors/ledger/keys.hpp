#pragma once

#include "messages/ledger/account.hpp"

#include <string>
#include <string_view>

/// Parts of state keys: a text, then parts of fixed size, so that no two things share a key.
namespace bpci::ledger {

/// "validators/member/" and the 32 bytes.
inline std::string key_with(std::string_view text, const account& who) {
  std::string out{text};
  out.append(reinterpret_cast<const char*>(who.data()), who.size());
  return out;
}

/// The same with a number of eight bytes, big endian.
inline std::string key_with(std::string_view text, std::uint64_t number) {
  std::string out{text};
  for (auto shift = 56; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(number >> shift));
  return out;
}

} // namespace bpci::ledger
