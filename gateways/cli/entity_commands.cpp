#include "gateways/cli/list_view.hpp"
#include "gateways/cli/options.hpp"
#include "gateways/cli/text.hpp"
#include "messages/codec/json.hpp"

#include <memory>

namespace bpci::cli {

namespace {

const list_view entities_view{
    "/api/v1/entities",
    "rows",
    {{"KIND", "what.kind"},
     {"ID", "what.id"},
     {"SLOT", "slot", cell::number},
     {"VERSION", "version", cell::number},
     {"CHANGED", "changed_at", cell::since}},
    "There is no such entity.",
};

struct entities_options {
  page_options page;
  std::string kind;
  std::string filter;
};

struct name_options {
  std::string kind;
  std::string id;
};

exit_code show_entity(const context& with, const name_options& given) {
  auto node = with.node();
  if (!node) return with.show(node.error());
  const auto data =
      node->get("/api/v1/entities/" + percent_encode(given.kind) + '/' + percent_encode(given.id));
  if (!data) return with.show(data.error());
  return with.show(*data, [&] {
    const auto* object = data->if_object();
    const auto* state = object ? object->if_contains("state") : nullptr;
    return codec::to_pretty_text(state ? *state : *data) + '\n';
  });
}

} // namespace

void add_entity_commands(CLI::App& to, command_line& line) {
  auto& entities = add_group(to, "entities", "What outlives the nodes");
  const auto given = std::make_shared<entities_options>();
  auto& list = add_command(entities, "list", "Durable entities, by kind",
                           "bpci entities list --kind mailbox", line, [given](const context& with) {
                             return show_list(with, entities_view,
                                              {{"kind", given->kind}, {"filter", given->filter}},
                                              given->page);
                           });
  add_option(list, "--kind", given->kind, "only of this kind");
  add_option(list, "--filter", given->filter, "part of an id");
  add_page_options(list, given->page);
  const auto named = std::make_shared<name_options>();
  auto& show =
      add_command(entities, "show", "What one of them holds", "bpci entities show mailbox bank-a",
                  line, [named](const context& with) { return show_entity(with, *named); });
  add_option(show, "kind", named->kind, "of the entity").required().type_name("KIND");
  add_option(show, "id", named->id, "of the entity").required().type_name("ID");
}

} // namespace bpci::cli
