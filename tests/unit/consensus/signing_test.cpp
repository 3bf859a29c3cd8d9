#define CAF_SUITE consensus_signing

#include "actors/consensus/ed25519_signer.hpp"
#include "tests/unit/consensus/helpers.hpp"

#include <caf/test/unit_test.hpp>

/// What is signed is signed for one chain, type, height and round.
namespace bpci::consensus::testing {

namespace {

hash some(std::uint8_t n) {
  hash out{};
  out.fill(n);
  return out;
}

CAF_TEST(no two votes have the same bytes to sign) {
  std::set<hash> seen;
  auto fresh = [&](const bytes& x) { return seen.insert(crypto::sha256(x)).second; };
  for (auto at : {1u, 2u})
    for (auto round : {0u, 1u, 256u})
      for (auto id : {some(1), some(2)})
        for (auto by : {1, 2})
          for (const auto* on : {"one", "two"}) {
            CAF_CHECK(
                fresh(signing_bytes(on, prepare{height{at}, round_no{round}, id, id_of(by), {}})));
            CAF_CHECK(
                fresh(signing_bytes(on, commit{height{at}, round_no{round}, id, id_of(by), {}})));
            for (auto why : {some(3), some(4)})
              CAF_CHECK(fresh(signing_bytes(
                  on, proposal{height{at}, round_no{round}, id, why, id_of(by), {}})));
            for (auto pr : {0u, 1u})
              CAF_CHECK(fresh(signing_bytes(on, round_change{height{at},
                                                             round_no{round},
                                                             prepared_claim{round_no{pr}, id},
                                                             id_of(by),
                                                             {}})));
          }
  CAF_CHECK(fresh(signing_bytes("one", round_change{height{1}, round_no{1}, {}, id_of(1), {}})));
}

CAF_TEST(a chain whose name begins like another one is another one) {
  auto x = prepare{height{1}, round_no{2}, some(1), id_of(1), {}};
  auto y = signing_bytes("main", x);
  CAF_CHECK(y != signing_bytes("main2", x));
  CAF_CHECK(y != signing_bytes("", x));
}

CAF_TEST(a signature does not cover itself) {
  auto x = prepare_of(1, 1, 0, some(1));
  auto y = x;
  y.sig.fill(9);
  CAF_CHECK(signing_bytes(chain, x) == signing_bytes(chain, y));
}

CAF_TEST(a block keeps its id in every round and changes it with anything in its header) {
  auto parent = genesis(4);
  auto x = block_of(1, parent, timestamp_ms{1'000'500});
  auto id = block_id(x.head);
  CAF_CHECK(proposal_of(1, 0, x).what.block_id == proposal_of(2, 7, x).what.block_id);
  auto differs = [&](auto change) {
    auto y = x.head;
    change(y);
    return block_id(y) != id;
  };
  CAF_CHECK(differs([](header& h) { h.version = 2; }));
  CAF_CHECK(differs([](header& h) { h.chain_id = "other"; }));
  CAF_CHECK(differs([](header& h) { h.at = height{2}; }));
  CAF_CHECK(differs([](header& h) { h.parent[0] ^= 1; }));
  CAF_CHECK(differs([](header& h) { h.time = timestamp_ms{1}; }));
  CAF_CHECK(differs([](header& h) { h.proposer[0] ^= 1; }));
  CAF_CHECK(differs([](header& h) { h.transactions_root[0] ^= 1; }));
  CAF_CHECK(differs([](header& h) { h.state_root[0] ^= 1; }));
  CAF_CHECK(differs([](header& h) { h.evidence_root[0] ^= 1; }));
  CAF_CHECK(differs([](header& h) { h.validators_hash[0] ^= 1; }));
  CAF_CHECK(differs([](header& h) { h.next_validators_hash[0] ^= 1; }));
  CAF_CHECK(differs([](header& h) { h.parent_seals_root[0] ^= 1; }));
}

CAF_TEST(the roots of a header cover the whole body) {
  auto x = block_of(1, genesis(4), timestamp_ms{1'000'500});
  CAF_CHECK(roots_match(x));
  auto matches = [&](auto change) {
    auto y = x;
    change(y);
    return roots_match(y);
  };
  CAF_CHECK(!matches([](block& y) { y.transactions.push_back({}); }));
  CAF_CHECK(!matches([](block& y) { y.transactions[0].push_back(0); }));
  CAF_CHECK(!matches([](block& y) { y.misbehaviour.emplace_back(); }));
  CAF_CHECK(!matches([](block& y) { y.parent_seals.round = round_no{1}; }));
  CAF_CHECK(!matches([](block& y) { y.late_seals.emplace_back(); }));
}

CAF_TEST(a justification is another one if anything in it is) {
  auto one = change_of(1, 1, 1);
  auto two = change_of(2, 1, 1);
  auto vote = prepare_of(1, 1, 0, some(1));
  std::set<hash> seen;
  for (const auto& changes : {std::vector<round_change>{}, {one}, {two}, {one, two}, {two, one}})
    for (const auto& prepares : {std::vector<prepare>{}, {vote}, {vote, vote}})
      CAF_CHECK(seen.insert(justification_hash(changes, prepares)).second);
}

CAF_TEST(real keys sign what real keys check) {
  std::array<std::uint8_t, 32> seed{};
  seed.fill(7);
  auto keys = ed25519_signer{crypto::from_seed(seed)};
  auto check = verifier{chain, keys};
  auto vote = commit{height{3}, round_no{1}, some(1), {}, {}};
  sign_with(keys, chain, vote);
  CAF_CHECK(vote.by == keys.self());
  CAF_CHECK(check(vote));
  CAF_CHECK(check(commit_of({vote.at, vote.round, vote.block_id, {}}, {vote.by, vote.sig})));

  auto later = vote;
  later.round = round_no{2};
  CAF_CHECK(!check(later));
  auto other = verifier{"other", keys};
  CAF_CHECK(!other(vote));
  auto stranger = vote;
  stranger.by = id_of(1);
  CAF_CHECK(!check(stranger));
}

CAF_TEST(a vote that comes again is not checked again and a bad one always is) {
  fake_signer keys{1};
  auto check = verifier{chain, keys};
  auto good = prepare_of(2, 1, 0, some(1));
  for (int i = 0; i < 3; ++i)
    CAF_CHECK(check(good));
  CAF_CHECK_EQUAL(keys.verified, 1);
  auto bad = good;
  bad.sig[0] ^= 1;
  for (int i = 0; i < 3; ++i)
    CAF_CHECK(!check(bad));
  CAF_CHECK_EQUAL(keys.verified, 4);
  // The same signature under other words is not the same.
  auto moved = good;
  moved.round = round_no{1};
  CAF_CHECK(!check(moved));
}

CAF_TEST(what a validator has just signed is not checked again and nothing else is spared) {
  fake_signer keys{1};
  auto check = verifier{chain, keys};
  auto own = prepare_of(1, 1, 0, some(1));
  check.trust(own);
  CAF_CHECK(check(own));
  CAF_CHECK_EQUAL(keys.verified, 0);
  auto other_signature = own;
  other_signature.sig[0] ^= 1;
  CAF_CHECK(!check(other_signature));
  auto other_words = own;
  other_words.block_id = some(2);
  CAF_CHECK(!check(other_words));
  auto other_signer = own;
  other_signer.by = id_of(2);
  CAF_CHECK(!check(other_signer));
  CAF_CHECK_EQUAL(keys.verified, 3);
}

} // namespace

} // namespace bpci::consensus::testing
