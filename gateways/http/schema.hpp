#pragma once

#include "messages/describe.hpp"
#include "messages/ids.hpp"

#include <boost/core/demangle.hpp>
#include <boost/describe/enumerators.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <boost/mp11/algorithm.hpp>

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>

/// JSON Schema (draft 2020-12, as OpenAPI 3.1 takes it) from the one description of a message: what
/// messages/codec/json.hpp reads and writes.
namespace bpci::http {

/// The described types that schemas refer to, each once: `#/components/schemas/oracle.node_record`.
class schema_book {
public:
  /// The reference to `name`; `describe()` makes its schema when it is not known yet.
  template <class Describe>
  boost::json::value refer(const std::string& name, Describe describe) {
    if (!types_.contains(name)) {
      types_[name] = nullptr; // so that a type that holds itself ends
      types_[name] = describe();
    }
    return boost::json::object{{"$ref", "#/components/schemas/" + name}};
  }

  [[nodiscard]] const boost::json::object& types() const noexcept { return types_; }

private:
  boost::json::object types_;
};

namespace detail {

/// "bpci::oracle::node_record" is known as "oracle.node_record".
inline std::string type_name(const std::type_info& of) {
  auto name = boost::core::demangle(of.name());
  // The types of one file have no other name than its folder's.
  for (const std::string_view noise : {"bpci::", "(anonymous namespace)::"})
    if (const auto at = name.find(noise); at != std::string::npos) name.erase(at, noise.size());
  std::string out;
  for (const char c : name)
    if (c != ':')
      out += c;
    else if (!out.empty() && out.back() != '.')
      out += '.';
  return out;
}

} // namespace detail

/// The schema of what `codec::to_json` makes of a `T`. Members may be missing in a request, where
/// they keep their defaults, so none is `required`.
template <class T>
boost::json::value schema_of(schema_book& book) {
  namespace json = boost::json;
  if constexpr (strong_type<T>) {
    return schema_of<typename T::value_type>(book);
  } else if constexpr (described<T>) {
    return book.refer(detail::type_name(typeid(T)), [&] {
      json::object properties;
      using fields = boost::describe::describe_members<T, boost::describe::mod_public>;
      boost::mp11::mp_for_each<fields>([&](auto field) {
        using type = std::remove_cvref_t<decltype(std::declval<T&>().*field.pointer)>;
        properties[field.name] = schema_of<type>(book);
      });
      return json::value{{"type", "object"}, {"properties", std::move(properties)}};
    });
  } else if constexpr (std::is_same_v<T, bool>) {
    return {{"type", "boolean"}};
  } else if constexpr (std::is_enum_v<T>) {
    json::array names;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>(
        [&](auto x) { names.emplace_back(x.name); });
    return {{"type", "string"}, {"enum", std::move(names)}};
  } else if constexpr (std::integral<T>) {
    // Beyond 2^53 - 1 a number is a text of digits.
    if constexpr (sizeof(T) < sizeof(std::int64_t)) return {{"type", "integer"}};
    return {{"type", {"integer", "string"}}, {"pattern", "^-?[0-9]+$"}};
  } else if constexpr (std::is_same_v<T, std::string>) {
    return {{"type", "string"}};
  } else if constexpr (std::is_same_v<T, bytes>) {
    return {{"type", "string"}, {"contentEncoding", "base64"}};
  } else if constexpr (requires(const T& x) { x.has_value(); }) {
    return schema_of<typename T::value_type>(book);
  } else {
    return {{"type", "array"}, {"items", schema_of<typename T::value_type>(book)}};
  }
}

} // namespace bpci::http
