#include "gateways/cli/commands.hpp"
#include "gateways/cli/text.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <memory>

namespace bpci::cli {

namespace {

namespace json = boost::json;

const columns member_columns{
    {"MEMBER", "member.id"},
    {"STATE", "member.state", cell::state},
    {"SELF", "self", cell::flag},
    {"CONNECTED", "connected", cell::flag},
    {"SILENT", "silent_ms", cell::span},
    {"HTTP", "member.http_address"},
    {"INCARNATION", "member.incarnation"},
};

const columns quarantine_columns{
    {"MESSAGE", "id"},
    {"SINCE", "since", cell::since},
    {"CRASHES", "crashes", cell::count},
    {"LAST ACTOR", "last.actor"},
    {"LAST ERROR", "last.error"},
};

exit_code list_members(const context& with) {
  auto node = with.node();
  if (!node) return with.show(node.error());
  const auto data = node->list("/api/v1/cluster/members", "members", {}, false);
  if (!data) return with.show(data.error());
  return with.show(*data, [&] {
    return render_table(member_columns, data->at("members").get_array(), with.table_style());
  });
}

/// Each message with its newest evidence as `last`.
json::array with_last_crash(const json::array& messages) {
  json::array out;
  for (const auto& x : messages) {
    auto copy = x;
    auto* object = copy.if_object();
    const auto* crashes = object ? object->if_contains("crashes") : nullptr;
    const auto* list = crashes ? crashes->if_array() : nullptr;
    if (list && !list->empty()) {
      auto last = list->back();
      object->emplace("last", std::move(last));
    }
    out.push_back(std::move(copy));
  }
  return out;
}

exit_code list_quarantine(const context& with, const page_options& page) {
  auto node = with.node();
  if (!node) return with.show(node.error());
  const auto data = node->list("/api/v1/quarantine", "messages",
                               {{"limit", std::to_string(page.limit)}}, page.all);
  if (!data) return with.show(data.error());
  return with.show(*data, [&] {
    const auto& messages = data->at("messages").get_array();
    if (messages.empty()) return std::string{"No message is set aside.\n"};
    return render_table(quarantine_columns, with_last_crash(messages), with.table_style());
  });
}

struct release_options {
  std::string id;
  std::string reason;
};

exit_code release(const context& with, const release_options& given) {
  auto node = with.node();
  if (!node) return with.show(node.error());
  const auto data =
      node->post("/api/v1/quarantine/release", {{"id", given.id}, {"reason", given.reason}});
  if (!data) return with.show(data.error());
  return with.show(*data, [&] { return "released " + given.id + '\n'; });
}

} // namespace

void add_cluster_commands(CLI::App& to, command_line& line) {
  auto& cluster = add_group(to, "cluster", "The nodes of this operator");
  add_command(cluster, "members", "Who belongs to the cluster, and who can be reached",
              "bpci cluster members -o yaml", line, list_members);

  auto& quarantine = add_group(to, "quarantine", "Messages that crashed their handler three times");
  const auto page = std::make_shared<page_options>();
  auto& list = add_command(quarantine, "list", "Which messages are set aside, with the evidence",
                           "bpci quarantine list", line,
                           [page](const context& with) { return list_quarantine(with, *page); });
  add_page_options(list, *page);
  const auto given = std::make_shared<release_options>();
  auto& app = add_command(quarantine, "release", "Let a message through again",
                          "bpci quarantine release tx-0042 --reason \"fixed in 0.1.1\"", line,
                          [given](const context& with) { return release(with, *given); });
  app.add_option("id", given->id, "as quarantine list shows it")->required()->type_name("ID");
  app.add_option("--reason", given->reason, "for the audit log")->required();
}

} // namespace bpci::cli
