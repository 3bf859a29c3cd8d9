#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

/// Reads msgpack in place, one value after the other: no tree, no copy, no allocation. For the few
/// frames that come by the hundred thousand; it knows less than the general reader (msgpack.hpp),
/// and whoever gets a "no" from it asks that one, which knows the code.
namespace bpci::codec {

/// Every function returns false, and has then moved nobody knows where, when the next value is of
/// another kind or is cut off. Views live as long as the bytes.
class msgpack_cursor {
public:
  explicit msgpack_cursor(std::span<const std::uint8_t> data) noexcept
      : at_(data.data()), end_(data.data() + data.size()) {}

  [[nodiscard]] const std::uint8_t* position() const noexcept { return at_; }
  [[nodiscard]] bool at_end() const noexcept { return at_ == end_; }

  bool map(std::uint32_t& size) noexcept { return collection(0x80, 0xde, size); }
  bool array(std::uint32_t& size) noexcept { return collection(0x90, 0xdc, size); }

  /// A text of ASCII characters; of any other only the general reader knows whether it is one.
  bool text(std::string_view& out) noexcept {
    std::uint64_t size = 0;
    std::uint8_t first = 0;
    if (!byte(first)) return false;
    if ((first & 0xe0) == 0xa0)
      size = first & 0x1f;
    else if (first < 0xd9 || first > 0xdb || !number(std::size_t{1} << (first - 0xd9), size))
      return false;
    if (size > left()) return false;
    out = {reinterpret_cast<const char*>(at_), static_cast<std::size_t>(size)};
    at_ += size;
    return is_ascii(out);
  }

  bool bin(std::span<const std::uint8_t>& out) noexcept {
    std::uint64_t size = 0;
    std::uint8_t first = 0;
    if (!byte(first) || first < 0xc4 || first > 0xc6) return false;
    if (!number(std::size_t{1} << (first - 0xc4), size) || size > left()) return false;
    out = {at_, static_cast<std::size_t>(size)};
    at_ += size;
    return true;
  }

  /// One that is not negative.
  bool integer(std::uint64_t& out) noexcept {
    std::uint8_t first = 0;
    if (!byte(first)) return false;
    if (first < 0x80) {
      out = first;
      return true;
    }
    return first >= 0xcc && first <= 0xcf && number(std::size_t{1} << (first - 0xcc), out);
  }

private:
  [[nodiscard]] std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }

  bool byte(std::uint8_t& out) noexcept {
    if (at_ == end_) return false;
    out = *at_++;
    return true;
  }

  /// Big endian.
  bool number(std::size_t width, std::uint64_t& out) noexcept {
    if (width > left()) return false;
    out = 0;
    for (; width > 0; --width)
      out = out << 8 | *at_++;
    return true;
  }

  bool collection(std::uint8_t small, std::uint8_t wide, std::uint32_t& size) noexcept {
    std::uint64_t count = 0;
    std::uint8_t first = 0;
    if (!byte(first)) return false;
    if ((first & 0xf0) == small)
      count = first & 0x0f;
    else if ((first != wide && first != wide + 1) || !number(first == wide ? 2 : 4, count))
      return false;
    size = static_cast<std::uint32_t>(count);
    return count <= left(); // an item has a byte at least
  }

  static bool is_ascii(std::string_view text) noexcept {
    std::uint64_t all = 0;
    std::size_t i = 0;
    for (; i + 8 <= text.size(); i += 8) {
      std::uint64_t some = 0;
      std::memcpy(&some, text.data() + i, 8);
      all |= some;
    }
    for (; i < text.size(); ++i)
      all |= static_cast<std::uint8_t>(text[i]);
    return (all & 0x8080808080808080) == 0;
  }

  const std::uint8_t* at_;
  const std::uint8_t* end_;
};

} // namespace bpci::codec
