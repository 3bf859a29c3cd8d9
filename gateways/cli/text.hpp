#pragma once

#include "messages/error.hpp"
#include "messages/ids.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace bpci::cli {

/// `text` without what could command a terminal: control characters and broken UTF-8 become `?`.
std::string tame(std::string_view text);

/// Characters, not bytes.
std::size_t width(std::string_view text) noexcept;

/// At most `most` characters; what is cut ends with an ellipsis.
std::string cut(const std::string& text, std::size_t most);

/// `4d 03h`, `3h 12m`, `1m 05s`, `12s`, `250ms`.
std::string short_duration(std::chrono::milliseconds x);

/// "30", "30s", "500ms", "2m": a number without a unit is seconds. Errors: `invalid_argument`.
result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// For one segment of a path or a value of a query (RFC 3986, section 2.1).
std::string percent_encode(std::string_view text);

} // namespace bpci::cli
