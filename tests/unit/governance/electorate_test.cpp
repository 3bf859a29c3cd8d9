#define CAF_SUITE governance_electorate

#include "actors/governance/electorate.hpp"
#include "tests/unit/oracle/entity_bench.hpp"

#include <caf/test/unit_test.hpp>

/// The kind `electorate`: who may vote, and with which weight.
namespace bpci::governance {

namespace {

struct voters : oracle::testing::entity_bench {
  voters() : entity_bench(make_electorate_kind(), electorate_id) {}

  result<electorate_record> weigh(const std::string& node, std::uint64_t weight) {
    return tell<electorate_record>(set_weight{node, weight, "admin"});
  }

  /// "ann=1000 bob=1500 v2"
  std::string now() {
    const auto x = ask<electorate_record>(read_electorate{}).value();
    std::string out;
    for (const auto& one : x.seats)
      out += one.node + "=" + std::to_string(one.weight) + " ";
    return out + "v" + std::to_string(x.version);
  }
};

ec code_of(const auto& x) {
  return x ? ec::none : x.error().code;
}

} // namespace

CAF_TEST(weights are set and changed and taken away) {
  voters at;
  CAF_CHECK_EQUAL(at.now(), "v0");
  at.weigh("bob", 1'500);
  at.weigh("ann", 1'000);
  CAF_CHECK_EQUAL(at.now(), "ann=1000 bob=1500 v2");
  at.weigh("bob", 2'000);
  CAF_CHECK_EQUAL(at.now(), "ann=1000 bob=2000 v3");
  at.weigh("ann", 0);
  CAF_CHECK_EQUAL(at.now(), "bob=2000 v4");
}

CAF_TEST(what changes nothing makes no new version) {
  voters at;
  at.weigh("ann", 1'000);
  at.weigh("ann", 1'000);
  at.weigh("nobody", 0);
  CAF_CHECK_EQUAL(at.now(), "ann=1000 v1");
}

CAF_TEST(a weight that could overflow and a name that is none are refused) {
  voters at;
  CAF_CHECK_EQUAL(code_of(at.weigh("ann", weight_max)), ec::none);
  CAF_CHECK_EQUAL(code_of(at.weigh("ann", weight_max + 1)), ec::invalid_argument);
  CAF_CHECK_EQUAL(code_of(at.weigh("a/b", 1)), ec::invalid_argument);
}

CAF_TEST(an electorate has a bound and fits into its state) {
  voters at;
  for (std::size_t i = 0; i < voters_max; ++i)
    at.weigh("a-node-with-a-rather-long-name-" + std::to_string(i), 1'000);
  CAF_CHECK_EQUAL(code_of(at.weigh("one-more", 1)), ec::too_large);
  CAF_CHECK(at.stored().size() < 512 * 1'024);
  at.weigh("a-node-with-a-rather-long-name-7", 0);
  CAF_CHECK_EQUAL(code_of(at.weigh("one-more", 1)), ec::none);
}

} // namespace bpci::governance
