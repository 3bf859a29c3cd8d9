#define CAF_SUITE oracle_link_actor

#include "actors/oracle/link_actor.hpp"
#include "messages/oracle/conduct.hpp"
#include "tests/actor/oracle/oracle_fixture.hpp"
#include "tests/unit/oracle/batch_helpers.hpp"

/// LINK as an actor: its connection, its RELAY, and its end. What it decides is tested in
/// tests/unit/oracle.
namespace bpci::oracle {

namespace {

using namespace test;

struct fixture : oracle_fixture {
  inbox relay = stand_in(path::relay);
  caf::actor link = start<link_actor>(shared, node_id{"alice"});

  [[nodiscard]] handshake_context signed_with() const {
    return {to_bytes(server_keys.pub.bytes), to_bytes(alice_keys.pub.bytes), bytes(32, 1),
            bytes(32, 2)};
  }

  /// alice has shown who she is on `where`; the register counts her handshakes.
  fake_connection_ptr attach(std::uint64_t session, std::uint64_t last_sequence = 0,
                             fake_connection_ptr where = std::make_shared<fake_connection>()) {
    auto client = proven_client{node_id{"alice"}, alice_keys.pub, signed_with(), last_sequence};
    tell(link, open_link{where, std::move(client), session_no{session}});
    return where;
  }

  void receive(const fake_connection_ptr& from, std::vector<raw_frame> frames) {
    tell(link, frames_received{from, std::move(frames)});
  }

  void send(const fake_connection_ptr& from, const std::string& id, std::uint64_t sequence) {
    receive(from, {raw(oracle::send{letter(id, sequence)})});
  }

  /// A batch of alice's.
  send_batch batch(const std::string& id, std::uint64_t sequence, std::vector<batch_item> items) {
    return testing::sign(testing::batch(id, sequence, std::move(items), wall_now()), alice_keys);
  }

  void acknowledge(const fake_connection_ptr& from, const std::string& id) {
    receive(from, {raw(ack{node_id{"bob"}, message_id{id}})});
  }

  void lose(const fake_connection_ptr& what) {
    tell(link, connection_closed{what, {ec::unavailable, {}}});
  }

  /// bob's messages come in at the member `from`, whose RELAY is `by`.
  void deliver(const std::vector<std::string>& ids, const inbox& by,
               const std::string& from = "alpha-1") {
    deliveries out;
    for (const auto& id : ids) {
      auto message = envelope{};
      message.id = message_id{id};
      message.source = node_id{"bob"};
      message.targets = nodes({"alice"});
      out.items.push_back(
          {std::make_shared<const envelope>(message), bytes(32, 7), member_id{from}});
    }
    tell_from(by.who, link, std::move(out));
  }

  void set_aside(const std::string& id) {
    for (auto crash = 0; crash < 3; ++crash)
      node->quarantine.record(message_id{id}, {"/alpha-1/oracle/links/alice", "boom", wall_now()});
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(oracle_link_actor_tests, fixture)

CAF_TEST(a proven client is welcomed under the key of the cluster and announced to the relay) {
  auto connection = attach(7, 41);
  CAF_REQUIRE_EQUAL(connection->written.size(), 1u);
  auto frame = std::get<welcome>(connection->written.front());
  CAF_CHECK_EQUAL(frame.session, session_no{7});
  CAF_CHECK_EQUAL(frame.resume_from, 41u);
  auto signature = *crypto::signature_from_bytes(frame.signature);
  auto signed_bytes = signing_bytes(signed_with(), member_id{"alpha-1"}, frame);
  CAF_CHECK(crypto::verify(server_keys.pub, signed_bytes, signature));

  auto announced = relay.all<route_up>();
  CAF_REQUIRE_EQUAL(announced.size(), 1u);
  auto expected = route_up{node_id{"alice"}, member_id{"alpha-1"}, session_no{7},
                           to_bytes(alice_keys.pub.bytes), link};
  CAF_CHECK_EQUAL(announced.front(), expected);
  CAF_CHECK_EQUAL(connection->owner, link);
}

CAF_TEST(what one read brings goes to the relay at once and every frame is granted back) {
  auto connection = attach(1);
  receive(connection, {raw(oracle::send{letter("m1", 1)}),
                       {to_bytes(std::string_view{"?"}), encoding::msgpack},
                       raw(oracle::send{letter("m2", 2)})});
  CAF_CHECK_EQUAL(connection->said(), "welcome; refuse ? malformed");
  CAF_CHECK_EQUAL(connection->granted, 3u);
  auto submitted = relay.all<submissions>();
  CAF_REQUIRE_EQUAL(submitted.size(), 1u);
  CAF_REQUIRE_EQUAL(submitted.front().items.size(), 2u);
  CAF_CHECK_EQUAL(submitted.front().items.back().message->id, message_id{"m2"});
  auto key = to_bytes(alice_keys.pub.bytes);
  CAF_CHECK(submitted.front().source_key == key);
}

CAF_TEST(an acknowledgement goes to the relay that has delivered and to no other) {
  auto beta = make_inbox();
  auto connection = attach(1);
  deliver({"m1"}, beta, "beta-1");
  CAF_CHECK_EQUAL(connection->said(), "welcome; deliver m1");
  acknowledge(connection, "m1");
  CAF_CHECK_EQUAL(words_of(beta.all<outcomes>()), "bob/m1 none at alice");
  CAF_CHECK_EQUAL(relay.count<outcomes>(), 0u);
  acknowledge(connection, "m1");
  CAF_CHECK_EQUAL(beta.count<outcomes>(), 1u);
}

CAF_TEST(the death of the relay refuses what is open and its successor is told of the node) {
  auto connection = attach(1);
  send(connection, "m1", 1);
  end(relay.who);
  CAF_CHECK_EQUAL(connection->said(), "welcome; refuse m1 restarted");
  send(connection, "m2", 2);
  CAF_CHECK_EQUAL(connection->said(), "refuse m2 restarted at bob");

  auto successor = stand_in(path::relay);
  pass(20ms);
  auto announced = successor.all<route_up>();
  CAF_REQUIRE_EQUAL(announced.size(), 1u);
  CAF_CHECK_EQUAL(announced.front().session, session_no{1});
  send(connection, "m2", 3);
  CAF_CHECK_EQUAL(successor.count<submissions>(), 1u);
  CAF_CHECK_EQUAL(connection->said(), "");
}

CAF_TEST(a newer session takes the node over and an older one is turned away) {
  auto first = attach(1);
  auto third = attach(3);
  CAF_CHECK_EQUAL(first->closed, "superseded");
  CAF_CHECK_EQUAL(third->said(), "welcome");
  auto second = attach(2);
  CAF_CHECK_EQUAL(second->closed, "superseded");
  CAF_CHECK_EQUAL(second->said(), "");

  send(first, "m1", 1);
  lose(first);
  CAF_CHECK_EQUAL(relay.count<submissions>(), 0u);
  CAF_CHECK_EQUAL(relay.count<route_down>(), 0u);
  send(third, "m1", 1);
  CAF_CHECK_EQUAL(relay.count<submissions>(), 1u);
  CAF_CHECK_EQUAL(third->closed, "");
}

CAF_TEST(a session that is newer at another member ends the connection) {
  auto connection = attach(5);
  tell(link, superseded{session_no{5}});
  CAF_CHECK_EQUAL(connection->closed, "");
  tell(link, superseded{session_no{6}});
  CAF_CHECK_EQUAL(connection->closed, "superseded");
}

CAF_TEST(a killed link tells its client that it was restarted) {
  auto connection = attach(1);
  end(link);
  CAF_CHECK_EQUAL(connection->closed, "restarted");
}

CAF_TEST(a link that is told to stop tells its client to go elsewhere) {
  auto connection = attach(1);
  end(link, caf::exit_reason::user_shutdown);
  CAF_CHECK_EQUAL(connection->closed, "shutting_down");
}

CAF_TEST(a link ends when its node has been away for long and not before) {
  lose(attach(1));
  CAF_CHECK_EQUAL(relay.count<route_down>(), 1u);
  pass(shared->link_idle - 1ms);
  auto connection = attach(2);
  pass(shared->link_idle);
  CAF_CHECK(!is_over(link));
  lose(connection);
  pass(shared->link_idle - 1ms);
  CAF_CHECK(!is_over(link));
  pass(1ms);
  CAF_CHECK(is_over(link));
}

CAF_TEST(a link that never gets a connection ends) {
  pass(shared->link_idle);
  CAF_CHECK(is_over(link));
}

CAF_TEST(a connection that died on its way to the link does not stay announced) {
  auto dead = std::make_shared<fake_connection>();
  dead->gone = true;
  attach(1, 0, dead);
  CAF_CHECK_EQUAL(relay.count<route_up>(), 1u);
  auto withdrawn = relay.all<route_down>();
  CAF_REQUIRE_EQUAL(withdrawn.size(), 1u);
  CAF_CHECK_EQUAL(withdrawn.front().session, session_no{1});
}

CAF_TEST(a full write queue keeps the order and goes on when there is room) {
  auto connection = attach(1);
  connection->room = 1;
  deliver({"m1", "m2", "m3"}, relay);
  CAF_CHECK_EQUAL(connection->said(), "welcome; deliver m1");
  connection->room = 10;
  deliver({"m4"}, relay);
  CAF_CHECK_EQUAL(connection->said(), ""); // it would overtake
  tell(link, connection_writable{connection});
  CAF_CHECK_EQUAL(connection->said(), "deliver m2; deliver m3"); // three unacknowledged at most
  acknowledge(connection, "m1");
  CAF_CHECK_EQUAL(connection->said(), "deliver m4");
}

CAF_TEST(a client that does not read its answers is closed as a slow reader) {
  auto connection = attach(1);
  send(connection, "m1", 1);
  connection->room = 0;
  tell_from(relay.who, link,
            outcomes{{{node_id{"alice"}, message_id{"m1"}, node_id{"bob"}, {ec::none, {}}}}});
  CAF_CHECK_EQUAL(connection->closed, "slow_reader");
}

CAF_TEST(a message in quarantine is refused and the next one passes) {
  set_aside("m1");
  auto connection = attach(1);
  send(connection, "m1", 1);
  CAF_CHECK_EQUAL(connection->said(), "welcome; refuse m1 quarantined");
  CAF_CHECK_EQUAL(relay.count<submissions>(), 0u);
  send(connection, "m2", 2);
  CAF_CHECK_EQUAL(relay.count<submissions>(), 1u);
}

CAF_TEST(a node that breaks the rules is accused once and its connection is closed) {
  auto warden = stand_in(path::warden);
  auto connection = attach(3);
  std::vector<raw_frame> noise(40, {to_bytes(std::string_view{"?"}), encoding::msgpack});
  receive(connection, noise);
  auto said = warden.all<accusation>();
  CAF_REQUIRE_EQUAL(said.size(), 1u);
  auto expected = accusation{node_id{"alice"}, session_no{3}, "malformed"};
  CAF_CHECK_EQUAL(said.front(), expected);
  CAF_CHECK(!connection->closed.empty());
}

CAF_TEST(a link that is expelled closes unless its session is newer) {
  auto connection = attach(3);
  tell(link, expel{session_no{2}, fail(ec::isolated, "malformed")});
  CAF_CHECK_EQUAL(connection->closed, "");
  tell(link, expel{session_no{3}, fail(ec::isolated, "malformed")});
  CAF_CHECK_EQUAL(connection->closed, "isolated");
}

CAF_TEST(a batch goes to the relay in its order between the messages) {
  auto connection = attach(1);
  receive(connection, {raw(oracle::send{letter("m1", 1)}),
                       raw(batch("b", 2, {testing::item("x1", "bob"), testing::item("x2", "bob")})),
                       raw(oracle::send{letter("m3", 3)})});
  CAF_CHECK_EQUAL(connection->granted, 3u);
  auto submitted = relay.all<submissions>();
  CAF_REQUIRE_EQUAL(submitted.size(), 1u);
  const auto& items = submitted.front().items;
  CAF_REQUIRE_EQUAL(items.size(), 3u);
  CAF_CHECK(!items[0].batch);
  CAF_CHECK_EQUAL(items[1].message->id, message_id{"b"});
  CAF_REQUIRE(items[1].batch);
  CAF_CHECK_EQUAL(testing::items_of(items[1].batch->parts.front()), "b/x1 b/x2");
  CAF_CHECK(!items[2].batch);
}

CAF_TEST(the frame of a part is written as it is and acknowledged as a message) {
  auto connection = attach(1);
  auto message = envelope{};
  message.id = message_id{"b"};
  message.source = node_id{"bob"};
  auto part = oracle::deliver_batch{};
  part.id = message.id;
  part.source = message.source;
  auto frame = std::make_shared<const bytes>(encode(server_frame{part}, encoding::msgpack));
  tell_from(relay.who, link,
            deliveries{{{std::make_shared<const envelope>(message), bytes(32, 7),
                         member_id{"alpha-1"}, frame}}});
  CAF_CHECK_EQUAL(connection->said(), "welcome; deliver batch b");
  receive(connection, {raw(ack_batch{{{node_id{"bob"}, message_id{"b"}}}})});
  CAF_CHECK_EQUAL(words_of(relay.all<outcomes>()), "bob/b none at alice");
}

CAF_TEST(a batch that has crashed its handler three times is not handled again) {
  auto connection = attach(1);
  set_aside("b");
  receive(connection, {raw(batch("b", 1, {testing::item("x1", "bob")}))});
  CAF_CHECK_EQUAL(connection->said(), "welcome; refuse b quarantined");
  CAF_CHECK_EQUAL(relay.count<submissions>(), 0u);
}

CAF_TEST(a notice is written where there is room for it and missed elsewhere) {
  auto connection = attach(1);
  auto news = notice{};
  news.topic = "news";
  auto frame = std::make_shared<const bytes>(encode(server_frame{news}, encoding::msgpack));
  tell(link, notice_out{frame, frame});
  CAF_CHECK_EQUAL(connection->said(), "welcome; notice news");
  connection->room = 0;
  tell(link, notice_out{frame, frame});
  CAF_CHECK_EQUAL(connection->said(), "");
  CAF_CHECK_EQUAL(connection->closed, "");
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::oracle
