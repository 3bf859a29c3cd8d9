#include "runtime/entity/slot_of.hpp"

#include "runtime/crypto/hash.hpp"

#include <algorithm>

namespace bpci::entity {

namespace {

constexpr std::size_t kind_max = 32;

bool is_valid_kind(std::string_view x) {
  return !x.empty() && x.size() <= kind_max && std::ranges::all_of(x, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

} // namespace

slots::slot_no slot_of(const entity_ref& x) {
  auto hash = crypto::sha256(crypto::as_bytes(to_string(x)));
  return slots::slot_no{static_cast<std::uint16_t>((hash[0] << 8 | hash[1]) % slots::slot_count)};
}

result<void> check_name(const entity_ref& x) {
  if (!is_valid_kind(x.kind)) return fail(ec::invalid_argument, "kind: 1 to 32 of a-z 0-9 -");
  if (!is_valid_id(x.id)) return fail(ec::invalid_argument, "id: 1 to 64 of A-Z a-z 0-9 . _ : -");
  return {};
}

} // namespace bpci::entity
