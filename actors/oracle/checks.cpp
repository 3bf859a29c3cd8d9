#include "actors/oracle/checks.hpp"

#include "messages/oracle/signing.hpp"

#include <chrono>
#include <set>

namespace bpci::oracle {

namespace {

/// A clock may be this far ahead of ours.
constexpr auto ahead_max = std::chrono::milliseconds{60'000};

/// Messages of this type are durable (docs/protocol/interapp.md): no batch carries them.
constexpr std::string_view durable_type = "inter-app";

result<void> check_head(std::string_view id, std::uint64_t sequence, std::int64_t sent_at) {
  if (!is_valid_id(id)) return fail(ec::invalid_argument, "id");
  // A sequence near the end of the range would lock its own node out.
  if (sequence == 0 || sequence > integer_max) return fail(ec::invalid_argument, "sequence");
  if (sent_at < 0 || sent_at > static_cast<std::int64_t>(integer_max))
    return fail(ec::invalid_argument, "sent_at");
  return {};
}

} // namespace

result<void> check_shape(const batch_view& x, const limits& within) {
  if (auto ok = check_head(x.id, x.sequence, x.sent_at); !ok) return ok;
  if (x.items.empty() || x.items.size() > within.max_batch)
    return fail(ec::invalid_argument, "items: 1 to " + std::to_string(within.max_batch));
  for (const auto& item : x.items) {
    if (!is_valid_id(item.id)) return fail(ec::invalid_argument, "items: id");
    if (!is_valid_id(item.target)) return fail(ec::invalid_argument, "items: target");
    if (!is_valid_id(item.type)) return fail(ec::invalid_argument, "items: type");
    if (item.type == durable_type)
      return fail(ec::unsupported, "items of type inter-app are sent one by one");
  }
  return {};
}

result<void> check_shape(const envelope& x, const limits& within) {
  if (auto ok = check_head(x.id.get(), x.sequence, x.sent_at.get()); !ok) return ok;
  if (!is_valid_id(x.type)) return fail(ec::invalid_argument, "type");
  if (x.targets.empty() || x.targets.size() > within.max_targets)
    return fail(ec::invalid_argument, "targets: 1 to " + std::to_string(within.max_targets));
  auto seen = std::set<std::string_view>{};
  for (const auto& target : x.targets)
    if (!is_valid_id(target.get()) || !seen.insert(target.get()).second)
      return fail(ec::invalid_argument, "targets: distinct node ids");
  return {};
}

result<void> check_age(timestamp_ms sent_at, const limits& within, timestamp_ms now) {
  auto age = std::chrono::milliseconds{now.get() - sent_at.get()};
  if (age > std::chrono::seconds{within.max_message_age_secs})
    return fail(ec::too_old, std::to_string(age.count()) + " ms");
  if (age < -ahead_max)
    return fail(ec::from_the_future, std::to_string(-age.count()) + " ms ahead");
  return {};
}

result<void> check_signature(const envelope& x, const crypto::public_key& by) {
  auto signature = crypto::signature_from_bytes(x.signature);
  if (!signature || !crypto::verify(by, signing_bytes(x), *signature))
    return fail(ec::bad_signature);
  return {};
}

result<void> check_signature(const batch_view& x, const crypto::sealed_tree& tree,
                             const crypto::public_key& by) {
  auto signature = crypto::signature_from_bytes(x.signature);
  if (!signature || !crypto::verify(by, signing_bytes(x, tree.root()), *signature))
    return fail(ec::bad_signature);
  return {};
}

void seal_items(const batch_view& x, crypto::sealed_tree& out) {
  thread_local bytes leaf;
  thread_local std::vector<crypto::digest> leaves;
  leaves.clear();
  for (const auto& item : x.items) {
    write_leaf(item, leaf);
    leaves.push_back(crypto::leaf_hash(leaf));
  }
  out.seal(leaves);
}

} // namespace bpci::oracle
