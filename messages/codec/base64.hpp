#pragma once

#include "messages/error.hpp"
#include "messages/ids.hpp"

#include <span>

namespace bpci::codec {

/// RFC 4648, section 4, with padding: how bytes stand in JSON.
std::string to_base64(std::span<const std::uint8_t> data);

/// Strict: no white space, no missing padding, no bits set in the unused tail.
result<bytes> from_base64(std::string_view text);

} // namespace bpci::codec
