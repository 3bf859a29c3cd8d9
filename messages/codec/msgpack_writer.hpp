#pragma once

#include "messages/ids.hpp"

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

/// Writes msgpack into memory that is known to suffice: for the frames that go out by the hundred
/// thousand. The bytes are those of the general writer (msgpack.hpp).
namespace bpci::codec {

class msgpack_writer {
public:
  /// What a text, a bin or an integer takes at most beside its content.
  static constexpr std::size_t head_max = 9;

  /// The caller has added up what it is going to write.
  explicit msgpack_writer(std::size_t size_max) : out_(size_max), at_(out_.data()) {}

  /// At most 15 members, or 65,535 items.
  void map(std::uint8_t size) { *at_++ = 0x80 | size; }
  void array(std::size_t size) {
    if (size < 16) {
      *at_++ = static_cast<std::uint8_t>(0x90 | size);
      return;
    }
    *at_++ = 0xdc;
    number(size, 2);
  }

  void text(std::string_view x) {
    if (x.size() < 32)
      *at_++ = static_cast<std::uint8_t>(0xa0 | x.size());
    else
      length(0xd9, x.size());
    copy(x.data(), x.size());
  }

  void bin(std::span<const std::uint8_t> x) {
    length(0xc4, x.size());
    copy(x.data(), x.size());
  }

  void integer(std::uint64_t x) {
    if (x < 0x80) {
      *at_++ = static_cast<std::uint8_t>(x);
      return;
    }
    auto width = x <= 0xff ? 0 : x <= 0xffff ? 1 : x <= 0xffffffff ? 2 : 3;
    *at_++ = static_cast<std::uint8_t>(0xcc + width);
    number(x, std::size_t{1} << width);
  }

  /// What is msgpack already.
  void raw(std::span<const std::uint8_t> x) { copy(x.data(), x.size()); }

  [[nodiscard]] bytes take() {
    out_.resize(static_cast<std::size_t>(at_ - out_.data()));
    return std::move(out_);
  }

private:
  void length(std::uint8_t smallest, std::size_t size) {
    auto width = size <= 0xff ? 0 : size <= 0xffff ? 1 : 2;
    *at_++ = static_cast<std::uint8_t>(smallest + width);
    number(size, std::size_t{1} << width);
  }

  /// Big endian.
  void number(std::uint64_t x, std::size_t width) {
    for (auto i = width; i-- > 0;)
      *at_++ = static_cast<std::uint8_t>(x >> 8 * i);
  }

  void copy(const void* data, std::size_t size) {
    if (size > 0) std::memcpy(at_, data, size);
    at_ += size;
  }

  bytes out_;
  std::uint8_t* at_;
};

} // namespace bpci::codec
