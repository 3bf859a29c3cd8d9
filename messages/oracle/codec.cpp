#include "messages/oracle/codec.hpp"

#include "messages/codec/json.hpp"
#include "messages/codec/msgpack.hpp"

namespace bpci::oracle {

namespace {

// -- one reader and one writer per encoding -----------------------------------

struct msgpack_in {
  const msgpack::object& map;

  result<std::string> type() const {
    const auto* t = codec::find_key(map, "t");
    if (!t || t->type != msgpack::type::STR) return fail(ec::malformed, "the member t is missing");
    return std::string(t->via.str.ptr, t->via.str.size);
  }

  template <class T>
  result<void> read(T& out) const {
    return codec::read_msgpack(map, out);
  }

  result<void> read(std::string_view name, bytes& out) const {
    const auto* value = codec::find_key(map, name);
    return value ? codec::read_msgpack(*value, out, name) : result<void>{};
  }
};

struct json_in {
  const boost::json::value& object;

  result<std::string> type() const {
    const auto* all = object.if_object();
    const auto* t = all ? all->if_contains("t") : nullptr;
    if (!t || !t->is_string()) return fail(ec::malformed, "the member t is missing");
    return std::string{t->get_string()};
  }

  template <class T>
  result<void> read(T& out) const {
    return as_malformed(codec::read_json(object, out));
  }

  result<void> read(std::string_view name, bytes& out) const {
    const auto* value = object.get_object().if_contains(name);
    return value ? as_malformed(codec::read_json(*value, out, std::string{name})) : result<void>{};
  }

  /// A REST body with a wrong type is an invalid argument, a frame with one is malformed: the
  /// same as in msgpack.
  static result<void> as_malformed(result<void> x) {
    if (x) return x;
    return fail(ec::malformed, x.error().detail);
  }
};

// -- frames --------------------------------------------------------------------

result<void> fill(const auto& in, auto& frame) {
  return in.read(frame);
}

result<void> fill(const auto& in, send& frame) {
  return in.read(frame.envelope);
}

result<void> fill(const auto& in, deliver& frame) {
  if (auto all = in.read(frame.envelope); !all) return all;
  return in.read("source_key", frame.source_key);
}

constexpr std::string_view type_of(const send&) {
  return "send";
}
constexpr std::string_view type_of(const deliver&) {
  return "deliver";
}
constexpr std::string_view type_of(const described auto& x) {
  return message_name(&x);
}

/// Reads into the alternative whose type is `t`.
template <class Frame>
result<Frame> choose(const auto& in) {
  auto t = in.type();
  if (!t) return t.error();
  auto out = result<Frame>{fail(ec::unsupported, "no frame of type '" + codec::to_utf8(t->substr(0, 32)) + "'")};
  boost::mp11::mp_for_each<boost::mp11::mp_rename<Frame, boost::mp11::mp_list>>(
      [&]<class T>(T frame) {
        if (type_of(frame) != *t) return;
        if (auto read = fill(in, frame))
          out = Frame{std::move(frame)};
        else
          out = read.error();
      });
  return out;
}

template <class Frame>
result<Frame> decode(std::span<const std::uint8_t> data, encoding how) {
  if (how == encoding::msgpack) {
    // One a thread: a document is read and done with before the next one.
    static thread_local msgpack::zone zone;
    zone.clear();
    msgpack::object document;
    if (auto ok = codec::parse_msgpack(data, zone, document); !ok) return ok.error();
    return choose<Frame>(msgpack_in{document});
  }
  auto document = codec::parse_json({reinterpret_cast<const char*>(data.data()), data.size()});
  if (!document) return document.error();
  return choose<Frame>(json_in{*document});
}

/// What a frame takes about, so that its bytes are allocated once.
std::size_t size_hint(const auto&) {
  return 192;
}
std::size_t size_hint(const peer& x) {
  return 32 + x.body.size();
}
std::size_t size_hint(const envelope& x) {
  return 384 + x.body.size() + 32 * x.targets.size();
}

/// `more(out)` adds `extra` members behind those of `fields`.
bytes write_msgpack(std::string_view type, const auto& fields, std::uint32_t extra, auto more) {
  bytes out;
  out.reserve(size_hint(fields));
  codec::byte_sink sink{out};
  codec::packer to{sink};
  // The map's size comes first, so `t` is counted in and written behind the fields.
  codec::pack_fields(to, fields, extra + 1);
  more(to);
  codec::detail::pack_text(to, "t");
  codec::detail::pack_text(to, type);
  return out;
}

bytes write_json(std::string_view type, const auto& fields, auto more) {
  auto out = codec::to_json(fields);
  out.as_object().emplace("t", type);
  more(out.as_object());
  auto text = codec::to_text(out);
  return {text.begin(), text.end()};
}

bytes write(const auto& frame, encoding how) {
  if (how == encoding::msgpack)
    return write_msgpack(type_of(frame), frame, 0, [](codec::packer&) {});
  return write_json(type_of(frame), frame, [](boost::json::object&) {});
}

bytes write(const send& frame, encoding how) {
  if (how == encoding::msgpack)
    return write_msgpack("send", frame.envelope, 0, [](codec::packer&) {});
  return write_json("send", frame.envelope, [](boost::json::object&) {});
}

bytes write(const deliver& frame, encoding how) {
  return encode_deliver(frame.envelope, frame.source_key, how);
}

} // namespace

result<client_frame> decode_client_frame(std::span<const std::uint8_t> data, encoding how) {
  return decode<client_frame>(data, how);
}

result<server_frame> decode_server_frame(std::span<const std::uint8_t> data, encoding how) {
  return decode<server_frame>(data, how);
}

bytes encode(const client_frame& x, encoding how) {
  return std::visit([&](const auto& frame) { return write(frame, how); }, x);
}

bytes encode(const server_frame& x, encoding how) {
  return std::visit([&](const auto& frame) { return write(frame, how); }, x);
}

bytes encode_deliver(const envelope& x, const bytes& source_key, encoding how) {
  if (how == encoding::msgpack)
    return write_msgpack("deliver", x, 1, [&](codec::packer& to) {
      codec::detail::pack_text(to, "source_key");
      codec::pack(to, source_key);
    });
  return write_json("deliver", x, [&](boost::json::object& out) {
    out.emplace("source_key", codec::to_base64(source_key));
  });
}

} // namespace bpci::oracle
