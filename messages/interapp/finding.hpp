#pragma once

#include "messages/describe.hpp"
#include "messages/error.hpp"

#include <boost/describe/enum.hpp>

#include <string>
#include <string_view>

/// What can be wrong with a message between apps, with an agreement, or with its audit. Finer than
/// `ec`: each has one `ec` by which it is refused in a BPI-1.0 frame or a problem document, whose
/// detail begins with the finer name where that is another.
namespace bpci::interapp {

// clang-format off
/// The names are part of the protocol: never rename one, never give one a second meaning.
BOOST_DEFINE_FIXED_ENUM_CLASS(finding_code, std::uint8_t,
  none,
  // of a message
  malformed, unknown_agreement, wrong_app, wrong_host, agreement_not_active, agreement_not_begun,
  agreement_expired, agreement_revoked, too_old, from_the_future, encryption_too_low,
  permission_missing, signature_missing, bad_signature, replayed,
  // of an agreement
  unknown_app, key_changed, host_changed, host_missing, below_minimum, expires_soon,
  // of its audit
  audit_changed, audit_missing, audit_cut, audit_unchecked
)
// clang-format on

BOOST_DEFINE_FIXED_ENUM_CLASS(severity, std::uint8_t, error, warning)

std::string_view name(finding_code code) noexcept;
std::string_view sentence(finding_code code) noexcept;
std::string_view next_step(finding_code code) noexcept;

/// An error makes an agreement invalid, a warning does not.
severity severity_of(finding_code code) noexcept;

/// The code of the protocol that says it.
ec protocol_code(finding_code code) noexcept;

/// `not_permitted` with "permission_missing: Execute(refund)"; where both have one name it is not
/// said twice.
failure to_failure(finding_code code, const std::string& detail);

/// One thing that `validate` says of an agreement.
struct finding {
  finding_code code = finding_code::none;
  interapp::severity severity = interapp::severity::error;
  std::string message;
  std::string next_step;
  std::string detail; ///< What was special about this case; may be empty.

  bool operator==(const finding&) const = default;
};
BPCI_MESSAGE(finding, code, severity, message, next_step, detail)

finding make_finding(finding_code code, std::string detail = {});

} // namespace bpci::interapp
