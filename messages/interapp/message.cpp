#include "messages/interapp/message.hpp"

#include "messages/codec/json.hpp"
#include "messages/codec/msgpack.hpp"

namespace bpci::interapp {

namespace {

constexpr std::size_t permission_size_max = 128;

bool looks_like_json(std::span<const std::uint8_t> body) {
  if (body.empty()) return false;
  switch (body.front()) {
  case '{':
  case ' ':
  case '\n':
  case '\r':
  case '\t':
    return true; // msgpack: small numbers, no message begins with one
  default:
    return false;
  }
}

result<message> decode_json(std::string_view text) {
  auto root = codec::parse_json(text);
  if (!root) return root.error();
  auto out = codec::from_json<message>(*root);
  if (!out) return fail(ec::malformed, out.error().detail);
  return out;
}

} // namespace

result<message> decode_message(std::span<const std::uint8_t> body) {
  if (looks_like_json(body))
    return decode_json({reinterpret_cast<const char*>(body.data()), body.size()});
  return codec::from_msgpack<message>(body);
}

bytes encode_message(const message& x) {
  return codec::to_msgpack(x);
}

result<void> check_shape(const message& x) {
  auto wrong = [](const char* member) { return fail(ec::malformed, member); };
  if (!is_valid_id(x.agreement_id.get())) return wrong("agreement_id");
  if (!is_valid_id(x.message_id.get())) return wrong("message_id");
  if (!is_valid_id(x.from_app.get())) return wrong("from_app");
  if (!is_valid_id(x.to_app.get())) return wrong("to_app");
  if (x.permission.size() > permission_size_max) return wrong("permission");
  if (x.sent_at.get() < 0 || x.sent_at.get() > codec::json_integer_max) return wrong("sent_at");
  return {};
}

} // namespace bpci::interapp
