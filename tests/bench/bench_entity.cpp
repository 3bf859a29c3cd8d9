#include "entity_bench.hpp"
#include "runtime/storage/migrate.hpp"

#include <cstdio>
#include <exception>
#include <string>

/// `bench_entity CONNINFO [ENTITIES]`: an empty database, see entity_bench.hpp.
int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: bench_entity CONNINFO [ENTITIES]\n", stderr);
    return 2;
  }
  try {
    bpci::storage::migrate(argv[1]).value();
    auto idle = bpci::bench::measure_idle(argv[1], argc > 2 ? std::stoul(argv[2]) : 50'000);
    std::printf("idle entity: %.0f bytes resident, %.0f bytes of heap; %.0f activations/s\n",
                idle.resident_bytes, idle.heap_bytes, idle.per_second);
    auto rates = bpci::bench::measure_fence(argv[1]);
    std::printf("commits/s: %.0f fenced, %.0f unfenced, ratio %.2f\n", rates.fenced, rates.unfenced,
                rates.fenced / rates.unfenced);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench_entity: %s\n", e.what());
    return 1;
  }
}
