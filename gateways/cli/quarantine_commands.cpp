#include "gateways/cli/list_view.hpp"
#include "gateways/cli/options.hpp"

#include <memory>

namespace bpci::cli {

namespace {

namespace json = boost::json;

const columns quarantine_columns{
    {"MESSAGE", "id"},
    {"MEMBER", "member"},
    {"SINCE", "since", cell::since},
    {"CRASHES", "crashes", cell::count},
    {"LAST ACTOR", "last.actor"},
    {"LAST ERROR", "last.error"},
};

/// Each message with its newest evidence as `last`.
json::array with_last_crash(const json::array& messages) {
  json::array out;
  for (const auto& x : messages) {
    auto copy = x;
    const auto crashes = list_at(x, "crashes");
    if (auto* object = copy.if_object(); object && !crashes.empty())
      object->emplace("last", crashes.back());
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
    auto out = messages.empty() ? std::string{"No message is set aside.\n"}
                                : render_table(quarantine_columns, with_last_crash(messages),
                                               with.table_style());
    return out + render_footer(*data);
  });
}

struct release_options {
  std::string id;
  std::string member;
  std::string reason;
};

exit_code release(const context& with, const release_options& given) {
  auto node = with.node();
  if (!node) return with.show(node.error());
  json::object body{{"id", given.id}, {"reason", given.reason}};
  if (!given.member.empty()) body["member"] = given.member;
  const auto data = node->post("/api/v1/quarantine/release", body);
  if (!data) return with.show(data.error());
  return with.show(*data, [&] { return "released " + given.id + '\n'; });
}

} // namespace

void add_quarantine_commands(CLI::App& to, command_line& line) {
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
  add_option(app, "id", given->id, "as quarantine list shows it").required().type_name("ID");
  add_option(app, "--member", given->member, "only there; else wherever it is set aside");
  add_option(app, "--reason", given->reason, "for the audit log").required();
}

} // namespace bpci::cli
