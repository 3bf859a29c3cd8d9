#pragma once

#include "messages/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace bpci::http {

/// The close code of a WebSocket (RFC 6455, section 7.4, and the IANA registry): 1000 for `none`,
/// 1001 `shutting_down`, 1002 `malformed`, 1009 `too_large`, 1011 `internal`, 1012 `restarted`,
/// 1013 `busy` and `too_many_connections`, 1008 for every other refusal.
std::uint16_t close_code(ec why) noexcept;

/// The reason of the close frame: "too_old: sent 400 s ago", cut to the 123 bytes that fit.
std::string close_reason(ec why, std::string_view detail);

/// The reverse, for a close frame that came in. The word before the colon decides, since several
/// codes share 1008; without one, the number does. `ec::none` for 1000, 1001 without a reason
/// (a browser that leaves the page) and no code at all.
ec code_from_close(std::uint16_t code, std::string_view reason) noexcept;

} // namespace bpci::http
