#pragma once

#include "messages/interapp/commands.hpp"
#include "runtime/entity/kind.hpp"

/// The kind `agreement`: what two apps have agreed on, who has signed it, which messages it
/// permits, and the audit of all that. Pure. Its state is an interapp::agreement and stands in the
/// table `inter_app_agreement` (interapp_store.hpp). An audit entry is the item `a/<seq>`, 16 hex
/// digits.
///
/// The terms hold both apps' keys and hosts, so that a message is decided here without asking for
/// anything else; the permissions are the app's own towards the other.
namespace bpci::interapp {

inline constexpr auto agreement_kind = "agreement";

/// The timer that ends an agreement at its valid_until.
inline constexpr auto expiry_timer = "expiry";

/// Listed refusals of nodes that host neither app, within `strangers_period_ms`.
inline constexpr std::uint64_t strangers_max = 100;
inline constexpr std::int64_t strangers_period_ms = 60 * 60 * 1'000;

entity::kind_ptr make_agreement_kind();

/// "agr-" and 32 hex digits of the hash of the terms.
agreement_id derived_id(const terms& x);

/// Errors: invalid_argument, with the member.
result<void> check(const terms& x);

/// What is written down of a message from audit level Detailed on.
void add_details(audit_entry& to, const message& x, const carrier& by);

/// Why a message must not pass; `none` when it may. In the order of cost.
struct judgement {
  finding_code code = finding_code::none;
  std::string detail;
};
judgement judge(const agreement& s, const authorize& x, timestamp_ms now);

} // namespace bpci::interapp
