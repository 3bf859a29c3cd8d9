#define CAF_SUITE bpi_frames

#include "messages/oracle/codec.hpp"
#include "tests/wire/golden.hpp"
#include "tests/wire/samples.hpp"

#include <caf/test/unit_test.hpp>

// The bytes of every BPI-1.0 frame in both encodings, and what its signature covers
// (docs/protocol/bpi-1.0.md).

using namespace bpci;
using namespace bpci::oracle;
using namespace bpci::wire;

namespace {

std::string text_of(const bytes& x) {
  return {x.begin(), x.end()};
}

bytes bytes_of(std::string_view x) {
  return {x.begin(), x.end()};
}

result<client_frame> decode_like(const client_frame&, const bytes& data, encoding how) {
  return decode_client_frame(data, how);
}

result<server_frame> decode_like(const server_frame&, const bytes& data, encoding how) {
  return decode_server_frame(data, how);
}

template <class Frame>
void check_bytes(const named<Frame>& x) {
  CAF_MESSAGE("frame: " << std::string{x.name});
  auto base = std::string{x.name};
  CAF_CHECK(
      matches_golden(base + ".msgpack.hex", to_hex_lines(encode(x.frame, encoding::msgpack))));
  CAF_CHECK(matches_golden(base + ".json", text_of(encode(x.frame, encoding::json)) + "\n"));
}

template <class Frame>
void check_value(const named<Frame>& x) {
  CAF_MESSAGE("frame: " << std::string{x.name});
  auto base = std::string{x.name};
  auto packed =
      decode_like(x.frame, from_hex(read_golden(base + ".msgpack.hex")), encoding::msgpack);
  CAF_CHECK(packed && *packed == x.frame);
  auto text = decode_like(x.frame, bytes_of(read_golden(base + ".json")), encoding::json);
  CAF_CHECK(text && *text == x.frame);
}

} // namespace

CAF_TEST(each frame of a client has the bytes that it always had) {
  for (const auto& x : client_samples())
    check_bytes(x);
}

CAF_TEST(each frame of a server has the bytes that it always had) {
  for (const auto& x : server_samples())
    check_bytes(x);
}

CAF_TEST(the bytes of old read as the value that they stood for) {
  for (const auto& x : client_samples())
    check_value(x);
  for (const auto& x : server_samples())
    check_value(x);
}

CAF_TEST(a delivery is the same bytes whether its envelope is copied or not ) {
  auto x = deliver{sample_envelope(priority::Critical), client_key()};
  for (auto how : {encoding::msgpack, encoding::json})
    CAF_CHECK(encode(server_frame{x}, how) == encode_deliver(x.envelope, x.source_key, how));
}

CAF_TEST(a hello is signed over its canonical bytes) {
  auto x = sample_hello();
  auto covered = signing_bytes(sample_handshake(), x);
  CAF_CHECK(matches_golden("hello.signing.hex", to_hex_lines(covered)));
  CAF_CHECK(signed_by(client_key(), covered, x.signature));
}

CAF_TEST(a welcome is signed over its canonical bytes) {
  auto x = sample_welcome();
  auto covered = signing_bytes(sample_handshake(), sample_challenge().member, x);
  CAF_CHECK(matches_golden("welcome.signing.hex", to_hex_lines(covered)));
  CAF_CHECK(signed_by(server_key(), covered, x.signature));
}

CAF_TEST(an envelope is signed over its canonical bytes) {
  for (const auto& x : client_samples()) {
    const auto* frame = std::get_if<oracle::send>(&x.frame);
    if (!frame) continue;
    auto covered = signing_bytes(frame->envelope);
    CAF_CHECK(matches_golden(std::string{x.name} + ".signing.hex", to_hex_lines(covered)));
    CAF_CHECK(signed_by(client_key(), covered, frame->envelope.signature));
  }
}

CAF_TEST(a signature holds for no other key and no other content) {
  auto x = sample_envelope(priority::Critical);
  CAF_CHECK(!signed_by(server_key(), signing_bytes(x), x.signature));
  x.targets.pop_back();
  CAF_CHECK(!signed_by(client_key(), signing_bytes(x), x.signature));
}

CAF_TEST(whether a message is stored can be neither stripped nor added) {
  auto live = sample_envelope(priority::Critical);
  auto stored = stored_envelope();
  auto holds = [](const envelope& x) {
    return signed_by(client_key(), signing_bytes(x), x.signature);
  };
  CAF_CHECK(holds(live));
  CAF_CHECK(holds(stored));
  live.delivery = delivery_mode::live; // what it means when it is absent
  CAF_CHECK(holds(live));
  live.delivery = delivery_mode::stored;
  CAF_CHECK(!holds(live));
  stored.delivery = delivery_mode::live;
  CAF_CHECK(!holds(stored));
  stored.delivery.reset();
  CAF_CHECK(!holds(stored));
}

CAF_TEST(bytes cannot move from one field of an envelope to the next unseen) {
  auto one = sample_envelope(priority::Critical);
  auto other = one;
  one.targets = {node_id{"ab"}, node_id{"c"}};
  other.targets = {node_id{"a"}, node_id{"bc"}};
  CAF_CHECK(signing_bytes(one) != signing_bytes(other));
  other = one;
  other.targets = {node_id{"ab"}};
  other.type.assign(1, 'c');
  CAF_CHECK(signing_bytes(one) != signing_bytes(other));
}
