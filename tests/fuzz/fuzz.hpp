#pragma once

#include "messages/codec/canonical.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <span>

/// What every target of this folder is made of. libFuzzer calls LLVMFuzzerTestOneInput with bytes
/// that nobody would write; `replay` calls it with the corpus, in the ordinary tests.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace bpci::fuzz {

using input = std::span<const std::uint8_t>;

/// What must hold whatever comes in. Not assert(): it counts in every build.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

/// Canonical: whatever is accepted is written again as the same bytes.
template <described T>
result<T> read_canonical(input data) {
  auto out = codec::from_canonical<T>(data);
  if (out) {
    const auto again = codec::to_canonical(*out);
    require(std::ranges::equal(again, data), "what is accepted has one encoding");
  }
  return out;
}

} // namespace bpci::fuzz
