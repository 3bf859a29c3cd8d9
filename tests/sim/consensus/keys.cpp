#include "keys.hpp"

#include "chance.hpp"

#include <cstring>

namespace bpci::consensus::sim {

namespace {

constexpr std::uint64_t secret = 0x6b65792d6f662d61ULL;

signature tag(std::size_t number, std::span<const std::uint8_t> what) {
  auto state = scatter(secret, number) ^ what.size();
  while (what.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, what.data(), 8);
    state = (state ^ word) * 0x9fb21c651e98df25ULL;
    state ^= state >> 29;
    what = what.subspan(8);
  }
  for (auto byte : what)
    state = (state ^ byte) * 0x9fb21c651e98df25ULL;
  signature out;
  for (std::size_t i = 0; i < out.size(); i += 8) {
    state = scatter(state);
    std::memcpy(out.data() + i, &state, 8);
  }
  return out;
}

constexpr std::size_t keys_max = 256;

const std::array<address, keys_max>& all_keys() {
  static const auto keys = [] {
    std::array<address, keys_max> out{};
    for (std::size_t number = 0; number < keys_max; ++number) {
      out[number][0] = static_cast<std::uint8_t>(number);
      for (std::size_t i = 1; i < out[number].size(); ++i)
        out[number][i] = static_cast<std::uint8_t>(scatter(number, i));
    }
    return out;
  }();
  return keys;
}

} // namespace

address key_of(std::size_t number) {
  return all_keys().at(number);
}

std::size_t number_of(const address& key) {
  auto number = static_cast<std::size_t>(key[0]);
  return number < keys_max && all_keys()[number] == key ? number : SIZE_MAX;
}

std::string name_of(const address& key) {
  auto number = number_of(key);
  return number == SIZE_MAX ? "v?" : "v" + std::to_string(number);
}

std::string brief(const hash& x) {
  constexpr auto digits = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < 3; ++i)
    (out += digits[x[i] >> 4]) += digits[x[i] & 15];
  return out;
}

key_usage& usage() {
  thread_local key_usage counted;
  return counted;
}

signature model_signer::sign(std::span<const std::uint8_t> what) const {
  ++usage().signed_;
  return tag(number_, what);
}

bool model_signer::verify(const address& by, std::span<const std::uint8_t> what,
                          const signature& sig) const {
  ++usage().checked;
  auto number = number_of(by);
  return number != SIZE_MAX && tag(number, what) == sig;
}

} // namespace bpci::consensus::sim
