#include "gateways/cli/list_view.hpp"
#include "gateways/cli/options.hpp"
#include "gateways/cli/text.hpp"
#include "gateways/cli/tree_view.hpp"
#include "messages/codec/json.hpp"

#include <memory>

namespace bpci::cli {

namespace {

namespace json = boost::json;

constexpr std::string_view actors_path = "/api/v1/actors";

const columns tree_columns{
    {"ACTOR", "shown"},
    {"TYPE", "type"},
    {"STATE", "state", cell::state},
    {"RESTARTS", "restarts", cell::number},
    {"MAILBOX", "mailbox_depth", cell::number},
    {"UPTIME", "started_at", cell::since},
    {"LAST ERROR", "last_error"},
};

const columns row_columns{
    {"path", "path"},
    {"type", "type"},
    {"state", "state"},
    {"actor id", "actor_id"},
    {"uptime", "started_at", cell::since},
    {"restarts", "restarts"},
    {"of these in the period", "restarts_in_period"},
    {"last restart", "last_restart_at", cell::since},
    {"mailbox", "mailbox_depth"},
    {"messages", "messages_received"},
    {"children", "children"},
    {"last error", "last_error"},
};

struct tree_options {
  page_options page;
  std::string filter;
};

exit_code show_tree(const context& with, const tree_options& given) {
  auto node = with.node();
  if (!node) return with.show(node.error());
  const auto data = node->list(
      std::string{actors_path}, "rows",
      {{"filter", given.filter}, {"limit", std::to_string(given.page.limit)}}, given.page.all);
  if (!data) return with.show(data.error());
  return with.show(*data, [&] {
    const auto rows = indent_tree(data->at("rows").get_array());
    return render_table(tree_columns, rows, with.table_style()) + render_footer(*data);
  });
}

/// Each segment on its own, so that the slashes between them stay.
std::string url_of(std::string_view path) {
  std::string out{actors_path};
  while (!path.empty()) {
    const auto slash = path.find('/');
    const auto segment = path.substr(0, slash);
    if (!segment.empty()) out += '/' + percent_encode(segment);
    path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
  }
  return out;
}

/// The state is JSON inside of JSON where an actor wrote it as text.
std::string show_state(const json::value& state) {
  if (const auto* text = state.if_string()) {
    const auto inner = codec::parse_json(*text);
    return inner ? codec::to_pretty_text(*inner) : tame(*text);
  }
  return codec::to_pretty_text(state);
}

exit_code show_actor(const context& with, const std::string& path) {
  auto node = with.node();
  if (!node) return with.show(node.error());
  const auto data = node->get(url_of(path));
  if (!data) return with.show(data.error());
  return with.show(*data, [&] {
    const auto* object = data->if_object();
    const auto* row = object ? member_at(*object, "row") : nullptr;
    const auto* state = object ? member_at(*object, "state") : nullptr;
    std::string out;
    if (row && row->is_object())
      out += render_record(row_columns, row->get_object(), with.table_style());
    if (state && !state->is_null()) out += "state\n" + show_state(*state) + '\n';
    return out;
  });
}

struct act_options {
  std::string path;
  std::string reason;
};

exit_code act(const context& with, const std::string& verb, const act_options& given) {
  auto node = with.node();
  if (!node) return with.show(node.error());
  const auto data = node->post(std::string{actors_path} + '/' + verb,
                               {{"path", given.path}, {"reason", given.reason}});
  if (!data) return with.show(data.error());
  return with.show(*data, [&] {
    return verb + " of " + given.path + " has begun; bpci actors show " + given.path
           + " tells how it goes.\n";
  });
}

void add_action(CLI::App& to, const std::string& verb, const std::string& what,
                command_line& line) {
  const auto given = std::make_shared<act_options>();
  auto& app =
      add_command(to, verb, what,
                  "bpci actors " + verb + " /node/links/link:bank-a --reason \"stuck since noon\"",
                  line, [given, verb](const context& with) { return act(with, verb, *given); });
  add_option(app, "path", given->path, "as actors tree shows it").required().type_name("PATH");
  add_option(app, "--reason", given->reason, "for the audit log").required();
}

} // namespace

void add_actor_commands(CLI::App& to, command_line& line) {
  auto& actors = add_group(to, "actors", "The supervision tree of the node");
  const auto given = std::make_shared<tree_options>();
  auto& tree = add_command(actors, "tree", "All actors, each below its supervisor",
                           "bpci actors tree --filter backing_off", line,
                           [given](const context& with) { return show_tree(with, *given); });
  add_option(tree, "--filter", given->filter, "part of a path, a type or a state");
  add_page_options(tree, given->page);
  const auto path = std::make_shared<std::string>();
  auto& show = add_command(actors, "show", "One actor: its counters and its state",
                           "bpci actors show /node/links/link:bank-a", line,
                           [path](const context& with) { return show_actor(with, *path); });
  add_option(show, "path", *path, "as actors tree shows it").required().type_name("PATH");
  add_action(actors, "kill", "End an actor as a crash would; its supervisor restarts it", line);
  add_action(actors, "restart", "Stop an actor in good order and start it again", line);
  add_action(actors, "pause", "Stop an actor until it is resumed", line);
  add_action(actors, "resume", "Start a paused actor again", line);
}

} // namespace bpci::cli
