#define CAF_SUITE governance_anchor_actor

#include "actors/governance/anchor.hpp"
#include "actors/governance/anchor_actor.hpp"
#include "bridge_fixture.hpp"
#include "messages/chain/paths.hpp"
#include "messages/chain/pool.hpp"
#include "messages/chain/questions.hpp"
#include "messages/ledger/anchors.hpp"
#include "runtime/crypto/merkle.hpp"

#include <caf/test/unit_test.hpp>

/// ANCHORER, with a chain that is played by its KEEPER.
namespace bpci::governance {

namespace {

using namespace test;

/// What the chain has, and what was sent to it.
struct chain_state {
  std::mutex guard;
  std::vector<ledger::transaction> sent;
  std::optional<ledger::anchors::anchored> there;
  bool takes_into_blocks = true;
  std::uint64_t fee_min = 0;

  caf::result<chain::transaction_taken> take(const bytes& encoded) {
    std::lock_guard lock{guard};
    auto x = codec::from_canonical<ledger::transaction>(encoded).value();
    sent.push_back(x);
    if (x.fee.get() < fee_min) return to_caf(ec::invalid_argument, "fee_too_low: more is needed");
    const auto body = codec::from_canonical<ledger::anchors::anchor>(x.body).value();
    if (takes_into_blocks)
      there = {x.sender, body.what, body.label, body.root, body.count, height{42}, {}};
    return chain::transaction_taken{id_of(encoded), false};
  }

  caf::result<chain::module_answer> answer() {
    std::lock_guard lock{guard};
    if (!there) return to_caf(ec::not_found, "no anchor");
    return chain::module_answer{height{43}, codec::to_canonical(*there)};
  }

  std::size_t count() {
    std::lock_guard lock{guard};
    return sent.size();
  }
};

struct fixture : bridge_fixture {
  std::shared_ptr<chain_state> ledger_ = std::make_shared<chain_state>();
  std::shared_ptr<const crypto::key_pair> keys =
      std::make_shared<const crypto::key_pair>(keys_of("validator"));
  caf::actor anchorer;

  fixture() {
    put(chain::path::ledger,
        sys.spawn([](caf::event_based_actor*) -> caf::behavior { return {[](caf::unit_t) {}}; }));
    put(chain::path::keeper, sys.spawn([x = ledger_](caf::event_based_actor*) -> caf::behavior {
      return {[x](const chain::ask_module&) { return x->answer(); },
              [](const chain::get_overview&) {
                chain::chain_overview out;
                out.chain_id = "c";
                out.at = height{41};
                return out;
              },
              [](const chain::find_nonce&) {
                return chain::nonce_free{7, 0};
              },
              [x](const chain::submit_transaction& what) { return x->take(what.encoded); }};
    }));
    seat_four();
  }

  void start_anchorer() {
    anchorer = sys.spawn<anchor_actor>(
        anchor_options{.node = shared->node, .root = "/n", .keys = keys, .look_every = 50ms});
    all.push_back(anchorer);
  }

  proposal ended(const std::string& id) {
    const auto x = proposed(id);
    propose(x).value();
    for (const auto* who : {"ann", "bob", "cid"})
      vote_for(x, who, decision::Approve).value();
    return x;
  }

  std::optional<anchoring> anchor(const std::string& id) { return detail(id)->round.anchor; }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(anchor_actor_tests, fixture)

CAF_TEST(the result of a round is anchored once with all of its votes) {
  ended("prop-1");
  start_anchorer();
  CAF_REQUIRE(eventually([&] { return anchor("prop-1") && anchor("prop-1")->at == height{42}; }));
  const auto x = detail("prop-1").value();
  CAF_CHECK_EQUAL(x.round.anchor->tries, 1u);
  CAF_CHECK_EQUAL(x.round.anchor->leaves, 4u);
  CAF_REQUIRE_EQUAL(ledger_->count(), 1u);
  const auto& sent = ledger_->sent.front();
  CAF_CHECK_EQUAL(sent.chain_id, "c");
  CAF_CHECK_EQUAL(sent.nonce, 7u);
  CAF_CHECK_EQUAL(sent.valid_until, height{141});
  CAF_CHECK(sent.sender == keys->pub.bytes);
  CAF_CHECK(crypto::verify(keys->pub, ledger::signing_bytes(sent), crypto::signature{sent.sig}));
  CAF_CHECK_EQUAL(x.round.anchor->transaction, crypto::to_hex(id_of(codec::to_canonical(sent))));
  const auto body = codec::from_canonical<ledger::anchors::anchor>(sent.body).value();
  CAF_CHECK_EQUAL(body.label, "prop-1");
  // Whoever has a vote and the proof can check that it was counted.
  const auto leaves = anchor_leaves(x.round, x.ballots);
  const auto proof = crypto::inclusion_proof(leaves, 2);
  CAF_CHECK(crypto::verify_inclusion(leaves[2], 2, leaves.size(), proof, body.root));
}

CAF_TEST(a round that goes on is not anchored) {
  const auto x = proposed("prop-1");
  propose(x).value();
  ended("prop-2");
  start_anchorer();
  CAF_REQUIRE(eventually([&] { return anchor("prop-2") && anchor("prop-2")->at == height{42}; }));
  CAF_CHECK(!anchor("prop-1"));
}

CAF_TEST(an anchor that is in a block is found by the next anchorer and not sent again) {
  ended("prop-1");
  const auto x = detail("prop-1").value();
  const auto root = anchor_of(x.round, x.ballots).root;
  ledger_->there = {keys->pub.bytes,
                    ledger::anchors::subject::audit,
                    "prop-1",
                    crypto::digest_from_hex(root).value(),
                    4,
                    height{40},
                    {}};
  start_anchorer();
  CAF_REQUIRE(eventually([&] { return anchor("prop-1") && anchor("prop-1")->at == height{40}; }));
  CAF_CHECK_EQUAL(ledger_->count(), 0u);
}

CAF_TEST(a transaction is waited for before it is made anew) {
  ledger_->takes_into_blocks = false;
  ended("prop-1");
  start_anchorer();
  CAF_REQUIRE(eventually([&] { return ledger_->count() == 1; }));
  const auto x = anchor("prop-1");
  CAF_REQUIRE(x);
  CAF_CHECK_EQUAL(x->at, height{});
  CAF_CHECK_EQUAL(ledger_->count(), 1u);
}

CAF_TEST(where fees are higher the next try pays more) {
  ledger_->fee_min = 4 * fee_base;
  ended("prop-1");
  start_anchorer();
  CAF_REQUIRE(eventually([&] { return anchor("prop-1") && anchor("prop-1")->at == height{42}; }));
  CAF_CHECK(ledger_->count() > 1);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::governance
