#include "messages/codec/base64.hpp"

#include <boost/beast/core/detail/base64.hpp>

namespace bpci::codec {

namespace base64 = boost::beast::detail::base64;

std::string to_base64(std::span<const std::uint8_t> data) {
  auto text = std::string(base64::encoded_size(data.size()), '\0');
  text.resize(base64::encode(text.data(), data.data(), data.size()));
  return text;
}

result<bytes> from_base64(std::string_view text) {
  // Beast writes past decoded_size() when the last group is not whole.
  if (text.size() % 4 != 0) return fail(ec::malformed, "not base64 (RFC 4648, section 4)");
  auto data = bytes(base64::decoded_size(text.size()));
  auto [written, read] = base64::decode(data.data(), text.data(), text.size());
  data.resize(written);
  // Beast stops at the first character that it does not know and forgives a wrong tail; one
  // value must have one spelling, or two different texts would carry the same signature.
  if (to_base64(data) != text) return fail(ec::malformed, "not base64 (RFC 4648, section 4)");
  return data;
}

} // namespace bpci::codec
