#define CAF_SUITE peers_link_opening

#include "actors/peers/link_opening.hpp"
#include "messages/oracle/peer_link.hpp"

#include <caf/test/unit_test.hpp>

#include <optional>

using namespace bpci;
using namespace bpci::peers;

namespace {

std::shared_ptr<const crypto::key_pair> keys_of(std::uint8_t who) {
  std::array<std::uint8_t, 32> seed{};
  seed.fill(who);
  return std::make_shared<const crypto::key_pair>(crypto::from_seed(seed));
}

bytes of(const std::array<std::uint8_t, 32>& x) {
  return {x.begin(), x.end()};
}

oracle::raw_frame raw(bytes x) {
  return {std::move(x), oracle::encoding::msgpack};
}

oracle::raw_frame raw(const oracle::server_frame& x) {
  return raw(oracle::encode(x, oracle::encoding::msgpack));
}

oracle::raw_frame raw(const chain::peer_envelope& x) {
  return raw(encode(x));
}

const identity ada{"test-1", keys_of(1)};
const identity bob{"test-1", keys_of(2)};
const identity eve{"test-1", keys_of(3)};
const auto node_keys = keys_of(9); // of bob's cluster node
const auto at_five = peer_head{height{5}, {}};
const auto at_nine = peer_head{height{9}, {}};

/// What DOORMAN does at bob's.
struct door {
  std::shared_ptr<const crypto::key_pair> keys = node_keys;
  oracle::challenge asked{{"1.0"},      member_id{"bob-1"}, of(node_keys->pub.bytes),
                          bytes(32, 7), timestamp_ms{1},    {}};

  static oracle::hello hello_in(const link_opening::step& x) {
    auto frame = oracle::decode_client_frame(x.write.at(0), oracle::encoding::msgpack);
    return std::get<oracle::hello>(*frame);
  }

  [[nodiscard]] oracle::handshake_context with(const oracle::hello& x) const {
    return {asked.server_key, x.key, asked.nonce, x.nonce};
  }

  [[nodiscard]] oracle::welcome welcome(const oracle::hello& x) const {
    auto out = oracle::welcome{session_no{1}, 0, timestamp_ms{2}, {}};
    const auto sig =
        crypto::sign(keys->secret, oracle::signing_bytes(with(x), asked.member, out)).bytes;
    out.signature.assign(sig.begin(), sig.end());
    return out;
  }
};

struct fixture {
  door at_bob;
  link_opening client = link_opening::dialled(ada, bob.self(), bytes(32, 8));
  std::optional<link_opening> server;

  static std::string code(const result<link_opening::step>& x) {
    return std::string{name(x ? ec::none : x.error().code)};
  }

  oracle::hello greet() {
    auto x = client.on_frame(raw(oracle::server_frame{at_bob.asked}), at_five);
    CAF_REQUIRE_EQUAL(code(x), "none");
    return door::hello_in(*x);
  }

  /// Up to where bob has to prove who he is.
  oracle::hello shake_hands(const identity& who_answers = bob) {
    auto hello = greet();
    CAF_REQUIRE_EQUAL(code(client.on_frame(raw(at_bob.welcome(hello)), at_five)), "none");
    server = link_opening::accepted(who_answers, ada.self(), at_bob.with(hello));
    return hello;
  }

  std::string to_client(bytes frame) {
    return code(client.on_frame(raw(std::move(frame)), at_five));
  }
  std::string to_server(bytes frame) {
    return code(server->on_frame(raw(std::move(frame)), at_nine));
  }

  bytes server_proof() { return server->begin().write.at(0); }

  bytes client_proof() {
    auto x = client.on_frame(raw(server_proof()), at_five);
    CAF_REQUIRE_EQUAL(code(x), "none");
    CAF_CHECK(x->proved && !x->open);
    return x->write.at(0);
  }

  static bytes proof_by(const identity& who, const link_parties& parties, side by) {
    const auto sig = crypto::sign(who.keys->secret, proof_bytes("test-1", parties, by)).bytes;
    return encode(say("test-1", chain::prove_address{who.self(), sig}));
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(peers_link_opening_tests, fixture)

CAF_TEST(a hello names the key that signed it) {
  auto hello = greet();
  CAF_CHECK_EQUAL(hello.node_id.get(), "chain/" + crypto::to_hex(ada.keys->pub));
  auto sig = crypto::signature_from_bytes(hello.signature);
  CAF_CHECK(crypto::verify(ada.keys->pub, oracle::signing_bytes(at_bob.with(hello), hello), *sig));
}

CAF_TEST(a link opens when both have proved who they are and told where they stand) {
  shake_hands();
  auto proof = client_proof();
  auto at_server = server->on_frame(raw(proof), at_nine);
  CAF_REQUIRE(at_server);
  CAF_CHECK(at_server->proved && at_server->open);
  auto at_client = client.on_frame(raw(at_server->write.at(0)), at_five);
  CAF_REQUIRE(at_client);
  CAF_CHECK(at_client->open);
  CAF_CHECK(at_client->head == at_nine);
  auto told = decode(raw(at_client->write.at(0)), side::server);
  CAF_REQUIRE(told);
  CAF_CHECK(std::get<peer_head>(told->what) == at_five);
}

CAF_TEST(a server that holds another key than the one that was dialled is refused) {
  shake_hands(eve);
  CAF_CHECK_EQUAL(to_client(server_proof()), "wrong_source");
}

CAF_TEST(a server that names the right key without holding it is refused) {
  auto hello = shake_hands();
  auto parties = link_parties{bob.self(), ada.self(), at_bob.with(hello)};
  auto sig = crypto::sign(eve.keys->secret, proof_bytes("test-1", parties, side::server)).bytes;
  CAF_CHECK_EQUAL(to_client(encode(say("test-1", chain::prove_address{bob.self(), sig}))),
                  "bad_signature");
}

CAF_TEST(a welcome by another node than the one that asked is refused) {
  auto hello = greet();
  at_bob.keys = keys_of(3);
  CAF_CHECK_EQUAL(code(client.on_frame(raw(at_bob.welcome(hello)), at_five)), "bad_signature");
}

CAF_TEST(a proof is good for no other link) {
  auto hello = shake_hands();
  auto with = at_bob.with(hello);
  with.server_nonce = bytes(32, 1);
  CAF_CHECK_EQUAL(to_server(proof_by(ada, {bob.self(), ada.self(), with}, side::client)),
                  "bad_signature");
}

CAF_TEST(a proof is good for no other server so that nobody who was dialled can pass it on) {
  auto hello = shake_hands();
  // ada dialled eve, who hands on to bob what ada has signed for her.
  auto proof = proof_by(ada, {eve.self(), ada.self(), at_bob.with(hello)}, side::client);
  CAF_CHECK_EQUAL(to_server(proof), "bad_signature");
}

CAF_TEST(a proof that comes back as in a mirror is refused) {
  shake_hands();
  CAF_CHECK_EQUAL(to_server(server_proof()), "not_permitted");
  auto proof = client_proof();
  CAF_CHECK_EQUAL(to_client(proof), "handshake_required");
}

CAF_TEST(who has one role cannot use the proof of the other) {
  auto hello = shake_hands();
  CAF_CHECK_EQUAL(
      to_server(proof_by(ada, {bob.self(), ada.self(), at_bob.with(hello)}, side::server)),
      "bad_signature");
}

CAF_TEST(nobody links to himself) {
  client = link_opening::dialled(ada, ada.self(), bytes(32, 8));
  shake_hands(ada);
  CAF_CHECK_EQUAL(to_client(server_proof()), "not_permitted");
}

CAF_TEST(nodes of two chains do not link) {
  auto other = bob;
  other.chain_id = "test-2";
  shake_hands(other);
  CAF_CHECK_EQUAL(to_client(server_proof()), "not_permitted");
  CAF_CHECK_EQUAL(to_server(encode(say("test-1", at_five))), "not_permitted");
}

CAF_TEST(nothing is heard before the proof) {
  shake_hands();
  CAF_CHECK_EQUAL(to_client(encode(say("test-1", at_nine))), "handshake_required");
  CAF_CHECK_EQUAL(to_server(encode(say("test-1", chain::share_transactions{}))),
                  "handshake_required");
}

CAF_TEST(what a server refuses with is the reason) {
  oracle::refusal no;
  no.code = "not_owner";
  no.detail = "10.0.0.2:9000";
  auto x = client.on_frame(raw(oracle::server_frame{no}), at_five);
  CAF_CHECK_EQUAL(code(x), "not_owner");
  CAF_CHECK_EQUAL(x.error().detail, "10.0.0.2:9000");
}

CAF_TEST(noise and frames out of turn are refused) {
  CAF_CHECK_EQUAL(to_client({1, 2, 3}), "malformed");
  CAF_CHECK_EQUAL(code(client.on_frame(raw(oracle::server_frame{oracle::welcome{}}), at_five)),
                  "handshake_required");
  at_bob.asked.versions = {"2.0"};
  CAF_CHECK_EQUAL(code(client.on_frame(raw(oracle::server_frame{at_bob.asked}), at_five)),
                  "unsupported");
  at_bob.asked.versions = {"1.0"};
  at_bob.asked.nonce.pop_back();
  CAF_CHECK_EQUAL(code(client.on_frame(raw(oracle::server_frame{at_bob.asked}), at_five)),
                  "malformed");
}

CAF_TEST(a frame has the bytes that both sides read) {
  auto x = chain::peer_envelope{"test-1", 7, chain::ask_blocks{height{3}, 10}};
  for (auto here : {side::server, side::client}) {
    auto back = decode(raw(x), here);
    CAF_REQUIRE(back);
    CAF_CHECK(*back == x);
  }
  auto cut = encode(x);
  cut.pop_back();
  CAF_CHECK(decode(raw(cut), side::server).error().code == ec::malformed);
  CAF_CHECK(decode({encode(x), oracle::encoding::json}, side::server).error().code
            == ec::unsupported);
  CAF_CHECK(decode(raw(oracle::server_frame{oracle::welcome{}}), side::client).error().code
            == ec::unsupported);
}

CAF_TEST_FIXTURE_SCOPE_END()
