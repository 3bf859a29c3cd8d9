#define CAF_SUITE consensus_deciding

#include "tests/actor/consensus/cluster_fixture.hpp"

namespace bpci::consensus::test {

namespace {

const std::vector<int> all{1, 2, 3, 4};

} // namespace

CAF_TEST_FIXTURE_SCOPE(consensus_deciding_tests, cluster_fixture)

CAF_TEST(a chain of one decides) {
  add(1, 1);
  for (auto i = 0; i < 5; ++i) {
    decide({1});
    CAF_REQUIRE(eventually([this] { return has_last(1); }));
  }
  CAF_CHECK(shows(1, [](const auto& now) {
    return now.is_validator && now.signs && now.decided >= 1 && now.halted.empty();
  }));
  CAF_CHECK(!net->contradictions);
}

CAF_TEST(four decide the same blocks) {
  add_all(4);
  for (auto i = 0; i < 10; ++i) {
    decide(all);
    CAF_REQUIRE(eventually([this] { return all_have_last(all); }));
  }
  for (auto n : {2, 3, 4})
    CAF_CHECK(agree(1, n));
  CAF_CHECK(!net->contradictions);
  CAF_CHECK(shows(
      3, [](const auto& now) { return now.unlinked.empty() && now.where.validators.size() == 4; }));
}

CAF_TEST(without work there are no blocks and no rounds) {
  add_all(4);
  decide(all);
  CAF_REQUIRE(eventually([this] { return all_have_last(all); }));
  // A busy machine may have let a round of that block time out; what follows is at rest.
  auto before = height_of(1);
  auto changes = net->changes();
  CAF_REQUIRE(eventually([&] {
    std::this_thread::sleep_for(200ms);
    return std::exchange(changes, net->changes()) == changes;
  }));
  std::this_thread::sleep_for(1500ms);
  CAF_CHECK_EQUAL(height_of(1), before);
  CAF_CHECK_EQUAL(net->changes(), changes);
}

CAF_TEST(what one validator knows is decided although it is not its turn) {
  add_all(4);
  for (auto n : all) {
    decide({n});
    CAF_REQUIRE(eventually([this] { return all_have_last(all); }));
  }
  CAF_CHECK(!net->contradictions);
}

CAF_TEST(one of four may be away and catches up) {
  add_all(4);
  net->cut(id_of(4), true);
  for (auto i = 0; i < 8; ++i) {
    decide({1, 2, 3});
    CAF_REQUIRE(eventually([this] { return all_have_last({1, 2, 3}); }));
  }
  CAF_CHECK_EQUAL(height_of(4), 0u);
  net->cut(id_of(4), false);
  CAF_CHECK(eventually([this] { return has_last(4); }));
  CAF_CHECK(agree(1, 4));
  CAF_CHECK(!net->contradictions);
}

CAF_TEST(a node that is no validator follows) {
  add_all(3);
  for (auto i = 0; i < 5; ++i) {
    decide({1, 2, 3});
    CAF_REQUIRE(eventually([this] { return has_last(1); }));
  }
  add(5, 3);
  CAF_CHECK(eventually([this] { return has_last(5); }));
  CAF_CHECK(agree(1, 5));
  CAF_CHECK_EQUAL(net->votes_of(id_of(5)), 0u);
  auto now = status(5);
  CAF_REQUIRE(now.has_value());
  CAF_CHECK(!now->is_validator);
  CAF_CHECK(!now->signs);
}

CAF_TEST(one liar does not stop who catches up) {
  add_all(4);
  net->cut(id_of(4), true);
  for (auto i = 0; i < 6; ++i) {
    decide({1, 2, 3});
    CAF_REQUIRE(eventually([this] { return all_have_last({1, 2, 3}); }));
  }
  {
    auto lock = std::scoped_lock{net->liars_mutex};
    net->liars = {id_of(1), id_of(2)};
  }
  net->cut(id_of(4), false);
  CAF_CHECK(eventually([this] { return has_last(4); }));
  CAF_CHECK(agree(3, 4));
  CAF_CHECK(!net->contradictions);
}

namespace {

/// So that thirty blocks are far, and a chain that began in 2023 is not too old to be trusted.
sync_settings impatient() {
  sync_settings out;
  out.snapshot_gap = 10;
  out.trusting_period = std::chrono::hours{24 * 365 * 30};
  return out;
}

} // namespace

CAF_TEST(who is far behind takes a snapshot and then the blocks behind it) {
  add_all(3);
  for (auto i = 0; i < 25; ++i) {
    decide({1, 2, 3});
    CAF_REQUIRE(eventually([this] { return all_have_last({1, 2, 3}); }));
  }
  add(5, 3, impatient());
  CAF_CHECK(eventually([this] { return has_last(5); }));
  CAF_CHECK(agree(1, 5));
  CAF_CHECK_EQUAL(nodes.at(5)->restored(), true);
  decide({1, 2, 3});
  CAF_CHECK(eventually([this] { return has_last(5); }));
}

CAF_TEST(evidence from below a snapshot does not stop who has taken it) {
  add_all(3);
  for (auto i = 0; i < 25; ++i) {
    decide({1, 2, 3});
    CAF_REQUIRE(eventually([this] { return all_have_last({1, 2, 3}); }));
  }
  add(5, 3, impatient());
  CAF_REQUIRE(eventually([this] { return has_last(5); }));
  CAF_REQUIRE(nodes.at(5)->restored());
  auto lie =
      evidence_of(testing::prepare_of(3, 2, 7, hash{1}), testing::prepare_of(3, 2, 7, hash{2}));
  caf::anon_send(nodes.at(1)->shared->find(chain::path::evidence), chain::evidence_found{*lie});
  auto before = height_of(1);
  CAF_REQUIRE(eventually([&] { return height_of(1) > before; }));
  decide({1, 2, 3});
  CAF_CHECK(eventually([this] { return has_last(5); }));
  CAF_CHECK(agree(1, 5));
  CAF_CHECK(net->accused.empty());
}

CAF_TEST(a snapshot that lies is not taken and another one is) {
  add_all(4);
  for (auto i = 0; i < 25; ++i) {
    decide(all);
    CAF_REQUIRE(eventually([this] { return all_have_last(all); }));
  }
  {
    auto lock = std::scoped_lock{net->liars_mutex};
    net->liars = {id_of(1)};
  }
  add(5, 4, impatient());
  CAF_CHECK(eventually([this] { return has_last(5); }));
  CAF_CHECK(agree(2, 5));
}

CAF_TEST(what is too old to be trusted is fetched block by block) {
  add_all(3);
  for (auto i = 0; i < 25; ++i) {
    decide({1, 2, 3});
    CAF_REQUIRE(eventually([this] { return all_have_last({1, 2, 3}); }));
  }
  auto how = impatient();
  how.trusting_period = 1h;
  add(5, 3, how);
  CAF_CHECK(eventually([this] { return has_last(5); }));
  CAF_CHECK_EQUAL(nodes.at(5)->restored(), false);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::consensus::test
