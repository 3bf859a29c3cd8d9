#include "gateways/http/close_code.hpp"

#include "gateways/http/text.hpp"

namespace bpci::http {

namespace {

constexpr std::size_t reason_bytes_max = 123;

} // namespace

std::uint16_t close_code(ec why) noexcept {
  switch (why) {
  case ec::none:
    return 1000;
  case ec::shutting_down:
    return 1001;
  case ec::malformed:
    return 1002;
  case ec::too_large:
    return 1009;
  case ec::internal:
    return 1011;
  case ec::restarted:
    return 1012;
  case ec::busy:
  case ec::too_many_connections:
  case ec::unavailable:
    return 1013;
  default:
    return 1008;
  }
}

std::string close_reason(ec why, std::string_view detail) {
  std::string text;
  if (why != ec::none) text = name(why);
  if (!detail.empty()) {
    if (!text.empty()) text += ": ";
    text += printable(detail);
  }
  return std::string{cut_utf8(text, reason_bytes_max)};
}

ec code_from_close(std::uint16_t code, std::string_view reason) noexcept {
  const auto word = reason.substr(0, reason.find(':'));
  // `code_from_name` answers `internal` for a word that no code has.
  if (const auto found = code_from_name(word); found != ec::internal || word == name(ec::internal))
    return found;
  switch (code) {
  case 0:
  case 1000:
  case 1001:
  case 1005:
    return ec::none;
  case 1002:
  case 1003:
  case 1007:
    return ec::malformed;
  case 1009:
    return ec::too_large;
  case 1011:
    return ec::internal;
  case 1012:
    return ec::restarted;
  case 1013:
    return ec::busy;
  default:
    return ec::not_permitted;
  }
}

} // namespace bpci::http
