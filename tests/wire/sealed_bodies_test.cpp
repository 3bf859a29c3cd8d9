#define CAF_SUITE sealed_bodies

#include "runtime/crypto/sealed_body.hpp"
#include "tests/wire/golden.hpp"

#include <caf/test/unit_test.hpp>

#include <array>

// The bytes of a sealed body of each level (docs/protocol/encryption.md). Clients in other
// languages open these files, and seal the same.

using namespace bpci;
using namespace bpci::wire;

namespace {

std::array<std::uint8_t, 32> counting(std::uint8_t first) {
  std::array<std::uint8_t, 32> out{};
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<std::uint8_t>(first + i);
  return out;
}

const crypto::seal_context context{"bank-a", "bank-b", "m-1", "DataSync"};
const std::string_view plain = R"({"account":"123","balance":"1000"})";
constexpr std::array levels = {crypto::seal_level::none, crypto::seal_level::standard,
                               crypto::seal_level::high, crypto::seal_level::quantum};

std::string file_of(crypto::seal_level x) {
  auto word = std::string{crypto::name(x)};
  word[0] = static_cast<char>(word[0] - 'A' + 'a');
  return "sealed-" + word + ".hex";
}

} // namespace

CAF_TEST(a body of each level has the bytes that it always had) {
  const auto from = crypto::from_seed(counting(0x00));
  const auto to = crypto::from_seed(counting(0x20));
  const auto shared = counting(0x80);
  for (auto level : levels) {
    auto body = crypto::seal(level, context, from, to.pub, crypto::as_bytes(plain),
                             crypto::pre_shared_key{"2026-a", shared},
                             crypto::seal_randomness{counting(0x40), counting(0x60)});
    CAF_REQUIRE(body.has_value());
    CAF_CHECK(matches_golden(file_of(level), to_hex_lines(*body)));
  }
}

CAF_TEST(what was sealed at any time is opened) {
  const auto from = crypto::from_seed(counting(0x00));
  const auto me = crypto::from_seed(counting(0x20));
  const auto shared = counting(0x80);
  auto find = [&](std::string_view id) -> std::optional<std::span<const std::uint8_t, 32>> {
    if (id != "2026-a") return std::nullopt;
    return std::span<const std::uint8_t, 32>{shared};
  };
  for (auto level : levels) {
    auto opened =
        crypto::open(context, me, from.pub, from_hex(read_golden(file_of(level))), level, find);
    CAF_REQUIRE(opened.has_value());
    CAF_CHECK(opened->level == level);
    CAF_CHECK_EQUAL(std::string(opened->plain.begin(), opened->plain.end()), plain);
  }
}
