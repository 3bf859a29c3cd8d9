/// Writes the seeds of the corpus: things that are as they should be, for the fuzzers to spoil.
/// `seeds FOLDER` writes FOLDER/<target>/<name>. Run it when a format changes.

#include "actors/ledger/receipts.hpp"
#include "actors/ledger/snapshot.hpp"
#include "actors/ledger/state/proof.hpp"
#include "messages/chain/wire.hpp"
#include "messages/codec/json.hpp"
#include "messages/governance/rounds.hpp"
#include "messages/interapp/message.hpp"
#include "messages/ledger/coins.hpp"
#include "messages/ledger/governance.hpp"
#include "messages/ledger/validators.hpp"
#include "messages/oracle/codec.hpp"
#include "messages/oracle/discovery.hpp"
#include "messages/oracle/rotation.hpp"
#include "messages/oracle/signing.hpp"
#include "runtime/crypto/merkle.hpp"
#include "tests/fuzz/conversation.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/known_keys.hpp"
#include "tests/fuzz/small_chain.hpp"
#include "tests/unit/consensus/table.hpp"

#include <filesystem>
#include <fstream>

namespace {

using namespace bpci;
using consensus::testing::table;

std::filesystem::path corpus;

void write(const std::string& target, const std::string& name, const bytes& data) {
  std::filesystem::create_directories(corpus / target);
  auto out = std::ofstream{corpus / target / name, std::ios::binary};
  out.write(reinterpret_cast<const char*>(data.data()), static_cast<std::streamsize>(data.size()));
}

bytes behind(std::uint8_t first, const bytes& rest) {
  bytes out(1 + rest.size(), first);
  std::ranges::copy(rest, out.begin() + 1);
  return out;
}

// -- consensus ---------------------------------------------------------------------------------

/// What validator 1 heard of the others, and what happened to it.
struct recorder {
  explicit recorder(table& room) {
    room.lost = [this](int from, int to, const consensus::consensus_message& what) {
      if (to == 1) said.all.push_back({static_cast<std::uint8_t>(from), what});
      return lost && lost(from, to);
    };
  }

  void happens(std::uint8_t what) { said.all.push_back({1, what}); }

  fuzz::conversation said;
  std::function<bool(int, int)> lost;
};

void quiet_height() {
  table room{4};
  recorder ear{room};
  for (int i = 0; i < 2; ++i) {
    ear.happens(2);
    room.work({1, 2, 3, 4});
    room.run();
  }
  write("votes", "two-heights", codec::to_canonical(ear.said));
  const auto& chain = room.seats.at(2).chain;
  write("block", "first", codec::to_canonical(chain.at(0)));
  write("block", "second", codec::to_canonical(chain.at(1)));
  write("block", "unsealed", codec::to_canonical(chain.at(1).what));
  for (const auto& x : ear.said.all)
    if (const auto* what = std::get_if<consensus::consensus_message>(&x.what))
      std::visit(
          [](const auto& one) {
            write("peer_message", std::string{message_name(&one)},
                  codec::to_canonical(chain::peer_envelope{consensus::testing::chain, 0, one}));
          },
          *what);
}

/// Nobody hears the proposer; the next round decides.
void later_round() {
  table room{4};
  recorder ear{room};
  ear.lost = [](int from, int) { return from == 1; };
  ear.happens(2);
  room.work({1, 2, 3, 4});
  room.run();
  for (int i = 0; i < 4; ++i) {
    ear.happens(0);
    room.expire_all();
    room.run();
    ear.happens(1);
    room.expire_all(consensus::timer_expired::kind::resend);
    room.run();
  }
  write("votes", "later-rounds", codec::to_canonical(ear.said));
  ear.happens(3);
  write("votes", "crash", codec::to_canonical(ear.said));
}

void other_peer_messages() {
  auto one = [](const std::string& name, chain::peer_message what) {
    write("peer_message", name,
          codec::to_canonical(chain::peer_envelope{"fuzz", 7, std::move(what)}));
  };
  one("head", chain::peer_head{height{5}, {}});
  one("transactions", chain::share_transactions{{bytes{1, 2, 3}, bytes{4}}});
  one("evidence", chain::share_evidence{{consensus::evidence::kind::amnesia, bytes{1}, bytes{2}}});
  one("ask_blocks", chain::ask_blocks{height{5}, 10});
  one("some_blocks", chain::some_blocks{height{5}, {bytes(40, 1)}});
  one("ask_header", chain::ask_header{height{5}});
  chain::final_header header;
  header.validators = header.next_validators = {{consensus::testing::id_of(1), 1}};
  one("some_header", chain::some_header{header});
  one("ask_snapshot", chain::ask_snapshot{});
  one("some_snapshot", chain::some_snapshot{ledger::snapshot_manifest{}});
  one("ask_chunk", chain::ask_chunk{height{5}, 0});
  one("some_chunk", chain::some_chunk{bytes(40, 1)});
}

// -- ledger --------------------------------------------------------------------------------------

template <described Command>
bytes transaction_of(std::string module, const Command& x) {
  ledger::transaction out;
  out.chain_id = "fuzz";
  out.sender = fuzz::rich();
  out.fee = amount<flx>{5'000'000};
  out.valid_until = height{100};
  out.module = std::move(module);
  out.kind = message_name(&x);
  out.body = codec::to_canonical(x);
  return codec::to_canonical(out);
}

void transactions() {
  using namespace ledger;
  const coin some{token::FLX, 1'000};
  write("transaction", "transfer", transaction_of("coins", coins::transfer{account{1}, some}));
  write("transaction", "add-bond", transaction_of("validators", validators::add_bond{}));
  write("transaction", "leave", transaction_of("validators", validators::leave{}));
  write("transaction", "propose",
        transaction_of("governance", ledger::governance::propose{
                                         "stop", "governance", "halt",
                                         codec::to_canonical(ledger::governance::halt{}), true}));
  write("transaction", "vote", transaction_of("governance", ledger::governance::vote{1, true}));
}

void proofs() {
  using namespace ledger;
  const auto& chain = fuzz::small_chain();
  for (const auto* key : {"ledger/chain", "nobody"})
    write("proof", std::string{key}.substr(0, 6), codec::to_canonical(chain.state.prove(key)));
  const block_context block{
      chain.chain_id, height{1}, timestamp_ms{chain.time.get() + 1}, {}, chain.validators, {}, {}};
  const auto one = transaction_of("coins", coins::transfer{account{1}, {token::FLX, 1'000}});
  auto done = execute(fuzz::believing_rules(), chain.state, block, std::vector<bytes>{one}).value();
  write("proof", "receipt",
        codec::to_canonical(prove_receipt(done.state, height{1}, done.receipts, 0)));
}

void snapshots() {
  const auto what = ledger::make_snapshot(
      fuzz::small_chain().state, "fuzz", height{1},
      [](std::uint64_t, const bytes& chunk) { write("snapshot", "chunk", behind(1, chunk)); });
  write("snapshot", "manifest", behind(0, codec::to_canonical(what)));
}

// -- BPI-1.0 -------------------------------------------------------------------------------------

bytes framed(const std::vector<bytes>& frames) {
  bytes out;
  for (const auto& x : frames) {
    out.push_back(static_cast<std::uint8_t>(x.size() >> 8));
    out.push_back(static_cast<std::uint8_t>(x.size()));
    out.insert(out.end(), x.begin(), x.end());
  }
  return out;
}

oracle::hello good_hello() {
  const auto asked = fuzz::known_challenge();
  const auto& keys = fuzz::known_client();
  oracle::hello out;
  out.version = "1.0";
  out.node_id = fuzz::known_node();
  out.key = {keys.pub.bytes.begin(), keys.pub.bytes.end()};
  out.nonce = bytes(32, 9);
  const oracle::handshake_context with{asked.server_key, out.key, asked.nonce, out.nonce};
  const auto signature = crypto::sign(keys.secret, oracle::signing_bytes(with, out));
  out.signature = {signature.bytes.begin(), signature.bytes.end()};
  return out;
}

oracle::envelope good_envelope(std::uint64_t n) {
  oracle::envelope out;
  out.id = message_id{"m-" + std::to_string(n)};
  out.sequence = n;
  out.source = fuzz::known_node();
  out.targets = {node_id{"bank-b"}};
  out.type = "Text";
  out.sent_at = fuzz::known_time;
  out.body = bytes{'h', 'i'};
  const auto signature = crypto::sign(fuzz::known_client().secret, oracle::signing_bytes(out));
  out.signature = {signature.bytes.begin(), signature.bytes.end()};
  return out;
}

/// With items for two targets.
oracle::send_batch good_batch(std::uint64_t n) {
  oracle::send_batch out;
  out.id = message_id{"b-" + std::to_string(n)};
  out.sequence = n;
  out.source = fuzz::known_node();
  out.sent_at = fuzz::known_time;
  std::vector<crypto::digest> leaves;
  bytes leaf;
  for (const auto* target : {"bank-b", "bank-c", "bank-b"}) {
    out.items.push_back({message_id{"m-" + std::to_string(n) + "." + std::to_string(leaves.size())},
                         node_id{target}, "Text", bytes{'h', 'i'}});
    oracle::write_leaf(out.items.back(), leaf);
    leaves.push_back(crypto::leaf_hash(leaf));
  }
  crypto::sealed_tree tree;
  tree.seal(leaves);
  const oracle::batch_head head{out.id.get(), out.sequence,      out.source.get(),
                                out.priority, out.sent_at.get(), out.items.size()};
  const auto signature =
      crypto::sign(fuzz::known_client().secret, oracle::signing_bytes(head, tree.root()));
  out.signature = {signature.bytes.begin(), signature.bytes.end()};
  return out;
}

oracle::deliver_batch some_part() {
  const auto all = good_batch(3);
  return {all.id,
          all.sequence,
          all.source,
          all.priority,
          all.sent_at,
          all.items.size(),
          all.signature,
          bytes(32, 1),
          {all.items[0], all.items[2]},
          std::vector<std::uint64_t>{0, 2},
          bytes(32, 3)};
}

void frames() {
  using namespace oracle;
  const std::vector<client_frame> of_client{
      good_hello(), oracle::send{good_envelope(1)}, ack{node_id{"bank-b"}, message_id{"m-7"}},
      good_batch(3),
      ack_batch{{{node_id{"bank-b"}, message_id{"m-7"}}, {node_id{"bank-b"}, message_id{"b-8"}}}}};
  const std::vector<server_frame> of_server{
      fuzz::known_challenge(),
      welcome{session_no{1}, 0, fuzz::known_time, bytes(64, 1)},
      receipt{message_id{"m-1"}, node_id{"bank-b"}, true},
      deliver{good_envelope(2), bytes(32, 1)},
      refusal{"busy", "a", "b", "c", message_id{"m"}, node_id{"n"}, 5},
      some_part(),
      receipt_batch{message_id{"b-1"}, {node_id{"bank-b"}, node_id{"bank-c"}}},
      notice{"news", message_id{"n-1"}, fuzz::known_time, bytes{'h'}, bytes(64, 1)}};
  for (auto how : {encoding::msgpack, encoding::json}) {
    const auto kind = std::string{how == encoding::json ? ".json" : ".msgpack"};
    const auto bit = static_cast<std::uint8_t>(how == encoding::json ? 1 : 0);
    for (std::size_t i = 0; i < of_client.size(); ++i)
      write("bpi_frame", "client-" + std::to_string(i) + kind,
            behind(bit, encode(of_client[i], how)));
    for (std::size_t i = 0; i < of_server.size(); ++i)
      write("bpi_frame", "server-" + std::to_string(i) + kind,
            behind(bit | 2, encode(of_server[i], how)));
  }
  auto raw = [](client_frame x) { return encode(x, encoding::msgpack); };
  write("link", "hello-and-messages",
        framed({raw(good_hello()), raw(oracle::send{good_envelope(1)}),
                raw(oracle::send{good_envelope(2)}), raw(ack{node_id{"bank-b"}, message_id{"m-7"}}),
                raw(oracle::send{good_envelope(1)})}));
  write("link", "hello-and-batches",
        framed({raw(good_hello()), raw(good_batch(1)), raw(oracle::send{good_envelope(2)}),
                raw(good_batch(3)), raw(good_batch(3)),
                raw(ack_batch{{{node_id{"bank-b"}, message_id{"b-7"}}}})}));
}

// -- what is said in bodies ----------------------------------------------------------------------

std::string hex_signature(const crypto::key_pair& who, const bytes& what) {
  return crypto::to_hex(crypto::sign(who.secret, what).bytes);
}

/// `which`: its place among the readers of body_fuzz.cpp.
template <class T>
void document(std::uint8_t which, const std::string& name, const T& what) {
  const auto text = codec::to_text(codec::to_json(what));
  write("body", name, behind(which, bytes{text.begin(), text.end()}));
}

void bodies() {
  const auto key = crypto::to_hex(fuzz::known_client().pub);
  interapp::message asked{interapp::agreement_id{"agr-1"},
                          message_id{"m-1"},
                          interapp::app_id{"app-a"},
                          interapp::app_id{"app-b"},
                          "Read(accounts)",
                          interapp::encryption_level::High,
                          fuzz::known_time,
                          bytes{'h', 'i'},
                          bytes(64, 1)};
  write("body", "message.msgpack", behind(0, interapp::encode_message(asked)));
  document(0, "message.json", asked);

  oracle::announcement here;
  here.node_id = fuzz::known_node();
  here.node_type = "Banking";
  here.endpoint = "wss://bank-a.example:8080";
  here.capabilities = {"payments"};
  here.public_key = key;
  here.issued_at = fuzz::known_time;
  here.signature = hex_signature(fuzz::known_client(), oracle::signing_bytes(here));
  write("body", "announcement.canonical", behind(1, codec::to_canonical(here)));
  document(2, "announcement.json", here);
  document(
      3, "registration.json",
      oracle::registration{here.node_id, here.node_type, here.endpoint, here.capabilities, key});

  const auto next = fuzz::key_of("next");
  oracle::key_rotation turn{here.node_id, key, crypto::to_hex(next.pub), fuzz::known_time, {}, {}};
  turn.old_signature = hex_signature(fuzz::known_client(), oracle::signing_bytes(turn));
  turn.new_signature = hex_signature(next, oracle::signing_bytes(turn));
  document(4, "rotation.json", turn);

  document(5, "app.json",
           interapp::app_registration{
               interapp::app_id{"app-a"}, "WebApp", {"accounts"}, key, here.node_id});
  interapp::terms terms;
  terms.app1 = {interapp::app_id{"app-a"}, key, here.node_id};
  terms.app2 = {interapp::app_id{"app-b"}, crypto::to_hex(next.pub), node_id{"bank-b"}};
  terms.app1_permissions = {"Read(accounts)", "Execute(transfer/*)"};
  document(6, "terms.json", terms);

  document(7, "proposal.json",
           governance::proposal{"p-1", "bank-a", "Custom(fees)", R"({"fee":1})", fuzz::known_time,
                                timestamp_ms{fuzz::known_time.get() + 3'600'000}, 3, 6'700, 5'000,
                                bytes(64, 1)});
  document(8, "vote.json",
           governance::vote{"p-1", "bank-a", governance::decision::Approve, "because",
                            fuzz::known_time, bytes(64, 1)});
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: seeds FOLDER\n");
    return 2;
  }
  corpus = argv[1];
  bpci::crypto::init();
  quiet_height();
  later_round();
  other_peer_messages();
  transactions();
  proofs();
  snapshots();
  frames();
  bodies();
}
