#define CAF_SUITE oracle_bpi_node

#include "actors/oracle/bpi_node.hpp"
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
};

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

} // namespace bpci::oracle
