#define CAF_SUITE oracle_handshake

#include "tests/unit/oracle/helpers.hpp"

#include <caf/test/unit_test.hpp>

#include <functional>

namespace bpci::oracle {

namespace {

using namespace testing;

server_identity server(std::uint8_t seed = 9) {
  return {member_id{"m1"}, keys_of(seed), small_limits};
}

challenge asked(std::uint8_t nonce = 3) {
  return make_challenge(server(), bytes(32, nonce), timestamp_ms{1'700'000'000'000});
}

handshake_context context_of(const challenge& to, const hello& x) {
  return {to.server_key, x.key, to.nonce, x.nonce};
}

hello signed_for(const challenge& to, hello x, std::uint8_t seed = 1) {
  x.signature =
      to_bytes(crypto::sign(keys_of(seed).secret, signing_bytes(context_of(to, x), x)).bytes);
  return x;
}

hello unsigned_hello(std::uint8_t seed = 1) {
  return {.version = "1.0",
          .node_id = node_id{"alice"},
          .key = to_bytes(keys_of(seed).pub.bytes),
          .nonce = bytes(32, 4),
          .last_session = 6,
          .last_sequence = 70,
          .signature = {}};
}

std::string verdict(const challenge& to, const hello& x) {
  auto got = check_hello(to, x);
  return std::string{name(got ? ec::none : got.error().code)};
}

struct fault {
  std::string what;
  std::function<void(hello&)> change;
  ec code;
};

/// In the order in which they are found.
const fault faults_before_signing[] = {
    {"no version", [](hello& x) { x.version.clear(); }, ec::unsupported},
    {"another version", [](hello& x) { x.version = "2.0"; }, ec::unsupported},
    {"no node id", [](hello& x) { x.node_id = node_id{}; }, ec::invalid_argument},
    {"a node id with a blank", [](hello& x) { x.node_id = node_id{"a b"}; }, ec::invalid_argument},
    {"a node id of 65", [](hello& x) { x.node_id = node_id{std::string(65, 'a')}; },
     ec::invalid_argument},
    {"a session of 2^53", [](hello& x) { x.last_session = integer_max + 1; }, ec::invalid_argument},
    {"a sequence of 2^53", [](hello& x) { x.last_sequence = integer_max + 1; },
     ec::invalid_argument},
    {"the largest sequence", [](hello& x) { x.last_sequence = UINT64_MAX; }, ec::invalid_argument},
    {"no nonce", [](hello& x) { x.nonce.clear(); }, ec::invalid_argument},
    {"a nonce of 31", [](hello& x) { x.nonce.pop_back(); }, ec::invalid_argument},
    {"a nonce of 33", [](hello& x) { x.nonce.push_back(0); }, ec::invalid_argument},
    {"no key", [](hello& x) { x.key.clear(); }, ec::invalid_argument},
    {"a key of 31", [](hello& x) { x.key.pop_back(); }, ec::invalid_argument},
    {"a key of 33", [](hello& x) { x.key.push_back(0); }, ec::invalid_argument},
    {"the key of another", [](hello& x) { x.key = to_bytes(keys_of(2).pub.bytes); },
     ec::bad_signature},
    // Under this key, which is a point of order 4, many signatures would match any message.
    {"a key of small order", [](hello& x) { x.key.assign(32, 0); }, ec::bad_signature},
};

const fault faults_after_signing[] = {
    {"no signature", [](hello& x) { x.signature.clear(); }, ec::invalid_argument},
    {"a signature of 63", [](hello& x) { x.signature.pop_back(); }, ec::invalid_argument},
    {"a signature of 65", [](hello& x) { x.signature.push_back(0); }, ec::invalid_argument},
    {"a bit of R", [](hello& x) { x.signature.front() ^= 1; }, ec::bad_signature},
    {"a bit of S", [](hello& x) { x.signature[40] ^= 1; }, ec::bad_signature},
    {"another node", [](hello& x) { x.node_id = node_id{"bob"}; }, ec::bad_signature},
    {"another key", [](hello& x) { x.key = to_bytes(keys_of(2).pub.bytes); }, ec::bad_signature},
    {"another nonce", [](hello& x) { x.nonce.back() ^= 1; }, ec::bad_signature},
    {"another session", [](hello& x) { ++x.last_session; }, ec::bad_signature},
    {"another sequence", [](hello& x) { ++x.last_sequence; }, ec::bad_signature},
};

bool welcome_holds(const server_identity& me, const handshake_context& with, const welcome& x) {
  auto signature = crypto::signature_from_bytes(x.signature);
  return signature && crypto::verify(me.keys.pub, signing_bytes(with, me.member, x), *signature);
}

} // namespace

CAF_TEST(the challenge shows who the server is and what it allows) {
  auto me = server();
  auto x = make_challenge(me, bytes(32, 3), timestamp_ms{12});
  CAF_CHECK(x
            == (challenge{{"1.0"},
                          me.member,
                          to_bytes(me.keys.pub.bytes),
                          bytes(32, 3),
                          timestamp_ms{12},
                          small_limits}));
}

CAF_TEST(a client that holds its key is let in and both sides know it) {
  auto to = asked();
  auto client = check_hello(to, signed_for(to, unsigned_hello()));
  CAF_REQUIRE(client);
  CAF_CHECK_EQUAL(client->node.get(), "alice");
  CAF_CHECK(client->key == keys_of(1).pub);
  CAF_CHECK_EQUAL(client->last_sequence, 70u);
  auto x = make_welcome(server(), client->signed_with, session_no{7}, 71, timestamp_ms{13});
  CAF_CHECK_EQUAL(x.session.get(), 7u);
  CAF_CHECK_EQUAL(x.resume_from, 71u);
  CAF_CHECK_EQUAL(x.time.get(), 13);
  CAF_CHECK(welcome_holds(server(), context_of(to, unsigned_hello()), x));
}

CAF_TEST(the first connection of a node and the last integer of the protocol are fine) {
  auto to = asked();
  for (auto sequence : {std::uint64_t{0}, integer_max}) {
    auto x = unsigned_hello();
    x.last_session = x.last_sequence = sequence;
    CAF_CHECK_EQUAL(verdict(to, signed_for(to, x)), "none");
  }
}

CAF_TEST(each fault of a hello has its code) {
  auto to = asked();
  for (const auto& row : faults_before_signing) {
    auto x = unsigned_hello();
    row.change(x);
    CAF_CHECK_EQUAL(row.what + ": " + verdict(to, signed_for(to, x)),
                    row.what + ": " + std::string{name(row.code)});
  }
  for (const auto& row : faults_after_signing) {
    auto x = signed_for(to, unsigned_hello());
    row.change(x);
    CAF_CHECK_EQUAL(row.what + ": " + verdict(to, x),
                    row.what + ": " + std::string{name(row.code)});
  }
}

CAF_TEST(of two faults the cheaper one is told) {
  auto to = asked();
  auto x = unsigned_hello();
  x.version = "2.0";
  x.node_id = node_id{"a b"};
  x.signature.clear();
  CAF_CHECK_EQUAL(verdict(to, x), "unsupported");
  x.version = "1.0";
  x.signature = bytes(64, 0);
  CAF_CHECK_EQUAL(verdict(to, x), "invalid_argument");
}

CAF_TEST(a hello that was overheard is worth nothing under another nonce or at another server) {
  auto overheard = signed_for(asked(3), unsigned_hello());
  CAF_CHECK_EQUAL(verdict(asked(3), overheard), "none");
  CAF_CHECK_EQUAL(verdict(asked(5), overheard), "bad_signature");
  auto elsewhere = make_challenge(server(8), bytes(32, 3), timestamp_ms{0});
  CAF_CHECK_EQUAL(verdict(elsewhere, overheard), "bad_signature");
}

CAF_TEST(a client that signs with another key than it shows is refused) {
  auto to = asked();
  CAF_CHECK_EQUAL(verdict(to, signed_for(to, unsigned_hello(1), 2)), "bad_signature");
}

CAF_TEST(a welcome can neither be changed nor shown to another client) {
  auto to = asked();
  auto with = context_of(to, unsigned_hello());
  auto genuine = make_welcome(server(), with, session_no{7}, 71, timestamp_ms{13});
  CAF_REQUIRE(welcome_holds(server(), with, genuine));

  auto changed = genuine;
  changed.session = session_no{8};
  CAF_CHECK(!welcome_holds(server(), with, changed));
  changed = genuine;
  changed.resume_from = 0;
  CAF_CHECK(!welcome_holds(server(), with, changed));

  auto elsewhere = with;
  elsewhere.client_nonce[0] ^= 1;
  CAF_CHECK(!welcome_holds(server(), elsewhere, genuine));
  elsewhere = with;
  elsewhere.server_nonce[0] ^= 1;
  CAF_CHECK(!welcome_holds(server(), elsewhere, genuine));
  elsewhere = with;
  elsewhere.client_key = to_bytes(keys_of(2).pub.bytes);
  CAF_CHECK(!welcome_holds(server(), elsewhere, genuine));

  auto other_member = server();
  other_member.member = member_id{"m2"};
  CAF_CHECK(!welcome_holds(other_member, with, genuine));
  CAF_CHECK(!welcome_holds(server(8), with, genuine));
}

CAF_TEST(a hello cannot be passed off as a welcome) {
  auto to = asked();
  auto with = context_of(to, unsigned_hello());
  auto x = unsigned_hello();
  auto y = welcome{};
  CAF_CHECK(signing_bytes(with, x) != signing_bytes(with, member_id{"m1"}, y));
}

} // namespace bpci::oracle
