#pragma once

#include "messages/describe.hpp"
#include "messages/error.hpp"
#include "messages/ids.hpp"

#include <array>
#include <bit>
#include <concepts>
#include <cstring>
#include <optional>
#include <span>
#include <variant>

/// Canonical bytes from the one description of a message: each value has exactly one encoding, so
/// these bytes can be hashed and signed. Small enough to be included anywhere.
///
/// | C++                   | bytes                                                           |
/// |-----------------------|-----------------------------------------------------------------|
/// | described struct      | its fields, in the order of the description                     |
/// | strong<V>             | as V                                                            |
/// | integer               | big endian, its own width; bool one byte, 0 or 1                |
/// | enum                  | as its number                                                   |
/// | std::array of bytes   | the bytes                                                       |
/// | string, bytes, vector | u32 number of items, then the items                             |
/// | optional              | 0, or 1 and the value                                           |
/// | variant               | u8 index of the alternative, then the value                     |
///
/// There are no names and no defaults: to reorder, add or remove a field is a change of protocol.
namespace bpci::codec {

namespace detail {

template <class T>
constexpr bool is_octets = false;
template <std::size_t N>
constexpr bool is_octets<std::array<std::uint8_t, N>> = true;

template <class T>
constexpr bool is_variant = false;
template <class... T>
constexpr bool is_variant<std::variant<T...>> = true;

template <class T>
constexpr bool is_optional = false;
template <class T>
constexpr bool is_optional<std::optional<T>> = true;

} // namespace detail

class canonical_writer {
public:
  template <class T>
  canonical_writer& operator()(const T& x) {
    if constexpr (strong_type<T>) {
      (*this)(x.get());
    } else if constexpr (described<T>) {
      for_each_field(x, [this](const char*, const auto& field) { (*this)(field); });
    } else if constexpr (std::is_same_v<T, bool>) {
      (*this)(static_cast<std::uint8_t>(x));
    } else if constexpr (std::is_enum_v<T>) {
      (*this)(static_cast<std::underlying_type_t<T>>(x));
    } else if constexpr (std::integral<T>) {
      std::array<std::uint8_t, sizeof(T)> raw;
      auto left = static_cast<std::make_unsigned_t<T>>(x);
      for (auto i = raw.size(); i-- > 0; left = static_cast<decltype(left)>(left >> 7 >> 1))
        raw[i] = static_cast<std::uint8_t>(left);
      append(raw.data(), raw.size());
    } else if constexpr (detail::is_octets<T>) {
      append(x.data(), x.size());
    } else if constexpr (detail::is_optional<T>) {
      (*this)(x.has_value());
      if (x) (*this)(*x);
    } else if constexpr (detail::is_variant<T>) {
      (*this)(static_cast<std::uint8_t>(x.index()));
      std::visit([this](const auto& value) { (*this)(value); }, x);
    } else {
      static_assert(!std::is_floating_point_v<T>, "no floating point in messages");
      (*this)(static_cast<std::uint32_t>(x.size()));
      if constexpr (sizeof(*x.data()) == 1)
        append(x.data(), x.size());
      else
        for (const auto& item : x)
          (*this)(item);
    }
    return *this;
  }

  void reserve(std::size_t size) { out_.reserve(size); }
  [[nodiscard]] bytes take() { return std::move(out_); }

private:
  // Neither vector::insert nor inlined: gcc 12 warns of overflows that are not there (PR 105329).
  [[gnu::noinline]] void append(const void* data, std::size_t size) {
    if (size == 0) return;
    auto at = out_.size();
    out_.resize(at + size);
    std::memcpy(out_.data() + at, data, size);
  }

  bytes out_;
};

/// Reads what the writer wrote and nothing else. Never allocates more than a small multiple of what
/// is left to read, whatever the numbers in it claim.
class canonical_reader {
public:
  explicit canonical_reader(std::span<const std::uint8_t> data) : left_(data) {}

  /// False, and from then on: the bytes end early, or are not what the writer would have written.
  template <class T>
  bool operator()(T& x) {
    if (!good_) return false;
    if constexpr (strong_type<T>) {
      return (*this)(x.mutable_value());
    } else if constexpr (described<T>) {
      for_each_field(x, [this](const char*, auto& field) { (*this)(field); });
    } else if constexpr (std::is_same_v<T, bool>) {
      std::uint8_t raw = 0;
      if ((*this)(raw)) good_ = raw <= 1;
      x = raw == 1;
    } else if constexpr (std::is_enum_v<T>) {
      std::underlying_type_t<T> raw{};
      (*this)(raw);
      x = static_cast<T>(raw);
    } else if constexpr (std::integral<T>) {
      if (!has(sizeof(T))) return false;
      std::make_unsigned_t<T> value = 0;
      for (auto byte : take(sizeof(T)))
        value = static_cast<decltype(value)>(static_cast<decltype(value)>(value << 7 << 1) | byte);
      x = static_cast<T>(value);
    } else if constexpr (detail::is_octets<T>) {
      if (!has(x.size())) return false;
      auto raw = take(x.size());
      std::memcpy(x.data(), raw.data(), raw.size());
    } else if constexpr (detail::is_optional<T>) {
      bool present = false;
      (*this)(present);
      if (good_ && present)
        (*this)(x.emplace());
      else
        x.reset();
    } else if constexpr (detail::is_variant<T>) {
      std::uint8_t index = 0;
      (*this)(index);
      if (good_) read_alternative(x, index, std::make_index_sequence<std::variant_size_v<T>>{});
    } else {
      read_items(x);
    }
    return good_;
  }

  /// Everything was read, and it was good.
  [[nodiscard]] bool done() const noexcept { return good_ && left_.empty(); }

private:
  bool has(std::size_t size) { return good_ = good_ && left_.size() >= size; }

  std::span<const std::uint8_t> take(std::size_t size) {
    auto out = left_.first(size);
    left_ = left_.subspan(size);
    return out;
  }

  template <class Variant, std::size_t... I>
  void read_alternative(Variant& x, std::uint8_t index, std::index_sequence<I...>) {
    good_ = ((I == index && (*this)(x.template emplace<I>())) || ...);
  }

  template <class T>
  void read_items(T& x) {
    x.clear();
    std::uint32_t count = 0;
    // An item has a byte at least, so a count beyond what is left is a lie.
    if (!(*this)(count) || !has(count)) {
      good_ = false;
      return;
    }
    if constexpr (sizeof(*x.data()) == 1) {
      auto raw = take(count);
      x.assign(raw.begin(), raw.end());
    } else {
      for (std::uint32_t i = 0; i < count && good_; ++i)
        (*this)(x.emplace_back());
    }
  }

  std::span<const std::uint8_t> left_;
  bool good_ = true;
};

/// Most messages are no larger, and so take one allocation.
inline constexpr std::size_t canonical_bytes_about = 128;

template <class T>
bytes to_canonical(const T& x) {
  canonical_writer out;
  out.reserve(canonical_bytes_about);
  return out(x).take();
}

/// Errors: malformed.
template <class T>
result<T> from_canonical(std::span<const std::uint8_t> data) {
  T out;
  auto in = canonical_reader{data};
  in(out);
  if (!in.done())
    return fail(ec::malformed,
                std::string{"not the canonical bytes of a "} + std::string{message_name(&out)});
  return out;
}

} // namespace bpci::codec
