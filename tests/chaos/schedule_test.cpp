#define CAF_SUITE chaos_schedule

#include "schedule.hpp"

#include <caf/test/unit_test.hpp>

#include <set>

using namespace bpci::chaos;
using namespace std::chrono_literals;

CAF_TEST(a seed always gives the same faults and another one others) {
  const auto one = make_schedule(7, 60s, all_faults(), 3);
  CAF_CHECK(one == make_schedule(7, 60s, all_faults(), 3));
  CAF_CHECK(one != make_schedule(8, 60s, all_faults(), 3));
  CAF_CHECK(one.size() >= 5);
}

CAF_TEST(faults come one after another and end before the end) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    auto free = 0ms;
    for (const auto& x : make_schedule(seed, 60s, all_faults(), 3)) {
      CAF_CHECK(x.at >= free + 1s);
      CAF_CHECK(x.at + x.lasts <= 60s);
      CAF_CHECK(x.target >= 1 && x.target <= 3);
      free = x.at + x.lasts;
    }
  }
}

CAF_TEST(every kind and every node has its turn) {
  std::set<fault> kinds;
  std::set<std::size_t> nodes;
  for (std::uint64_t seed = 0; seed < 50; ++seed)
    for (const auto& x : make_schedule(seed, 60s, all_faults(), 3)) {
      kinds.insert(x.what);
      nodes.insert(x.target);
    }
  CAF_CHECK_EQUAL(kinds.size(), all_faults().size());
  CAF_CHECK_EQUAL(nodes.size(), 3u);
}

CAF_TEST(only what was asked for is planned) {
  for (const auto& x : make_schedule(3, 60s, {fault::kill_node}, 2))
    CAF_CHECK(x.what == fault::kill_node);
  CAF_CHECK(make_schedule(3, 60s, {}, 2).empty());
}

CAF_TEST(names of faults are read back) {
  for (auto x : all_faults())
    CAF_CHECK(fault_from(name(x)) == x);
  CAF_CHECK(!fault_from("earthquake"));
}
