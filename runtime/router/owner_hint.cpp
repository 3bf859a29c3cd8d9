#include "runtime/router/owner_hint.hpp"

#include <charconv>

namespace bpci::router {

failure not_owner(const owner_hint& known) {
  auto owner = known.owner.get().empty() ? "-" : known.owner.get();
  return fail(ec::not_owner, owner + " " + std::to_string(known.epoch.get()));
}

std::optional<owner_hint> owner_hint_of(const failure& why) {
  if (why.code != ec::not_owner) return {};
  auto blank = why.detail.find(' ');
  if (blank == std::string::npos) return {};
  auto owner = why.detail.substr(0, blank);
  auto epoch = std::uint64_t{0};
  const auto* end = why.detail.data() + why.detail.size();
  auto [rest, bad] = std::from_chars(why.detail.data() + blank + 1, end, epoch);
  if (bad != std::errc{} || rest != end) return {};
  if (owner == "-") return owner_hint{{}, slots::epoch_no{epoch}};
  if (!is_valid_id(owner)) return {};
  return owner_hint{member_id{std::move(owner)}, slots::epoch_no{epoch}};
}

} // namespace bpci::router
