#pragma once

#include "messages/codec/utf8.hpp"
#include "messages/describe.hpp"
#include "messages/error.hpp"
#include "messages/ids.hpp"

#include <boost/describe/enum_from_string.hpp>
#include <boost/describe/enum_to_string.hpp>
#include <msgpack.hpp>

#include <optional>
#include <span>

/// msgpack from the one description of a message: maps with string keys, so that any library can
/// read it. Only .cpp files at the edges include this.
///
/// | C++              | msgpack                                                          |
/// |------------------|------------------------------------------------------------------|
/// | described struct | map; unknown keys are ignored, missing ones keep their default    |
/// | strong<V>        | as V                                                             |
/// | bytes            | bin                                                              |
/// | described enum   | str, the name                                                    |
/// | optional         | absent when empty                                                |
///
/// This leniency never reaches a signature: what is signed has its own canonical bytes.
namespace bpci::codec {

/// Limits on what comes from outside, checked while parsing; the size is the caller's to check.
inline constexpr std::size_t msgpack_depth_max = 16;
inline constexpr std::size_t msgpack_items_max = 65'536;

/// One parsed document; owns what `root` points to.
using msgpack_document = msgpack::object_handle;

/// Parses one document that fills `data` exactly. `malformed`, `too_deep` or `too_large`.
/// Strings and bins longer than a few bytes are copied into the document's zone.
result<msgpack_document> parse_msgpack(std::span<const std::uint8_t> data);

/// The same, into a zone that may be used again: strings and bins point into `data`.
result<void> parse_msgpack(std::span<const std::uint8_t> data, msgpack::zone& zone,
                           msgpack::object& out);

/// The value of `key` in a map; null when there is none or `in` is no map.
const msgpack::object* find_key(const msgpack::object& in, std::string_view key);

// -- writing -----------------------------------------------------------------

/// Appends to a byte vector; what msgpack::packer writes to.
class byte_sink {
public:
  explicit byte_sink(bytes& out) : out_(out) {}
  void write(const char* data, std::size_t size) {
    const auto* first = reinterpret_cast<const std::uint8_t*>(data);
    out_.insert(out_.end(), first, first + size);
  }

private:
  bytes& out_;
};

using packer = msgpack::packer<byte_sink>;

template <class T>
void pack(packer& out, const T& x);

namespace detail {

inline void pack_text(packer& out, std::string_view text) {
  out.pack_str(static_cast<std::uint32_t>(text.size()));
  out.pack_str_body(text.data(), static_cast<std::uint32_t>(text.size()));
}

template <class T>
constexpr bool is_absent(const T& x) {
  if constexpr (requires { x.has_value(); })
    return !x.has_value();
  else
    return false;
}

} // namespace detail

/// Packs the fields of `x` as members of a map that already has `extra` further ones.
template <described T>
void pack_fields(packer& out, const T& x, std::uint32_t extra = 0) {
  std::uint32_t present = extra;
  for_each_field(x, [&](const char*, const auto& field) { present += !detail::is_absent(field); });
  out.pack_map(present);
  for_each_field(x, [&](const char* name, const auto& field) {
    if (detail::is_absent(field)) return;
    detail::pack_text(out, name);
    pack(out, field);
  });
}

template <class T>
void pack(packer& out, const T& x) {
  if constexpr (strong_type<T>) {
    pack(out, x.get());
  } else if constexpr (described<T>) {
    pack_fields(out, x);
  } else if constexpr (std::is_same_v<T, std::string>) {
    detail::pack_text(out, x);
  } else if constexpr (std::is_same_v<T, bytes>) {
    out.pack_bin(static_cast<std::uint32_t>(x.size()));
    out.pack_bin_body(reinterpret_cast<const char*>(x.data()),
                      static_cast<std::uint32_t>(x.size()));
  } else if constexpr (std::is_enum_v<T>) {
    detail::pack_text(out, boost::describe::enum_to_string(x, ""));
  } else if constexpr (std::is_arithmetic_v<T>) {
    static_assert(!std::is_floating_point_v<T>, "no floating point in messages");
    out.pack(x);
  } else if constexpr (requires { x.has_value(); }) {
    pack(out, *x);
  } else {
    out.pack_array(static_cast<std::uint32_t>(x.size()));
    for (const auto& item : x)
      pack(out, item);
  }
}

template <class T>
bytes to_msgpack(const T& x) {
  bytes out;
  byte_sink sink{out};
  packer to{sink};
  pack(to, x);
  return out;
}

// -- reading -----------------------------------------------------------------

namespace detail {

inline failure unlike(std::string_view what, std::string_view field) {
  return fail(ec::malformed, std::string{field} + ": expected " + std::string{what});
}

} // namespace detail

/// Fills `out`; `field` names the place in the failure.
template <class T>
result<void> read_msgpack(const msgpack::object& in, T& out, std::string_view field = "frame") {
  using msgpack::type::object_type;
  if constexpr (strong_type<T>) {
    return read_msgpack(in, out.mutable_value(), field);
  } else if constexpr (described<T>) {
    if (in.type != object_type::MAP) return detail::unlike("a map", field);
    result<void> all{};
    for_each_field(out, [&](const char* name, auto& member) {
      if (!all) return;
      const auto* value = find_key(in, name);
      if (value && value->type != object_type::NIL) all = read_msgpack(*value, member, name);
    });
    return all;
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (in.type != object_type::STR) return detail::unlike("a string", field);
    if (!is_utf8({in.via.str.ptr, in.via.str.size})) return detail::unlike("UTF-8", field);
    out.assign(in.via.str.ptr, in.via.str.size);
  } else if constexpr (std::is_same_v<T, bytes>) {
    if (in.type != object_type::BIN) return detail::unlike("bytes (bin)", field);
    out.assign(in.via.bin.ptr, in.via.bin.ptr + in.via.bin.size);
  } else if constexpr (std::is_same_v<T, bool>) {
    if (in.type != object_type::BOOLEAN) return detail::unlike("true or false", field);
    out = in.via.boolean;
  } else if constexpr (std::is_enum_v<T>) {
    if (in.type != object_type::STR) return detail::unlike("a name", field);
    auto text = std::string(in.via.str.ptr, in.via.str.size);
    if (!boost::describe::enum_from_string(text.c_str(), out))
      return detail::unlike("a known name, not '" + to_utf8(text.substr(0, 32)) + "'", field);
  } else if constexpr (std::integral<T>) {
    if (in.type == object_type::POSITIVE_INTEGER && std::in_range<T>(in.via.u64))
      out = static_cast<T>(in.via.u64);
    else if (in.type == object_type::NEGATIVE_INTEGER && std::in_range<T>(in.via.i64))
      out = static_cast<T>(in.via.i64);
    else
      return detail::unlike("a whole number in range", field);
  } else if constexpr (requires { out.has_value(); }) {
    return read_msgpack(in, out.emplace(), field);
  } else {
    if (in.type != object_type::ARRAY) return detail::unlike("an array", field);
    out.clear();
    out.resize(in.via.array.size);
    for (std::uint32_t i = 0; i < in.via.array.size; ++i)
      if (auto one = read_msgpack(in.via.array.ptr[i], out[i], field); !one) return one;
  }
  return {};
}

template <class T>
result<T> from_msgpack(const msgpack::object& in) {
  T out;
  if (auto read = read_msgpack(in, out); !read) return read.error();
  return out;
}

template <class T>
result<T> from_msgpack(std::span<const std::uint8_t> data) {
  auto document = parse_msgpack(data);
  if (!document) return document.error();
  return from_msgpack<T>(document->get());
}

} // namespace bpci::codec
