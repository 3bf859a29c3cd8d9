#include "messages/interapp/finding.hpp"

#include <boost/describe/enum_to_string.hpp>

namespace bpci::interapp {

namespace {

struct entry {
  ec code;
  interapp::severity severity;
  std::string_view sentence;
  std::string_view next_step;
};

/// A switch, so that the compiler names a code that has no entry.
constexpr entry entry_of(finding_code code) noexcept {
  using enum finding_code;
  constexpr auto error = severity::error;
  constexpr auto warning = severity::warning;
  switch (code) {
  case none:
    return {ec::none, warning, "There is nothing to find fault with.", "Nothing to do."};
  case malformed:
    return {ec::malformed, error, "The body of the envelope is no inter-app message.",
            "Encode it as docs/inter-app.md says; the detail names the member."};
  case unknown_agreement:
    return {ec::not_found, error, "There is no agreement under this id.",
            "Check the id with bpci inter-app list, or make one: bpci inter-app establish."};
  case wrong_app:
    return {ec::not_permitted, error,
            "The message is not from one app of the agreement to the other.",
            "Name an agreement of these two apps."};
  case wrong_host:
    return {ec::wrong_source, error,
            "The envelope is not from the BPI node of the one app to that of the other, alone.",
            "Send it from the node that the agreement names, to the one that it names."};
  case agreement_not_active:
    return {ec::not_permitted, error, "Not both apps have signed the agreement.",
            "Have it signed: bpci inter-app sign."};
  case agreement_not_begun:
    return {ec::not_permitted, error, "The agreement does not hold yet.",
            "Wait for its valid_from, then send another message."};
  case agreement_expired:
    return {ec::not_permitted, error, "The agreement has ended.",
            "Make a new one: bpci inter-app establish."};
  case agreement_revoked:
    return {ec::not_permitted, error, "The agreement was revoked.",
            "Ask who revoked it; then make a new one: bpci inter-app establish."};
  case too_old:
    return {ec::too_old, error, "The message is older than this cluster accepts.",
            "Set the clock, then sign and send another message."};
  case from_the_future:
    return {ec::from_the_future, error, "The message carries a time that has not come yet.",
            "Set the clock, then sign and send another message."};
  case encryption_too_low:
    return {ec::not_permitted, error, "The payload is encrypted less than the agreement asks for.",
            "Encrypt it at the level that the detail names, or at a higher one."};
  case permission_missing:
    return {ec::not_permitted, error, "The agreement does not permit this to the app.",
            "Use a permission of the agreement, or agree on another: bpci inter-app establish."};
  case signature_missing:
    return {ec::bad_signature, error, "The agreement asks for the app's signature; there is none.",
            "Sign the message with the key of the app."};
  case bad_signature:
    return {ec::bad_signature, error, "The signature does not match the content and the app's key.",
            "Check that the app's registered key signs exactly the canonical bytes."};
  case replayed:
    return {ec::replayed, error,
            "Another message, or another envelope, had this message id before.",
            "Give each message an id of its own; a retry keeps its envelope's id, too."};
  case unknown_app:
    return {ec::not_found, error, "The app is not registered.",
            "Register it: bpci inter-app register-app."};
  case key_changed:
    return {ec::conflict, error,
            "The app is registered under another key than the agreement names.",
            "Make a new agreement under the present key."};
  case host_changed:
    return {ec::conflict, warning,
            "The app is hosted by another BPI node than the agreement names.",
            "Send through the node of the agreement, or make a new agreement."};
  case host_missing:
    return {ec::conflict, warning, "The agreement names no BPI node for the app.",
            "Register the app with its node and make a new agreement; until then it can neither "
            "send nor be reached over BPI-1.0."};
  case below_minimum:
    return {ec::not_permitted, error, "The agreement asks for less than this cluster does now.",
            "Make a new agreement that meets inter_app_config.security_requirements."};
  case expires_soon:
    return {ec::none, warning, "The agreement ends within seven days.",
            "Make the next one in time: bpci inter-app establish."};
  case audit_changed:
    return {ec::conflict, error, "An audit entry is not what was written.",
            "Treat the database as tampered with; compare with a report or a backup from before."};
  case audit_missing:
    return {ec::conflict, error, "An audit entry is missing.",
            "Treat the database as tampered with; compare with a report or a backup from before."};
  case audit_cut:
    return {ec::conflict, error, "The newest audit entries are missing, or were added by others.",
            "Treat the database as tampered with; compare with a report or a backup from before."};
  case audit_unchecked:
    return {ec::none, warning, "The audit is too long to be checked at once.",
            "Check the rest page by page: bpci inter-app audit --all."};
  }
  return {ec::internal, error, "Unknown code.", "Report it."};
}

} // namespace

std::string_view name(finding_code code) noexcept {
  return boost::describe::enum_to_string(code, "unknown");
}

std::string_view sentence(finding_code code) noexcept {
  return entry_of(code).sentence;
}

std::string_view next_step(finding_code code) noexcept {
  return entry_of(code).next_step;
}

severity severity_of(finding_code code) noexcept {
  return entry_of(code).severity;
}

ec protocol_code(finding_code code) noexcept {
  return entry_of(code).code;
}

failure to_failure(finding_code code, const std::string& detail) {
  auto said = protocol_code(code);
  if (name(code) == bpci::name(said)) return {said, detail};
  auto text = std::string{name(code)};
  if (!detail.empty()) text += ": " + detail;
  return {said, std::move(text)};
}

finding make_finding(finding_code code, std::string detail) {
  return {code, severity_of(code), std::string{sentence(code)}, std::string{next_step(code)},
          std::move(detail)};
}

} // namespace bpci::interapp
