#define CAF_SUITE messages_money

#include "messages/money.hpp"

#include <caf/test/unit_test.hpp>

#include <random>

namespace bpci {

namespace {

constexpr auto all = std::numeric_limits<std::uint64_t>::max();

std::vector<std::uint64_t> parts_of(std::uint64_t whole, std::vector<std::uint32_t> weights) {
  std::vector<std::uint64_t> out;
  auto parts = split(amount<gen>{whole}, weights);
  if (!parts) return out;
  for (auto x : *parts)
    out.push_back(x.get());
  return out;
}

using numbers = std::vector<std::uint64_t>;

__extension__ using wide = unsigned __int128;

} // namespace

CAF_TEST(a sum that does not fit is refused) {
  CAF_CHECK(add(amount<gen>{all - 1}, amount<gen>{1}) == result<amount<gen>>(amount<gen>{all}));
  CAF_CHECK(!add(amount<gen>{all}, amount<gen>{1}));
}

CAF_TEST(nothing is less than nothing) {
  CAF_CHECK(subtract(amount<nex>{5}, amount<nex>{5}) == result<amount<nex>>(amount<nex>{0}));
  CAF_CHECK(!subtract(amount<nex>{5}, amount<nex>{6}));
}

CAF_TEST(what is left of a division goes to the largest remainders) {
  CAF_CHECK(parts_of(100, {20, 15, 5, 60}) == (numbers{20, 15, 5, 60}));
  CAF_CHECK(parts_of(10, {1, 1, 1}) == (numbers{4, 3, 3}));
  CAF_CHECK(parts_of(1, {1, 3}) == (numbers{0, 1}));
  CAF_CHECK(parts_of(7, {0, 1, 0}) == (numbers{0, 7, 0}));
  CAF_CHECK(parts_of(all, {1, 1}) == (numbers{all / 2 + 1, all / 2}));
}

CAF_TEST(a division needs a weight) {
  CAF_CHECK(parts_of(10, {}).empty());
  CAF_CHECK(parts_of(10, {0, 0}).empty());
  CAF_CHECK(parts_of(10, {~0u, 1}).empty());
}

CAF_TEST(the parts of any division sum to the whole and none is off by a unit) {
  std::mt19937_64 random{1};
  for (int round = 0; round < 5'000; ++round) {
    auto whole = random() >> (random() % 64);
    std::vector<std::uint32_t> weights(1 + random() % 9);
    std::uint64_t total = 0;
    for (auto& x : weights)
      total += x = static_cast<std::uint32_t>(random() % 100'000'000);
    if (total == 0) continue;
    auto parts = parts_of(whole, weights);
    CAF_REQUIRE_EQUAL(parts.size(), weights.size());
    CAF_REQUIRE_EQUAL(std::accumulate(parts.begin(), parts.end(), std::uint64_t{0}), whole);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      auto exact = static_cast<wide>(whole) * weights[i];
      CAF_REQUIRE(parts[i] >= static_cast<std::uint64_t>(exact / total));
      CAF_REQUIRE(parts[i] <= static_cast<std::uint64_t>((exact + total - 1) / total));
    }
  }
}

CAF_TEST(amounts are shown exactly) {
  CAF_CHECK_EQUAL(to_string(amount<gen>{1'500'000'000}), "1.5 GEN");
  CAF_CHECK_EQUAL(to_string(amount<gen>{1}), "0.000000001 GEN");
  CAF_CHECK_EQUAL(to_string(amount<gen>{0}), "0 GEN");
  CAF_CHECK_EQUAL(to_string(amount<lamports>{all}), "18446744073.709551615 SOL");
}

} // namespace bpci
