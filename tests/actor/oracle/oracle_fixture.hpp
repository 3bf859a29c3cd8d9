#pragma once

#include "actors/oracle/context.hpp"
#include "messages/oracle/codec.hpp"
#include "messages/oracle/connection.hpp"
#include "messages/oracle/signing.hpp"
#include "runtime/time/clock.hpp"
#include "tests/actor/node_fixture.hpp"
#include "tests/actor/oracle/fake_router.hpp"
#include "tests/unit/oracle/helpers.hpp"

/// The member `alpha-1` with one of the oracle's actors on it, and connections without a network.
namespace bpci::oracle::test {

using bpci::oracle::testing::keys_of;
using bpci::oracle::testing::nodes;
using bpci::oracle::testing::sign;
using bpci::oracle::testing::small_limits;
using bpci::oracle::testing::to_bytes;
using bpci::oracle::testing::words;
using bpci::test::inbox;
using bpci::test::later;
using bpci::test::node_fixture;
using bpci::test::verdict;
using namespace std::chrono_literals;

/// A connection whose other end is the test.
class fake_connection final : public connection,
                              public std::enable_shared_from_this<fake_connection> {
public:
  bool write(bytes frame) override {
    if (room == 0) return false;
    --room;
    owner_at_write = owner;
    written.push_back(*decode_server_frame(frame, encoding::msgpack));
    return true;
  }

  [[nodiscard]] encoding how() const override { return encoding::msgpack; }
  void grant(std::size_t frames) override { granted += frames; }

  /// The first call counts, as with a WebSocket.
  void close(ec why, std::string) override {
    if (closed.empty()) closed = std::string{name(why)};
  }

  /// As a WebSocket does, tells an owner that comes too late.
  void set_owner(caf::actor who) override {
    if (gone) caf::anon_send(who, connection_closed{shared_from_this(), {ec::unavailable, {}}});
    owner = std::move(who);
  }

  [[nodiscard]] std::string remote_address() const override { return "192.0.2.7"; }

  /// What was written since the last call: "welcome; deliver m1".
  std::string said() {
    std::vector<std::string> out;
    for (const auto& frame : std::exchange(written, {}))
      out.push_back(words(oracle::write{frame}));
    return testing::join(out);
  }

  std::size_t room = 1'000; ///< Frames that still fit into the write queue.
  std::size_t granted = 0;
  std::string closed; ///< The code; empty while it is open.
  bool gone = false;
  caf::actor owner;
  caf::actor owner_at_write; ///< Who gets what answers the last frame.
  std::vector<server_frame> written;
};

using fake_connection_ptr = std::shared_ptr<fake_connection>;

inline raw_frame raw(const client_frame& x) {
  return {encode(x, encoding::msgpack), encoding::msgpack};
}

struct oracle_fixture : node_fixture {
  crypto::key_pair server_keys = keys_of(9);
  crypto::key_pair alice_keys = keys_of(1);
  std::shared_ptr<context> shared = context_of("alpha-1");

  std::shared_ptr<context> context_of(const std::string& member, limits bounds = small_limits) {
    auto out = std::make_shared<context>();
    out->node = node;
    out->root = "/" + member;
    out->identity = std::make_shared<const server_identity>(
        server_identity{member_id{member}, keys_of(9), bounds});
    out->relay.self = member_id{member};
    out->relay.announce_max = 0ms;
    return out;
  }

  std::shared_ptr<fake_entities> entities = std::make_shared<fake_entities>();

  /// A ROUTER at this member, whose entities are those of all members.
  void put_router(const std::string& member = "alpha-1") {
    put("/" + member + path::router,
        answering([all = entities](const entity::command& what) { return all->carry_out(what); }));
  }

  /// Enters alice into the register, as REGISTRY does.
  void register_alice() {
    auto what =
        registration{node_id{"alice"}, "Banking", "ws://a:1", {}, crypto::to_hex(alice_keys.pub)};
    CAF_REQUIRE(entities->find({node_kind, "alice"}).tell<node_record>(enter_node{what}));
  }

  inbox stand_in(const std::string& path) {
    auto box = make_inbox();
    put("/alpha-1" + path, box.who);
    return box;
  }

  /// A message of alice's that passes every check.
  envelope letter(const std::string& id, std::uint64_t sequence,
                  const std::vector<std::string>& targets = {"bob"}) {
    return sign({.id = message_id{id},
                 .sequence = sequence,
                 .source = node_id{"alice"},
                 .targets = nodes(targets),
                 .type = "DataSync",
                 .priority = priority::Normal,
                 .sent_at = wall_now(),
                 .body = to_bytes(std::string_view{"body"}),
                 .signature = {}},
                alice_keys);
  }

  /// A stored message of alice's.
  envelope_ptr stored_letter(const std::string& id,
                             const std::vector<std::string>& targets = {"bob"},
                             std::uint64_t sequence = 1, std::string_view body = "body") {
    auto out = letter(id, sequence, targets);
    out.delivery = delivery_mode::stored;
    out.body = to_bytes(body);
    return std::make_shared<const envelope>(sign(std::move(out), alice_keys));
  }

  envelope_ptr shared_letter(const std::string& id,
                             const std::vector<std::string>& targets = {"bob"}) {
    return std::make_shared<const envelope>(letter(id, 1, targets));
  }
};

inline std::string word_of(const outcome& x) {
  auto wait = x.retry_after_ms > 0 ? " (" + std::to_string(x.retry_after_ms) + " ms)" : "";
  if (x.why.code != ec::none) return std::string{name(x.why.code)} + wait;
  return x.progress == progress::stored  ? "stored"
         : x.progress == progress::later ? "none later"
                                         : "none";
}

/// "alice/m1 none at bob".
inline std::string words_of(const outcomes& x) {
  std::vector<std::string> out;
  for (const auto& one : x.items)
    out.push_back(one.source.get() + "/" + one.id.get() + " " + word_of(one) + " at "
                  + one.target.get());
  return testing::join(out);
}

inline std::string words_of(const std::vector<outcomes>& x) {
  std::vector<std::string> out;
  for (const auto& one : x)
    out.push_back(words_of(one));
  return testing::join(out);
}

} // namespace bpci::oracle::test
