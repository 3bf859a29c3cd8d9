#include "gateways/api/admin_action.hpp"
#include "gateways/routes/asking.hpp"
#include "gateways/routes/body.hpp"
#include "gateways/routes/routes.hpp"
#include "messages/oracle/conduct.hpp"
#include "messages/oracle/rotation.hpp"

namespace bpci::gateway {

namespace {

using http::permission;

constexpr auto warden = "/oracle/warden";

node_id named(const call& what) {
  return node_id{std::string{what.parameters.get("id")}};
}

std::string target_of(const call& what) {
  return "bpi-node/" + named(what).get();
}

/// Asks WARDEN for what an admin has ordered.
template <class Order>
void order(api_actor& self, const call_ptr& what, intent wanted, Order order_of) {
  carry_out(self, what, std::move(wanted), without_record::refuse,
            [&self, order_of](const admin_action_ptr& deed) {
              ask_here<oracle::node_record>(
                  self, warden, order_of(*deed),
                  [deed](const oracle::node_record& x) { deed->done(codec::to_json(x)); },
                  [deed](const failure& why) { deed->failed(why); });
            });
}

// -- isolation (docs/protocol/bpi-1.0.md, section 10) --------------------------------------

struct isolate_body {
  std::string reason;
  std::uint64_t for_secs = 0;

  bool operator==(const isolate_body&) const = default;
};
BPCI_MESSAGE(isolate_body, reason, for_secs)

void isolate(api_actor& self, const call_ptr& what) {
  auto in = read_body<isolate_body>(*what);
  if (!in) return what->fail(in.error());
  order(self, what, {"isolate", target_of(*what), in->reason},
        [node = named(*what), secs = in->for_secs](const admin_action& deed) {
          return oracle::isolate_order{node, deed.why(), deed.who(), secs};
        });
}

struct reason_body {
  std::string reason;

  bool operator==(const reason_body&) const = default;
};
BPCI_MESSAGE(reason_body, reason)

void release(api_actor& self, const call_ptr& what) {
  auto in = read_body<reason_body>(*what);
  if (!in) return what->fail(in.error());
  order(self, what, {"release", target_of(*what), in->reason},
        [node = named(*what)](const admin_action& deed) {
          return oracle::release_order{node, deed.why(), deed.who()};
        });
}

void show(api_actor& self, const call_ptr& what) {
  self.forward<oracle::node_record>(what, warden, oracle::show_node{named(*what)}, answer_max,
                                    as_json);
}

void alerts(api_actor& self, const call_ptr& what) {
  self.forward<oracle::alert_list>(what, warden, oracle::list_alerts{}, answer_max, as_json);
}

// -- keys (section 11) ---------------------------------------------------------------------

/// Open: the signatures say who asks, and that he may.
void rotate_key(api_actor& self, const call_ptr& what) {
  auto in = read_body<oracle::key_rotation>(*what);
  if (!in) return what->fail(in.error());
  if (!in->node_id.get().empty() && in->node_id != named(*what))
    return what->fail({ec::invalid_argument, "node_id: the path names another one"});
  in->node_id = named(*what);
  self.forward<oracle::node_record>(what, warden, std::move(*in), answer_max, as_json);
}

struct key_body {
  std::string public_key;
  std::string reason;

  bool operator==(const key_body&) const = default;
};
BPCI_MESSAGE(key_body, public_key, reason)

void set_key(api_actor& self, const call_ptr& what) {
  auto in = read_body<key_body>(*what);
  if (!in) return what->fail(in.error());
  order(self, what, {"set-key", target_of(*what), in->reason},
        [node = named(*what), key = in->public_key](const admin_action& deed) {
          return oracle::key_order{node, key, deed.why(), deed.who()};
        });
}

} // namespace

std::vector<route> node_routes() {
  return {
      {{.method = "GET",
        .pattern = "/api/v1/oracle/nodes/{id}",
        .need = permission::read,
        .summary = "A registered BPI node: its standing, its keys, what happened to it"},
       show},
      {{.method = "POST",
        .pattern = "/api/v1/oracle/nodes/{id}/isolate",
        .need = permission::admin,
        .summary = "Isolate a BPI node: close its link and refuse its handshakes"},
       isolate},
      {{.method = "POST",
        .pattern = "/api/v1/oracle/nodes/{id}/release",
        .need = permission::admin,
        .summary = "End the isolation of a BPI node"},
       release},
      {{.method = "GET",
        .pattern = "/api/v1/oracle/alerts",
        .need = permission::read,
        .summary = "Isolated BPI nodes, and what happened to nodes and their keys"},
       alerts},
      {{.method = "POST",
        .pattern = "/api/v1/oracle/nodes/{id}/rotate-key",
        .need = permission::open,
        .summary = "Change the key of a BPI node, signed by the old one and the new one"},
       rotate_key},
      {{.method = "PUT",
        .pattern = "/api/v1/oracle/nodes/{id}/key",
        .need = permission::admin,
        .summary = "Give a BPI node another key, when the old one is lost"},
       set_key},
  };
}

} // namespace bpci::gateway
