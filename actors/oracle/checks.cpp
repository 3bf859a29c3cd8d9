#include "actors/oracle/checks.hpp"

#include "messages/oracle/signing.hpp"

#include <chrono>
#include <set>

namespace bpci::oracle {

namespace {

/// A clock may be this far ahead of ours.
constexpr auto ahead_max = std::chrono::milliseconds{60'000};

} // namespace

result<void> check_shape(const envelope& x, const limits& within) {
  if (!is_valid_id(x.id.get())) return fail(ec::invalid_argument, "id");
  if (!is_valid_id(x.type)) return fail(ec::invalid_argument, "type");
  // A sequence near the end of the range would lock its own node out.
  if (x.sequence == 0 || x.sequence > integer_max) return fail(ec::invalid_argument, "sequence");
  if (x.sent_at.get() < 0 || x.sent_at.get() > static_cast<std::int64_t>(integer_max))
    return fail(ec::invalid_argument, "sent_at");
  if (x.targets.empty() || x.targets.size() > within.max_targets)
    return fail(ec::invalid_argument, "targets: 1 to " + std::to_string(within.max_targets));
  auto seen = std::set<std::string_view>{};
  for (const auto& target : x.targets)
    if (!is_valid_id(target.get()) || !seen.insert(target.get()).second)
      return fail(ec::invalid_argument, "targets: distinct node ids");
  return {};
}

result<void> check_age(const envelope& x, const limits& within, timestamp_ms now) {
  auto age = std::chrono::milliseconds{now.get() - x.sent_at.get()};
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

} // namespace bpci::oracle
