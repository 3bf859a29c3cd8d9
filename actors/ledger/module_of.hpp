#pragma once

#include "actors/ledger/module.hpp"
#include "messages/codec/json.hpp"

#include <boost/describe/enum_from_string.hpp>
#include <boost/mp11/algorithm.hpp>
#include <boost/mp11/list.hpp>

#include <concepts>
#include <type_traits>

/// Makes a module of a struct with handlers (docs/ledger.md). Brings JSON with it: for .cpp files
/// only.
namespace bpci::ledger {

inline constexpr refusal_kind body_malformed{"body_malformed", ec::malformed};
inline constexpr refusal_kind kind_unknown{"kind_unknown", ec::unsupported};

namespace detail {

template <described Message>
constexpr std::string_view name_of() {
  return message_name(static_cast<const Message*>(nullptr));
}

/// Calls `visit` with the type of `List` that is named; false when there is none.
template <class List, class Visitor>
bool with_named(std::string_view name, Visitor&& visit) {
  auto found = false;
  boost::mp11::mp_for_each<boost::mp11::mp_transform<std::type_identity, List>>([&](auto type) {
    using message = typename decltype(type)::type;
    if (found || name_of<message>() != name) return;
    found = true;
    visit(type);
  });
  return found;
}

/// A member that no field has would be ignored by read_json; in a genesis it is a typing error.
template <class T>
result<void> check_members(const boost::json::value& in, const std::string& path) {
  if constexpr (described<T>) {
    const auto* object = in.if_object();
    if (!object) return {};
    for (const auto& member : *object) {
      const std::string_view name = member.key();
      auto place = path;
      place.append(".").append(name);
      result<void> out = fail(ec::invalid_argument, place + ": there is no such member");
      T sample;
      for_each_field(sample, [&](const char* field, auto& x) {
        if (name == field)
          out = check_members<std::remove_reference_t<decltype(x)>>(member.value(), place);
      });
      if (!out) return out;
    }
  } else if constexpr (requires { typename T::value_type; }) {
    if (const auto* array = in.if_array())
      for (std::size_t i = 0; i < array->size(); ++i)
        if (auto one = check_members<typename T::value_type>(
                (*array)[i], std::string{path}.append("[").append(std::to_string(i)).append("]"));
            !one)
          return one;
  }
  return {};
}

} // namespace detail

template <class T>
concept module_type = requires {
  { T::name } -> std::convertible_to<std::string_view>;
  typename T::commands;
};

/// `T` has
///
/// - `name`, and `commands`: described structs, as an mp_list;
/// - `static verdict on(context&, const Command&)` for each command;
///
/// and, where it needs them,
///
/// - `questions`, with `static result<Answer> on(const reader&, const Question&)` for each;
/// - `parameters`: a constexpr array;
/// - `closed_accounts()`;
/// - `begin_block(context&)`, `end_block(context&)`;
/// - `genesis_section`: a described struct that is default-constructed when the document has no
///   such section, with `static result<void> genesis(context&, const genesis_section&)`.
template <module_type T>
class module_of final : public module {
public:
  [[nodiscard]] std::string_view name() const override { return T::name; }

  [[nodiscard]] std::span<const parameter> parameters() const override {
    if constexpr (requires { T::parameters; }) return T::parameters;
    return {};
  }

  [[nodiscard]] std::vector<account> closed_accounts() const override {
    if constexpr (requires { T::closed_accounts(); }) return T::closed_accounts();
    return {};
  }

  [[nodiscard]] bool has_kind(std::string_view kind) const override {
    return detail::with_named<typename T::commands>(kind, [](auto) {});
  }

  verdict run(context& c, std::string_view kind,
              std::span<const std::uint8_t> body) const override {
    verdict out = refuse(kind_unknown);
    detail::with_named<typename T::commands>(kind, [&](auto type) {
      auto x = codec::from_canonical<typename decltype(type)::type>(body);
      out = x ? T::on(c, *x) : verdict{refuse(body_malformed, x.error().detail)};
    });
    return out;
  }

  void begin_block(context& c) const override {
    if constexpr (requires { T::begin_block(c); }) T::begin_block(c);
  }

  void end_block(context& c) const override {
    if constexpr (requires { T::end_block(c); }) T::end_block(c);
  }

  result<void> genesis(context& c, const boost::json::value& section) const override {
    if constexpr (requires { typename T::genesis_section; }) {
      typename T::genesis_section x;
      if (!section.is_null()) {
        const auto at = std::string{T::name};
        auto known = detail::check_members<typename T::genesis_section>(section, at);
        if (!known) return known;
        if (auto read = codec::read_json(section, x, at); !read)
          return fail(ec::invalid_argument, read.error().detail);
      }
      return T::genesis(c, x);
    } else {
      if (section.is_null()) return {};
      return fail(ec::invalid_argument, std::string{T::name} + ": has nothing to set");
    }
  }

  [[nodiscard]] result<bytes> query(const reader& state, std::string_view kind,
                                    std::span<const std::uint8_t> body) const override {
    result<bytes> out = fail(ec::unsupported, std::string{T::name} + " has no question '"
                                                  + std::string{kind.substr(0, 64)} + "'");
    if constexpr (requires { typename T::questions; })
      detail::with_named<typename T::questions>(
          kind, [&](auto type) { out = answer<typename decltype(type)::type>(state, body); });
    return out;
  }

private:
  template <class Question>
  static result<bytes> answer(const reader& state, std::span<const std::uint8_t> body) {
    auto x = codec::from_canonical<Question>(body);
    if (!x) return x.error();
    auto out = T::on(state, *x);
    if (!out) return out.error();
    return codec::to_canonical(*out);
  }
};

template <module_type T>
module_ptr make_module() {
  return std::make_shared<const module_of<T>>();
}

} // namespace bpci::ledger
