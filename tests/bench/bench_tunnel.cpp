/// The cost of the tunnel between members, alone. `bench_tunnel [rounds] [milliseconds a round]`

#include "tunnel_bench.hpp"

#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
  if (const auto code = bpci::bench::run_tunnel_peer(argc, argv)) return *code;
  bpci::bench::tunnel_options how;
  if (argc > 1) how.rounds = std::strtoul(argv[1], nullptr, 10);
  if (argc > 2) how.round = std::chrono::milliseconds{std::strtoul(argv[2], nullptr, 10)};
  if (how.rounds == 0) how.rounds = 1;
  const auto got = bpci::bench::measure_tunnel(how);
  const auto show = [](const char* what, const std::vector<std::uint64_t>& rates) {
    std::printf("%-7s", what);
    for (const auto x : rates)
      std::printf(" %8llu", static_cast<unsigned long long>(x));
    std::printf("\n");
  };
  show("plain", got.plain);
  show("tunnel", got.tunnel);
  std::printf("ratio of the medians: %llu permille\n",
              static_cast<unsigned long long>(got.ratio_permille()));
}
