#define CAF_SUITE consensus_evidence

#include "actors/consensus/evidence.hpp"
#include "messages/codec/canonical.hpp"
#include "tests/unit/consensus/helpers.hpp"

#include <caf/test/unit_test.hpp>

/// What an honest validator never says both.
namespace bpci::consensus::testing {

namespace {

hash some(std::uint8_t n) {
  hash out{};
  out.fill(n);
  return out;
}

std::optional<prepared_claim> claim(std::uint32_t round, std::uint8_t id = 1) {
  return prepared_claim{round_no{round}, some(id)};
}

struct bench {
  fake_signer keys{1};
  verifier check{chain, keys};
  validator_set set{validators(4)};

  bool proves(const std::optional<evidence>& x) {
    return x && check_evidence(*x, set, check).has_value();
  }
};

CAF_TEST_FIXTURE_SCOPE(evidence_checks, bench)

CAF_TEST(two votes of one type and round for two blocks are evidence) {
  CAF_CHECK(proves(evidence_of(prepare_of(2, 5, 1, some(1)), prepare_of(2, 5, 1, some(2)))));
  CAF_CHECK(proves(evidence_of(commit_by(2, 5, 1, some(1)), commit_by(2, 5, 1, some(2)))));
  auto x = evidence_of(commit_by(2, 5, 1, some(1)), commit_by(2, 5, 1, some(2)));
  auto of = check_evidence(*x, set, check).value();
  CAF_CHECK(of == (offence{evidence::kind::double_commit, id_of(2), height{5}, round_no{1}}));
}

CAF_TEST(of proposals and round changes all that is signed counts) {
  auto say = [](std::uint8_t why) {
    return signed_by(2, proposal{height{5}, round_no{1}, some(1), some(why), {}, {}});
  };
  CAF_CHECK(proves(evidence_of(say(1), say(2))));
  CAF_CHECK(proves(evidence_of(change_of(2, 5, 3), change_of(2, 5, 3, claim(1)))));
  CAF_CHECK(!evidence_of(say(1), say(1)));
}

CAF_TEST(the same vote twice is none and neither are votes of two rounds or heights or validators) {
  auto x = prepare_of(2, 5, 1, some(1));
  CAF_CHECK(!evidence_of(x, x));
  CAF_CHECK(!evidence_of(x, prepare_of(2, 5, 2, some(2))));
  CAF_CHECK(!evidence_of(x, prepare_of(2, 6, 1, some(2))));
  CAF_CHECK(!evidence_of(x, prepare_of(3, 5, 1, some(2))));
  CAF_CHECK(!evidence_of(commit_by(2, 5, 1, some(1)), commit_by(2, 5, 2, some(2))));
}

CAF_TEST(another signature under the same words is no evidence) {
  auto x = prepare_of(2, 5, 1, some(1));
  auto y = x;
  y.sig[0] ^= 1;
  CAF_CHECK(!evidence_of(x, y));
}

CAF_TEST(a later round change that does not know of a commit is amnesia) {
  auto x = commit_by(2, 5, 2, some(1));
  CAF_CHECK(proves(evidence_of(x, change_of(2, 5, 3))));
  CAF_CHECK(proves(evidence_of(x, change_of(2, 5, 4, claim(1)))));
  CAF_CHECK(proves(evidence_of(x, change_of(2, 5, 4, claim(2, 9)))));
  CAF_CHECK(!evidence_of(x, change_of(2, 5, 4, claim(2))));
  CAF_CHECK(!evidence_of(x, change_of(2, 5, 4, claim(3, 9))));
  CAF_CHECK(!evidence_of(x, change_of(2, 5, 2)));
  CAF_CHECK(!evidence_of(x, change_of(2, 5, 1)));
  CAF_CHECK(!evidence_of(x, change_of(2, 6, 3)));
  CAF_CHECK(!evidence_of(x, change_of(3, 5, 3)));
}

CAF_TEST(round changes whose claims contradict are amnesia) {
  auto contradicts = [&](const round_change& x, const round_change& y) {
    CAF_CHECK(evidence_of(x, y) == evidence_of(y, x));
    return proves(evidence_of(x, y));
  };
  CAF_CHECK(contradicts(change_of(2, 5, 3, claim(2)), change_of(2, 5, 4)));
  CAF_CHECK(contradicts(change_of(2, 5, 3, claim(2)), change_of(2, 5, 4, claim(1))));
  CAF_CHECK(contradicts(change_of(2, 5, 3, claim(2)), change_of(2, 5, 4, claim(2, 9))));
  CAF_CHECK(contradicts(change_of(2, 5, 3), change_of(2, 5, 4, claim(2))));
  CAF_CHECK(contradicts(change_of(2, 5, 3, claim(0)), change_of(2, 5, 4, claim(2))));
  CAF_CHECK(!contradicts(change_of(2, 5, 3), change_of(2, 5, 4)));
  CAF_CHECK(!contradicts(change_of(2, 5, 3), change_of(2, 5, 4, claim(3))));
  CAF_CHECK(!contradicts(change_of(2, 5, 3, claim(2)), change_of(2, 5, 4, claim(2))));
  CAF_CHECK(!contradicts(change_of(2, 5, 3, claim(2)), change_of(2, 5, 4, claim(3, 9))));
}

CAF_TEST(a pair has one form whichever statement came first) {
  auto x = prepare_of(2, 5, 1, some(1));
  auto y = prepare_of(2, 5, 1, some(2));
  CAF_CHECK(evidence_of(x, y) == evidence_of(y, x));
  auto turned = *evidence_of(x, y);
  std::swap(turned.first, turned.second);
  CAF_CHECK(!proves(turned));
}

CAF_TEST(two pairs about one round are one offence) {
  auto x = offence_of(*evidence_of(prepare_of(2, 5, 1, some(1)), prepare_of(2, 5, 1, some(2))));
  auto y = offence_of(*evidence_of(prepare_of(2, 5, 1, some(3)), prepare_of(2, 5, 1, some(2))));
  CAF_CHECK(x.value() == y.value());
}

CAF_TEST(a signature that is bad proves nothing) {
  auto x = prepare_of(2, 5, 1, some(1));
  auto y = prepare_of(2, 5, 1, some(2));
  y.sig[0] ^= 1;
  CAF_CHECK(!proves(evidence_of(x, y)));
  CAF_CHECK_EQUAL(code_of(check_evidence(*evidence_of(x, y), set, check)), ec::bad_signature);
}

CAF_TEST(who was no validator there and what was said on another chain prove nothing) {
  CAF_CHECK(!proves(evidence_of(prepare_of(9, 5, 1, some(1)), prepare_of(9, 5, 1, some(2)))));
  auto elsewhere = [](std::uint8_t id) {
    return signed_by(2, prepare{height{5}, round_no{1}, some(id), {}, {}}, "elsewhere");
  };
  CAF_CHECK(!proves(evidence_of(elsewhere(1), elsewhere(2))));
}

CAF_TEST(evidence of the wrong kind or with other bytes is refused) {
  auto x = *evidence_of(prepare_of(2, 5, 1, some(1)), prepare_of(2, 5, 1, some(2)));
  auto y = x;
  y.what = evidence::kind::double_commit; // the same fields, but nobody signed these
  CAF_CHECK(!proves(y));
  y = x;
  y.what = evidence::kind::double_round_change;
  CAF_CHECK(!proves(y));
  y = x;
  y.what = evidence::kind{77};
  CAF_CHECK_EQUAL(code_of(check_evidence(y, set, check)), ec::malformed);
  y = x;
  y.second.push_back(0);
  CAF_CHECK_EQUAL(code_of(check_evidence(y, set, check)), ec::malformed);
  y = x;
  y.second = y.first;
  CAF_CHECK(!proves(y));
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace

} // namespace bpci::consensus::testing
