#include "gateways/cli/commands.hpp"
#include "gateways/cli/key_files.hpp"
#include "gateways/cli/options.hpp"
#include "gateways/cli/text.hpp"
#include "messages/codec/json.hpp"
#include "messages/oracle/nodes.hpp"

#include <fstream>
#include <memory>
#include <sstream>

namespace bpci::cli {

namespace {

namespace json = boost::json;

constexpr std::size_t body_bytes_max = 64 * 1024 * 1024;

const columns node_columns{
    {"NODE", "node_id"},
    {"TYPE", "node_type"},
    {"STATUS", "status", cell::state},
    {"AT", "connected_at"},
    {"SESSIONS", "sessions", cell::number},
    {"LAST SEEN", "last_seen", cell::since},
    {"CAPABILITIES", "capabilities"},
    {"ENDPOINT", "endpoint"},
};

const columns answer_columns{
    {"TARGET", "target"},
    {"RESULT", "result", cell::state},
    {"DETAIL", "detail"},
};

// -- register-node -----------------------------------------------------------

struct register_options {
  oracle::registration what;
  std::string node_id;
  std::string key_file;
};

exit_code register_node(const context& with, const register_options& given) {
  if (!is_valid_id(given.node_id))
    return with.show(usage_fault("--node-id needs 1 to 64 of A-Z a-z 0-9 . _ : -",
                                 "Choose another id, for instance bank-1."));
  const auto key =
      choose_key(node_owner(with, given.node_id), given.what.public_key, given.key_file);
  if (!key) return with.show(key.error());
  auto node = with.node();
  if (!node) return with.show(node.error());
  auto what = given.what;
  what.node_id = node_id{given.node_id};
  what.public_key = key->public_key;
  const auto data = node->post("/api/v1/oracle/nodes/register", codec::to_json(what));
  if (!data) return with.show(data.error());
  return with.show(*data, [&] {
    auto out = "registered " + given.node_id + "\npublic key " + key->public_key + '\n';
    if (!key->file.empty()) out += "secret key in " + key->file + '\n';
    return out;
  });
}

// -- send-message ------------------------------------------------------------

struct send_options {
  std::string source;
  std::vector<std::string> targets;
  std::string type;
  std::string content;
  std::string key_file;
  std::string id;
  std::string priority = "Normal";
  std::string delivery = "live";
};

outcome<std::string> read_content(const std::string& given) {
  if (!given.starts_with('@')) return given;
  const auto path = given.substr(1);
  std::error_code why;
  const auto size = std::filesystem::file_size(path, why);
  std::ifstream in{path, std::ios::binary};
  if (why || !in)
    return usage_fault("--content: " + path + " cannot be read", "Check the path behind the @.");
  if (size > body_bytes_max)
    return usage_fault("--content: " + path + " has " + std::to_string(size) + " bytes",
                       "A node accepts less; send it in parts.");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// The body is the text as it was given: to write its numbers anew could change an amount.
outcome<client::outgoing> to_message(const send_options& given) {
  const auto content = read_content(given.content);
  if (!content) return content.error();
  if (const auto parsed = codec::parse_json(*content); !parsed)
    return usage_fault("--content is not JSON: " + parsed.error().detail,
                       "Quote the whole value for the shell: --content '{\"amount\": \"10\"}'.");
  client::outgoing out;
  for (const auto& target : given.targets)
    out.targets.emplace_back(target);
  out.type = given.type;
  out.body.assign(content->begin(), content->end());
  boost::describe::enum_from_string(given.priority.c_str(), out.priority);
  boost::describe::enum_from_string(given.delivery.c_str(), out.delivery);
  if (!given.id.empty()) out.id = message_id{given.id};
  return out;
}

outcome<client::options> to_link(const context& with, const send_options& given) {
  constexpr std::string_view scheme = "http://";
  const auto url = with.url();
  if (!url.starts_with(scheme))
    return usage_fault("the address " + tame(url) + " does not start with http://",
                       "Give --url as http://host:port.");
  auto keys = load_registered_key(node_owner(with, given.source), given.key_file);
  if (!keys) return keys.error();
  client::options out{.urls = {"ws://" + url.substr(scheme.size())},
                      .node_id = node_id{given.source},
                      .keys = std::move(*keys)};
  out.deadline = with.timeout();
  return out;
}

fault link_fault(const failure& why, const std::string& url) {
  switch (why.code) {
  case ec::unavailable:
    return to_fault(why, exit_code::unreachable,
                    "Start a node with bpci server start, or name another one with --url (now "
                        + url + ").");
  case ec::timeout:
    return to_fault(why, exit_code::timeout);
  case ec::unknown_node:
  case ec::bad_signature:
  case ec::not_permitted:
    return to_fault(why, exit_code::not_permitted);
  case ec::invalid_argument:
    return to_fault(why, exit_code::usage);
  default:
    return to_fault(why, exit_code::failed);
  }
}

json::value to_json(const client::report& x) {
  json::array targets;
  for (const auto& target : x.targets) {
    const auto safe = target.why.code == ec::none;
    const auto result = target.stored ? "stored" : "acknowledged";
    targets.push_back({{"target", target.target.get()},
                       {"result", safe ? result : name(target.why.code)},
                       {"detail", safe ? "" : target.why.detail}});
  }
  return {{"id", x.id.get()}, {"targets", std::move(targets)}};
}

/// A refusal outweighs silence: it is certain.
exit_code exit_of(const client::report& x) {
  auto out = exit_code::ok;
  for (const auto& target : x.targets) {
    if (target.why.code == ec::none) continue;
    if (target.why.code != ec::timeout) return exit_code::failed;
    out = exit_code::timeout;
  }
  return out;
}

exit_code send_message(const context& with, const send_options& given) {
  auto message = to_message(given);
  if (!message) return with.show(message.error());
  auto link = to_link(with, given);
  if (!link) return with.show(link.error());
  const auto answers = with.around().send(std::move(*link), std::move(*message), with.timeout());
  if (!answers) return with.show(link_fault(answers.error(), with.url()));
  const auto data = to_json(*answers);
  const auto shown = with.show(data, [&] {
    return render_table(answer_columns, data.at("targets").get_array(), with.table_style());
  });
  return shown == exit_code::ok ? exit_of(*answers) : shown;
}

// -- reading -----------------------------------------------------------------

struct list_options {
  page_options page;
  std::string type;
};

exit_code list_nodes(const context& with, const list_options& given) {
  auto node = with.node();
  if (!node) return with.show(node.error());
  const auto data = node->list("/api/v1/oracle/nodes", "nodes",
                               {{"type", given.type}, {"limit", std::to_string(given.page.limit)}},
                               given.page.all);
  if (!data) return with.show(data.error());
  return with.show(*data, [&] {
    return render_table(node_columns, data->at("nodes").get_array(), with.table_style());
  });
}

exit_code show_stats(const context& with) {
  auto node = with.node();
  if (!node) return with.show(node.error());
  const auto data = node->get("/api/v1/oracle/stats");
  if (!data) return with.show(data.error());
  return with.show(*data, [&] {
    const auto* object = data->if_object();
    return object ? render_members(*object, with.table_style()) : codec::to_text(*data) + '\n';
  });
}

// -- the tree ----------------------------------------------------------------

void add_register_node(CLI::App& to, command_line& line) {
  const auto given = std::make_shared<register_options>();
  auto& app =
      add_command(to, "register-node", "Register a BPI node under its public key",
                  "bpci oracle register-node --node-id bpi-node-001 --node-type EncCluster "
                  "--endpoint ws://localhost:8080",
                  line, [given](const context& with) { return register_node(with, *given); });
  add_option(app, "--node-id", given->node_id, "its id: 1 to 64 of A-Z a-z 0-9 . _ : -").required();
  add_option(app, "--node-type", given->what.node_type, "EncCluster, Banking, ...: an id")
      .required();
  add_option(app, "--endpoint", given->what.endpoint, "ws:// or wss://, for its peers").required();
  const auto key =
      add_option(app, "--public-key", given->what.public_key, "its Ed25519 key").type_name("HEX");
  add_option(app, "--key", given->key_file,
             "the file of its secret key instead; made when it is missing. Without either, "
             "~/.config/bpci/keys/ID.key")
      .type_name("FILE")
      .excludes(key);
  add_option(app, "--capabilities", given->what.capabilities, "with commas between").delimiter(',');
}

void add_send_message(CLI::App& to, command_line& line) {
  const auto given = std::make_shared<send_options>();
  auto& app =
      add_command(to, "send-message",
                  "Connect as a BPI node, send one message, and wait for its answers.\n"
                  "A connection that the node has elsewhere is superseded by this one.",
                  "bpci oracle send-message --source banking-system --target payment-system "
                  "--message-type DataSync --content '{\"account\": \"123\"}'",
                  line, [given](const context& with) { return send_message(with, *given); });
  add_option(app, "--source", given->source, "the id of the node that sends").required();
  add_option(app, "--target", given->targets, "ids; repeat it, or put commas between")
      .delimiter(',')
      .required();
  add_option(app, "--message-type", given->type, "an id such as DataSync").required();
  add_option(app, "--content", given->content, "the body, or @ and the file that holds it")
      .type_name("JSON|@FILE")
      .required();
  add_option(app, "--key", given->key_file,
             "the file of the source's secret key; without it ~/.config/bpci/keys/SOURCE.key")
      .type_name("FILE");
  add_option(app, "--id", given->id, "the message's id, for a retry; without it a random one");
  add_option(app, "--priority", given->priority)
      .one_of({"Low", "Normal", "High", "Critical"})
      .show_default();
  add_option(app, "--delivery", given->delivery,
             "stored: the cluster keeps it for targets that are not connected")
      .one_of({"live", "stored"})
      .show_default();
}

} // namespace

void add_oracle_commands(CLI::App& to, command_line& line) {
  auto& oracle = add_group(to, "oracle", "The relay between BPI nodes");
  add_start_command(oracle, "bpci oracle start --config oracle-config.yaml", line);
  add_register_node(oracle, line);
  add_send_message(oracle, line);
  add_node_commands(oracle, line);
  const auto given = std::make_shared<list_options>();
  auto& list = add_command(oracle, "list-nodes", "The registered BPI nodes",
                           "bpci oracle list-nodes --type Banking -o json", line,
                           [given](const context& with) { return list_nodes(with, *given); });
  add_option(list, "--type", given->type, "only nodes of this type");
  add_page_options(list, given->page);
  add_command(oracle, "stats", "What the relay has done since its start", "bpci oracle stats", line,
              show_stats);
}

} // namespace bpci::cli
