#pragma once

#include <boost/assert/source_location.hpp>
#include <boost/describe/enum.hpp>
#include <boost/system/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace bpci {

/// Every refusal that the system can give. One list for all subsystems, so that a code
/// means the same in a BPI-1.0 frame, in a problem document and on the command line.
/// The names are part of the protocol: never rename one, never give one a second meaning.
// clang-format off
BOOST_DEFINE_FIXED_ENUM_CLASS(ec, std::uint8_t,
  none,
  // what came in was not acceptable as it stands
  malformed, too_large, too_deep, unsupported, not_found, method_not_allowed,
  invalid_argument, conflict,
  // who sent it, and what they may do
  handshake_required, handshake_timeout, bad_signature, unknown_node, not_authenticated,
  not_permitted, wrong_source,
  // BPI-1.0 (docs/protocol/bpi-1.0.md)
  too_old, from_the_future, replayed, unknown_target, rate_limited, busy, expired, superseded,
  slow_reader, idle_timeout, too_many_connections,
  // the node itself
  restarted, quarantined, unavailable, shutting_down, timeout, internal,
  // the cluster: entities and the slots that they live in
  retry_after, not_owner, fenced,
  // starting a node
  config_invalid, storage_failed, address_in_use,
  // BPI nodes that break the rules (messages/oracle/conduct.hpp)
  isolated
)
// clang-format on

/// The code as it stands on the wire: `too_large`.
std::string_view name(ec code) noexcept;

/// The reverse of `name`; `ec::internal` for a word that no code has.
ec code_from_name(std::string_view name) noexcept;

/// One sentence that says what is wrong, for a person.
std::string_view sentence(ec code) noexcept;

/// One sentence that says what to do next.
std::string_view next_step(ec code) noexcept;

/// The HTTP status that carries this code (RFC 9110, section 15).
int http_status(ec code) noexcept;

/// Whether the same request, sent again later, may succeed without being changed.
bool retryable(ec code) noexcept;

/// A refusal: a code, and what was special about this case ("the body has 70,012 bytes,
/// the limit is 65,536"). `detail` never holds a secret; it is shown to the other side.
struct failure {
  ec code = ec::internal;
  std::string detail;

  bool operator==(const failure&) const = default;
};

/// "too_large: The message is larger than this node accepts. (the body has ...)"
std::string to_string(const failure& why);

[[noreturn]] void throw_exception_from_error(const failure& why, const boost::source_location& loc);

/// A value, or the reason why there is none.
template <class T = void>
using result = boost::system::result<T, failure>;

inline failure fail(ec code, std::string detail = {}) {
  return {code, std::move(detail)};
}

} // namespace bpci
