#define CAF_SUITE client_handshake

#include "gateways/clients/cpp/delivery_check.hpp"
#include "gateways/clients/cpp/handshake.hpp"

#include <caf/test/unit_test.hpp>

using namespace bpci;
using namespace bpci::client;

namespace {

template <class Array>
bytes to_bytes(const Array& x) {
  return {x.begin(), x.end()};
}

struct fixture {
  crypto::key_pair server = crypto::generate();
  crypto::key_pair mine = crypto::generate();
  oracle::challenge asked{
      {"1.0"},      member_id{"node-1"}, to_bytes(server.pub.bytes),
      bytes(32, 7), timestamp_ms{1},     {1'000'000, 10, 8, 300, 100, 5'000, 30}};
  introduction me{node_id{"alice"}, 4, 99};

  result<answered_challenge> reply(std::vector<crypto::public_key> pinned = {}) {
    return answer(asked, me, mine, bytes(32, 9), pinned);
  }

  oracle::welcome welcome(const answered_challenge& x, std::uint64_t resume_from = 3) {
    oracle::welcome out{session_no{5}, resume_from, timestamp_ms{2}, {}};
    out.signature = to_bytes(
        crypto::sign(server.secret, oracle::signing_bytes(x.context, x.member, out)).bytes);
    return out;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(handshake_tests, fixture)

CAF_TEST(the hello is signed over both keys and both nonces) {
  const auto said = reply();
  CAF_REQUIRE(said);
  CAF_CHECK_EQUAL(said->hello.node_id.get(), "alice");
  CAF_CHECK_EQUAL(said->hello.last_session, 4u);
  CAF_CHECK_EQUAL(said->hello.last_sequence, 99u);
  const auto signature = crypto::signature_from_bytes(said->hello.signature);
  CAF_REQUIRE(signature);
  auto context = oracle::handshake_context{asked.server_key, to_bytes(mine.pub.bytes), asked.nonce,
                                           bytes(32, 9)};
  CAF_CHECK(crypto::verify(mine.pub, oracle::signing_bytes(context, said->hello), *signature));
  context.server_nonce[0] ^= 1;
  CAF_CHECK(!crypto::verify(mine.pub, oracle::signing_bytes(context, said->hello), *signature));
}

CAF_TEST(the welcome must come from whoever sent the challenge) {
  const auto said = reply();
  auto good = welcome(*said);
  CAF_CHECK(check(good, *said));
  good.session = session_no{6};
  CAF_CHECK(check(good, *said).error().code == ec::bad_signature);
  server = crypto::generate();
  CAF_CHECK(check(welcome(*said), *said).error().code == ec::bad_signature);
}

CAF_TEST(a welcome that leaves no sequences is not believed) {
  const auto said = reply();
  CAF_CHECK(check(welcome(*said, oracle::integer_max), *said).error().code == ec::malformed);
}

CAF_TEST(only a pinned server is answered) {
  CAF_CHECK(reply({server.pub}));
  CAF_CHECK(reply({crypto::generate().pub, server.pub}));
  CAF_CHECK(reply({crypto::generate().pub}).error().code == ec::not_permitted);
}

CAF_TEST(a challenge without sense is not answered) {
  asked.versions = {"2.0"};
  CAF_CHECK(reply().error().code == ec::unsupported);
  asked.versions = {"2.0", "1.0"};
  CAF_CHECK(reply());
  asked.nonce.pop_back();
  CAF_CHECK(reply().error().code == ec::malformed);
  asked.nonce = bytes(32, 1);
  asked.server_key = bytes(32, 0); // of small order
  CAF_CHECK(reply().error().code == ec::malformed);
  asked.server_key = to_bytes(server.pub.bytes);
  asked.limits.max_in_flight = 0;
  CAF_CHECK(reply().error().code == ec::malformed);
}

CAF_TEST(a delivery is verified against the key of its source) {
  const auto bob = crypto::generate();
  oracle::deliver x;
  x.envelope.id = message_id{"m"};
  x.envelope.source = node_id{"bob"};
  x.envelope.targets = {node_id{"alice"}};
  x.envelope.type = "T";
  x.envelope.body = {1, 2, 3};
  x.envelope.signature =
      to_bytes(crypto::sign(bob.secret, oracle::signing_bytes(x.envelope)).bytes);
  x.source_key = to_bytes(bob.pub.bytes);
  delivery_check believing{{}};
  CAF_CHECK(believing.verified(x));
  CAF_CHECK(believing.verified(x));
  auto forged = x;
  forged.envelope.body = {1, 2, 4};
  CAF_CHECK(!believing.verified(forged));

  delivery_check knowing{{{node_id{"bob"}, bob.pub}}};
  CAF_CHECK(knowing.verified(x));
  delivery_check knowing_another{{{node_id{"bob"}, crypto::generate().pub}}};
  CAF_CHECK(!knowing_another.verified(x));
}

CAF_TEST_FIXTURE_SCOPE_END()
