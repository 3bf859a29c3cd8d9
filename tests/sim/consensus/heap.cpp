#include "heap.hpp"

#include <cstdlib>
#include <malloc.h>
#include <new>

namespace {

thread_local std::size_t held = 0;

} // namespace

std::size_t bpci::consensus::sim::heap_bytes() {
  return held;
}

// Every program that links this counts.
void* operator new(std::size_t size) {
  auto* out = std::malloc(size == 0 ? 1 : size);
  if (!out) throw std::bad_alloc{};
  held += malloc_usable_size(out);
  return out;
}

void operator delete(void* x) noexcept {
  if (x) held -= malloc_usable_size(x);
  std::free(x);
}

void operator delete(void* x, std::size_t) noexcept {
  operator delete(x);
}
