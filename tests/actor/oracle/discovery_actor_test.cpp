#define CAF_SUITE oracle_discovery_actor

#include "actors/oracle/discovery_actor.hpp"
#include "messages/chain/paths.hpp"
#include "messages/codec/canonical.hpp"
#include "runtime/storage/sql.hpp"
#include "tests/actor/oracle/oracle_fixture.hpp"

/// DISCOVERY as an actor: announcements over HTTP. What they do to the entity is tested in
/// tests/unit/oracle, and what is found in node_store_test.cpp.
namespace bpci::oracle {

namespace {

using namespace test;

struct fixture : oracle_fixture {
  caf::actor discovery = start<discovery_actor>(shared);

  fixture() {
    put_router();
    register_alice();
  }

  static announcement announced(std::uint8_t key = 1, std::int64_t ago_ms = 0) {
    announcement out{node_id{"alice"},
                     "Storage",
                     "ws://new:1",
                     {"fast"},
                     timestamp_ms{wall_now().get() - ago_ms},
                     60,
                     crypto::to_hex(keys_of(key).pub),
                     {}};
    out.signature = crypto::to_hex(crypto::sign(keys_of(key).secret, signing_bytes(out)));
    return out;
  }

  std::string verdict_of_announcement(const announcement& x) {
    return verdict_of<announced_node>(discovery, x);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(oracle_discovery_actor_tests, fixture)

CAF_TEST(an announcement brings the record of its node up to date) {
  auto what = announced();
  auto told = reply_of<announced_node>(discovery, what);
  CAF_CHECK(told.announcement == what);
  auto now = entities->row_of("alice");
  CAF_CHECK_EQUAL(now.endpoint, "ws://new:1");
  CAF_CHECK(now.announced == what);
  CAF_CHECK(now.announced_until == told.until);
}

CAF_TEST(the same announcement again is answered again) {
  auto what = announced();
  auto first = reply_of<announced_node>(discovery, what);
  auto second = reply_of<announced_node>(discovery, what);
  CAF_CHECK(first == second);
  CAF_CHECK_EQUAL(entities->commands.at(0).key, entities->commands.at(1).key);
}

CAF_TEST(what is not signed by the registered key is refused) {
  auto forged = announced();
  forged.endpoint = "ws://thief:1";
  CAF_CHECK_EQUAL(verdict_of_announcement(forged), "bad_signature");
  CAF_CHECK(entities->commands.empty());
  CAF_CHECK_EQUAL(verdict_of_announcement(announced(2)), "unknown_node");
}

CAF_TEST(announcements are limited in their rate) {
  for (auto i = 0; i < 2; ++i)
    CAF_CHECK_EQUAL(verdict_of_announcement(announced(1, 10 - i)), "none");
  CAF_CHECK_EQUAL(verdict_of_announcement(announced()), "rate_limited");
}

CAF_TEST(without a database nobody is found) {
  CAF_CHECK_EQUAL(verdict_of<discovered>(discovery, discover{}), "unavailable");
  CAF_CHECK_EQUAL(verdict_of<discovered>(discovery, discover{"no type", {}, 0, {}}),
                  "invalid_argument");
}

// -- other operators ------------------------------------------------------------------------

CAF_TEST(only the member that has the links looks for what the others have to be told) {
  auto pool = stand_in(path::pool);
  pass(10s);
  CAF_CHECK_EQUAL(pool.messages->size(), 0u);
  stand_in(chain::path::peers);
  pass(10s);
  CAF_CHECK(pool.messages->size() > 0);
}

CAF_TEST(what is not signed by its node is misbehaviour of who passed it on) {
  auto peers = stand_in(chain::path::peers);
  auto pool = stand_in(path::pool);
  auto forged = announced();
  forged.endpoint = "ws://thief:1";
  auto from = chain::address{7};
  tell(discovery, chain::announcements_shared{from, {codec::to_canonical(forged)}});
  auto told = peers.all<chain::peer_misbehaved>();
  CAF_REQUIRE_EQUAL(told.size(), 1u);
  CAF_CHECK(told.front().who == from);
  CAF_CHECK_EQUAL(pool.messages->size(), 0u);
}

CAF_TEST(what its node has signed is kept and what is over is not ) {
  auto peers = stand_in(chain::path::peers);
  auto pool = stand_in(path::pool);
  tell(discovery, chain::announcements_shared{{7}, {codec::to_canonical(announced(1, 61'000))}});
  CAF_CHECK_EQUAL(pool.messages->size(), 0u);
  tell(discovery, chain::announcements_shared{{7}, {codec::to_canonical(announced())}});
  CAF_CHECK_EQUAL(pool.count<storage::job_ptr>(), 1u);
  CAF_CHECK_EQUAL(peers.messages->size(), 0u);
}

CAF_TEST(more than an operator may pass on in a second is not looked at) {
  auto peers = stand_in(chain::path::peers);
  stand_in(path::pool);
  chain::announcements_shared much{{7}, {}};
  for (auto i = 0; i < 200; ++i)
    much.encoded.push_back(codec::to_canonical(announced()));
  much.encoded.push_back({1, 2, 3});
  tell(discovery, much);
  CAF_CHECK_EQUAL(peers.messages->size(), 0u);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::oracle
