#include "gateways/cli/list_view.hpp"
#include "gateways/cli/options.hpp"

#include <memory>

namespace bpci::cli {

namespace {

namespace json = boost::json;

const list_view outbox_view{
    "/api/v1/outbox",
    "rows",
    {{"NO", "no", cell::number},
     {"FROM", "from.kind"},
     {"ID", "from.id"},
     {"TO", "to.kind"},
     {"ID", "to.id"},
     {"COMMAND", "name"},
     {"SINCE", "since", cell::since},
     {"ATTEMPTS", "attempts", cell::number},
     {"LAST ERROR", "last_error"}},
    "Nothing waits to be sent.",
};

const list_view inbox_view{
    "/api/v1/inbox",
    "rows",
    {{"CARRIED OUT", "at", cell::since},
     {"BY", "to.kind"},
     {"ID", "to.id"},
     {"COMMAND", "name"},
     {"VERSION", "version", cell::number},
     {"KEY", "key"}},
    "No command is on record.",
};

const list_view timers_view{
    "/api/v1/timers",
    "rows",
    {{"OF", "of.kind"},
     {"ID", "of.id"},
     {"TIMER", "name"},
     {"DUE IN", "due", cell::until},
     {"EVERY", "every_ms", cell::span},
     {"CATCH UP", "catch_up"},
     {"FIRED", "fired", cell::number}},
    "No timer is set.",
};

struct queue_options {
  page_options page;
  std::string filter;
  bool failing = false;
};

CLI::App& add_queue(CLI::App& to, const std::string& name, const std::string& what,
                    const list_view& view, const std::shared_ptr<queue_options>& given,
                    command_line& line) {
  auto& app = add_command(
      to, name, what, "bpci cluster " + name + " --filter bank-a", line,
      [given, &view](const context& with) {
        return show_list(with, view,
                         {{"filter", given->filter}, {"failing", given->failing ? "true" : ""}},
                         given->page);
      });
  add_option(app, "--filter", given->filter, "part of a name");
  add_page_options(app, given->page);
  return app;
}

struct retry_options {
  std::vector<std::uint64_t> rows;
  std::string reason;
};

exit_code retry(const context& with, const retry_options& given) {
  auto node = with.node();
  if (!node) return with.show(node.error());
  const json::array rows(given.rows.begin(), given.rows.end());
  const auto data = node->post("/api/v1/outbox/retry", {{"rows", rows}, {"reason", given.reason}});
  if (!data) return with.show(data.error());
  return with.show(*data, [&] {
    return "Those that fail are tried again; bpci cluster outbox --failing tells what came of "
           "it.\n";
  });
}

} // namespace

void add_queue_commands(CLI::App& cluster, command_line& line) {
  const auto effects = std::make_shared<queue_options>();
  auto& outbox = add_queue(cluster, "outbox", "Effects of entities that were not yet delivered",
                           outbox_view, effects, line);
  add_flag(outbox, "--failing", effects->failing, "only those that were tried and refused");
  add_queue(cluster, "inbox", "Commands that entities have carried out, by key", inbox_view,
            std::make_shared<queue_options>(), line);
  add_queue(cluster, "timers", "When entities want to be woken", timers_view,
            std::make_shared<queue_options>(), line);
  const auto given = std::make_shared<retry_options>();
  auto& app = add_command(cluster, "outbox-retry", "Try effects again now",
                          "bpci cluster outbox-retry 17 18 --reason \"bank-a is back\"", line,
                          [given](const context& with) { return retry(with, *given); });
  add_option(app, "rows", given->rows, "as cluster outbox shows them; without any: all that fail")
      .type_name("NO");
  add_option(app, "--reason", given->reason, "for the audit log").required();
}

} // namespace bpci::cli
