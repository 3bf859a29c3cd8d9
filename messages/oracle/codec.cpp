#include "messages/oracle/codec.hpp"

#include "messages/codec/json.hpp"
#include "messages/codec/msgpack.hpp"
#include "messages/codec/msgpack_cursor.hpp"
#include "messages/codec/msgpack_writer.hpp"

#include <limits>

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
  auto out = result<Frame>{
      fail(ec::unsupported, "no frame of type '" + codec::to_utf8(t->substr(0, 32)) + "'")};
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

// -- the two frames that most messages are made of ------------------------------

/// The members of `send` and `ack`, each at most once, and no others; whatever is unusual is left
/// to the general reader.
class usual_frame {
public:
  bool read(std::span<const std::uint8_t> data) {
    codec::msgpack_cursor in{data};
    std::uint32_t members = 0;
    if (!in.map(members)) return false;
    for (; members > 0; --members) {
      std::string_view name;
      if (!in.text(name) || !read_member(in, name)) return false;
    }
    return in.at_end();
  }

  [[nodiscard]] std::optional<client_frame> take() {
    if (type_ == "ack" && seen_ == (of_id | of_source | of_t))
      return ack{std::move(envelope_.source), std::move(envelope_.id)};
    if (type_ == "send" && (seen_ | of_delivery) == of_all) return send{std::move(envelope_)};
    return std::nullopt;
  }

private:
  enum member : unsigned {
    of_id = 1,
    of_sequence = 2,
    of_source = 4,
    of_targets = 8,
    of_type = 16,
    of_priority = 32,
    of_delivery = 64,
    of_sent_at = 128,
    of_body = 256,
    of_signature = 512,
    of_t = 1'024,
    of_all = 2'047
  };

  bool read_member(codec::msgpack_cursor& in, std::string_view name) {
    if (name == "id") return first(of_id) && text(in, envelope_.id.mutable_value());
    if (name == "sequence") return first(of_sequence) && in.integer(envelope_.sequence);
    if (name == "source") return first(of_source) && text(in, envelope_.source.mutable_value());
    if (name == "targets") return first(of_targets) && targets(in);
    if (name == "type") return first(of_type) && text(in, envelope_.type);
    if (name == "priority") return first(of_priority) && named(in, envelope_.priority);
    if (name == "delivery") return first(of_delivery) && named(in, envelope_.delivery.emplace());
    if (name == "sent_at") return first(of_sent_at) && time(in);
    if (name == "body") return first(of_body) && binary(in, envelope_.body);
    if (name == "signature") return first(of_signature) && binary(in, envelope_.signature);
    if (name == "t") return first(of_t) && in.text(type_);
    return false;
  }

  bool first(member x) {
    const auto fresh = (seen_ & x) == 0;
    seen_ |= x;
    return fresh;
  }

  static bool text(codec::msgpack_cursor& in, std::string& out) {
    std::string_view x;
    if (!in.text(x)) return false;
    out.assign(x);
    return true;
  }

  static bool binary(codec::msgpack_cursor& in, bytes& out) {
    std::span<const std::uint8_t> x;
    if (!in.bin(x)) return false;
    out.assign(x.begin(), x.end());
    return true;
  }

  template <class Enum>
  static bool named(codec::msgpack_cursor& in, Enum& out) {
    std::string_view x;
    if (!in.text(x)) return false;
    auto found = false;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<Enum>>([&](auto one) {
      if (x != one.name) return;
      out = one.value;
      found = true;
    });
    return found;
  }

  bool time(codec::msgpack_cursor& in) {
    std::uint64_t x = 0;
    if (!in.integer(x) || x > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) return false;
    envelope_.sent_at = timestamp_ms{static_cast<std::int64_t>(x)};
    return true;
  }

  bool targets(codec::msgpack_cursor& in) {
    std::uint32_t count = 0;
    if (!in.array(count) || count > codec::msgpack_items_max) return false;
    envelope_.targets.resize(count);
    for (auto& x : envelope_.targets)
      if (!text(in, x.mutable_value())) return false;
    return true;
  }

  envelope envelope_;
  std::string_view type_;
  unsigned seen_ = 0;
};

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

/// As write_msgpack would, and in a fraction of its time. `sent_at` is not negative.
bytes write_deliver(const envelope& x, const bytes& source_key) {
  constexpr auto head = codec::msgpack_writer::head_max;
  constexpr std::size_t names = 192; // of the members and of enumerators, each with its head
  auto size = names + x.id.get().size() + x.source.get().size() + x.type.size() + x.body.size()
              + x.signature.size() + source_key.size() + 12 * head;
  for (const auto& target : x.targets)
    size += head + target.get().size();
  codec::msgpack_writer to{size};
  to.map(x.delivery ? 12 : 11);
  to.text("id");
  to.text(x.id.get());
  to.text("sequence");
  to.integer(x.sequence);
  to.text("source");
  to.text(x.source.get());
  to.text("targets");
  to.array(x.targets.size());
  for (const auto& target : x.targets)
    to.text(target.get());
  to.text("type");
  to.text(x.type);
  to.text("priority");
  to.text(boost::describe::enum_to_string(x.priority, ""));
  if (x.delivery) {
    to.text("delivery");
    to.text(boost::describe::enum_to_string(*x.delivery, ""));
  }
  to.text("sent_at");
  to.integer(static_cast<std::uint64_t>(x.sent_at.get()));
  to.text("body");
  to.bin(x.body);
  to.text("signature");
  to.bin(x.signature);
  to.text("source_key");
  to.bin(source_key);
  to.text("t");
  to.text("deliver");
  return to.take();
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
  if (how == encoding::msgpack)
    if (usual_frame usual; usual.read(data))
      if (auto frame = usual.take()) return std::move(*frame);
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
  constexpr std::size_t usual_targets = 65'535;
  if (how == encoding::msgpack && x.sent_at.get() >= 0 && x.targets.size() <= usual_targets)
    return write_deliver(x, source_key);
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
