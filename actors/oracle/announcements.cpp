#include "actors/oracle/announcements.hpp"

#include "actors/oracle/registry.hpp"
#include "actors/oracle/rotation.hpp"
#include "messages/codec/canonical.hpp"
#include "messages/oracle/signing.hpp"
#include "runtime/crypto/hash.hpp"
#include "runtime/crypto/hex.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace bpci::oracle {

namespace {

result<announcement> check_members(const announcement& x) {
  if (x.ttl_secs > integer_max) return fail(ec::invalid_argument, "ttl_secs");
  auto checked =
      check(registration{x.node_id, x.node_type, x.endpoint, x.capabilities, x.public_key});
  if (!checked) return checked.error();
  if (auto signature = crypto::signature_from_hex(x.signature); !signature)
    return fail(ec::invalid_argument, "signature: 128 hex digits");
  auto out = x;
  out.public_key = crypto::to_hex(checked->key);
  return out;
}

} // namespace

result<announcement> check(const announcement& x, const limits& within, timestamp_ms now) {
  if (auto ok = check_issued(x.issued_at, within, now); !ok) return ok.error();
  return check_members(x);
}

/// It may have been signed some time ago, for it is passed on until it ends.
result<announced_node> check_shared(std::span<const std::uint8_t> encoded, const limits& within,
                                    std::uint64_t ttl_ms_max, timestamp_ms now) {
  auto x = codec::from_canonical<announcement>(encoded);
  if (!x) return x.error();
  if (auto ok = check_issued(x->issued_at, within, now); !ok && ok.error().code != ec::too_old)
    return ok.error();
  const auto until = holds_until(*x, ttl_ms_max, now);
  if (until <= now) return fail(ec::expired, x->node_id.get());
  auto checked = check_members(*x);
  if (!checked) return checked.error();
  if (auto ok = check_signature(*checked); !ok) return ok.error();
  return announced_node{std::move(*checked), until, {}};
}

result<void> check_signature(const announcement& x) {
  crypto::public_key key;
  auto signature = crypto::signature_from_hex(x.signature);
  if (!signature || !crypto::read_hex(x.public_key, key.bytes)
      || !crypto::verify(key, signing_bytes(x), *signature))
    return fail(ec::bad_signature, "of the announcement");
  return {};
}

timestamp_ms holds_until(const announcement& x, std::uint64_t ttl_ms_max, timestamp_ms now) {
  const auto all = x.ttl_secs == 0 || x.ttl_secs > ttl_ms_max / 1'000;
  const auto ttl = all ? ttl_ms_max : x.ttl_secs * 1'000;
  return timestamp_ms{std::min(x.issued_at.get(), now.get()) + static_cast<std::int64_t>(ttl)};
}

result<void> check(const discover& x) {
  if (!x.type.empty() && !is_valid_id(x.type)) return fail(ec::invalid_argument, "type");
  if (x.capabilities.size() > discover_capabilities_max)
    return fail(ec::invalid_argument, "capability: at most 16");
  for (const auto& one : x.capabilities)
    if (!is_valid_id(one)) return fail(ec::invalid_argument, "capability");
  return {};
}

std::string cursor_of(const announced_node& x) {
  const auto& id = x.announcement.node_id.get();
  return x.of_operator.empty() ? id : id + "/" + x.of_operator;
}

place_in_list place_of(std::string_view cursor) {
  const auto slash = cursor.find('/');
  if (slash == std::string_view::npos) return {std::string{cursor}, {}};
  return {std::string{cursor.substr(0, slash)}, std::string{cursor.substr(slash + 1)}};
}

std::vector<announced_node> merge(std::vector<announced_node> ours,
                                  std::vector<announced_node> others) {
  ours.insert(ours.end(), std::make_move_iterator(others.begin()),
              std::make_move_iterator(others.end()));
  std::ranges::sort(ours, {}, [](const announced_node& x) {
    return std::pair<std::string_view, std::string_view>{x.announcement.node_id.get(),
                                                         x.of_operator};
  });
  return ours;
}

} // namespace bpci::oracle
