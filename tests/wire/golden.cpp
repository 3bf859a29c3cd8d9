#include "tests/wire/golden.hpp"

#include <boost/algorithm/hex.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace bpci::wire {

namespace {

constexpr std::size_t bytes_per_line = 32;

std::filesystem::path path_of(std::string_view name) {
  return std::filesystem::path{BPCI_SOURCE_DIR} / "tests/wire/golden" / name;
}

bool rewriting() {
  const auto* wish = std::getenv("BPCI_REWRITE_GOLDEN");
  return wish && std::string_view{wish} == "1";
}

} // namespace

std::string read_golden(std::string_view name) {
  auto in = std::ifstream{path_of(name), std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

bool matches_golden(std::string_view name, std::string_view content) {
  if (rewriting()) std::ofstream{path_of(name), std::ios::binary} << content;
  return read_golden(name) == content;
}

std::string to_hex(std::span<const std::uint8_t> data) {
  std::string out;
  boost::algorithm::hex_lower(data.begin(), data.end(), std::back_inserter(out));
  return out;
}

std::string to_hex_lines(std::span<const std::uint8_t> data) {
  std::string out;
  for (; !data.empty(); data = data.subspan(std::min(data.size(), bytes_per_line)))
    out += to_hex(data.first(std::min(data.size(), bytes_per_line))) + '\n';
  return out;
}

bytes from_hex(std::string_view text) {
  std::string digits;
  std::ranges::remove_copy_if(text, std::back_inserter(digits),
                              [](char c) { return c == '\n' || c == ' '; });
  bytes out;
  boost::algorithm::unhex(digits.begin(), digits.end(), std::back_inserter(out));
  return out;
}

} // namespace bpci::wire
