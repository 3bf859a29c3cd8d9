#include "gateways/cli/list_view.hpp"
#include "gateways/cli/options.hpp"

#include <memory>

namespace bpci::cli {

namespace {

const list_view actions_view{
    "/api/v1/audit/actions",
    "actions",
    {{"SINCE", "at", cell::since},
     {"WHO", "who"},
     {"ACTION", "action"},
     {"TARGET", "target"},
     {"RESULT", "result"},
     {"WHY", "why"}},
    "Nobody has done anything.",
};

struct actions_options {
  page_options page;
  std::string target;
  std::string action;
};

} // namespace

void add_audit_commands(CLI::App& to, command_line& line) {
  auto& audit = add_group(to, "audit", "What admins did, to what, and why");
  const auto given = std::make_shared<actions_options>();
  auto& app = add_command(
      audit, "actions", "The record of actions, newest first",
      "bpci audit actions --target node-2 --action drain", line, [given](const context& with) {
        return show_list(with, actions_view, {{"target", given->target}, {"action", given->action}},
                         given->page);
      });
  add_option(app, "--target", given->target, "part of what was acted on");
  add_option(app, "--action", given->action,
             "kill, restart, pause, resume, drain, undrain, move, "
             "retry or release");
  add_page_options(app, given->page);
}

} // namespace bpci::cli
