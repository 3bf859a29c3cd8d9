#include "gateways/cli/list_view.hpp"
#include "gateways/cli/options.hpp"
#include "gateways/cli/text.hpp"

#include <memory>

namespace bpci::cli {

namespace {

namespace json = boost::json;

constexpr std::string_view members_path = "/api/v1/cluster/members";

const columns member_columns{
    {"MEMBER", "member.id"},
    {"STATE", "member.state", cell::state},
    {"SELF", "self", cell::flag},
    {"CONNECTED", "connected", cell::flag},
    {"SILENT", "silent_ms", cell::span},
    {"PROBE", "probe_ms", cell::span},
    {"LAG", "lag_ms", cell::span},
    {"SUSPECTED BY", "suspicions", cell::count},
    {"HTTP", "member.http_address"},
    {"INCARNATION", "member.incarnation"},
    {"ENDED", "ended_at", cell::since},
    {"REASON", "member.reason"},
};

const columns suspicion_columns{
    {"SUSPECTED", "of"},      {"BY", "by"}, {"AS", "kind"}, {"SINCE", "since", cell::since},
    {"EVIDENCE", "evidence"},
};

const columns plan_columns{
    {"TO", "to"},
    {"SLOTS", "slots", cell::number},
    {"ENTITIES", "entities", cell::number},
};

// -- members ----------------------------------------------------------------------------

/// The suspicions of all members, each with whom it is `of`.
json::array suspicions_of(const json::array& members) {
  json::array out;
  for (const auto& member : members)
    for (auto row : list_at(member, "suspicions"))
      if (auto* object = row.if_object()) {
        (*object)["of"] = text_at(member, "member.id");
        out.push_back(std::move(row));
      }
  return out;
}

struct member_options {
  page_options page;
  std::string state;
  bool ended = false;
};

exit_code list_members(const context& with, const member_options& given) {
  auto node = with.node();
  if (!node) return with.show(node.error());
  const auto data = node->list(std::string{members_path}, "members",
                               {{"ended", given.ended ? "true" : ""},
                                {"state", given.state},
                                {"limit", std::to_string(given.page.limit)}},
                               given.page.all);
  if (!data) return with.show(data.error());
  return with.show(*data, [&] {
    const auto& members = data->at("members").get_array();
    auto out = render_table(member_columns, members, with.table_style());
    const auto doubts = suspicions_of(members);
    if (!doubts.empty()) out += '\n' + render_table(suspicion_columns, doubts, with.table_style());
    return out + render_footer(*data);
  });
}

// -- draining ---------------------------------------------------------------------------

struct drain_options {
  std::string member;
  std::string reason;
  bool dry_run = false;
};

std::string render_plan(const json::value& plan, const style& how) {
  auto out = render_table(plan_columns, list_at(plan, "shares"), how);
  for (const auto& x : list_at(plan, "obstacles"))
    if (const auto* text = x.if_string()) out += "In the way: " + tame(*text) + '\n';
  return out;
}

exit_code set_state(const context& with, const std::string& verb, const drain_options& given) {
  auto node = with.node();
  if (!node) return with.show(node.error());
  json::object body{{"reason", given.reason}};
  if (given.dry_run) body["dry_run"] = true;
  const auto data =
      node->post(std::string{members_path} + '/' + percent_encode(given.member) + '/' + verb, body);
  if (!data) return with.show(data.error());
  return with.show(*data, [&] {
    if (given.dry_run) return render_plan(*data, with.table_style());
    return given.member + " is " + text_at(*data, "state") + "; bpci cluster slots --member "
           + given.member + " tells what it owns.\n";
  });
}

CLI::App& add_drain(CLI::App& to, const std::string& verb, const std::string& what,
                    const std::string& example, const std::shared_ptr<drain_options>& given,
                    command_line& line) {
  auto& app = add_command(to, verb, what, example, line, [given, verb](const context& with) {
    return set_state(with, verb, *given);
  });
  add_option(app, "member", given->member, "as cluster members shows it")
      .required()
      .type_name("MEMBER");
  return app;
}

void add_members(CLI::App& to, command_line& line) {
  const auto given = std::make_shared<member_options>();
  auto& app = add_command(to, "members", "Who belongs to the cluster, and who can be reached",
                          "bpci cluster members --ended", line,
                          [given](const context& with) { return list_members(with, *given); });
  add_flag(app, "--ended", given->ended, "also those that ended within the last hour");
  add_option(app, "--state", given->state, "only those in this state")
      .one_of({"joining", "up", "draining", "left", "dead"});
  add_page_options(app, given->page);
}

} // namespace

void add_cluster_commands(CLI::App& to, command_line& line) {
  auto& cluster = add_group(to, "cluster", "The nodes of this operator");
  add_members(cluster, line);
  auto given = std::make_shared<drain_options>();
  auto& drain = add_drain(cluster, "drain", "Let a member give away what it owns",
                          "bpci cluster drain node-2 --reason \"new disk\" --dry-run", given, line);
  add_option(drain, "--reason", given->reason, "for the audit log").required();
  add_flag(drain, "--dry-run", given->dry_run, "only show where everything would go");
  given = std::make_shared<drain_options>();
  auto& undrain = add_drain(cluster, "undrain", "Let a drained member own again",
                            "bpci cluster undrain node-2 --reason \"disk replaced\"", given, line);
  add_option(undrain, "--reason", given->reason, "for the audit log").required();
  add_slot_commands(cluster, line);
  add_queue_commands(cluster, line);
}

} // namespace bpci::cli
