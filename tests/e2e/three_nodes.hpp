#pragma once

#include "cluster_of_processes.hpp"

#include <caf/test/unit_test.hpp>

namespace bpci::e2e {

/// The fixture of most suites: three nodes that know each other. A test leaves them so.
struct three_nodes : shows_logs {
  three_nodes() {
    // Fast enough that something happens under way, and slow enough that nothing is refused for it.
    cluster = &shared_cluster(
        {.nodes = 3,
         .settings = "oracle_config: {security_config: {rate_limit_per_node: 5000}}\n"});
    if (!eventually(whole_max, [&] { return cluster->complete(); }))
      give_up("the cluster is not whole");
  }

  cluster_node& node(std::size_t number) { return cluster->node(number); }

  static constexpr auto whole_max = milliseconds{60'000};

  cluster_of_processes* cluster = nullptr;
};

} // namespace bpci::e2e
