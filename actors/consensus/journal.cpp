#include "actors/consensus/journal.hpp"

#include "messages/codec/canonical.hpp"
#include "runtime/crypto/hash.hpp"

#include <algorithm>
#include <string_view>

namespace bpci::consensus {

namespace {

using octets = std::span<const std::uint8_t>;

constexpr std::string_view beginning = "bpci-safety-1\n";
constexpr std::size_t lengths_size = 8;
constexpr std::size_t sum_size = 8;

struct lengths {
  std::uint32_t length = 0;
  std::uint32_t inverse = 0;

  bool operator==(const lengths&) const = default;
};
BPCI_MESSAGE(lengths, length, inverse)

bool all_zero(octets x) {
  return std::ranges::all_of(x, [](auto byte) { return byte == 0; });
}

bool is_sum(octets sum, octets of) {
  auto whole = crypto::sha256(of);
  return std::ranges::equal(sum, octets{whole}.first(sum_size));
}

enum class found { record, torn, damage };

/// What begins here; behind a record `left` is what follows it.
found next_record(octets& left, std::optional<safety_record>& out) {
  if (left.size() < lengths_size || all_zero(left)) return found::torn;
  auto size = codec::from_canonical<lengths>(left.first(lengths_size));
  if (!size || size->inverse != ~size->length) return found::damage;
  auto whole = lengths_size + size->length + sum_size;
  if (left.size() < whole) return found::torn;
  auto payload = left.subspan(lengths_size, size->length);
  auto sum = left.subspan(lengths_size + size->length, sum_size);
  // The sum is written last: zeros there, and nothing behind, are a file that grew too early.
  if (!is_sum(sum, payload))
    return all_zero(left.subspan(lengths_size + size->length)) ? found::torn : found::damage;
  auto record = codec::from_canonical<safety_record>(payload);
  if (!record) return found::damage;
  out = std::move(*record);
  left = left.subspan(whole);
  return found::record;
}

} // namespace

bytes journal_beginning() {
  return {beginning.begin(), beginning.end()};
}

bytes journal_record(const safety_record& x) {
  auto payload = codec::to_canonical(x);
  auto length = static_cast<std::uint32_t>(payload.size());
  auto out = codec::to_canonical(lengths{length, ~length});
  auto sum = crypto::sha256(payload);
  auto append = [&](octets part) {
    auto at = out.size();
    out.resize(at + part.size());
    std::ranges::copy(part, out.begin() + static_cast<std::ptrdiff_t>(at));
  };
  append(payload);
  append(octets{sum}.first(sum_size));
  return out;
}

recovered recover_journal(octets all) {
  auto start = crypto::as_bytes(beginning);
  if (all.size() <= start.size()) {
    // Cut short, or zeros: its making was interrupted.
    auto is_start = std::ranges::equal(all, start.first(all.size()));
    if (is_start && all.size() == start.size()) return {journal_state::fresh, {}, all.size()};
    if (is_start || all_zero(all)) return {};
    return {journal_state::lost, {}, 0};
  }
  if (!std::ranges::equal(all.first(start.size()), start)) return {journal_state::lost, {}, 0};
  recovered out{journal_state::fresh, {}, start.size()};
  for (auto left = all.subspan(start.size()); !left.empty();) {
    auto what = next_record(left, out.record);
    if (what == found::damage) return {journal_state::lost, {}, 0};
    if (what == found::torn) break;
    out.good = all.size() - left.size();
    out.state = journal_state::intact;
  }
  return out;
}

} // namespace bpci::consensus
