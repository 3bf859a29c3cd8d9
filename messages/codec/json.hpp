#pragma once

#include "messages/codec/base64.hpp"
#include "messages/describe.hpp"
#include "messages/error.hpp"
#include "messages/ids.hpp"

#include <boost/describe/enum_from_string.hpp>
#include <boost/describe/enum_to_string.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <limits>
#include <optional>

/// JSON from the one description of a message. Only .cpp files at the edges include this.
///
/// | C++               | JSON                                                                |
/// |-------------------|---------------------------------------------------------------------|
/// | described struct  | object; unknown members are ignored, missing ones keep their default |
/// | strong<V>         | as V                                                                |
/// | bytes             | string, base64 (RFC 4648, section 4)                                |
/// | described enum    | string, the name                                                    |
/// | integer           | number; beyond 2^53-1 a decimal string. Both are read.              |
/// | optional          | null or absent when empty                                           |
namespace bpci::codec {

/// Integers that every JSON reader keeps exact (RFC 8259, section 6).
inline constexpr std::int64_t json_integer_max = (std::int64_t{1} << 53) - 1;

/// Limits on text that comes from outside; the size is the caller's to check.
inline constexpr int json_depth_max = 16;

/// Parses text; `malformed` with line and column, `too_deep` beyond `json_depth_max`.
result<boost::json::value> parse_json(std::string_view text);

std::string to_text(const boost::json::value& x);

/// Indented by two, for people.
std::string to_pretty_text(const boost::json::value& x);

// -- writing -----------------------------------------------------------------

template <class T>
boost::json::value to_json(const T& x) {
  if constexpr (strong_type<T>) {
    return to_json(x.get());
  } else if constexpr (described<T>) {
    boost::json::object out;
    for_each_field(x, [&](const char* name, const auto& field) {
      auto value = to_json(field);
      if (!value.is_null()) out.emplace(name, std::move(value));
    });
    return out;
  } else if constexpr (std::is_same_v<T, bool>) {
    return x;
  } else if constexpr (std::is_enum_v<T>) {
    return boost::describe::enum_to_string(x, "");
  } else if constexpr (std::integral<T>) {
    if (std::cmp_greater(x, json_integer_max) || std::cmp_less(x, -json_integer_max))
      return boost::json::string{std::to_string(x)};
    return static_cast<std::int64_t>(x);
  } else if constexpr (std::is_same_v<T, std::string>) {
    return boost::json::string{x};
  } else if constexpr (std::is_same_v<T, bytes>) {
    return boost::json::string{to_base64(x)};
  } else if constexpr (requires { x.has_value(); }) {
    return x ? to_json(*x) : boost::json::value{};
  } else {
    boost::json::array out;
    out.reserve(x.size());
    for (const auto& item : x)
      out.push_back(to_json(item));
    return out;
  }
}

// -- reading -----------------------------------------------------------------

namespace detail {

failure expected(std::string_view what, const std::string& path);
result<std::int64_t> read_integer(const boost::json::value& in, const std::string& path);
result<std::uint64_t> read_unsigned(const boost::json::value& in, const std::string& path);
result<std::string> read_string(const boost::json::value& in, const std::string& path);

} // namespace detail

/// Fills `out`; the failure names the member: `targets[2]: expected a string`.
template <class T>
result<void> read_json(const boost::json::value& in, T& out, const std::string& path = {}) {
  if constexpr (strong_type<T>) {
    return read_json(in, out.mutable_value(), path);
  } else if constexpr (described<T>) {
    const auto* object = in.if_object();
    if (!object) return detail::expected("an object", path);
    result<void> all{};
    for_each_field(out, [&](const char* name, auto& field) {
      const auto* value = object->if_contains(name);
      if (all && value && !value->is_null())
        all = read_json(*value, field, path.empty() ? name : path + "." + name);
    });
    return all;
  } else if constexpr (std::is_same_v<T, bool>) {
    const auto* value = in.if_bool();
    if (!value) return detail::expected("true or false", path);
    out = *value;
  } else if constexpr (std::is_enum_v<T>) {
    auto text = detail::read_string(in, path);
    if (!text) return text.error();
    if (!boost::describe::enum_from_string(text->c_str(), out))
      return detail::expected("a known name, not '" + *text + "'", path);
  } else if constexpr (std::unsigned_integral<T>) {
    auto value = detail::read_unsigned(in, path);
    if (!value) return value.error();
    if (*value > std::numeric_limits<T>::max()) return detail::expected("a smaller number", path);
    out = static_cast<T>(*value);
  } else if constexpr (std::signed_integral<T>) {
    auto value = detail::read_integer(in, path);
    if (!value) return value.error();
    if (!std::in_range<T>(*value)) return detail::expected("a number in range", path);
    out = static_cast<T>(*value);
  } else if constexpr (std::is_same_v<T, std::string>) {
    auto text = detail::read_string(in, path);
    if (!text) return text.error();
    out = std::move(*text);
  } else if constexpr (std::is_same_v<T, bytes>) {
    auto text = detail::read_string(in, path);
    if (!text) return text.error();
    auto data = from_base64(*text);
    if (!data) return detail::expected("base64", path);
    out = std::move(*data);
  } else if constexpr (requires { out.has_value(); }) {
    return read_json(in, out.emplace(), path);
  } else {
    const auto* array = in.if_array();
    if (!array) return detail::expected("an array", path);
    out.clear();
    out.resize(array->size());
    for (std::size_t i = 0; i < array->size(); ++i)
      if (auto one = read_json((*array)[i], out[i], path + "[" + std::to_string(i) + "]"); !one)
        return one;
  }
  return {};
}

template <class T>
result<T> from_json(const boost::json::value& in) {
  T out;
  if (auto read = read_json(in, out); !read) return read.error();
  return out;
}

} // namespace bpci::codec
