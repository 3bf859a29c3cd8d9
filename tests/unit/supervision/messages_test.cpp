#define CAF_SUITE supervision_messages

#include "messages/codec/json.hpp"
#include "messages/inspect.hpp"
#include "messages/runtime/supervision.hpp"
#include "runtime/supervision/child_spec.hpp"
#include "runtime/supervision/register_messages.hpp"

#include <caf/all.hpp>
#include <caf/test/unit_test.hpp>

using namespace bpci;
using namespace bpci::supervision;

namespace {

tree_page full_page() {
  tree_row row;
  row.path = "/node/links/link:bank-a";
  row.type = "LINK";
  row.state = child_state::backing_off;
  row.actor_id = 17;
  row.started_at = timestamp_ms{1};
  row.restarts = 2;
  row.restarts_in_period = 1;
  row.last_restart_at = timestamp_ms{3};
  row.mailbox_depth = 4;
  row.messages_received = 5;
  row.last_error = "boom";
  row.children = 6;
  return {{row}, "/node/links/link:bank-a"};
}

template <class T>
bool survives_json(const T& x) {
  auto back = codec::from_json<T>(codec::to_json(x));
  return back && *back == x;
}

struct config : caf::actor_system_config {
  config() { register_messages(*this); }
};

template <class T>
bool survives_the_wire(caf::actor_system& system, const T& x) {
  std::vector<char> buffer;
  caf::binary_serializer sink{system, buffer};
  if (sink(caf::make_message(x))) return false;
  caf::message back;
  caf::binary_deserializer source{system, buffer};
  if (source(back)) return false;
  return back.match_elements<T>() && back.get_as<T>(0) == x;
}

} // namespace

CAF_TEST(the messages of the tree survive JSON) {
  CAF_CHECK(survives_json(full_page()));
  CAF_CHECK(survives_json(tree_query{"link", "/node", 10}));
  CAF_CHECK(survives_json(kill_child{"/node/a", "ada", "it hangs"}));
  auto held = quarantined_message{message_id{"m"}, timestamp_ms{1}, {{"/node/a", "x", {}}}};
  CAF_CHECK(survives_json(quarantine_page{{held}, message_id{"m"}}));
}

CAF_TEST(a row in JSON has the state by name) {
  CAF_CHECK_EQUAL(
      codec::to_text(codec::to_json(full_page().rows[0])),
      R"({"path":"/node/links/link:bank-a","type":"LINK","state":"backing_off","actor_id":17,)"
      R"("started_at":1,"restarts":2,"restarts_in_period":1,"last_restart_at":3,)"
      R"("mailbox_depth":4,"messages_received":5,"last_error":"boom","children":6})");
}

CAF_TEST(the messages of the tree travel to other nodes) {
  config cfg;
  caf::actor_system system{cfg};
  CAF_CHECK(survives_the_wire(system, full_page()));
  CAF_CHECK(survives_the_wire(system, tree_query{"link", "/node", 10}));
  CAF_CHECK(survives_the_wire(system, find_child{"/node/a"}));
  CAF_CHECK(survives_the_wire(system, kill_child{"/node/a", "ada", "it hangs"}));
  CAF_CHECK(survives_the_wire(system, restart_child{"/node/a", "ada", "it hangs"}));
  CAF_CHECK(survives_the_wire(system, pause_child{"/node/a", "ada", "upgrade"}));
  CAF_CHECK(survives_the_wire(system, resume_child{"/node/a", "ada", "upgraded"}));
  CAF_CHECK(survives_the_wire(system, child_action_done{"/node/a", 5}));
  CAF_CHECK(survives_the_wire(system, quarantine_query{message_id{"m"}, 3}));
  auto held = quarantined_message{message_id{"m"}, timestamp_ms{1}, {{"/node/a", "x", {}}}};
  CAF_CHECK(survives_the_wire(system, quarantine_page{{held}, message_id{"m"}}));
  CAF_CHECK(survives_the_wire(system, release_message{message_id{"m"}, "ada", "fixed"}));
  CAF_CHECK(survives_the_wire(system, message_released{message_id{"m"}}));
}

CAF_TEST(a child id is a part of a path) {
  for (auto good : {"a", "link:bank-a", "round~7", "x.y_z"})
    CAF_CHECK(is_valid_child_id(good));
  for (auto bad : {"", "a/b", "a b", "a\n", "\x7f", "\xc3\xa4"})
    CAF_CHECK(!is_valid_child_id(bad));
  CAF_CHECK(is_valid_child_id(std::string(128, 'x')));
  CAF_CHECK(!is_valid_child_id(std::string(129, 'x')));
}
