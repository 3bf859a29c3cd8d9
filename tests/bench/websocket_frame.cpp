#include "tests/bench/websocket_frame.hpp"

#include <boost/endian/conversion.hpp>

#include <array>
#include <cstring>

namespace bpci::bench {

namespace {

/// Any will do: the mask protects proxies, and there are none. The server pays the same for it.
constexpr std::array<std::uint8_t, 4> mask{0x37, 0xfa, 0x21, 0x3d};

constexpr std::uint8_t final_fragment = 0x80;
constexpr std::uint8_t masked = 0x80;
constexpr std::uint8_t length_in_2_bytes = 126;
constexpr std::uint8_t length_in_8_bytes = 127;

/// Appends the header's first byte and the length.
void append_length(bytes& out, opcode kind, std::size_t size) {
  out.push_back(final_fragment | static_cast<std::uint8_t>(kind));
  if (size < length_in_2_bytes) {
    out.push_back(static_cast<std::uint8_t>(masked | size));
    return;
  }
  auto width = size <= 0xffff ? std::size_t{2} : std::size_t{8};
  out.push_back(masked | (width == 2 ? length_in_2_bytes : length_in_8_bytes));
  for (auto i = width; i-- > 0;)
    out.push_back(static_cast<std::uint8_t>(size >> (8 * i)));
}

} // namespace

void append_masked(bytes& out, opcode kind, std::span<const std::uint8_t> payload) {
  append_length(out, kind, payload.size());
  out.insert(out.end(), mask.begin(), mask.end());
  auto at = out.size();
  out.resize(at + payload.size());
  for (std::size_t i = 0; i < payload.size(); ++i)
    out[at + i] = payload[i] ^ mask[i % mask.size()];
}

result<std::optional<server_frame_view>> first_frame(std::span<const std::uint8_t> data) {
  if (data.size() < 2) return std::nullopt;
  if ((data[0] & final_fragment) == 0 || (data[1] & masked) != 0)
    return fail(ec::malformed, "a frame that a server does not send");
  std::size_t header = 2;
  std::uint64_t size = data[1];
  if (size == length_in_2_bytes) {
    header = 4;
    if (data.size() < header) return std::nullopt;
    size = boost::endian::load_big_u16(data.data() + 2);
  } else if (size == length_in_8_bytes) {
    header = 10;
    if (data.size() < header) return std::nullopt;
    size = boost::endian::load_big_u64(data.data() + 2);
  }
  if (data.size() - header < size) return std::nullopt;
  return server_frame_view{static_cast<opcode>(data[0] & 0x0f), data.subspan(header, size),
                           header + static_cast<std::size_t>(size)};
}

} // namespace bpci::bench
