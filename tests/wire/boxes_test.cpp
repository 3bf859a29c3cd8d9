#define CAF_SUITE boxes

#include "messages/chain/blocks.hpp"
#include "messages/inspect.hpp"
#include "messages/oracle/relay.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/message.hpp>
#include <caf/test/unit_test.hpp>

// What CAF keeps messages in is ours (messages/boxes.hpp), and has to do what CAF's own does.

using namespace bpci;

CAF_TEST(a message is found by its type and by no other) {
  const auto x = caf::make_message(oracle::route_down{.node = node_id{"bank-a"}});
  CAF_CHECK(x.match_elements<oracle::route_down>());
  CAF_CHECK(!x.match_elements<oracle::route_up>());
  CAF_CHECK(!x.match_elements<int>());
  CAF_CHECK_EQUAL(x.get_as<oracle::route_down>(0).node, node_id{"bank-a"});
}

CAF_TEST(who changes a message changes a copy of his own) {
  const auto x = caf::make_message(oracle::route_down{.node = node_id{"bank-a"}});
  auto y = x;
  y.get_mutable_as<oracle::route_down>(0).node = node_id{"bank-b"};
  CAF_CHECK_EQUAL(x.get_as<oracle::route_down>(0).node, node_id{"bank-a"});
  CAF_CHECK_EQUAL(y.get_as<oracle::route_down>(0).node, node_id{"bank-b"});
}

CAF_TEST(a message as text is its name and nothing that it says) {
  const auto x = caf::make_message(oracle::route_down{.node = node_id{"bank-a"}});
  CAF_CHECK_EQUAL(caf::to_string(x), "(route_down())");
}

CAF_TEST(a message that stays on its node has no bytes) {
  caf::actor_system_config config;
  caf::actor_system system{config};
  std::vector<char> bytes;
  caf::binary_serializer to{system, bytes};
  caf::detail::tuple_vals<chain::get_past> x{chain::get_past{}};
  CAF_CHECK_EQUAL(x.save(0, to), caf::make_error(caf::sec::unknown_type));
  CAF_CHECK(bytes.empty());
}
