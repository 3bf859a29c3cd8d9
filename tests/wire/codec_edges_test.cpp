#define CAF_SUITE codec_edges

#include "messages/codec/base64.hpp"
#include "messages/codec/json.hpp"
#include "messages/codec/msgpack.hpp"
#include "messages/oracle/codec.hpp"
#include "tests/wire/samples.hpp"

#include <caf/test/unit_test.hpp>

// What a stranger may send instead of a frame.

using namespace bpci;
using namespace bpci::oracle;
using namespace bpci::wire;

namespace {

bytes bytes_of(std::string_view x) {
  return {x.begin(), x.end()};
}

ec code_of(const auto& x) {
  return x ? ec::none : x.error().code;
}

std::string detail_of(const auto& x) {
  return x ? std::string{} : x.error().detail;
}

template <class Data>
result<client_frame> decode_text(const Data& text) {
  return decode_client_frame(bytes_of(text), encoding::json);
}

result<client_frame> decode_packed(const bytes& data) {
  return decode_client_frame(data, encoding::msgpack);
}

/// A msgpack map from alternating keys and already packed values.
class map_of {
public:
  map_of& with(std::string_view key, std::string_view text) {
    return with(key, [&](codec::packer& to) { codec::detail::pack_text(to, text); });
  }

  template <class Pack>
  requires std::invocable<Pack, codec::packer&> map_of& with(std::string_view key, Pack pack) {
    codec::byte_sink sink{members_};
    codec::packer to{sink};
    codec::detail::pack_text(to, key);
    pack(to);
    ++count_;
    return *this;
  }

  [[nodiscard]] bytes packed() const {
    bytes out;
    codec::byte_sink sink{out};
    codec::packer{sink}.pack_map(count_);
    out.insert(out.end(), members_.begin(), members_.end());
    return out;
  }

private:
  std::uint32_t count_ = 0;
  bytes members_;
};

/// An ack with a further member that nests so that the frame has `levels` levels.
bytes nested_packed(int levels) {
  return map_of{}
      .with("t", "ack")
      .with("source", "a")
      .with("id", "m")
      .with("x",
            [&](codec::packer& to) {
              for (auto i = 1; i < levels; ++i)
                to.pack_array(1);
              to.pack_nil();
            })
      .packed();
}

std::string nested_text(int levels) {
  auto inside = static_cast<std::size_t>(levels - 1);
  return R"({"t":"ack","source":"a","id":"m","x":)" + std::string(inside, '[') + "1"
         + std::string(inside, ']') + "}";
}

template <class Frame>
void check_cut(const named<Frame>& x, encoding how, auto decode) {
  CAF_MESSAGE("frame: " << std::string{x.name});
  const auto whole = encode(x.frame, how);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    auto cut = decode(std::span{whole}.first(size), how);
    if (code_of(cut) != ec::malformed)
      CAF_ERROR("cut after " << size << " bytes: " << std::string{name(code_of(cut))});
  }
}

void check_cut_everywhere(encoding how) {
  for (const auto& x : client_samples())
    check_cut(x, how, decode_client_frame);
  for (const auto& x : server_samples())
    check_cut(x, how, decode_server_frame);
}

} // namespace

// -- msgpack -------------------------------------------------------------------

CAF_TEST(a msgpack frame that is cut off anywhere is malformed) {
  check_cut_everywhere(encoding::msgpack);
}

CAF_TEST(bytes behind a msgpack frame are malformed) {
  auto data = encode(client_frame{ack{node_id{"a"}, message_id{"m"}}}, encoding::msgpack);
  data.push_back(0xc0);
  CAF_CHECK(code_of(decode_packed(data)) == ec::malformed);
}

CAF_TEST(a msgpack frame may have sixteen levels and not seventeen) {
  CAF_CHECK(decode_packed(nested_packed(16)) == (client_frame{ack{node_id{"a"}, message_id{"m"}}}));
  CAF_CHECK(code_of(decode_packed(nested_packed(17))) == ec::too_deep);
  CAF_CHECK(code_of(decode_packed(bytes(100'000, 0x91))) == ec::too_deep);
}

CAF_TEST(a msgpack header that promises four billion items costs nothing) {
  // Were they allocated, it would be a hundred gigabytes: std::bad_alloc would end the test.
  CAF_CHECK(code_of(decode_packed({0xdd, 0xff, 0xff, 0xff, 0xff})) == ec::too_large);
  CAF_CHECK(code_of(decode_packed({0xdf, 0xff, 0xff, 0xff, 0xff})) == ec::too_large);
}

CAF_TEST(a msgpack text or bin that promises four gigabytes is cut off) {
  for (std::uint8_t kind : {0xdb, 0xc6, 0xc9})
    CAF_CHECK(code_of(decode_packed({kind, 0xff, 0xff, 0xff, 0xff, 0x00})) == ec::malformed);
}

CAF_TEST(of a msgpack key that comes twice the first counts) {
  auto data = map_of{}.with("t", "ack").with("id", "m1").with("source", "a").with("id", "m2");
  CAF_CHECK(decode_packed(data.packed()) == (client_frame{ack{node_id{"a"}, message_id{"m1"}}}));
}

CAF_TEST(unknown msgpack keys are ignored whatever they are) {
  auto data = map_of{}
                  .with("new", [](codec::packer& to) { to.pack_array(1).pack_double(0.5); })
                  .with("t", "ack")
                  .with("source", "a")
                  .with("id", "m")
                  .with("", [](codec::packer& to) { to.pack_nil(); });
  CAF_CHECK(decode_packed(data.packed()) == (client_frame{ack{node_id{"a"}, message_id{"m"}}}));
}

CAF_TEST(msgpack keys that are no text are ignored) {
  auto data = bytes{0x84, 0x01, 0x02};
  auto rest = map_of{}.with("t", "ack").with("source", "a").with("id", "m").packed();
  data.insert(data.end(), rest.begin() + 1, rest.end());
  CAF_CHECK(decode_packed(data) == (client_frame{ack{node_id{"a"}, message_id{"m"}}}));
}

CAF_TEST(a msgpack member of the wrong type is named) {
  auto number = [](codec::packer& to) { to.pack_int(7); };
  auto wrong = [&](std::string_view t, std::string_view key) {
    auto got = decode_packed(map_of{}.with("t", t).with(key, number).packed());
    CAF_CHECK(code_of(got) == ec::malformed);
    CAF_CHECK(detail_of(got).starts_with(key));
  };
  wrong("ack", "source");
  wrong("ack", "id");
  wrong("send", "targets");
  wrong("send", "priority");
  wrong("send", "body");
  wrong("send", "signature");
  wrong("hello", "version");
}

CAF_TEST(a msgpack text where bytes belong is not taken for them) {
  auto got = decode_packed(map_of{}.with("t", "send").with("body", "text").packed());
  CAF_CHECK(code_of(got) == ec::malformed);
  CAF_CHECK(detail_of(got).starts_with("body"));
}

CAF_TEST(a msgpack number is whole and not negative where it counts something) {
  auto sequence = [](auto pack) {
    return code_of(decode_packed(map_of{}.with("t", "send").with("sequence", pack).packed()));
  };
  CAF_CHECK(sequence([](codec::packer& to) { to.pack_int64(-1); }) == ec::malformed);
  CAF_CHECK(sequence([](codec::packer& to) { to.pack_double(1.5); }) == ec::malformed);
  CAF_CHECK(sequence([](codec::packer& to) { to.pack_uint64(~0ULL); }) == ec::none);
}

CAF_TEST(a msgpack priority has one of four names) {
  auto got = decode_packed(map_of{}.with("t", "send").with("priority", "urgent").packed());
  CAF_CHECK(code_of(got) == ec::malformed);
  CAF_CHECK(detail_of(got).starts_with("priority"));
}

CAF_TEST(what is no msgpack map is malformed) {
  CAF_CHECK(code_of(decode_packed({})) == ec::malformed);
  CAF_CHECK(code_of(decode_packed({0x90})) == ec::malformed);
  CAF_CHECK(code_of(decode_packed({0xc1})) == ec::malformed);
  CAF_CHECK(code_of(decode_packed({0x80})) == ec::malformed);
}

CAF_TEST(an unknown frame type is unsupported and so is one of the other direction) {
  CAF_CHECK(code_of(decode_packed(map_of{}.with("t", "greet").packed())) == ec::unsupported);
  CAF_CHECK(code_of(decode_packed(map_of{}.with("t", "welcome").packed())) == ec::unsupported);
  CAF_CHECK(code_of(decode_text(R"({"t":"greet"})")) == ec::unsupported);
  CAF_CHECK(code_of(decode_text(R"({"t":"welcome"})")) == ec::unsupported);
}

// -- JSON ----------------------------------------------------------------------

CAF_TEST(a JSON frame that is cut off anywhere is malformed) {
  check_cut_everywhere(encoding::json);
}

CAF_TEST(text behind a JSON frame is malformed and white space is not ) {
  CAF_CHECK(code_of(decode_text(R"({"t":"ack","source":"a","id":"m"} x)")) == ec::malformed);
  CAF_CHECK(code_of(decode_text("{\"t\":\"ack\",\"source\":\"a\",\"id\":\"m\"} \r\n")) == ec::none);
}

CAF_TEST(a JSON frame may have sixteen levels and not seventeen) {
  CAF_CHECK(decode_text(nested_text(16)) == (client_frame{ack{node_id{"a"}, message_id{"m"}}}));
  CAF_CHECK(code_of(decode_text(nested_text(17))) == ec::too_deep);
  CAF_CHECK(code_of(decode_text(std::string(100'000, '['))) == ec::too_deep);
}

CAF_TEST(of a JSON key that comes twice one counts) {
  // Which one, RFC 8259 (section 4) leaves open. A signature covers the value that was read, so
  // no harm comes from it.
  auto got = decode_text(R"({"t":"ack","id":"m1","source":"a","id":"m2"})");
  CAF_REQUIRE(got);
  CAF_CHECK(std::get<ack>(*got).source == node_id{"a"});
}

CAF_TEST(unknown JSON keys are ignored whatever they are) {
  auto got = decode_text(R"({"new":[0.5,{"a":null}],"t":"ack","":1,"source":"a","id":"m"})");
  CAF_CHECK(got == (client_frame{ack{node_id{"a"}, message_id{"m"}}}));
}

CAF_TEST(a JSON member of the wrong type is named) {
  auto wrong = [](std::string_view t, std::string_view key) {
    auto got = decode_text("{\"t\":\"" + std::string{t} + "\",\"" + std::string{key} + "\":7}");
    CAF_CHECK(code_of(got) == ec::malformed);
    CAF_CHECK(detail_of(got).starts_with(key));
  };
  wrong("ack", "source");
  wrong("ack", "id");
  wrong("send", "targets");
  wrong("send", "priority");
  wrong("send", "body");
  wrong("send", "signature");
  wrong("hello", "version");
}

CAF_TEST(a wrong item of a JSON array is named with its place) {
  auto got = decode_text(R"({"t":"send","targets":["a","b",3]})");
  CAF_CHECK(code_of(got) == ec::malformed);
  CAF_CHECK(detail_of(got).starts_with("targets[2]"));
}

CAF_TEST(what is no JSON object is malformed) {
  for (const auto* text : {"", " ", "[]", "null", "7", "\"t\"", "{}", "{'t':'ack'}", "{\"t\":7}"})
    CAF_CHECK(code_of(decode_text(std::string_view{text})) == ec::malformed);
}

CAF_TEST(text that is no UTF - 8 is not JSON) {
  CAF_CHECK(code_of(decode_text(std::string{"{\"t\":\"\xff\xfe\"}"})) == ec::malformed);
}

CAF_TEST(a JSON number is whole and not negative where it counts something) {
  auto sequence = [](const std::string& number) {
    return decode_text("{\"t\":\"send\",\"sequence\":" + number + "}");
  };
  for (const auto* bad : {"-1", "1.0", "1.5", "1e3", "18446744073709551616", "true", "\"x\"",
                          "\"1.0\"", "\" 1\"", "\"\"", "\"18446744073709551616\""})
    CAF_CHECK(code_of(sequence(bad)) == ec::malformed);
}

CAF_TEST(integers beyond what JSON readers keep exact are read from numbers and from text) {
  auto sequence = [](const std::string& number) -> std::uint64_t {
    auto got = decode_text("{\"t\":\"send\",\"sequence\":" + number + "}");
    return got ? std::get<oracle::send>(*got).envelope.sequence : 0;
  };
  CAF_CHECK_EQUAL(sequence("9007199254740993"), 9'007'199'254'740'993u);
  CAF_CHECK_EQUAL(sequence("\"9007199254740993\""), 9'007'199'254'740'993u);
  CAF_CHECK_EQUAL(sequence("18446744073709551615"), 18'446'744'073'709'551'615u);
}

CAF_TEST(integers beyond what JSON readers keep exact are written as text) {
  auto frame = oracle::send{sample_envelope(priority::Low)};
  auto written = [&](std::uint64_t sequence) {
    frame.envelope.sequence = sequence;
    auto data = encode(client_frame{frame}, encoding::json);
    return std::string{data.begin(), data.end()};
  };
  CAF_CHECK(written((1ULL << 53) - 1).find("\"sequence\":9007199254740991,") != std::string::npos);
  CAF_CHECK(written(1ULL << 53).find("\"sequence\":\"9007199254740992\",") != std::string::npos);
}

// -- base64 --------------------------------------------------------------------

CAF_TEST(base64 has one spelling for each value) {
  CAF_CHECK(codec::from_base64("").value() == bytes{});
  CAF_CHECK((codec::from_base64("AA==").value() == bytes{0}));
  CAF_CHECK((codec::from_base64("+/8=").value() == bytes{0xfb, 0xff}));
  for (std::size_t size = 0; size < 70; ++size) {
    auto data = bytes(size, static_cast<std::uint8_t>(0xa5 + size));
    CAF_CHECK(codec::from_base64(codec::to_base64(data)).value() == data);
  }
}

CAF_TEST(base64 without padding or with white space or from other alphabets is refused) {
  for (const auto* bad : {"A", "AA", "AAA", "AA=", "AA===", "AB==", "AAB=", "AA==AA==", " AA==",
                          "AA==\n", "A A=", "-_8=", "=", "====", "AA=A", "A\xc3\xa4=="})
    CAF_CHECK(code_of(codec::from_base64(bad)) == ec::malformed);
  CAF_CHECK(code_of(codec::from_base64(std::string_view{"AAAA\0", 5})) == ec::malformed);
}

CAF_TEST(a body that is not base64 is named) {
  auto got = decode_text(R"({"t":"send","body":"AB=="})");
  CAF_CHECK(code_of(got) == ec::malformed);
  CAF_CHECK(detail_of(got).starts_with("body"));
}
