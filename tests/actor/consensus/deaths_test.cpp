#define CAF_SUITE consensus_deaths

#include "tests/actor/consensus/cluster_fixture.hpp"

namespace bpci::consensus::test {

namespace {

const std::vector<int> all{1, 2, 3, 4};

struct fixture : cluster_fixture {
  std::uint64_t luck = std::getenv("BPCI_SEED") ? std::stoull(std::getenv("BPCI_SEED")) : 1;

  std::uint64_t draw(std::uint64_t below) {
    luck = luck * 6'364'136'223'846'793'005u + 1'442'695'040'888'963'407u;
    return (luck >> 33) % below;
  }

  /// Final as well, by the seals of three.
  void show_another_block_1_to(int n) {
    auto theirs = *nodes.at(n)->chain->block_at(1);
    theirs.what.transactions = {{6, 6, 6}};
    fix_roots(theirs.what);
    theirs.seals = testing::certificate_of({1, 2, 3}, 1, 0, block_id(theirs.what.head));
    caf::anon_send(nodes.at(n)->shared->find(chain::path::engine),
                   chain::vote_arrived{id_of(1), theirs});
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(consensus_deaths_tests, fixture)

CAF_TEST(whichever actor dies at whatever moment it goes on and nothing is signed twice) {
  add_all(4);
  for (auto i = 0; i < 60; ++i) {
    decide(all);
    std::this_thread::sleep_for(std::chrono::milliseconds{draw(80)});
    auto n = static_cast<int>(1 + draw(4));
    switch (draw(5)) {
    case 0:
      kill(n, chain::path::engine);
      break;
    case 1:
      kill(n, chain::path::evidence);
      break;
    case 2:
      kill(n, chain::path::sync);
      break;
    case 3:
      kill(n, chain::path::instances);
      break;
    default:
      kill(n, instance_of(n));
    }
  }
  CAF_CHECK(eventually([this] { return all_have_last(all); }));
  CAF_CHECK(height_of(1) >= 20);
  for (auto n : {2, 3, 4})
    CAF_CHECK(agree(1, n));
  CAF_CHECK(!net->contradictions);
}

CAF_TEST(all of them together may stop and start again) {
  add_all(4);
  for (auto i = 0; i < 3; ++i) {
    decide(all);
    std::this_thread::sleep_for(std::chrono::milliseconds{draw(20)});
    for (auto n : all)
      stop(n);
    for (auto n : all)
      start(n);
    CAF_REQUIRE(eventually([this] { return all_have_last(all); }));
  }
  CAF_CHECK(!net->contradictions);
}

CAF_TEST(a validator whose record is gone watches only) {
  add_all(4);
  for (auto i = 0; i < 3; ++i) {
    decide(all);
    CAF_REQUIRE(eventually([this] { return all_have_last(all); }));
  }
  stop(4);
  CAF_CHECK(is_marked(marker_path(nodes.at(4)->data.path(), id_of(4))));
  nodes.at(4)->db.sql("DELETE FROM validator_record");
  auto before = net->votes_of(id_of(4));
  start(4);
  CAF_REQUIRE(shows(4, [](const auto& now) { return now.is_validator; }));
  for (auto i = 0; i < 3; ++i) {
    decide(all);
    CAF_REQUIRE(eventually([this] { return all_have_last(all); }));
  }
  CAF_CHECK_EQUAL(net->votes_of(id_of(4)), before);
  CAF_CHECK(shows(4, [](const auto& now) {
    return !now.signs && now.why_not.starts_with("its record was lost");
  }));
}

CAF_TEST(a record that is damaged is kept and its validator watches) {
  add(1, 1);
  decide({1});
  CAF_REQUIRE(eventually([this] { return has_last(1); }));
  stop(1);
  auto& db = nodes.at(1)->db;
  db.sql("UPDATE validator_record SET record = set_byte(record, 40, 255 - get_byte(record, 40))");
  start(1);
  CAF_CHECK(shows(
      1, [](const auto& now) { return now.is_validator && !now.signs && !now.why_not.empty(); }));
  CAF_CHECK_EQUAL(db.sql("SELECT record IS NULL AND damaged IS NOT NULL FROM validator_record"),
                  "t");
}

CAF_TEST(who does not hold the validator any more signs nothing) {
  add(1, 1);
  decide({1});
  CAF_REQUIRE(eventually([this] { return has_last(1); }));
  auto& db = nodes.at(1)->db;
  db.give_to(db.join("node-2"));
  auto before = height_of(1);
  decide({1});
  CAF_CHECK(shows(1, [](const auto& now) { return now.why_not.starts_with("another member"); }));
  CAF_CHECK_EQUAL(height_of(1), before);
}

CAF_TEST(two final blocks of one height halt it and it says who lied) {
  add_all(4);
  decide(all);
  CAF_REQUIRE(eventually([this] { return all_have_last(all); }));
  show_another_block_1_to(4);
  CAF_CHECK(shows(4, [](const auto& now) {
    return now.halted.starts_with("two blocks of height 1 are final; by ");
  }));
  decide(all);
  CAF_CHECK(eventually([this] { return all_have_last({1, 2, 3}); }));
  auto now = status(4);
  CAF_REQUIRE(now.has_value());
  CAF_CHECK(!now->signs);
}

CAF_TEST(a halt outlives the actors until a person lifts it) {
  add_all(4);
  decide(all);
  CAF_REQUIRE(eventually([this] { return all_have_last(all); }));
  show_another_block_1_to(4);
  auto is_halted = [this] {
    auto now = status(4);
    return now && now->halted.starts_with("two blocks of height 1 are final; by ");
  };
  CAF_REQUIRE(eventually(is_halted));
  CAF_REQUIRE(eventually(
      [this] { return nodes.at(4)->db.sql("SELECT count(halted) FROM validator_record") == "1"; }));
  stop(4);
  start(4);
  CAF_CHECK(eventually(is_halted));
  decide(all);
  CAF_CHECK(eventually([this] { return all_have_last({1, 2, 3}); }));
  auto answered = ec::none;
  auto lift = [this, &answered] {
    self->request(nodes.at(4)->shared->find(chain::path::engine), 5s, chain::lift_halt{})
        .receive([&](const chain::engine_status&) { answered = ec::none; },
                 [&](const caf::error& why) { answered = from_caf(why).code; });
  };
  lift();
  CAF_CHECK(answered == ec::none);
  CAF_CHECK(shows(4, [](const auto& now) { return now.halted.empty() && now.signs; }));
  decide(all);
  CAF_CHECK(eventually([this] { return all_have_last(all); }));
  lift();
  CAF_CHECK(answered == ec::conflict);
}

CAF_TEST(evidence comes into a block and is known after a restart) {
  add_all(4);
  decide(all);
  CAF_REQUIRE(eventually([this] { return all_have_last(all); }));
  auto one = hash{1};
  auto other = hash{2};
  auto lie = evidence_of(testing::prepare_of(4, 1, 7, one), testing::prepare_of(4, 1, 7, other));
  CAF_REQUIRE(lie.has_value());
  caf::anon_send(nodes.at(1)->shared->find(chain::path::evidence), chain::evidence_found{*lie});
  auto is_in_block = [&](int n) {
    for (std::uint64_t at = 1; at <= height_of(n); ++at)
      for (const auto& x : nodes.at(n)->chain->block_at(at)->what.misbehaviour)
        if (x == *lie) return true;
    return false;
  };
  CAF_CHECK(eventually([&] { return is_in_block(1) && is_in_block(3); }));
  auto list = [&](int n) {
    std::optional<chain::evidence_page> out;
    if (auto who = nodes.at(n)->shared->find(chain::path::evidence))
      self->request(who, 5s, chain::list_evidence{})
          .receive([&](const chain::evidence_page& x) { out = x; }, [](const caf::error&) {});
    return out;
  };
  auto is_marked_there = [&](int n) {
    auto page = list(n);
    return page && page->evidence.size() == 1 && page->evidence[0].in_block
           && page->evidence[0].by == id_of(4);
  };
  CAF_CHECK(eventually([&] { return is_marked_there(1) && is_marked_there(3); }));
  kill(1, chain::path::evidence);
  CAF_CHECK(eventually([&] { return is_marked_there(1); }));
  auto height_then = height_of(1);
  std::this_thread::sleep_for(1200ms);
  CAF_CHECK_EQUAL(height_of(1), height_then);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::consensus::test
