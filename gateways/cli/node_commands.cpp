#include "gateways/cli/commands.hpp"
#include "gateways/cli/key_files.hpp"
#include "gateways/cli/list_view.hpp"
#include "gateways/cli/options.hpp"
#include "gateways/clients/cpp/sealing.hpp"
#include "messages/codec/json.hpp"

#include <memory>

/// Parts of `oracle`: who may be connected, and under which key.
namespace bpci::cli {

namespace {

namespace json = boost::json;

const columns isolated_columns{
    {"NODE", "node_id"},
    {"FOR", "isolated_for"},
    {"UNTIL", "isolated_until"},
    {"TIMES", "isolations", cell::number},
};

const columns event_columns{
    {"WHEN", "at", cell::since}, {"NODE", "node"}, {"WHAT", "what", cell::state},
    {"REASON", "reason"},        {"BY", "by"},
};

std::string path_of(const std::string& node, const std::string& what) {
  return "/api/v1/oracle/nodes/" + node + "/" + what;
}

std::optional<fault> check_node(const std::string& node) {
  if (is_valid_id(node)) return std::nullopt;
  return usage_fault("--node-id needs 1 to 64 of A-Z a-z 0-9 . _ : -",
                     "See which nodes there are: bpci oracle list-nodes.");
}

// -- isolation ---------------------------------------------------------------

struct isolation_options {
  std::string node;
  std::string reason;
  std::uint64_t for_secs = 0;
};

exit_code isolate(const context& with, const isolation_options& given) {
  if (auto no = check_node(given.node)) return with.show(*no);
  auto node = with.node();
  if (!node) return with.show(node.error());
  json::object body{{"reason", given.reason}};
  if (given.for_secs > 0) body["for_secs"] = given.for_secs;
  const auto data = node->post(path_of(given.node, "isolate"), body);
  if (!data) return with.show(data.error());
  return with.show(*data, [&] { return "isolated " + given.node + '\n'; });
}

exit_code release(const context& with, const isolation_options& given) {
  if (auto no = check_node(given.node)) return with.show(*no);
  auto node = with.node();
  if (!node) return with.show(node.error());
  const auto data =
      node->post(path_of(given.node, "release"), json::object{{"reason", given.reason}});
  if (!data) return with.show(data.error());
  return with.show(*data, [&] { return "released " + given.node + '\n'; });
}

/// The node of each event beside what it says.
json::array flat(const json::array& events) {
  json::array out;
  for (const auto& x : events) {
    auto row = x.at("event").as_object();
    row["node"] = x.at("node");
    out.emplace_back(std::move(row));
  }
  return out;
}

exit_code alerts(const context& with) {
  auto node = with.node();
  if (!node) return with.show(node.error());
  const auto data = node->get("/api/v1/oracle/alerts");
  if (!data) return with.show(data.error());
  return with.show(*data, [&] {
    const auto isolated = list_at(*data, "isolated");
    const auto events = list_at(*data, "events");
    auto out = isolated.empty() ? std::string{"No node is isolated.\n"}
                                : render_table(isolated_columns, isolated, with.table_style());
    if (!events.empty())
      out += '\n' + render_table(event_columns, flat(events), with.table_style());
    return out;
  });
}

// -- keys --------------------------------------------------------------------

struct rotate_options {
  std::string node;
  std::string key_file;
  std::string new_key_file;
};

exit_code rotate_key(const context& with, const rotate_options& given) {
  if (auto no = check_node(given.node)) return with.show(*no);
  const auto old_keys = load_registered_key(node_owner(with, given.node), given.key_file);
  if (!old_keys) return with.show(old_keys.error());
  const auto new_keys = load_or_make_key(given.new_key_file);
  if (!new_keys) return with.show(new_keys.error());
  auto node = with.node();
  if (!node) return with.show(node.error());
  const auto what =
      client::sign_rotation(node_id{given.node}, *old_keys, *new_keys, with.around().now());
  const auto data = node->post(path_of(given.node, "rotate-key"), codec::to_json(what));
  if (!data) return with.show(data.error());
  return with.show(*data, [&] {
    return "the key of " + given.node + " is now " + what.new_public_key + "\nsecret key in "
           + given.new_key_file + '\n';
  });
}

struct key_options {
  std::string node;
  std::string public_key;
  std::string reason;
};

exit_code set_key(const context& with, const key_options& given) {
  if (auto no = check_node(given.node)) return with.show(*no);
  auto node = with.node();
  if (!node) return with.show(node.error());
  const auto data =
      node->put(path_of(given.node, "key"),
                json::object{{"public_key", given.public_key}, {"reason", given.reason}});
  if (!data) return with.show(data.error());
  return with.show(
      *data, [&] { return "the key of " + given.node + " is now " + given.public_key + '\n'; });
}

// -- who is there ------------------------------------------------------------

const columns announced_columns{
    {"NODE", "announcement.node_id"},
    {"TYPE", "announcement.node_type"},
    {"UNTIL", "until"},
    {"CAPABILITIES", "announcement.capabilities"},
    {"ENDPOINT", "announcement.endpoint"},
    {"THROUGH", "of_operator"},
};

struct discover_options {
  page_options page;
  std::string type;
  std::vector<std::string> capabilities;
};

api::query to_query(const discover_options& given) {
  api::query out{{"type", given.type}};
  for (const auto& one : given.capabilities)
    out.emplace_back("capability", one);
  return out;
}

exit_code discover(const context& with, const discover_options& given) {
  return show_list(
      with,
      {"/api/v1/oracle/discover", "nodes", announced_columns, "No such node has announced itself."},
      to_query(given), given.page);
}

struct query_options {
  std::string type;
  std::string parameters = "{}";
};

/// The value of a member that may be a text, a number, or several of them.
std::vector<std::string> texts_at(const json::object& x, std::string_view name) {
  const auto* value = x.if_contains(name);
  if (!value || value->is_null()) return {};
  auto text = [](const json::value& one) {
    return one.is_string() ? std::string{one.get_string()} : codec::to_text(one);
  };
  if (!value->is_array()) return {text(*value)};
  std::vector<std::string> out;
  for (const auto& one : value->get_array())
    out.push_back(text(one));
  return out;
}

/// The parameters of a query as those of the address, for the names that it takes.
api::query to_query(const json::object& given,
                    std::initializer_list<std::pair<const char*, const char*>> names) {
  api::query out;
  for (const auto& [from, to] : names)
    for (auto& one : texts_at(given, from))
      out.emplace_back(to, std::move(one));
  return out;
}

outcome<json::value> node_status(api& node, const json::object& given) {
  const auto ids = texts_at(given, "node_id");
  if (ids.size() != 1 || !is_valid_id(ids.front()))
    return usage_fault("--parameters names no node",
                       "Give --parameters '{\"node_id\": \"bank-a\"}'.");
  return node.get("/api/v1/oracle/nodes/" + ids.front());
}

exit_code query(const context& with, const query_options& given) {
  const auto parsed = codec::parse_json(given.parameters);
  const auto* parameters = parsed ? parsed->if_object() : nullptr;
  if (!parameters)
    return with.show(usage_fault("--parameters is not a JSON object",
                                 "Quote the whole value for the shell: --parameters '{...}'."));
  auto node = with.node();
  if (!node) return with.show(node.error());
  outcome<json::value> data = json::value{};
  if (given.type == "node_status")
    data = node_status(*node, *parameters);
  else if (given.type == "stats")
    data = node->get("/api/v1/oracle/stats");
  else
    data =
        node->get("/api/v1/oracle/discover", to_query(*parameters, {{"type", "type"},
                                                                    {"node_type", "type"},
                                                                    {"capability", "capability"},
                                                                    {"capabilities", "capability"},
                                                                    {"limit", "limit"},
                                                                    {"after", "after"}}));
  if (!data) return with.show(data.error());
  return with.show(*data, [&] {
    const auto* object = data->if_object();
    if (object && given.type == "discover")
      return render_table(announced_columns, list_at(*data, "nodes"), with.table_style());
    return object ? render_members(*object, with.table_style()) : codec::to_text(*data) + '\n';
  });
}

// -- the tree ----------------------------------------------------------------

void add_isolation(CLI::App& oracle, command_line& line) {
  const auto given = std::make_shared<isolation_options>();
  auto& in =
      add_command(oracle, "isolate", "Close the link of a BPI node and refuse its handshakes",
                  "bpci oracle isolate bank-a --reason 'ticket 4711' --for-secs 3600", line,
                  [given](const context& with) { return isolate(with, *given); });
  add_option(in, "id", given->node, "as list-nodes shows it").required().type_name("ID");
  add_option(in, "--reason", given->reason, "for the audit log").required();
  add_option(in, "--for-secs", given->for_secs,
             "how long; without it twice as long as the last time");
  const auto released = std::make_shared<isolation_options>();
  auto& out = add_command(oracle, "release", "End the isolation of a BPI node",
                          "bpci oracle release bank-a --reason 'its clock is right again'", line,
                          [released](const context& with) { return release(with, *released); });
  add_option(out, "id", released->node, "as list-nodes shows it").required().type_name("ID");
  add_option(out, "--reason", released->reason, "for the audit log").required();
  add_command(oracle, "alerts", "Isolated BPI nodes, and what happened to nodes and their keys",
              "bpci oracle alerts", line, alerts);
}

void add_keys(CLI::App& oracle, command_line& line) {
  const auto given = std::make_shared<rotate_options>();
  auto& app = add_command(oracle, "rotate-key",
                          "Change the key of a BPI node.\n"
                          "Signed by the old key and the new one; needs no token.",
                          "bpci oracle rotate-key --node-id bank-a --key old.key --new-key new.key",
                          line, [given](const context& with) { return rotate_key(with, *given); });
  add_option(app, "--node-id", given->node, "its id").required();
  add_option(app, "--key", given->key_file,
             "the file of its present secret key; without it ~/.config/bpci/keys/ID.key")
      .type_name("FILE");
  add_option(app, "--new-key", given->new_key_file, "that of the new one; made when it is missing")
      .required()
      .type_name("FILE");
  const auto set = std::make_shared<key_options>();
  auto& lost =
      add_command(oracle, "set-key", "Give a BPI node another key when the old one is lost",
                  "bpci oracle set-key --node-id bank-a --public-key HEX --reason 'lost'", line,
                  [set](const context& with) { return set_key(with, *set); });
  add_option(lost, "--node-id", set->node, "its id").required();
  add_option(lost, "--public-key", set->public_key, "the new Ed25519 key")
      .required()
      .type_name("HEX");
  add_option(lost, "--reason", set->reason, "for the audit log").required();
}

void add_discovery(CLI::App& oracle, command_line& line) {
  const auto given = std::make_shared<discover_options>();
  auto& app = add_command(oracle, "discover", "BPI nodes that have announced themselves",
                          "bpci oracle discover --type Banking --capability relay", line,
                          [given](const context& with) { return discover(with, *given); });
  add_option(app, "--type", given->type, "only nodes of this type");
  add_option(app, "--capability", given->capabilities,
             "only nodes with all of these; repeat it, or put commas between")
      .delimiter(',');
  add_page_options(app, given->page);
  const auto asked = std::make_shared<query_options>();
  auto& any = add_command(oracle, "query", "Ask about the network",
                          "bpci oracle query --query-type node_status "
                          "--parameters '{\"node_id\": \"bpi-node-001\"}'",
                          line, [asked](const context& with) { return query(with, *asked); });
  add_option(any, "--query-type", asked->type, "what to ask for")
      .required()
      .one_of({"node_status", "discover", "stats"});
  add_option(any, "--parameters", asked->parameters,
             "node_status: node_id; discover: type, capabilities, limit, after")
      .type_name("JSON")
      .show_default();
}

} // namespace

void add_node_commands(CLI::App& oracle, command_line& line) {
  add_isolation(oracle, line);
  add_keys(oracle, line);
  add_discovery(oracle, line);
}

} // namespace bpci::cli
