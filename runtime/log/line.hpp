#pragma once

#include "runtime/log/log.hpp"

#include <string>
#include <string_view>

/// What a line looks like: pure, no clock and no output.
namespace bpci::log {

struct line {
  timestamp_ms at;
  level severity = level::info;
  std::string_view event;
  std::string_view correlation; ///< empty: not part of any request
  fields context;
};

/// One JSON object (RFC 8259) without the line end. The context is always there, the correlation
/// id only if there is one.
std::string json_line(const line& x);

/// One readable line without its end; a value is in quotes where it has other than plain
/// characters, so `key=value` pairs stay apart.
std::string plain_line(const line& x);

} // namespace bpci::log
