#pragma once

#include "messages/codec/canonical.hpp"
#include "messages/describe.hpp"
#include "messages/error.hpp"
#include "messages/ids.hpp"

#include <boost/describe/enumerators.hpp>
#include <boost/mp11/list.hpp>
#include <caf/actor.hpp>

#include <limits>
#include <memory>
#include <string>

/// A value of any described message, made from the names of its fields: no two fields of a
/// message are alike, so bytes that change places show.
namespace bpci::wire {

/// FNV-1a (draft-eastlake-fnv), for numbers that differ from name to name and are always the same.
constexpr std::uint64_t number_of(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (auto c : name)
    hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
  return hash;
}

template <class T>
T sample_of(std::string_view name) {
  if constexpr (strong_type<T>) {
    return T{sample_of<typename T::value_type>(name)};
  } else if constexpr (described<T>) {
    T out;
    for_each_field(out, [](const char* field, auto& value) {
      value = sample_of<std::remove_reference_t<decltype(value)>>(field);
    });
    return out;
  } else if constexpr (std::is_same_v<T, failure>) {
    return fail(ec::expired, std::string{name});
  } else if constexpr (std::is_same_v<T, bool>) {
    return true;
  } else if constexpr (std::is_enum_v<T>) {
    return boost::mp11::mp_back<boost::describe::describe_enumerators<T>>::value;
  } else if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(number_of(name) & std::uint64_t{std::numeric_limits<T>::max()});
  } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, bytes>) {
    return {name.begin(), name.end()};
  } else if constexpr (codec::detail::is_octets<T>) {
    T out;
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = static_cast<std::uint8_t>(number_of(name) >> i % 8 * 8);
    return out;
  } else if constexpr (codec::detail::is_variant<T>) {
    return sample_of<std::variant_alternative_t<std::variant_size_v<T> - 1, T>>(name);
  } else if constexpr (std::is_same_v<T, caf::actor>) {
    return {}; // The handle of a live actor is another one in each run.
  } else if constexpr (requires { typename T::element_type; }) {
    using pointee = std::remove_const_t<typename T::element_type>;
    return std::make_shared<pointee>(sample_of<pointee>(name));
  } else if constexpr (requires(T x) { x.has_value(); }) {
    return T{sample_of<typename T::value_type>(name)};
  } else {
    return {sample_of<typename T::value_type>(name),
            sample_of<typename T::value_type>(std::string{name} + "2")};
  }
}

/// "height,round", in the order of the description.
template <described T>
std::string field_names(const T& x) {
  std::string out;
  for_each_field(x, [&](const char* name, const auto&) {
    if (!out.empty()) out += ',';
    out += name;
  });
  return out;
}

} // namespace bpci::wire
