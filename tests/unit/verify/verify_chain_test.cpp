#define CAF_SUITE verify_chain

#include "actors/consensus/body.hpp"
#include "actors/consensus/ed25519_signer.hpp"
#include "actors/consensus/evidence.hpp"
#include "actors/ledger/attendance.hpp"
#include "actors/verify_chain.hpp"
#include "messages/ledger/coins.hpp"
#include "messages/ledger/validators.hpp"
#include "tests/unit/ledger/world.hpp"

#include <caf/test/unit_test.hpp>

#include <map>

/// A chain that is made by the pure cores, and each kind of damage to it.
namespace bpci {

namespace {

using consensus::sealed_block;
using ledger::test::account_of;
using ledger::test::world;

constexpr std::uint64_t heights = 8;

struct maker {
  world money; ///< makes transactions; their signatures are checksums
  std::map<consensus::address, std::unique_ptr<consensus::ed25519_signer>> keys;
  ledger::genesis start =
      ledger::read_genesis(ledger::standard_modules(), ledger::test::default_genesis()).value();
  ledger::state_trie state = start.state;
  consensus::chain_head head = genesis_head(start);
  ledger::attendance seen;
  std::vector<sealed_block> blocks;
  std::vector<std::vector<consensus::validator>> sets; ///< of the heights from 1 on

  maker() {
    for (const auto* who : {"ada", "bob", "cyd", "dan", "eve"}) {
      auto pair = crypto::from_seed(crypto::sha256(crypto::as_bytes(who)));
      const auto id = pair.pub.bytes;
      keys.emplace(id, std::make_unique<consensus::ed25519_signer>(std::move(pair)));
    }
  }

  const consensus::signer& signer_of(std::string_view who) const {
    return *keys.at(account_of(who));
  }

  /// By all validators of that height.
  consensus::certificate seal(const consensus::header& of) const {
    consensus::certificate out{of.at, consensus::round_no{0}, consensus::block_id(of), {}};
    for (const auto& who : sets.at(of.at.get() - 1)) {
      consensus::commit vote{of.at, out.round, out.block_id, {}, {}};
      consensus::sign_with(*keys.at(who.id), start.chain_id, vote);
      out.seals.push_back({vote.by, vote.sig});
    }
    return out;
  }

  consensus::evidence double_commit(std::string_view who, height at) const {
    auto vote = [&](std::uint8_t block) {
      consensus::commit out{at, consensus::round_no{0}, {}, {}, {}};
      out.block_id[0] = block;
      consensus::sign_with(signer_of(who), start.chain_id, out);
      return out;
    };
    return consensus::evidence_of(vote(1), vote(2)).value();
  }

  void add(std::vector<bytes> transactions, std::vector<consensus::evidence> misbehaviour = {}) {
    auto block = consensus::block_upon(head, start.chain_id, account_of("ada"),
                                       timestamp_ms{head.head.time.get() + 1'000});
    block.transactions = std::move(transactions);
    block.misbehaviour = std::move(misbehaviour);
    ledger::block_context context{start.chain_id,
                                  block.head.at,
                                  block.head.time,
                                  block.head.proposer,
                                  head.validators,
                                  seen.window(block),
                                  {}};
    for (const auto& x : block.misbehaviour) {
      const auto about = consensus::offence_of(x).value();
      context.evidence.push_back(
          {about.by, about.at, blocks.at(about.at.get() - 1).what.head.time, about.what});
    }
    const auto done = ledger::execute(money.by, state, context, block.transactions).value();
    block.head.state_root = done.root;
    consensus::fix_roots(block);
    sets.push_back(head.validators);
    sealed_block sealed{block, seal(block.head)};
    seen.note(block);
    state = done.state;
    head = {block.head,     consensus::block_id(block.head), sealed.seals, {}, done.next,
            done.after_next};
    blocks.push_back(std::move(sealed));
  }
};

struct fixture {
  maker made;
  std::vector<bytes> raw;

  fixture() {
    for (std::uint64_t at = 1; at <= heights; ++at) {
      std::vector<bytes> transactions;
      if (at % 2 == 1)
        transactions.push_back(made.money.tx(
            "eve", "coins", ledger::coins::transfer{account_of("fay"), {ledger::token::NEX, at}}));
      if (at == 3)
        transactions.push_back(made.money.tx(
            "eve", "validators", ledger::validators::join{amount<gen>{1'000'000'000'000}}));
      std::vector<consensus::evidence> misbehaviour;
      if (at == 5) misbehaviour.push_back(made.double_commit("dan", height{4}));
      made.add(std::move(transactions), std::move(misbehaviour));
    }
    for (const auto& x : made.blocks)
      raw.push_back(codec::to_canonical(x));
  }

  result<verified_chain> verify(std::uint64_t to = heights,
                                const std::string& genesis = ledger::test::default_genesis()) {
    const chain_judges by{made.money.by, made.signer_of("ada")};
    return verify_chain(
        by, genesis, height{to},
        [this](height at) -> result<bytes> {
          if (at.get() > raw.size()) return fail(ec::not_found, "there is no such block");
          return raw[at.get() - 1];
        },
        [](height) {});
  }

  /// What is said of a chain in which the block of this height was changed: "conflict: block 3:
  /// ..."
  template <class F>
  std::string with_changed(std::uint64_t at, F change) {
    auto block = made.blocks[at - 1];
    change(block);
    const auto before = std::exchange(raw[at - 1], codec::to_canonical(block));
    const auto out = verify();
    raw[at - 1] = before;
    return out ? "fine" : std::string{name(out.error().code)} + ": " + out.error().detail;
  }

  /// The same when a quorum has sealed the changed block, as if all of them lied.
  template <class F>
  std::string with_lie(std::uint64_t at, F change) {
    return with_changed(at, [&](sealed_block& x) {
      change(x.what);
      consensus::fix_roots(x.what);
      x.seals = made.seal(x.what.head);
    });
  }

  static bool begins(const std::string& text, std::string_view with) {
    if (!text.starts_with(with)) CAF_MESSAGE("wanted " << std::string{with} << ", got " << text);
    return text.starts_with(with);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(verify_chain_tests, fixture)

CAF_TEST(a sound chain is sound to its last block) {
  const auto got = verify();
  if (!got) CAF_FAIL(to_string(got.error()));
  CAF_CHECK_EQUAL(got->chain_id, "test");
  CAF_CHECK(got->at == height{heights});
  CAF_CHECK(got->id == made.head.id);
  CAF_CHECK(got->state_root == made.head.head.state_root);
  CAF_CHECK_EQUAL(got->transactions, 5u);
  // Eve has come with height 5, and Dan, who lied, is gone from height 7 on.
  CAF_CHECK(made.sets[3].size() == 4 && made.sets[4].size() == 5 && made.sets[6].size() == 4);
  CAF_CHECK_EQUAL(got->seals, 4 * 4 + 2 * 5 + 2 * 4u);
}

CAF_TEST(a chain can be checked up to a height) {
  const auto got = verify(3);
  CAF_REQUIRE(got.has_value());
  CAF_CHECK(got->at == height{3});
  CAF_CHECK(verify(0)->id == got->genesis);
}

CAF_TEST(a block that is missing is named) {
  const auto got = verify(heights + 1);
  CAF_REQUIRE(!got);
  CAF_CHECK(got.error() == fail(ec::not_found, "block 9: there is no such block"));
}

CAF_TEST(another genesis is another chain) {
  auto other = ledger::test::default_genesis();
  other.replace(other.find("\"NEX\":500"), 9, "\"NEX\":501");
  const auto got = verify(heights, other);
  CAF_REQUIRE(!got);
  CAF_CHECK(begins(got.error().detail, "block 1: header and seals: upon another parent"));
}

CAF_TEST(bytes that are no block are named) {
  raw[1].pop_back();
  const auto got = verify();
  CAF_REQUIRE(!got);
  CAF_CHECK(got.error().code == ec::malformed);
  CAF_CHECK(begins(got.error().detail, "block 2: its bytes are not"));
}

CAF_TEST(a header that was changed is not what was sealed) {
  CAF_CHECK(begins(with_changed(2, [](sealed_block& x) { ++x.what.head.time.mutable_value(); }),
                   "invalid_argument: block 2: header and seals: seals of another block"));
  CAF_CHECK(begins(with_changed(4, [](sealed_block& x) { x.what.head.parent[0] ^= 1; }),
                   "invalid_argument: block 4: header and seals: upon another parent"));
  CAF_CHECK(begins(with_changed(4, [](sealed_block& x) { x.what.head.chain_id = "other"; }),
                   "invalid_argument: block 4: header and seals: a block of another chain"));
}

CAF_TEST(a body that was changed is not what the header commits to) {
  const auto wanted = "invalid_argument: block 3: header and seals: a body that";
  CAF_CHECK(
      begins(with_changed(3, [](sealed_block& x) { x.what.transactions[0][40] ^= 1; }), wanted));
  CAF_CHECK(
      begins(with_changed(3, [](sealed_block& x) { x.what.transactions.pop_back(); }), wanted));
}

CAF_TEST(seals of too few and seals that nobody made are found) {
  CAF_CHECK(begins(with_changed(6, [](sealed_block& x) { x.seals.seals.resize(1); }),
                   "invalid_argument: block 6: header and seals: the seals are no quorum"));
  CAF_CHECK(begins(with_changed(6, [](sealed_block& x) { x.seals.seals[0].sig[0] ^= 1; }),
                   "bad_signature: block 6: header and seals: a seal that is not its signer"));
}

CAF_TEST(validators other than those that were elected are found) {
  CAF_CHECK(begins(with_lie(5, [](consensus::block& x) { x.head.validators_hash[0] ^= 1; }),
                   "invalid_argument: block 5: header and seals: other validators"));
  CAF_CHECK(begins(with_lie(5, [](consensus::block& x) { x.head.next_validators_hash[0] ^= 1; }),
                   "invalid_argument: block 5: header and seals: other validators of the next"));
}

CAF_TEST(what a quorum of liars has sealed is found by executing it) {
  CAF_CHECK(begins(with_lie(3, [](consensus::block& x) { x.head.state_root[0] ^= 1; }),
                   "conflict: block 3: state root: the header has "));
  CAF_CHECK(begins(with_lie(3, [](consensus::block& x) { x.transactions.pop_back(); }),
                   "conflict: block 3: state root: "));
  CAF_CHECK(
      begins(with_lie(3, [](consensus::block& x) { x.transactions.push_back(x.transactions[0]); }),
             "replayed: block 3: transactions: transaction 2: nonce_used"));
  CAF_CHECK(begins(with_lie(3, [](consensus::block& x) { x.transactions[0].back() ^= 1; }),
                   "bad_signature: block 3: transactions: transaction 0: signature_wrong"));
}

CAF_TEST(seals of an earlier block that nobody made are found) {
  CAF_CHECK(begins(with_lie(4, [](consensus::block& x) { x.parent_seals.seals[1].sig[5] ^= 1; }),
                   "bad_signature: block 4: earlier seals: "));
}

CAF_TEST(evidence against somebody who did nothing is found) {
  CAF_CHECK(begins(with_lie(5, [](consensus::block& x) { x.misbehaviour[0].first.back() ^= 1; }),
                   "bad_signature: block 5: evidence: "));
  CAF_CHECK(begins(with_lie(5,
                            [this](consensus::block& x) {
                              x.misbehaviour[0] = made.double_commit("dan", height{6});
                            }),
                   "invalid_argument: block 5: evidence: of a height"));
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci
