#define CAF_SUITE consensus_justification

#include "tests/unit/consensus/helpers.hpp"

#include <caf/test/unit_test.hpp>

/// What a proposer was free to propose, and what it was bound to. Four validators; a quorum is
/// three.
namespace bpci::consensus::testing {

namespace {

const auto set_of_four = validator_set{validators(4)};
const auto parent = genesis(4);

block made_by(int n, std::uint8_t transaction = 1) {
  return block_of(n, parent, timestamp_ms{1'000'500}, transaction);
}

const auto one = made_by(1);
const auto other = made_by(2, 2);

hash id(const block& x) {
  return block_id(x.head);
}

prepared_claim claim(std::uint32_t round, const block& x) {
  return {round_no{round}, id(x)};
}

bool justified(const proposal_message& x) {
  fake_signer keys{1};
  auto check = verifier{chain, keys};
  return is_proposal_justified(x, set_of_four, x.what.by, check);
}

bool valid(const round_change_message& x, std::uint64_t at = 1) {
  fake_signer keys{1};
  auto check = verifier{chain, keys};
  return is_valid_round_change(x, height{at}, set_of_four, check);
}

std::vector<round_change> changes_of(std::vector<int> who, std::uint32_t round,
                                     std::uint64_t at = 1) {
  std::vector<round_change> out;
  for (auto n : who)
    out.push_back(change_of(n, at, round));
  return out;
}

// -- prepared certificates ---------------------------------------------------------------

bool certifies(std::vector<prepare> votes) {
  fake_signer keys{1};
  auto check = verifier{chain, keys};
  return is_prepared_certificate(votes, height{1}, round_no{2}, id(one), set_of_four, check);
}

CAF_TEST(prepares of three distinct validators for one block and round are a certificate) {
  CAF_CHECK(certifies(prepares_of({1, 2, 3}, 1, 2, id(one))));
  CAF_CHECK(certifies(prepares_of({4, 3, 2, 1}, 1, 2, id(one))));
  CAF_CHECK(!certifies(prepares_of({1, 2}, 1, 2, id(one))));
  CAF_CHECK(!certifies({}));
}

CAF_TEST(a certificate with a validator twice or a stranger or something else in it is none) {
  CAF_CHECK(!certifies(prepares_of({1, 2, 2}, 1, 2, id(one))));
  CAF_CHECK(!certifies(prepares_of({1, 2, 3, 3}, 1, 2, id(one))));
  CAF_CHECK(!certifies(prepares_of({1, 2, 9}, 1, 2, id(one))));
  auto with = [](prepare extra) {
    auto out = prepares_of({1, 2, 3}, 1, 2, id(one));
    out.push_back(std::move(extra));
    return out;
  };
  CAF_CHECK(!certifies(with(prepare_of(4, 1, 1, id(one)))));
  CAF_CHECK(!certifies(with(prepare_of(4, 2, 2, id(one)))));
  CAF_CHECK(!certifies(with(prepare_of(4, 1, 2, id(other)))));
  auto forged = prepares_of({1, 2, 3}, 1, 2, id(one));
  forged[2].sig[0] ^= 1;
  CAF_CHECK(!certifies(forged));
}

// -- round changes -------------------------------------------------------------------------

CAF_TEST(a round change without a claim comes with nothing) {
  CAF_CHECK(valid(bare(change_of(1, 1, 1))));
  auto x = bare(change_of(1, 1, 1));
  x.prepared_block = one;
  CAF_CHECK(!valid(x));
  x = bare(change_of(1, 1, 1));
  x.prepares = prepares_of({1, 2, 3}, 1, 0, id(one));
  CAF_CHECK(!valid(x));
}

CAF_TEST(a round change is for a later round of this height and by a validator of it) {
  CAF_CHECK(!valid(bare(change_of(1, 1, 0))));
  CAF_CHECK(!valid(bare(change_of(1, 2, 1))));
  CAF_CHECK(!valid(bare(change_of(9, 1, 1))));
  auto forged = bare(change_of(1, 1, 1));
  forged.what.by = id_of(2);
  CAF_CHECK(!valid(forged));
}

CAF_TEST(a claim comes with the block and the prepares of a quorum) {
  CAF_CHECK(valid(change_with(1, 2, one, 0, {1, 2, 3})));
  CAF_CHECK(valid(change_with(1, 2, one, 1, {2, 3, 4})));
  CAF_CHECK(!valid(change_with(1, 2, one, 0, {1, 2})));
  CAF_CHECK(!valid(change_with(1, 2, one, 0, {1, 2, 2})));
  CAF_CHECK(!valid(bare(change_of(1, 1, 2, claim(0, one)))));
  auto x = change_with(1, 2, one, 0, {1, 2, 3});
  x.prepared_block.reset();
  CAF_CHECK(!valid(x));
  x = change_with(1, 2, one, 0, {1, 2, 3});
  x.prepared_block = other;
  CAF_CHECK(!valid(x));
}

CAF_TEST(a claim is of an earlier round and its prepares are of that round) {
  CAF_CHECK(!valid(change_with(1, 2, one, 2, {1, 2, 3})));
  CAF_CHECK(!valid(change_with(1, 2, one, 3, {1, 2, 3})));
  auto x = change_with(1, 3, one, 1, {1, 2, 3});
  x.prepares = prepares_of({1, 2, 3}, 1, 0, id(one));
  CAF_CHECK(!valid(x));
  x.prepares = prepares_of({1, 2, 3}, 2, 1, id(one));
  CAF_CHECK(!valid(x));
}

CAF_TEST(a claimed block whose body is not the one that was prepared is refused) {
  auto x = change_with(1, 2, one, 0, {1, 2, 3});
  x.prepared_block->transactions.push_back({9});
  CAF_CHECK(!valid(x));
}

// -- proposals -----------------------------------------------------------------------------

CAF_TEST(in round 0 a block of its own needs nothing and takes nothing) {
  CAF_CHECK(justified(proposal_of(1, 0, one)));
  CAF_CHECK(!justified(proposal_of(1, 0, one, changes_of({1, 2, 3}, 0))));
  CAF_CHECK(!justified(proposal_of(1, 0, one, {}, prepares_of({1, 2, 3}, 1, 0, id(one)))));
  CAF_CHECK(!justified(proposal_of(1, 0, other))); // another one made it
}

CAF_TEST(in a later round a quorum of distinct validators has asked for exactly that round) {
  CAF_CHECK(justified(proposal_of(1, 1, one, changes_of({1, 2, 3}, 1))));
  CAF_CHECK(justified(proposal_of(1, 1, one, changes_of({1, 2, 3, 4}, 1))));
  CAF_CHECK(!justified(proposal_of(1, 1, one)));
  CAF_CHECK(!justified(proposal_of(1, 1, one, changes_of({1, 2}, 1))));
  CAF_CHECK(!justified(proposal_of(1, 1, one, changes_of({1, 2, 2}, 1))));
  CAF_CHECK(!justified(proposal_of(1, 1, one, changes_of({1, 2, 9}, 1))));
}

CAF_TEST(round changes of another round or height justify nothing) {
  CAF_CHECK(!justified(proposal_of(1, 2, one, changes_of({1, 2, 3}, 1))));
  CAF_CHECK(!justified(proposal_of(1, 2, one, changes_of({1, 2, 3}, 3))));
  CAF_CHECK(!justified(proposal_of(1, 2, one, changes_of({1, 2, 3}, 2, 2))));
  auto mixed = changes_of({1, 2}, 2);
  mixed.push_back(change_of(3, 1, 1));
  CAF_CHECK(!justified(proposal_of(1, 2, one, mixed)));
  auto forged = changes_of({1, 2, 3}, 2);
  forged[1].sig[0] ^= 1;
  CAF_CHECK(!justified(proposal_of(1, 2, one, forged)));
}

CAF_TEST(nobody prepared : the block is new and of the proposer of this round) {
  auto asked = changes_of({1, 3, 4}, 1);
  CAF_CHECK(justified(proposal_of(2, 1, other, asked)));
  CAF_CHECK(!justified(proposal_of(2, 1, one, asked)));
  CAF_CHECK(!justified(proposal_of(2, 1, other, asked, prepares_of({1, 2, 3}, 1, 0, id(other)))));
}

CAF_TEST(somebody was prepared : it is that block and its maker stays) {
  auto asked = changes_of({2, 3}, 1);
  asked.push_back(change_of(1, 1, 1, claim(0, one)));
  auto why = prepares_of({1, 2, 3}, 1, 0, id(one));
  CAF_CHECK(justified(proposal_of(2, 1, one, asked, why)));
  CAF_CHECK(!justified(proposal_of(2, 1, other, asked, why)));
  CAF_CHECK(!justified(proposal_of(2, 1, other, asked)));
  CAF_CHECK(!justified(proposal_of(2, 1, one, asked)));
}

CAF_TEST(the prepares are a quorum of the round and block that is claimed) {
  auto asked = changes_of({2, 3}, 2);
  asked.push_back(change_of(1, 1, 2, claim(1, one)));
  auto with = [&](std::vector<prepare> why) {
    return justified(proposal_of(2, 2, one, asked, std::move(why)));
  };
  CAF_CHECK(with(prepares_of({1, 2, 3}, 1, 1, id(one))));
  CAF_CHECK(!with(prepares_of({1, 2, 3}, 1, 0, id(one))));
  CAF_CHECK(!with(prepares_of({1, 2, 3}, 2, 1, id(one))));
  CAF_CHECK(!with(prepares_of({1, 2, 3}, 1, 1, id(other))));
  CAF_CHECK(!with(prepares_of({1, 2}, 1, 1, id(one))));
  CAF_CHECK(!with(prepares_of({1, 2, 2}, 1, 1, id(one))));
}

CAF_TEST(of several claims the one of the highest round binds) {
  auto asked = changes_of({3}, 3);
  asked.push_back(change_of(1, 1, 3, claim(0, one)));
  asked.push_back(change_of(2, 1, 3, claim(1, other)));
  CAF_CHECK(justified(proposal_of(4, 3, other, asked, prepares_of({1, 2, 3}, 1, 1, id(other)))));
  CAF_CHECK(!justified(proposal_of(4, 3, one, asked, prepares_of({1, 2, 3}, 1, 0, id(one)))));
}

CAF_TEST(a claim of the round itself or a later one justifies nothing) {
  auto asked = changes_of({2, 3}, 1);
  asked.push_back(change_of(1, 1, 1, claim(1, one)));
  CAF_CHECK(!justified(proposal_of(2, 1, one, asked, prepares_of({1, 2, 3}, 1, 1, id(one)))));
}

} // namespace

} // namespace bpci::consensus::testing
