#define CAF_SUITE oracle_doorman_actor

#include "actors/oracle/doorman_actor.hpp"
#include "messages/chain/paths.hpp"
#include "messages/codec/json.hpp"
#include "messages/oracle/conduct.hpp"
#include "messages/oracle/peer_link.hpp"
#include "messages/runtime/introspection.hpp"
#include "runtime/supervision/supervisor_actor.hpp"
#include "tests/actor/oracle/oracle_fixture.hpp"

/// DOORMAN as an actor: what becomes of connections that have not said who they are.
namespace bpci::oracle {

namespace {

using namespace test;

/// The first answers of a client that are refused.
struct first_frames {
  std::string what;
  std::vector<raw_frame> frames;
  std::string code;
};

struct fixture : oracle_fixture {
  caf::actor doorman;

  fixture() {
    shared->max_handshakes = 2;
    doorman = start<doorman_actor>(shared);
  }

  fake_connection_ptr open() {
    auto out = std::make_shared<fake_connection>();
    tell(doorman, connection_opened{out});
    return out;
  }

  static challenge asked(const fake_connection_ptr& at) {
    return std::get<challenge>(at->written.front());
  }

  /// alice's true answer.
  hello answer_to(const challenge& x) {
    auto out =
        hello{"1.0", node_id{"alice"}, to_bytes(alice_keys.pub.bytes), bytes(32, 2), 0, 0, {}};
    auto with = handshake_context{x.server_key, out.key, x.nonce, out.nonce};
    out.signature = to_bytes(crypto::sign(alice_keys.secret, signing_bytes(with, out)).bytes);
    return out;
  }

  /// alice's as the node of another operator.
  hello peer_answer_to(const challenge& x, std::string name = {}) {
    if (name.empty()) name = std::string{peer_node_prefix} + crypto::to_hex(alice_keys.pub);
    auto out = answer_to(x);
    out.node_id = node_id{std::move(name)};
    auto with = handshake_context{x.server_key, out.key, x.nonce, out.nonce};
    out.signature = to_bytes(crypto::sign(alice_keys.secret, signing_bytes(with, out)).bytes);
    return out;
  }

  void receive(const fake_connection_ptr& from, std::vector<raw_frame> frames) {
    tell(doorman, frames_received{from, std::move(frames)});
  }

  fake_connection_ptr open_and_answer() {
    auto out = open();
    receive(out, {raw(answer_to(asked(out)))});
    out->written.erase(out->written.begin());
    return out;
  }

  /// LINKS, which starts this link for anybody.
  void links_that_start(const inbox& link) {
    put(shared->root + path::links,
        answering([who = link.who](const supervision::start_child&) { return who; }));
  }

  std::uint64_t handshakes() {
    auto state = reply_of<actor_state>(doorman, get_state{});
    return codec::parse_json(state.json)->at("handshakes").to_number<std::uint64_t>();
  }

  void check_refused(const fake_connection_ptr& at, const std::string& code) {
    CAF_CHECK_EQUAL(at->said(), "refuse ? " + code);
    CAF_CHECK_EQUAL(at->closed, code);
    CAF_CHECK_EQUAL(handshakes(), 0u);
  }

  std::vector<first_frames> refused_answers(const challenge& x) {
    auto good = answer_to(x);
    auto forged = good;
    forged.last_sequence = 1;
    auto later_version = good;
    later_version.version = "2.0";
    auto other_name = good;
    other_name.node_id = node_id{"bob"};
    auto noise = raw_frame{to_bytes(std::string_view{"?"}), encoding::msgpack};
    return {
        {"noise", {noise}, "malformed"},
        {"a message before the hello", {raw(oracle::send{letter("m1", 1)})}, "handshake_required"},
        {"a message right behind the hello",
         {raw(good), raw(oracle::send{letter("m1", 1)})},
         "handshake_required"},
        {"another version", {raw(later_version)}, "unsupported"},
        {"what was not signed", {raw(forged)}, "bad_signature"},
        {"the signature of another name", {raw(other_name)}, "bad_signature"}};
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(oracle_doorman_actor_tests, fixture)

CAF_TEST(every client is asked something else) {
  auto first = open();
  auto second = open();
  auto x = asked(first);
  CAF_CHECK_EQUAL(x.member, member_id{"alpha-1"});
  CAF_CHECK(x.server_key == to_bytes(server_keys.pub.bytes));
  CAF_CHECK(x.limits == small_limits);
  CAF_CHECK_EQUAL(x.nonce.size(), 32u);
  CAF_CHECK(x.nonce != asked(second).nonce);
}

CAF_TEST(a client that says nothing is closed when its time is up) {
  auto connection = open();
  connection->said();
  pass(4'999ms);
  CAF_CHECK_EQUAL(connection->closed, "");
  pass(1ms);
  check_refused(connection, "handshake_timeout");
}

CAF_TEST(an answer that proves nothing is refused with its reason) {
  for (auto row = std::size_t{0}; row < 6; ++row) {
    auto connection = open();
    auto answer = refused_answers(asked(connection)).at(row);
    CAF_MESSAGE(answer.what);
    connection->said();
    receive(connection, answer.frames);
    check_refused(connection, answer.code);
    CAF_CHECK_EQUAL(connection->granted, answer.frames.size());
  }
}

CAF_TEST(an answer to the challenge of another connection is refused) {
  auto connection = open();
  auto good = raw(answer_to(asked(open())));
  connection->said();
  receive(connection, {good});
  CAF_CHECK_EQUAL(connection->closed, "bad_signature");
}

CAF_TEST(as many handshakes as allowed are held and a place is free again when one is gone) {
  auto first = open();
  open();
  auto third = open();
  CAF_CHECK_EQUAL(third->said(), "refuse ? busy retry after 200");
  CAF_CHECK_EQUAL(third->closed, "busy");
  tell(doorman, connection_closed{first, {ec::unavailable, {}}});
  auto fourth = open();
  CAF_CHECK_EQUAL(fourth->said(), "challenge");
  CAF_CHECK_EQUAL(fourth->closed, "");
}

CAF_TEST(a node that is registered gets a session and goes to its link) {
  register_alice();
  put_router();
  auto link = make_inbox();
  links_that_start(link);
  auto connection = open_and_answer();
  auto opened = link.all<open_link>();
  CAF_REQUIRE_EQUAL(opened.size(), 1u);
  CAF_CHECK_EQUAL(opened.front().session, session_no{1});
  CAF_CHECK_EQUAL(opened.front().client.node, node_id{"alice"});
  CAF_CHECK(opened.front().connection == connection);
  CAF_CHECK_EQUAL(handshakes(), 0u);

  open_and_answer();
  opened = link.all<open_link>();
  CAF_CHECK_EQUAL(opened.back().session, session_no{2});
}

CAF_TEST(a session is opened under the nonce that the client was asked with) {
  put_router();
  auto connection = open();
  auto nonce = asked(connection).nonce;
  receive(connection, {raw(answer_to(asked(connection)))});
  CAF_REQUIRE_EQUAL(entities->commands.size(), 1u);
  auto what = entities->commands.front();
  CAF_CHECK_EQUAL(what.key, crypto::to_hex(nonce));
  CAF_CHECK_EQUAL(to_string(what.to), "bpi-node/alice");
}

CAF_TEST(without a router a handshake is refused as unavailable) {
  check_refused(open_and_answer(), "unavailable");
}

CAF_TEST(a node that the register does not know is told so) {
  put_router();
  check_refused(open_and_answer(), "unknown_node");
}

CAF_TEST(whatever else the register says is its own affair) {
  put_router();
  for (auto code : {ec::busy, ec::retry_after, ec::timeout, ec::conflict}) {
    entities->broken = fail(code);
    check_refused(open_and_answer(), "unavailable");
  }
}

CAF_TEST(a register that stays silent costs the handshake and not the timeout of the client) {
  auto router = stand_in(path::router);
  auto connection = open_and_answer();
  pass(entity_max + entity_grace - 1ms);
  CAF_CHECK_EQUAL(connection->closed, "");
  pass(1ms);
  check_refused(connection, "unavailable");
  pass(10s);
  CAF_CHECK_EQUAL(connection->said(), "");
}

CAF_TEST(a client that does not wait for the welcome is refused) {
  auto router = stand_in(path::router);
  auto connection = open_and_answer();
  receive(connection, {raw(oracle::send{letter("m1", 1)})});
  check_refused(connection, "handshake_required");
}

CAF_TEST(what a client says early is not lost in silence) {
  register_alice();
  put_router();
  auto link = make_inbox();
  links_that_start(link);
  auto connection = open_and_answer();
  CAF_REQUIRE_EQUAL(link.count<open_link>(), 1u);
  receive(connection, {raw(oracle::send{letter("m1", 1)})});
  CAF_CHECK_EQUAL(connection->closed, "handshake_required");
}

CAF_TEST(a killed doorman closes the connections that it holds) {
  auto connection = open();
  end(doorman);
  CAF_CHECK_EQUAL(connection->closed, "restarted");
}

CAF_TEST(another operator is let in by KEEPER and belongs to whom it says) {
  auto peers = make_inbox();
  put(shared->root + chain::path::keeper, answering([who = peers.who](const admit_peer& x) {
        CAF_CHECK_EQUAL(x.remote, "192.0.2.7");
        return peer_admitted{who};
      }));
  auto at = open();
  auto hello = peer_answer_to(asked(at));
  receive(at, {raw(hello)});
  CAF_CHECK_EQUAL(at->said(), "challenge; welcome");
  CAF_CHECK(at->owner == peers.who);
  CAF_CHECK(at->owner_at_write == peers.who);
  CAF_REQUIRE_EQUAL(peers.count<peer_connected>(), 1u);
  auto told = peers.all<peer_connected>().front();
  CAF_CHECK(told.address == alice_keys.pub.bytes);
  CAF_CHECK(told.signed_with.client_nonce == hello.nonce);
  CAF_CHECK_EQUAL(handshakes(), 0u);
}

CAF_TEST(another operator is refused as KEEPER says) {
  for (const auto& [code, told] :
       std::vector<std::pair<ec, std::string>>{{ec::not_owner, "not_owner"},
                                               {ec::not_permitted, "not_permitted"},
                                               {ec::internal, "unavailable"}}) {
    put(shared->root + chain::path::keeper,
        answering([code = code](const admit_peer&) -> caf::result<peer_admitted> {
          return to_caf(code, "10.0.0.2:80");
        }));
    auto at = open();
    auto hello = peer_answer_to(asked(at));
    at->said();
    receive(at, {raw(hello)});
    check_refused(at, told);
  }
}

CAF_TEST(where there is no chain no operator is let in) {
  auto at = open();
  auto hello = peer_answer_to(asked(at));
  at->said();
  receive(at, {raw(hello)});
  check_refused(at, "not_permitted");
}

CAF_TEST(an operator has the name of its key and nobody else has a name like it) {
  for (const auto& name : {"chain/" + crypto::to_hex(server_keys.pub), std::string{"chain/alice"},
                           std::string{"chain/"}, std::string{"bank/alice"}}) {
    auto at = open();
    auto hello = peer_answer_to(asked(at), name);
    at->said();
    receive(at, {raw(hello)});
    check_refused(at, "invalid_argument");
  }
}

CAF_TEST(an isolated node is turned away with the time to wait) {
  register_alice();
  put_router();
  auto now = wall_now();
  CAF_REQUIRE(entities->find({node_kind, "alice"})
                  .tell<node_record>(isolate_node{"malformed", "m1", {}, 90'000, 90'000}, now));
  auto connection = open_and_answer();
  CAF_REQUIRE_EQUAL(connection->written.size(), 1u);
  auto no = std::get<refusal>(connection->written.front());
  CAF_CHECK_EQUAL(no.code, "isolated");
  CAF_CHECK_EQUAL(no.detail, "malformed");
  CAF_CHECK(no.retry_after_ms && *no.retry_after_ms > 60'000 && *no.retry_after_ms <= 90'000);
  CAF_CHECK_EQUAL(connection->closed, "isolated");
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::oracle
