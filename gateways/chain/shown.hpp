#pragma once

#include "gateways/chain/amounts.hpp"
#include "messages/codec/json.hpp"
#include "messages/ledger/governance.hpp"
#include "messages/ledger/receipt.hpp"
#include "runtime/crypto/hash.hpp"
#include "runtime/crypto/hex.hpp"

#include <span>
#include <string>
#include <string_view>

/// What the chain says, as JSON for people and for programs that know no canonical bytes; and back.
/// Only .cpp files at the edges include this.
///
/// | C++                           | JSON                                                       |
/// |-------------------------------|------------------------------------------------------------|
/// | hash, address, signature      | hex                                                        |
/// | amount, coin                  | {"token": "FLX", "units": "1500000000", "amount":
/// "1.500000000"} | | body of a kind that is known  | object with the members of its message | |
/// body of another kind          | string, base64                                             | |
/// all else                      | as in messages/codec/json.hpp                              |
///
/// An amount is read as such an object, with `units` (smallest units) or `amount` (whole tokens),
/// or as a text that names its token: "1.5 FLX". A bare number would leave open which of the two it
/// is.
namespace bpci::gateway {

/// `body` as an object when this program knows the command or event, else as base64.
boost::json::value command_json(std::string_view module, std::string_view kind,
                                std::span<const std::uint8_t> body);
boost::json::value event_json(std::string_view module, std::string_view kind,
                              std::span<const std::uint8_t> body);

/// The canonical bytes of a command: of an object with its members, or of base64.
/// Errors: unsupported (no such command, with those that there are), invalid_argument (with the
/// member's path).
result<bytes> command_bytes(std::string_view module, std::string_view kind,
                            const boost::json::value& body);

/// {"token", "units", "amount"}
boost::json::object coin_json(const ledger::coin& x);

/// Errors: invalid_argument.
result<ledger::coin> read_coin(const boost::json::value& in, const std::string& path);

namespace detail {

template <class T>
inline constexpr bool is_octets = false;
template <std::size_t N>
inline constexpr bool is_octets<std::array<std::uint8_t, N>> = true;

/// A strong type whose tag has a symbol is an amount.
template <class T>
concept money = strong_type<T> && requires {
  T::tag_type::symbol;
};

template <class T>
concept optional_like = requires(T x) {
  x.has_value();
  x.emplace();
};

} // namespace detail

template <class T>
boost::json::value shown(const T& x) {
  if constexpr (detail::money<T>) {
    return coin_json(ledger::to_coin(x));
  } else if constexpr (strong_type<T>) {
    return shown(x.get());
  } else if constexpr (std::is_same_v<T, ledger::coin>) {
    return coin_json(x);
  } else if constexpr (std::is_same_v<T, ledger::event>) {
    return boost::json::object{
        {"module", x.module}, {"kind", x.kind}, {"body", event_json(x.module, x.kind, x.body)}};
  } else if constexpr (std::is_same_v<T, ledger::governance::propose>) {
    return boost::json::object{{"title", x.title},
                               {"module", x.module},
                               {"kind", x.kind},
                               {"body", command_json(x.module, x.kind, x.body)},
                               {"fast", x.fast}};
  } else if constexpr (described<T>) {
    boost::json::object out;
    for_each_field(x, [&](const char* name, const auto& field) {
      auto value = shown(field);
      if (!value.is_null()) out.emplace(name, std::move(value));
    });
    return out;
  } else if constexpr (detail::is_octets<T>) {
    return boost::json::string{crypto::to_hex(x)};
  } else if constexpr (detail::optional_like<T>) {
    return x ? shown(*x) : boost::json::value{};
  } else if constexpr (
      std::is_same_v<
          T, std::string> || std::is_same_v<T, bytes> || std::is_enum_v<T> || std::integral<T>) {
    return codec::to_json(x);
  } else {
    boost::json::array out;
    out.reserve(x.size());
    for (const auto& item : x)
      out.push_back(shown(item));
    return out;
  }
}

template <class T>
result<void> read_shown(const boost::json::value& in, T& out, const std::string& path = {});

/// A member of a proposal, whose bytes are the command that it proposes.
template <class T>
result<void> read_part(const ledger::governance::propose& of, const boost::json::value& in, T& out,
                       const std::string& path) {
  if constexpr (std::is_same_v<T, bytes>) {
    auto call = command_bytes(of.module, of.kind, in);
    if (!call) return call.error();
    out = std::move(*call);
    return {};
  } else {
    return read_shown(in, out, path);
  }
}

/// Fills `out`; members that no field has, and members that are missing, are refused: a typing
/// error must not become a zero. Errors: invalid_argument, with the member's path.
template <class T>
result<void> read_shown(const boost::json::value& in, T& out, const std::string& path) {
  const auto place = path.empty() ? std::string{"the body"} : path;
  if constexpr (detail::money<T>) {
    auto x = read_coin(in, place);
    if (!x) return x.error();
    if (x->what != ledger::token_of<typename T::tag_type>)
      return fail(ec::invalid_argument, place + ": expected " + std::string{T::tag_type::symbol});
    out = T{x->units};
  } else if constexpr (strong_type<T>) {
    return read_shown(in, out.mutable_value(), path);
  } else if constexpr (std::is_same_v<T, ledger::coin>) {
    auto x = read_coin(in, place);
    if (!x) return x.error();
    out = *x;
  } else if constexpr (described<T>) {
    const auto* object = in.if_object();
    if (!object) return fail(ec::invalid_argument, place + ": expected an object");
    std::size_t known = 0;
    std::string names;
    result<void> all{};
    for_each_field(out, [&](const char* name, auto& field) {
      names.append(names.empty() ? "" : ", ").append(name);
      if (!all) return;
      const auto* value = object->if_contains(name);
      const auto here = path.empty() ? std::string{name} : path + "." + name;
      if (!value) {
        if constexpr (!detail::optional_like<std::remove_reference_t<decltype(field)>>)
          all = fail(ec::invalid_argument, here + ": is missing");
        return;
      }
      ++known;
      if constexpr (std::is_same_v<T, ledger::governance::propose>)
        all = read_part(out, *value, field, here);
      else
        all = read_shown(*value, field, here);
    });
    if (!all) return all;
    if (known != object->size())
      return fail(ec::invalid_argument, place + ": has members that are not known; there are: "
                                            + (names.empty() ? std::string{"none"} : names));
  } else if constexpr (detail::is_octets<T>) {
    const auto* text = in.if_string();
    if (!text || !crypto::read_hex(*text, out))
      return fail(ec::invalid_argument,
                  place + ": expected " + std::to_string(2 * out.size()) + " hex digits");
  } else if constexpr (detail::optional_like<T>) {
    if (in.is_null()) return {};
    return read_shown(in, out.emplace(), path);
  } else if constexpr (
      std::is_same_v<
          T, std::string> || std::is_same_v<T, bytes> || std::is_enum_v<T> || std::integral<T>) {
    if (auto read = codec::read_json(in, out, place); !read)
      return fail(ec::invalid_argument, read.error().detail);
  } else {
    const auto* array = in.if_array();
    if (!array) return fail(ec::invalid_argument, place + ": expected an array");
    out.clear();
    for (const auto& item : *array)
      if (auto one = read_shown(item, out.emplace_back(),
                                place + "[" + std::to_string(out.size() - 1) + "]");
          !one)
        return one;
  }
  return {};
}

} // namespace bpci::gateway
