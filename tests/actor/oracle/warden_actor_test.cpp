#define CAF_SUITE oracle_warden_actor

#include "actors/oracle/warden_actor.hpp"
#include "messages/oracle/relay.hpp"
#include "runtime/metrics/metrics.hpp"
#include "runtime/storage/sql.hpp"
#include "tests/actor/oracle/oracle_fixture.hpp"

/// WARDEN as an actor: isolation and keys. What the entity decides is tested in tests/unit/oracle.
namespace bpci::oracle {

namespace {

using namespace test;

struct fixture : oracle_fixture {
  caf::actor warden = start<warden_actor>(shared);
  inbox link = make_inbox();

  fixture() {
    put_router();
    register_alice();
    open_session();
    put("/alpha-1/oracle/relay", answering([who = link.who](const find_routes& x) {
          route_list out;
          for (const auto& node : x.nodes)
            out.routes.push_back({node, member_id{"beta-1"}, session_no{1}, {}, who});
          return out;
        }));
  }

  void open_session() {
    CAF_REQUIRE(alice().tell<session_opened>(open_session_of(alice_keys)).has_value());
  }

  static struct open_session open_session_of(const crypto::key_pair& keys) {
    return {to_bytes(keys.pub.bytes)};
  }

  bpci::oracle::testing::entity_bench& alice() { return entities->find({node_kind, "alice"}); }

  void accuse(std::uint64_t session = 1) {
    tell(warden, accusation{node_id{"alice"}, session_no{session}, "bad_signature"});
  }

  key_rotation rotation(std::uint8_t from, std::uint8_t to, timestamp_ms at = wall_now()) {
    key_rotation out{node_id{"alice"},
                     crypto::to_hex(keys_of(from).pub),
                     crypto::to_hex(keys_of(to).pub),
                     at,
                     {},
                     {}};
    auto over = signing_bytes(out);
    out.old_signature = crypto::to_hex(crypto::sign(keys_of(from).secret, over));
    out.new_signature = crypto::to_hex(crypto::sign(keys_of(to).secret, over));
    return out;
  }

  std::string verdict_of_rotation(const key_rotation& x) {
    return verdict_of<node_record>(warden, x);
  }

  std::string registered_key() { return entities->row_of("alice").public_key; }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(oracle_warden_actor_tests, fixture)

CAF_TEST(an accusation isolates the node and closes its link on whichever member) {
  accuse();
  auto now = entities->row_of("alice");
  CAF_CHECK_EQUAL(now.isolated_for, "bad_signature");
  CAF_CHECK_EQUAL(now.events.back().by, "alpha-1");
  auto told = link.all<expel>();
  CAF_REQUIRE_EQUAL(told.size(), 1u);
  CAF_CHECK_EQUAL(told.front().up_to, session_no{1});
  CAF_CHECK_EQUAL(told.front().why.code, ec::isolated);
}

CAF_TEST(a link that was being opened meanwhile is closed too) {
  accuse();
  pass(7'500ms);
  CAF_CHECK_EQUAL(link.count<expel>(), 2u);
}

CAF_TEST(the same accusation again is one isolation) {
  accuse();
  accuse();
  CAF_CHECK_EQUAL(entities->row_of("alice").isolations, 1u);
  CAF_CHECK_EQUAL(link.count<expel>(), 1u);
}

CAF_TEST(an accusation waits for the database) {
  entities->broken = fail(ec::unavailable, "the database");
  accuse();
  pass(500ms);
  pass(1s);
  entities->broken = fail(ec::none);
  CAF_CHECK(!entities->row_of("alice").isolated_until);
  pass(2s);
  CAF_CHECK(entities->row_of("alice").isolated_until.has_value());
  CAF_CHECK_EQUAL(link.count<expel>(), 1u);
}

CAF_TEST(an accusation that is refused for good is dropped) {
  tell(warden, accusation{node_id{"nobody"}, session_no{1}, "malformed"});
  auto before = entities->commands.size();
  pass(60s);
  CAF_CHECK_EQUAL(entities->commands.size(), before);
}

CAF_TEST(an admin isolates and releases) {
  auto isolated = reply_of<node_record>(warden, isolate_order{node_id{"alice"}, "4711", "ada", 10});
  CAF_CHECK_EQUAL(isolated.isolated_until->get(), 1'000 + 10'000);
  CAF_CHECK_EQUAL(isolated.events.back().by, "ada");
  CAF_CHECK_EQUAL(link.count<expel>(), 1u);
  auto free = reply_of<node_record>(warden, release_order{node_id{"alice"}, "done", "ada"});
  CAF_CHECK(!free.isolated_until);
  CAF_CHECK_EQUAL(verdict_of<node_record>(warden, release_order{node_id{"alice"}, "x", "ada"}),
                  "conflict");
  CAF_CHECK_EQUAL(verdict_of<node_record>(warden, isolate_order{node_id{"bob"}, "x", "ada", 0}),
                  "unknown_node");
  CAF_CHECK_EQUAL(verdict_of<node_record>(warden, isolate_order{node_id{"b b"}, "x", "ada", 0}),
                  "invalid_argument");
  CAF_CHECK_EQUAL(
      verdict_of<node_record>(warden, isolate_order{node_id{"alice"}, "x", "ada", 86'401}),
      "invalid_argument");
}

CAF_TEST(a node is shown with where it is and what happened to it) {
  auto now = reply_of<node_record>(warden, show_node{node_id{"alice"}});
  CAF_CHECK_EQUAL(now.status, "Connected");
  CAF_CHECK_EQUAL(*now.connected_at, member_id{"beta-1"});
  CAF_REQUIRE(alice().tell<node_record>(isolate_node{"x", "ada", {}, 60'000, 60'000}, wall_now()));
  now = reply_of<node_record>(warden, show_node{node_id{"alice"}});
  CAF_CHECK_EQUAL(now.status, "Isolated");
  CAF_CHECK_EQUAL(now.events.size(), 1u);
  CAF_CHECK_EQUAL(verdict_of<node_record>(warden, show_node{node_id{"bob"}}), "unknown_node");
}

CAF_TEST(alerts need the database) {
  CAF_CHECK_EQUAL(verdict_of<alert_list>(warden, list_alerts{}), "unavailable");
}

// -- keys ---------------------------------------------------------------------------------

CAF_TEST(a rotation that both keys have signed changes the key and ends the old link) {
  auto now = reply_of<node_record>(warden, rotation(1, 2));
  CAF_CHECK_EQUAL(now.public_key, crypto::to_hex(keys_of(2).pub));
  auto told = link.all<expel>();
  CAF_REQUIRE_EQUAL(told.size(), 1u);
  CAF_CHECK_EQUAL(told.front().why.code, ec::superseded);
  CAF_CHECK_EQUAL(told.front().up_to, session_no{1});
}

CAF_TEST(a rotation that is repeated after a lost answer is answered again) {
  auto what = rotation(1, 2);
  reply_of<node_record>(warden, what);
  CAF_CHECK_EQUAL(reply_of<node_record>(warden, what).public_key, crypto::to_hex(keys_of(2).pub));
  CAF_CHECK_EQUAL(entities->row_of("alice").former_keys.size(), 1u);
}

CAF_TEST(of two rotations one wins and the other is told) {
  CAF_CHECK_EQUAL(verdict_of_rotation(rotation(1, 2)), "none");
  CAF_CHECK_EQUAL(verdict_of_rotation(rotation(1, 3)), "conflict");
  CAF_CHECK_EQUAL(registered_key(), crypto::to_hex(keys_of(2).pub));
}

CAF_TEST(a rotation that is not signed by both is refused) {
  auto forged = rotation(1, 2);
  forged.old_signature = rotation(3, 2).old_signature;
  CAF_CHECK_EQUAL(verdict_of_rotation(forged), "bad_signature");
  forged = rotation(1, 2);
  forged.new_signature = forged.old_signature;
  CAF_CHECK_EQUAL(verdict_of_rotation(forged), "bad_signature");
  forged = rotation(1, 2);
  forged.issued_at = timestamp_ms{forged.issued_at.get() + 1};
  CAF_CHECK_EQUAL(verdict_of_rotation(forged), "bad_signature");
  forged = rotation(1, 2);
  forged.new_signature = "00";
  CAF_CHECK_EQUAL(verdict_of_rotation(forged), "invalid_argument");
  CAF_CHECK_EQUAL(verdict_of_rotation(rotation(2, 3)), "conflict");
  CAF_CHECK_EQUAL(registered_key(), crypto::to_hex(alice_keys.pub));
}

CAF_TEST(a rotation has its time) {
  auto now = wall_now().get();
  CAF_CHECK_EQUAL(verdict_of_rotation(rotation(1, 2, timestamp_ms{now - 301'000})), "too_old");
  CAF_CHECK_EQUAL(verdict_of_rotation(rotation(1, 2, timestamp_ms{now + 70'000})),
                  "from_the_future");
  CAF_CHECK_EQUAL(verdict_of_rotation(rotation(1, 1)), "invalid_argument");
}

CAF_TEST(rotations are limited in their rate) {
  auto forged = rotation(1, 2);
  forged.old_signature = forged.new_signature;
  for (auto i = 0; i < 10; ++i)
    CAF_CHECK_EQUAL(verdict_of_rotation(forged), "bad_signature");
  CAF_CHECK_EQUAL(verdict_of_rotation(forged), "rate_limited");
}

CAF_TEST(an admin sets the key of a node that has lost its own) {
  auto key = crypto::to_hex(keys_of(5).pub);
  auto now = reply_of<node_record>(warden, key_order{node_id{"alice"}, key, "lost", "ada"});
  CAF_CHECK_EQUAL(now.public_key, key);
  CAF_CHECK_EQUAL(now.events.back().reason, "lost");
  CAF_CHECK_EQUAL(verdict_of<node_record>(warden, key_order{node_id{"alice"}, "00", "x", "ada"}),
                  "invalid_argument");
  CAF_CHECK_EQUAL(
      verdict_of<node_record>(
          warden, key_order{node_id{"alice"}, crypto::to_hex(alice_keys.pub), "x", "ada"}),
      "conflict");
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::oracle
