#define CAF_SUITE consensus_liars

#include "actors/consensus/evidence.hpp"
#include "tests/unit/consensus/bench.hpp"
#include "tests/unit/consensus/table.hpp"

#include <caf/test/unit_test.hpp>

/// Those who say two things, and what is done about it.
namespace bpci::consensus::testing {

namespace {

std::string reported(const effects& all) {
  const char* names[] = {"", "proposal", "prepare", "commit", "change", "amnesia"};
  std::string out;
  for (const auto& x : all_of<report_evidence>(all)) {
    auto of = offence_of(x.what).value();
    out += std::string{names[static_cast<int>(of.what)]} + " " + std::to_string(of.by[0]);
  }
  return out;
}

CAF_TEST(two votes of one validator in one round are reported once) {
  bench b;
  b.begin_with();
  b.tell(prepare_of(3, 1, 0, b.id));
  CAF_CHECK_EQUAL(reported(b.tell(prepare_of(3, 1, 0, b.other_id))), "prepare 3");
  CAF_CHECK_EQUAL(reported(b.tell(prepare_of(3, 1, 0, b.other_id))), "");
  CAF_CHECK_EQUAL(reported(b.tell(prepare_of(3, 1, 0, b.head.id))), "");
  b.tell(commit_by(3, 1, 0, b.id));
  CAF_CHECK_EQUAL(reported(b.tell(commit_by(3, 1, 0, b.other_id))), "commit 3");
  b.tell(change_of(3, 1, 2));
  CAF_CHECK_EQUAL(reported(b.tell(change_with(3, 2, b.one, 0, {1, 3, 4}))), "change 3");
}

CAF_TEST(a commit that a later round change does not know of is reported in either order) {
  bench b;
  b.begin_with();
  b.tell(commit_by(3, 1, 0, b.id));
  CAF_CHECK_EQUAL(reported(b.tell(change_of(3, 1, 1))), "amnesia 3");
  b.begin_with();
  b.tell(change_of(3, 1, 1));
  CAF_CHECK_EQUAL(reported(b.tell(commit_by(3, 1, 0, b.id))), "amnesia 3");
  b.begin_with();
  b.tell(commit_by(3, 1, 0, b.id));
  CAF_CHECK_EQUAL(reported(b.tell(change_with(3, 1, b.one, 0, {1, 3, 4}))), "");
}

CAF_TEST(round changes within a proposal are looked at as well) {
  bench b{4};
  b.begin_with();
  b.tell(commit_by(1, 1, 0, b.id));
  std::vector asked{change_of(1, 1, 1), change_of(2, 1, 1), change_of(3, 1, 1)};
  CAF_CHECK_EQUAL(reported(b.tell(proposal_of(2, 1, block_of(2, b.head, b.now), asked))),
                  "amnesia 1");
}

CAF_TEST(bad signatures accuse nobody) {
  bench b;
  b.begin_with();
  b.tell(prepare_of(3, 1, 0, b.id));
  auto forged = prepare_of(3, 1, 0, b.other_id);
  forged.sig[0] ^= 1;
  CAF_CHECK_EQUAL(reported(b.tell(forged)), "");
}

CAF_TEST(a proposer that tells two halves two things makes at most one block and is found out) {
  table t{4};
  auto x = block_of(1, t.seats.at(2).head, t.now, 1);
  auto y = block_of(1, t.seats.at(2).head, t.now, 2);
  t.crash(1);
  t.run();
  t.tell(1, 2, proposal_of(1, 0, x));
  t.tell(1, 3, proposal_of(1, 0, y));
  t.tell(1, 4, proposal_of(1, 0, y));
  t.run();
  CAF_CHECK(t.all_have(0));
  auto accused = 0;
  for (const auto& [n, s] : t.seats)
    for (const auto& e : s.reported) {
      CAF_CHECK(offence_of(e).value().by == id_of(1));
      ++accused;
    }
  CAF_CHECK_EQUAL(accused, 3);
  t.work({2, 3, 4});
  t.expire_all();
  t.run();
  CAF_CHECK(t.all_have(1));
}

// -- more than a third ------------------------------------------------------------------------

halt only_halt(const effects& all) {
  auto halts = all_of<halt>(all);
  CAF_REQUIRE_EQUAL(halts.size(), 1u);
  return halts.front();
}

CAF_TEST(two certificates of one height halt the engine and name who sealed both) {
  bench b;
  b.begin_with();
  b.prepare_one();
  b.tell(commit_by(1, 1, 0, b.id));
  b.tell(commit_by(3, 1, 0, b.id));
  b.tell(commit_by(1, 1, 0, b.other_id));
  auto theirs = certificate_of({1, 3, 4}, 1, 0, b.other_id);
  auto out = only_halt(b.tell(4, sealed_block{b.other, theirs}));
  CAF_CHECK(out.ours == certificate_of({1, 2, 3}, 1, 0, b.id));
  CAF_CHECK(out.theirs == theirs);
  CAF_CHECK(out.culprits == (std::vector{id_of(1), id_of(3)}));
  CAF_CHECK(b.doing().starts_with("halted"));
  CAF_CHECK(b.step(work_due{}).empty());
  CAF_CHECK(b.tell(change_of(1, 1, 1)).empty());
  CAF_CHECK(b.step(advanced{head_behind({b.one, out.ours}, b.head)}).empty());
}

struct decided_bench : bench {
  decided_bench() {
    begin_with();
    prepare_one();
    tell(commit_by(1, 1, 0, id));
    tell(commit_by(3, 1, 0, id));
    next = head_behind({one, certificate_of({1, 2, 3}, 1, 0, id)}, head);
    step(advanced{next});
  }
  chain_head next;
};

CAF_TEST_FIXTURE_SCOPE(behind_a_block, decided_bench)

CAF_TEST(a conflicting certificate after finality halts and no block is taken back) {
  auto theirs = certificate_of({1, 3, 4}, 1, 2, other_id);
  auto out = only_halt(tell(4, sealed_block{other, theirs}));
  CAF_CHECK(out.ours.block_id == id);
  CAF_CHECK(out.culprits == (std::vector{id_of(1), id_of(3)}));
}

CAF_TEST(commits that come late one by one are a conflicting certificate too) {
  tell(commit_by(1, 1, 1, other_id));
  tell(commit_by(3, 1, 1, other_id));
  CAF_CHECK_EQUAL(all_of<halt>(tell(commit_by(4, 1, 1, other_id))).size(), 1u);
}

struct other_chain {
  explicit other_chain(const decided_bench& b)
      : head(head_behind({b.other, certificate_of({1, 3, 4}, 1, 2, b.other_id)}, b.head)),
        second(block_of(2, head, b.now)),
        id(block_id(second.head)) {}
  chain_head head;
  block second;
  hash id;
};

CAF_TEST(a proposal upon another final block of the height before brings its seals) {
  other_chain there{*this};
  auto out = only_halt(tell(proposal_of(2, 0, there.second)));
  CAF_CHECK(out.ours.block_id == id);
  CAF_CHECK(out.theirs == there.head.seals);
}

CAF_TEST(a sealed block upon another parent is not decided but compared) {
  other_chain there{*this};
  auto out = tell(4, sealed_block{there.second, certificate_of({1, 3, 4}, 2, 0, there.id)});
  CAF_CHECK(all_of<finalize>(out).empty());
  CAF_CHECK(only_halt(out).theirs == there.head.seals);
}

CAF_TEST(a committed block upon another parent is not decided but compared) {
  other_chain there{*this};
  tell(change_with(4, 1, there.second, 0, {1, 3, 4}));
  tell(commit_by(1, 2, 0, there.id));
  tell(commit_by(3, 2, 0, there.id));
  auto out = tell(commit_by(4, 2, 0, there.id));
  CAF_CHECK(all_of<finalize>(out).empty());
  CAF_CHECK_EQUAL(all_of<halt>(out).size(), 1u);
}

CAF_TEST(a block upon a parent that nobody has sealed is ignored) {
  other_chain there{*this};
  there.second.parent_seals.seals.pop_back();
  fix_roots(there.second);
  CAF_CHECK(tell(proposal_of(2, 0, there.second)).empty());
}

CAF_TEST(lies about a height that is decided are reported) {
  CAF_CHECK_EQUAL(reported(tell(commit_by(1, 1, 0, other_id))), "commit 1");
  CAF_CHECK_EQUAL(reported(tell(change_of(3, 1, 1))), "amnesia 3");
}

CAF_TEST(after a restart a conflicting certificate of the last block is still seen) {
  head = next;
  safety_record mine;
  mine.at = height{1};
  begin_with(journal_state::intact, mine);
  auto theirs = certificate_of({1, 3, 4}, 1, 2, other_id);
  CAF_CHECK_EQUAL(all_of<halt>(tell(4, sealed_block{other, theirs})).size(), 1u);
}

CAF_TEST(whoever is still at a height that is decided gets its block) {
  CAF_CHECK_EQUAL(words(tell(change_of(4, 1, 1))), "4:block");
  CAF_CHECK(tell(3, bare(change_of(4, 1, 1))).empty());
  CAF_CHECK(tell(change_of(9, 1, 1)).empty());
}

CAF_TEST(after a restart whoever is behind gets the seals for want of the block) {
  head = next;
  safety_record mine;
  mine.at = height{1};
  begin_with(journal_state::intact, mine);
  CAF_CHECK_EQUAL(words(tell(change_of(4, 1, 1))), "4:commit 4:commit 4:commit");
}

CAF_TEST(seals that come after the certificate are kept for two blocks) {
  CAF_CHECK(uut->late_seals().empty());
  tell(commit_by(4, 1, 0, id));
  CAF_CHECK(uut->late_seals().empty()); // the next block holds the certificate itself
  auto second = block_of(2, next, now);
  auto second_id = block_id(second.head);
  auto at_two = sealed_block{second, certificate_of({1, 2, 3}, 2, 0, second_id)};
  tell(1, at_two);
  auto third = head_behind(at_two, next);
  step(advanced{third});
  CAF_CHECK(uut->late_seals() == std::vector{certificate_of({4}, 1, 0, id)});
  // Once a block holds them they are nobody's business any more.
  third.late = uut->late_seals();
  auto holding = block_of(3, third, now);
  auto at_three = sealed_block{holding, certificate_of({1, 2, 3}, 3, 0, block_id(holding.head))};
  tell(1, at_three);
  step(advanced{head_behind(at_three, third)});
  CAF_CHECK(uut->late_seals().empty());
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace

} // namespace bpci::consensus::testing
