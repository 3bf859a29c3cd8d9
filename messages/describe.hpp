#pragma once

#include <boost/describe/class.hpp>
#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>

#include <compare>
#include <concepts>
#include <functional>
#include <string_view>
#include <type_traits>
#include <utility>

/// Describes a message once. From this one line follow CAF's `inspect` (messages/inspect.hpp),
/// JSON (messages/codec/json.hpp) and msgpack (messages/codec/msgpack.hpp). Equality is the
/// struct's own defaulted `operator==`. Put it right behind the struct, in its namespace.
///
///     struct route_down {
///       node_id node;
///       session_no session;
///       bool operator==(const route_down&) const = default;
///     };
///     BPCI_MESSAGE(route_down, node, session)
///
/// CAF sends fields by position and JSON and msgpack by name: to rename or to reorder one is a
/// change of protocol, and tests/wire fails on it.
#define BPCI_MESSAGE(type, ...)                                                                    \
  BOOST_DESCRIBE_STRUCT(type, (), (__VA_ARGS__))                                                   \
  constexpr std::string_view message_name(const type*) {                                           \
    return #type;                                                                                  \
  }

namespace bpci {

/// A struct that BPCI_MESSAGE describes.
template <class T>
concept described = std::is_class_v<T> && requires(const T* x) {
  { message_name(x) } -> std::convertible_to<std::string_view>;
};

/// Calls `visit(name, member)` for each field of `x`, in the order of the description.
template <described T, class Visitor>
constexpr void for_each_field(T& x, Visitor&& visit) {
  using fields =
      boost::describe::describe_members<std::remove_const_t<T>, boost::describe::mod_public>;
  boost::mp11::mp_for_each<fields>([&](auto field) { visit(field.name, x.*field.pointer); });
}

template <described T>
constexpr std::size_t field_count =
    boost::mp11::mp_size<boost::describe::describe_members<T, boost::describe::mod_public>>::value;

/// A value with a meaning: a `height` cannot be passed as a `round`. Costs nothing at run time,
/// and travels as the bare value.
template <class Value, class Tag>
class strong {
public:
  using value_type = Value;
  using tag_type = Tag;

  constexpr strong() = default;
  constexpr explicit strong(Value x) : value_(std::move(x)) {}

  [[nodiscard]] constexpr const Value& get() const noexcept { return value_; }
  /// For decoders, which fill in place.
  [[nodiscard]] constexpr Value& mutable_value() noexcept { return value_; }

  friend constexpr auto operator<=>(const strong&, const strong&) = default;
  friend constexpr bool operator==(const strong&, const strong&) = default;

private:
  Value value_{};
};

template <class T>
struct is_strong : std::false_type {};
template <class V, class Tag>
struct is_strong<strong<V, Tag>> : std::true_type {};

template <class T>
concept strong_type = is_strong<T>::value;

} // namespace bpci

template <class Value, class Tag>
struct std::hash<bpci::strong<Value, Tag>> {
  std::size_t operator()(const bpci::strong<Value, Tag>& x) const noexcept {
    return std::hash<Value>{}(x.get());
  }
};
