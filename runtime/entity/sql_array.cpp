#include "runtime/entity/sql_array.hpp"

#include "runtime/crypto/hash.hpp"

namespace bpci::entity {

void sql_array::add(std::string_view text) {
  comma();
  text_ += '"';
  for (auto c : text) {
    if (c == '"' || c == '\\') text_ += '\\';
    text_ += c;
  }
  text_ += '"';
}

void sql_array::add(std::span<const std::uint8_t> data) {
  comma();
  text_ += "\"\\\\x";
  text_ += crypto::to_hex(data);
  text_ += '"';
}

} // namespace bpci::entity
