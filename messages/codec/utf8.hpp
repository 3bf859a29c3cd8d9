#pragma once

#include <string>
#include <string_view>

/// Texts that come from outside as bytes. msgpack's strings and JSON are UTF-8 by definition
/// (RFC 3629); what is not would travel until some reader closes its connection over it.
namespace bpci::codec {

[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

/// The text, with U+FFFD in the place of each byte that is not part of UTF-8: for showing.
[[nodiscard]] std::string to_utf8(std::string_view text);

} // namespace bpci::codec
