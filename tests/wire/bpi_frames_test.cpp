#define CAF_SUITE bpi_frames

#include "messages/oracle/codec.hpp"
#include "tests/wire/golden.hpp"
#include "tests/wire/samples.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>

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

CAF_TEST(a batch is signed over its header and the root of its items) {
  auto x = sample_batch();
  auto covered = batch_signing_bytes(x);
  CAF_CHECK(matches_golden("send_batch.signing.hex", to_hex_lines(covered)));
  CAF_CHECK(signed_by(client_key(), covered, x.signature));
  std::swap(x.items[0], x.items[1]);
  CAF_CHECK(!signed_by(client_key(), batch_signing_bytes(x), x.signature));
}

CAF_TEST(a notice is signed over its canonical bytes by the server) {
  for (const auto& x : server_samples()) {
    const auto* frame = std::get_if<notice>(&x.frame);
    if (!frame) continue;
    auto covered = signing_bytes(server_key(), *frame);
    CAF_CHECK(matches_golden("notice.signing.hex", to_hex_lines(covered)));
    CAF_CHECK(signed_by(server_key(), covered, frame->signature));
  }
}

CAF_TEST(a batch is read in place as it is read into a struct) {
  auto x = sample_batch();
  auto frame = encode(client_frame{x}, encoding::msgpack);
  batch_view in_place;
  CAF_REQUIRE(view_batch(frame, in_place));
  CAF_CHECK_EQUAL(in_place.id, x.id.get());
  CAF_CHECK_EQUAL(in_place.sequence, x.sequence);
  CAF_CHECK_EQUAL(in_place.source, x.source.get());
  CAF_CHECK(in_place.priority == x.priority);
  CAF_CHECK_EQUAL(in_place.sent_at, x.sent_at.get());
  CAF_CHECK(std::ranges::equal(in_place.signature, x.signature));
  CAF_REQUIRE_EQUAL(in_place.items.size(), x.items.size());
  for (std::size_t i = 0; i < x.items.size(); ++i) {
    bytes one;
    bytes other;
    write_leaf(in_place.items[i], one);
    write_leaf(x.items[i], other);
    CAF_CHECK(one == other);
  }
}

CAF_TEST(no frame but a batch is read in place as one) {
  batch_view in_place;
  for (const auto& x : client_samples())
    CAF_CHECK_EQUAL(view_batch(encode(x.frame, encoding::msgpack), in_place),
                    std::holds_alternative<send_batch>(x.frame));
  auto frame = encode(client_frame{sample_batch()}, encoding::msgpack);
  for (std::size_t size = 0; size < frame.size(); ++size)
    CAF_CHECK(!view_batch(std::span{frame}.first(size), in_place));
  frame.push_back(0xc0);
  CAF_CHECK(!view_batch(frame, in_place));
}

CAF_TEST(the part of a target is the same bytes whether it is cut out of the batch or built) {
  auto x = sample_batch();
  auto frame = encode(client_frame{x}, encoding::msgpack);
  batch_view in_place;
  CAF_REQUIRE(view_batch(frame, in_place));
  for (const auto& sample : server_samples()) {
    const auto* part = std::get_if<deliver_batch>(&sample.frame);
    if (!part) continue;
    std::vector<std::span<const std::uint8_t>> items;
    std::vector<std::uint32_t> indexes;
    if (part->indexes) {
      for (auto i : *part->indexes) {
        items.push_back(in_place.items[i].raw);
        indexes.push_back(static_cast<std::uint32_t>(i));
      }
    } else {
      items.push_back(in_place.raw_items);
    }
    auto cut = encode_part(in_place, client_key(), items, part->items.size(), indexes,
                           part->proof.value_or(bytes{}));
    CAF_CHECK(cut == encode(sample.frame, encoding::msgpack));
    CAF_CHECK(part_as_json(cut) == encode(sample.frame, encoding::json));
  }
}

CAF_TEST(a delivery has the bytes of the general writer whatever its sizes are) {
  for (std::size_t size : {0, 1, 15, 16, 31, 32, 64, 255, 256, 65'535, 65'536}) {
    auto x = deliver{sample_envelope(priority::Critical), client_key()};
    x.envelope.body.assign(size, 7);
    x.envelope.targets.assign(std::min<std::size_t>(size, 300),
                              node_id{std::string(size % 65, 't')});
    x.envelope.sequence = size * size;
    x.envelope.delivery = size % 2 == 0 ? std::nullopt : std::optional{delivery_mode::stored};
    auto raw = encode_deliver(x.envelope, x.source_key, encoding::msgpack);
    auto back = decode_server_frame(raw, encoding::msgpack);
    CAF_CHECK(back && *back == server_frame{x});
    // The same members of the same kinds are in a send frame, which has the general writer.
    auto sent = encode(client_frame{oracle::send{x.envelope}}, encoding::msgpack);
    const auto key_member = 1 + std::string_view{"source_key"}.size() + 2 + x.source_key.size();
    const auto longer_name = std::string_view{"deliver"}.size() - std::string_view{"send"}.size();
    CAF_CHECK_EQUAL(raw.size(), sent.size() + key_member + longer_name);
    auto again = decode_client_frame(sent, encoding::msgpack);
    CAF_CHECK(again && *again == client_frame{oracle::send{x.envelope}});
  }
}
