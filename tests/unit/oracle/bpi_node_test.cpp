#define CAF_SUITE oracle_bpi_node

#include "actors/oracle/bpi_node.hpp"
#include "messages/oracle/conduct.hpp"
#include "messages/oracle/discovery.hpp"
#include "messages/oracle/rotation.hpp"
#include "tests/unit/oracle/entity_bench.hpp"
#include "tests/unit/oracle/helpers.hpp"

#include <caf/test/unit_test.hpp>

/// The kind `bpi-node`: a row of the register.
namespace bpci::oracle {

namespace {

using namespace testing;

struct row : entity_bench {
  row() : entity_bench(make_node_kind(), "bank-a") {}

  static registration as_registered(const std::string& endpoint = "ws://a:1",
                                    std::uint8_t key = 1) {
    return {node_id{"bank-a"}, "Banking", endpoint, {"relay"}, crypto::to_hex(keys_of(key).pub)};
  }

  result<node_record> enter(const registration& x, timestamp_ms at = timestamp_ms{5}) {
    return tell<node_record>(enter_node{x}, at);
  }

  result<session_opened> open(std::uint8_t key = 1, timestamp_ms at = timestamp_ms{6}) {
    return tell<session_opened>(open_session{to_bytes(keys_of(key).pub.bytes)}, at);
  }

  static constexpr std::int64_t second = 1'000;

  result<node_record> isolate(std::uint64_t session, timestamp_ms at,
                              std::string reason = "replayed") {
    return tell<node_record>(
        isolate_node{std::move(reason), "m1", session_no{session}, 60'000, 600'000}, at);
  }

  result<node_record> by_admin(timestamp_ms at) {
    return tell<node_record>(isolate_node{"a test", "ada", {}, 60'000, 60'000}, at);
  }

  result<node_record> release(timestamp_ms at) {
    return tell<node_record>(release_node{"a mistake", "ada"}, at);
  }

  result<node_record> change(std::uint8_t from, std::uint8_t to,
                             timestamp_ms at = timestamp_ms{7}) {
    return tell<node_record>(
        change_key{crypto::to_hex(keys_of(from).pub), crypto::to_hex(keys_of(to).pub), {}, {}}, at);
  }

  /// How long an isolation lasts from `at`, in seconds; 0: not isolated.
  static std::int64_t lasts(const result<node_record>& x, timestamp_ms at) {
    return x && x->isolated_until ? (x->isolated_until->get() - at.get()) / second : 0;
  }
};

timestamp_ms secs(std::int64_t x) {
  return timestamp_ms{1'700'000'000'000 + x * 1'000};
}

ec code_of(const auto& x) {
  return x ? ec::none : x.error().code;
}

} // namespace

CAF_TEST(a node that is not registered has no sessions) {
  row at;
  CAF_CHECK_EQUAL(code_of(at.open()), ec::unknown_node);
  CAF_CHECK_EQUAL(code_of(at.ask<node_record>(read_node{})), ec::unknown_node);
}

CAF_TEST(sessions are counted under the registered key and no other) {
  row at;
  CAF_CHECK_EQUAL(code_of(at.enter(row::as_registered())), ec::none);
  CAF_CHECK(at.open() == session_opened{session_no{1}});
  CAF_CHECK(at.open() == session_opened{session_no{2}});
  CAF_CHECK_EQUAL(code_of(at.open(2)), ec::unknown_node);
  auto now = at.ask<node_record>(read_node{}).value();
  CAF_CHECK_EQUAL(now.sessions, 2u);
  CAF_CHECK_EQUAL(now.registered_at, timestamp_ms{5});
  CAF_CHECK(now.last_seen == timestamp_ms{6});
}

CAF_TEST(what may change is brought up to date and the rest stays) {
  row at;
  at.enter(row::as_registered(), timestamp_ms{5});
  at.open();
  auto now = at.enter(row::as_registered("ws://b:2"), timestamp_ms{9}).value();
  CAF_CHECK_EQUAL(now.endpoint, "ws://b:2");
  CAF_CHECK_EQUAL(now.registered_at, timestamp_ms{5});
  CAF_CHECK_EQUAL(now.sessions, 1u);
}

CAF_TEST(nobody takes over the id of another) {
  row at;
  at.enter(row::as_registered());
  CAF_CHECK_EQUAL(code_of(at.enter(row::as_registered("ws://a:1", 2))), ec::conflict);
  auto other = row::as_registered();
  other.node_id = node_id{"bank-b"};
  CAF_CHECK_EQUAL(code_of(at.enter(other)), ec::invalid_argument);
  CAF_CHECK_EQUAL(code_of(at.open()), ec::none);
}

// -- isolation ----------------------------------------------------------------------------

CAF_TEST(an isolated node has no sessions until its time is over) {
  row at;
  at.enter(row::as_registered());
  at.open(1, secs(0));
  auto told = at.isolate(1, secs(10));
  CAF_CHECK_EQUAL(row::lasts(told, secs(10)), 60);
  CAF_CHECK_EQUAL(told->isolated_for, "replayed");
  auto no = at.open(1, secs(69));
  CAF_CHECK_EQUAL(code_of(no), ec::isolated);
  CAF_CHECK_EQUAL(no.error().detail, "replayed");
  CAF_CHECK_EQUAL(code_of(at.open(2, secs(69))), ec::unknown_node);
  CAF_CHECK(at.open(1, secs(70)) == session_opened{session_no{2}});
}

CAF_TEST(each isolation in a row is twice as long and a long good time is rewarded) {
  row at;
  at.enter(row::as_registered());
  CAF_CHECK_EQUAL(row::lasts(at.isolate(1, secs(0)), secs(0)), 60);
  CAF_CHECK_EQUAL(row::lasts(at.isolate(2, secs(100)), secs(100)), 120);
  CAF_CHECK_EQUAL(row::lasts(at.isolate(3, secs(300)), secs(300)), 240);
  CAF_CHECK_EQUAL(row::lasts(at.isolate(4, secs(600)), secs(600)), 480);
  CAF_CHECK_EQUAL(row::lasts(at.isolate(5, secs(1'100)), secs(1'100)), 600);
  CAF_CHECK_EQUAL(row::lasts(at.isolate(6, secs(2'301)), secs(2'301)), 60);
}

CAF_TEST(two members who accuse at once isolate once) {
  row at;
  at.enter(row::as_registered());
  at.isolate(1, secs(0));
  auto second = at.isolate(2, secs(1), "malformed").value();
  CAF_CHECK_EQUAL(second.isolations, 1u);
  CAF_CHECK_EQUAL(second.isolated_for, "replayed");
  CAF_CHECK_EQUAL(second.events.size(), 1u);
}

CAF_TEST(an admin releases a node and what came before is settled) {
  row at;
  at.enter(row::as_registered());
  at.open(1, secs(0));
  CAF_CHECK_EQUAL(code_of(at.release(secs(1))), ec::conflict);
  at.isolate(1, secs(1));
  auto free = at.release(secs(2)).value();
  CAF_CHECK(!free.isolated_until);
  CAF_CHECK_EQUAL(free.events.back().what, "released");
  CAF_CHECK_EQUAL(free.events.back().by, "ada");
  CAF_CHECK_EQUAL(row::lasts(at.isolate(1, secs(3)), secs(3)), 0);
  at.open(1, secs(4));
  CAF_CHECK_EQUAL(row::lasts(at.isolate(2, secs(5)), secs(5)), 60);
}

CAF_TEST(an admin may lengthen an isolation) {
  row at;
  at.enter(row::as_registered());
  at.by_admin(secs(0));
  CAF_CHECK_EQUAL(row::lasts(at.by_admin(secs(30)), secs(30)), 60);
  CAF_CHECK_EQUAL(code_of(at.tell<node_record>(release_node{"x", "ada"}, secs(31))), ec::none);
}

CAF_TEST(who is not registered is neither isolated nor released) {
  row at;
  CAF_CHECK_EQUAL(code_of(at.isolate(1, secs(0))), ec::unknown_node);
  CAF_CHECK_EQUAL(code_of(at.release(secs(0))), ec::unknown_node);
  CAF_CHECK_EQUAL(code_of(at.change(1, 2)), ec::unknown_node);
}

CAF_TEST(the last events are kept and no more) {
  row at;
  at.enter(row::as_registered());
  for (auto i = 0; i < 20; ++i) {
    at.by_admin(secs(2 * i));
    at.release(secs(2 * i + 1));
  }
  auto now = at.ask<node_record>(read_node{}).value();
  CAF_CHECK_EQUAL(now.events.size(), 16u);
  CAF_CHECK_EQUAL(now.events.back().at, secs(39));
}

// -- keys ---------------------------------------------------------------------------------

CAF_TEST(after a rotation only the new key opens sessions) {
  row at;
  at.enter(row::as_registered());
  at.open();
  auto now = at.change(1, 2).value();
  CAF_CHECK_EQUAL(now.public_key, crypto::to_hex(keys_of(2).pub));
  CAF_REQUIRE_EQUAL(now.former_keys.size(), 1u);
  CAF_CHECK_EQUAL(now.former_keys.front().public_key, crypto::to_hex(keys_of(1).pub));
  CAF_CHECK_EQUAL(now.events.back().what, "key_rotated");
  CAF_CHECK_EQUAL(code_of(at.open(1)), ec::unknown_node);
  CAF_CHECK(at.open(2) == session_opened{session_no{2}});
  CAF_CHECK_EQUAL(code_of(at.enter(row::as_registered())), ec::conflict);
}

CAF_TEST(of two rotations at once the first one wins) {
  row at;
  at.enter(row::as_registered());
  CAF_CHECK_EQUAL(code_of(at.change(1, 2)), ec::none);
  CAF_CHECK_EQUAL(code_of(at.change(1, 3)), ec::conflict);
  CAF_CHECK_EQUAL(code_of(at.open(2)), ec::none);
}

CAF_TEST(a key that was given up does not come back) {
  row at;
  at.enter(row::as_registered());
  at.change(1, 2);
  CAF_CHECK_EQUAL(code_of(at.change(2, 1)), ec::conflict);
  CAF_CHECK_EQUAL(code_of(at.change(2, 2)), ec::conflict);
  CAF_CHECK_EQUAL(code_of(at.change(2, 3)), ec::none);
}

CAF_TEST(an admin sets a key whatever the old one was) {
  row at;
  at.enter(row::as_registered());
  auto now = at.tell<node_record>(
                   change_key{{}, crypto::to_hex(keys_of(4).pub), "the old one is lost", "ada"})
                 .value();
  CAF_CHECK_EQUAL(now.events.back().what, "key_set");
  CAF_CHECK_EQUAL(now.events.back().by, "ada");
  CAF_CHECK_EQUAL(code_of(at.open(4)), ec::none);
}

CAF_TEST(what happened under the old key does not count against the new one) {
  row at;
  at.enter(row::as_registered());
  at.open();
  at.change(1, 2);
  CAF_CHECK_EQUAL(row::lasts(at.isolate(1, secs(0)), secs(0)), 0);
}

CAF_TEST(the last keys are kept and no more) {
  row at;
  at.enter(row::as_registered());
  for (std::uint8_t i = 1; i < 20; ++i)
    CAF_CHECK_EQUAL(code_of(at.change(i, static_cast<std::uint8_t>(i + 1))), ec::none);
  auto now = at.ask<node_record>(read_node{}).value();
  CAF_CHECK_EQUAL(now.former_keys.size(), 16u);
  CAF_CHECK_EQUAL(now.former_keys.back().public_key, crypto::to_hex(keys_of(19).pub));
}

CAF_TEST(the state is read back as it was stored) {
  row at;
  at.enter(row::as_registered());
  at.change(1, 2);
  at.isolate(9, secs(0));
  auto before = at.ask<node_record>(read_node{}).value();
  at.load(make_node_kind(), at.stored());
  CAF_CHECK(at.ask<node_record>(read_node{}) == before);
}

// -- announcements ------------------------------------------------------------------------

namespace {

announcement announced(std::int64_t issued, std::uint64_t ttl_secs = 0, std::uint8_t key = 1) {
  return {node_id{"bank-a"},
          "Storage",
          "ws://new:1",
          {"fast"},
          secs(issued),
          ttl_secs,
          crypto::to_hex(keys_of(key).pub),
          {}};
}

result<announced_node> announce(row& at, const announcement& x, std::int64_t now) {
  return at.tell<announced_node>(announce_node{x, 3'600'000}, secs(now));
}

} // namespace

CAF_TEST(an announcement brings the record up to date and holds for its time) {
  row at;
  CAF_CHECK_EQUAL(code_of(announce(at, announced(0), 0)), ec::unknown_node);
  at.enter(row::as_registered());
  auto told = announce(at, announced(0, 100), 5).value();
  CAF_CHECK_EQUAL(told.until, secs(100));
  auto now = at.ask<node_record>(read_node{}).value();
  CAF_CHECK_EQUAL(now.node_type, "Storage");
  CAF_CHECK_EQUAL(now.endpoint, "ws://new:1");
  CAF_CHECK(now.announced_until == secs(100));
}

CAF_TEST(no announcement holds longer than the cluster allows) {
  row at;
  at.enter(row::as_registered());
  auto until = [&at](const announcement& x, std::int64_t now) {
    return announce(at, x, now).value().until;
  };
  CAF_CHECK_EQUAL(until(announced(0), 0), secs(3'600));
  CAF_CHECK_EQUAL(until(announced(1, 100'000), 1), secs(3'601));
  // A clock that is ahead wins nothing.
  CAF_CHECK_EQUAL(until(announced(30), 2), secs(3'602));
}

CAF_TEST(an older announcement and one under another key are refused) {
  row at;
  at.enter(row::as_registered());
  announce(at, announced(10), 10);
  CAF_CHECK_EQUAL(code_of(announce(at, announced(9), 11)), ec::conflict);
  CAF_CHECK_EQUAL(code_of(announce(at, announced(11, 0, 2), 11)), ec::unknown_node);
  at.isolate(9, secs(12));
  CAF_CHECK_EQUAL(code_of(announce(at, announced(12), 12)), ec::isolated);
}

CAF_TEST(another key or another registration ends an announcement) {
  row at;
  at.enter(row::as_registered());
  announce(at, announced(10), 10);
  CAF_CHECK(!at.change(1, 2)->announced);
  announce(at, announced(11, 0, 2), 11);
  auto again = row::as_registered("ws://other:1", 2);
  CAF_CHECK(!at.enter(again)->announced_until);
}

} // namespace bpci::oracle
