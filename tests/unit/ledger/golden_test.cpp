#define CAF_SUITE ledger_golden

#include "actors/ledger/receipts.hpp"
#include "actors/ledger/snapshot.hpp"
#include "messages/consensus/block.hpp"
#include "messages/ledger/anchors.hpp"
#include "messages/ledger/governance.hpp"
#include "messages/ledger/treasury.hpp"
#include "messages/ledger/validators.hpp"
#include "runtime/crypto/keys.hpp"
#include "tests/wire/sample_of.hpp"
#include "world.hpp"

#include <caf/test/unit_test.hpp>

#include <cstdlib>
#include <fstream>
#include <sstream>

// What the ledger's things are in bytes, for good: a line that changes is a change of protocol, and
// a chain that ran with the old one does not go on. BPCI_REWRITE_GOLDEN=1 writes the file anew.

using namespace bpci;
using namespace bpci::ledger;
using namespace bpci::ledger::test;

namespace {

constexpr auto golden_file = "tests/unit/ledger/golden/ledger.txt";

class pages {
public:
  void add(const std::string& name, std::span<const std::uint8_t> data) {
    text_ += name + " " + crypto::to_hex(data) + "\n";
  }

  /// A sample whose every field differs, from the description alone.
  template <described Message>
  void sample(std::string_view module) {
    auto x = wire::sample_of<Message>("");
    auto data = codec::to_canonical(x);
    auto back = codec::from_canonical<Message>(data);
    CAF_REQUIRE(back);
    CAF_CHECK(codec::to_canonical(*back) == data);
    add(std::string{module} + "." + std::string{message_name(&x)}, data);
  }

  [[nodiscard]] const std::string& text() const { return text_; }

private:
  std::string text_;
};

/// Signed by a real key; Ed25519 signatures are deterministic (RFC 8032).
transaction signed_transfer() {
  auto ada = crypto::from_seed(crypto::sha256(crypto::as_bytes("ada")));
  transaction out;
  out.chain_id = "golden";
  out.sender = ada.pub.bytes;
  out.nonce = 7;
  out.fee = amount<flx>{1'000'000};
  out.valid_until = height{100};
  out.module = "coins";
  out.kind = "transfer";
  out.body = codec::to_canonical(coins::transfer{account_of("bob"), {token::NEX, 5}});
  sign(out, ada.secret);
  return out;
}

consensus::block block_with(const bytes& transaction) {
  consensus::block out;
  out.head.chain_id = "golden";
  out.head.at = height{3};
  out.head.parent.fill(1);
  out.head.time = timestamp_ms{1'234'567};
  out.head.proposer = account_of("ada");
  out.head.transactions_root.fill(2);
  out.head.state_root.fill(3);
  out.head.evidence_root.fill(4);
  out.head.validators_hash.fill(5);
  out.head.next_validators_hash.fill(6);
  out.head.parent_seals_root.fill(7);
  out.transactions.push_back(transaction);
  out.misbehaviour.push_back({consensus::evidence::kind::double_commit, {8}, {9, 9}});
  out.parent_seals = {height{2}, consensus::round_no{1}, {10}, {{account_of("bob"), {11}}}};
  out.late_seals.push_back({height{1}, consensus::round_no{0}, {12}, {}});
  return out;
}

void add_bodies(pages& to) {
  to.sample<coins::transfer>("coins");
  to.sample<coins::moved>("coins");
  to.sample<coins::minted>("coins");
  to.sample<coins::burned>("coins");
  to.sample<coins::holdings>("coins");
  to.sample<coins::supply>("coins");
  to.sample<treasury::spend>("treasury");
  to.sample<treasury::spent>("treasury");
  to.sample<validators::join>("validators");
  to.sample<validators::add_bond>("validators");
  to.sample<validators::unbond>("validators");
  to.sample<validators::leave>("validators");
  to.sample<validators::unjail>("validators");
  to.sample<validators::withdraw>("validators");
  to.sample<validators::weight_changed>("validators");
  to.sample<validators::slashed>("validators");
  to.sample<validators::evidence_ignored>("validators");
  to.sample<validators::member>("validators");
  to.sample<validators::validator_sets>("validators");
  to.sample<validators::waiting_list>("validators");
  to.sample<governance::propose>("governance");
  to.sample<governance::vote>("governance");
  to.sample<governance::set_parameter>("governance");
  to.sample<governance::schedule_upgrade>("governance");
  to.sample<governance::cancel_upgrade>("governance");
  to.sample<governance::halt>("governance");
  to.sample<governance::resume>("governance");
  to.sample<governance::proposal>("governance");
  to.sample<governance::electorate>("governance");
  to.sample<governance::agenda>("governance");
  to.sample<governance::proposed>("governance");
  to.sample<governance::voted>("governance");
  to.sample<governance::closed>("governance");
  to.sample<governance::parameter_changed>("governance");
  to.sample<governance::upgraded>("governance");
  to.sample<governance::halted>("governance");
  to.sample<governance::resumed>("governance");
  to.sample<anchors::anchor>("anchors");
  to.sample<anchors::anchored>("anchors");
  to.sample<chain_identity>("ledger");
  to.sample<parameter_values>("ledger");
  to.sample<protocol_version>("ledger");
  to.sample<halt_until>("ledger");
  to.sample<receipts_root>("ledger");
  to.sample<receipt>("ledger");
  to.sample<state_proof>("ledger");
  to.sample<receipt_proof>("ledger");
  to.sample<snapshot_chunk>("ledger");
  to.sample<snapshot_manifest>("ledger");
}

/// Roots of a chain of some blocks: not only the encoding, the rules too are the protocol.
void add_chain(pages& to) {
  world w;
  to.add("root.genesis", w.start.root);
  w.run("ada", "coins", coins::transfer{account_of("bob"), {token::NEX, 5}});
  to.add("root.transfer", w.state.root());
  w.run("eve", "validators", validators::join{amount<gen>{2'000 * whole}});
  to.add("root.join", w.state.root());
  w.blocks(1);
  to.add("root.settled", w.state.root());
  governance::propose x{"x", "governance", "set_parameter",
                        codec::to_canonical(governance::set_parameter{"ledger.fee_base", 1}), true};
  w.run("ada", "governance", x);
  to.add("root.propose", w.state.root());
  w.run("bob", "governance", governance::vote{1, true});
  w.run("cyd", "governance", governance::vote{1, true});
  w.run("dan", "governance", governance::vote{1, true});
  to.add("root.decided", w.state.root());
  w.run("ada", "anchors", anchors::anchor{anchors::subject::audit, "day-1", {1, 2, 3}, 4});
  to.add("root.anchor", w.state.root());
  w.block({}, {{account_of("dan"), height{1}, timestamp_ms{1000}, {}}});
  to.add("root.slashed", w.state.root());
  auto manifest = make_snapshot(w.state, "test", w.at, [](std::uint64_t, const bytes&) {});
  to.add("snapshot", snapshot_hash(manifest));
}

} // namespace

CAF_TEST(transactions blocks state and roots are in bytes what they always were) {
  pages all;
  auto tx = signed_transfer();
  auto encoded = codec::to_canonical(tx);
  all.add("transaction", encoded);
  all.add("transaction.signing", signing_bytes(tx));
  all.add("transaction.id", transaction_id(encoded));
  auto block = block_with(encoded);
  all.add("block", codec::to_canonical(block));
  all.add("block.header", codec::to_canonical(block.head));
  all.add("account.treasury", module_account("treasury/main"));
  add_bodies(all);
  add_chain(all);

  const auto* wish = std::getenv("BPCI_REWRITE_GOLDEN");
  if (wish && std::string_view{wish} == "1")
    std::ofstream{golden_file, std::ios::binary} << all.text();
  std::ifstream in{golden_file, std::ios::binary};
  std::istringstream now{all.text()};
  for (std::string expected, got; std::getline(now, got);) {
    std::getline(in, expected);
    CAF_CHECK_EQUAL(got, expected);
  }
  CAF_CHECK(ed25519_verifier()(tx, {}));
  CAF_CHECK(codec::from_canonical<consensus::block>(codec::to_canonical(block)).value() == block);
}
