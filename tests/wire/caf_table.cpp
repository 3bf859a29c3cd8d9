#include "messages/inspect.hpp"
#include "messages/oracle/nodes.hpp"
#include "messages/oracle/relay.hpp"
#include "messages/runtime/cluster.hpp"
#include "messages/runtime/introspection.hpp"
#include "messages/runtime/supervision.hpp"
#include "tests/wire/caf_messages.hpp"
#include "tests/wire/golden.hpp"
#include "tests/wire/sample_of.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>

namespace bpci::wire {

namespace {

class table {
public:
  template <class... Message>
  table& of(const std::string& header) {
    (rows_.push_back(row<Message>(header)), ...);
    return *this;
  }

  std::vector<caf_sample> take() { return std::move(rows_); }

private:
  template <described T>
  caf_sample row(const std::string& header) {
    auto x = sample_of<T>("sample");
    std::vector<char> raw;
    caf::binary_serializer sink{system_, raw};
    auto failed = sink(x);
    T back;
    caf::binary_deserializer source{system_, raw};
    failed = failed ? failed : source(back);
    return {.header = header,
            .message = std::string{message_name(&x)},
            .fields = field_names(x),
            .hex = to_hex({reinterpret_cast<const std::uint8_t*>(raw.data()), raw.size()}),
            .reads_back = !failed && back == x};
  }

  template <described T>
  static std::string field_names(const T& x) {
    std::string out;
    for_each_field(x, [&](const char* name, const auto&) {
      if (!out.empty()) out += ',';
      out += name;
    });
    return out;
  }

  caf::actor_system_config config_;
  caf::actor_system system_{config_}; // Handles of actors are read in a system.
  std::vector<caf_sample> rows_;
};

template <class Enum>
enum_sample numbers(std::string header, std::string name) {
  std::string values;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<Enum>>([&](auto one) {
    if (!values.empty()) values += ", ";
    values.append(std::to_string(static_cast<int>(one.value))).append(" ").append(one.name);
  });
  return {std::move(header), std::move(name), std::move(values)};
}

} // namespace

std::vector<caf_sample> caf_samples() {
  using namespace oracle;
  using namespace cluster;
  using namespace supervision;
  return table{}
      .of<envelope>("oracle/envelope.hpp")
      .of<registration, node_record, list_nodes, node_page, oracle_stats, get_oracle_stats>(
          "oracle/nodes.hpp")
      .of<delivery, deliveries, outcome, outcomes, route_up, route_down, route_snapshot, superseded,
          relay_order, relay_request, find_routes, route_list, relay_stats, get_relay_stats>(
          "oracle/relay.hpp")
      .of<member, member_status, member_list, list_members, list_agents, agent_list, watch_members,
          peer_up, peer_down, who_are_you, agent_identity, find_service, service_handle,
          show_actor>("runtime/cluster.hpp")
      .of<get_state, actor_state>("runtime/introspection.hpp")
      .of<tree_query, tree_row, tree_page, find_child, kill_child, restart_child, pause_child,
          resume_child, child_action_done, crash_evidence, quarantined_message, quarantine_query,
          quarantine_page, release_message, message_released>("runtime/supervision.hpp")
      .take();
}

std::vector<enum_sample> enum_samples() {
  return {
      numbers<ec>("error.hpp", "ec"),
      numbers<oracle::priority>("oracle/envelope.hpp", "priority"),
      numbers<cluster::member_state>("runtime/cluster.hpp", "member_state"),
      numbers<supervision::child_state>("runtime/supervision.hpp", "child_state"),
  };
}

} // namespace bpci::wire
