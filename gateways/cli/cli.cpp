#include "gateways/cli/cli.hpp"

#include "gateways/cli/certificate_commands.hpp"
#include "gateways/cli/commands.hpp"
#include "gateways/cli/consensus_commands.hpp"
#include "gateways/cli/inter_app_commands.hpp"
#include "gateways/cli/suggestion.hpp"
#include "gateways/cli/surroundings.hpp"
#include "gateways/cli/text.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <algorithm>
#include <array>
#include <ostream>

namespace bpci::cli {

namespace {

constexpr std::string_view program = "bpci";

/// The container of document 2 runs the node without naming a command.
constexpr std::string_view node_program = "bpi-oracle-node";

std::string help_of_exit_codes() {
  std::string out = "Exit codes:\n";
  for (const auto& [code, meaning] : exit_meanings)
    out += "  " + std::to_string(static_cast<int>(code)) + "  " + std::string{meaning} + '\n';
  return out
         + "\nExample:\n  bpci oracle list-nodes -o json\n"
           "\nEach command explains itself: bpci oracle send-message --help\n";
}

/// The arguments without the program's name, as `bpci` would get them.
std::vector<std::string> as_bpci(const std::vector<std::string>& arguments) {
  std::vector<std::string> out;
  if (arguments.empty()) return out;
  const auto name = std::filesystem::path{arguments.front()}.filename().string();
  out.assign(arguments.begin() + 1, arguments.end());
  const auto starts = [&](std::string_view option) {
    return out.front() == option || out.front().starts_with(std::string{option} + '=');
  };
  // Without arguments the environment names the configuration (ORACLE_CONFIG_PATH).
  if (name == node_program
      && (out.empty() || starts("--config") || starts("--set") || starts("--compat-ports")))
    out.insert(out.begin(), {"oracle", "start"});
  return out;
}

void add_global_options(CLI::App& app, global_options& to) {
  app.add_option("--url", to.url, "the node to ask; else BPCI_URL, else http://127.0.0.1:8080");
  app.add_option("--token", to.token,
                 "the token of the API; other users of this machine can see it here");
  app.add_option("--token-file", to.token_file,
                 "the file that holds it; else BPCI_TOKEN, BPCI_TOKEN_FILE, ~/.config/bpci/token, "
                 "and for a node of this machine ./data/admin-token")
      ->type_name("FILE");
  app.add_option("-o,--output", to.output, "how results and errors are written")
      ->check(CLI::IsMember({"json", "yaml", "table"}))
      ->capture_default_str();
  app.add_flag("--no-color", to.no_colour, "no colours; the same as NO_COLOR");
  app.add_option("--timeout", to.timeout, "for an answer: 30, 500ms, 2m")
      ->check([](const std::string& text) {
        const auto time = parse_duration(text);
        return time ? std::string{} : time.error().detail;
      })
      ->type_name("TIME")
      ->capture_default_str();
}

void build(CLI::App& app, command_line& line) {
  app.name(std::string{program});
  app.description("A node of the BPCI network, and the means to talk to one.");
  app.footer(help_of_exit_codes());
  app.fallthrough();
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string{program} + " " BPCI_VERSION);
  add_global_options(app, line.options);
  add_server_commands(app, line);
  add_oracle_commands(app, line);
  add_inter_app_commands(app, line);
  add_consensus_commands(app, line);
  add_actor_commands(app, line);
  add_cluster_commands(app, line);
  add_certificate_commands(*app.get_subcommand("cluster"), line);
  add_entity_commands(app, line);
  add_quarantine_commands(app, line);
  add_audit_commands(app, line);
  add_chain_commands(app, line);
  add_wallet_commands(app, line);
  add_config_commands(app, line);
  add_doctor_command(app, line);
  add_shell_commands(app, line);
}

/// The parser stops at the first fault, so an error before `-o json` would not know of it.
void look_for_format(const std::vector<std::string>& arguments, global_options& to) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto& x = arguments[i];
    const auto next = i + 1 < arguments.size() ? arguments[i + 1] : std::string{};
    if (x == "-o" || x == "--output") to.output = next;
    if (x.starts_with("-o") && x.size() > 2 && x[1] == 'o') to.output = x.substr(2);
    if (x.starts_with("--output=")) to.output = x.substr(x.find('=') + 1);
  }
}

fault to_fault(const CLI::App& app, const CLI::ParseError& why,
               const std::vector<std::string>& arguments) {
  const auto unknown = find_unknown(app, arguments);
  if (unknown.word.empty()) {
    const auto here = complete(app, arguments, {});
    auto command =
        here.command.empty() ? std::string{program} : std::string{program} + ' ' + here.command;
    return usage_fault(why.what(), "See " + command + " --help.");
  }
  const auto kind = unknown.is_option ? "option" : "command";
  auto next = unknown.meant.empty() ? std::string{} : "Did you mean " + unknown.meant + "? ";
  if (unknown.commands.empty()) {
    next += "See " + unknown.within + " --help.";
  } else {
    next += "There are:";
    for (const auto& x : unknown.commands)
      next += ' ' + x;
  }
  return usage_fault(unknown.within + " has no " + kind + " " + tame(unknown.word),
                     std::move(next));
}

int to_int(exit_code x) {
  return static_cast<int>(x);
}

} // namespace

CLI::App& add_group(CLI::App& to, const std::string& name, const std::string& what) {
  auto& out = *to.add_subcommand(name, what);
  out.require_subcommand(1);
  out.footer("Example:\n  bpci " + name + " COMMAND --help\n");
  return out;
}

CLI::App& add_command(CLI::App& to, const std::string& name, const std::string& what,
                      const std::string& example, command_line& line,
                      std::function<exit_code(const context&)> action) {
  auto& out = *to.add_subcommand(name, what);
  out.footer("Options of every command, as --url and -o: bpci --help\n\nExample:\n  " + example
             + '\n');
  out.callback([&line, action = std::move(action)] { line.action = action; });
  return out;
}

void hide(CLI::App& command) {
  command.group("");
}

void add_page_options(CLI::App& to, page_options& page) {
  constexpr std::uint32_t limit_max = 1'000;
  to.add_option("--limit", page.limit, "rows of a page")
      ->check(CLI::Range(std::uint32_t{1}, limit_max))
      ->capture_default_str();
  to.add_flag("--all", page.all, "every page");
}

int run(const std::vector<std::string>& arguments, surroundings& around) {
  const auto words = as_bpci(arguments);
  command_line line;
  CLI::App app;
  build(app, line);
  try {
    // CLI11 takes the words from the back.
    app.parse(std::vector<std::string>{words.rbegin(), words.rend()});
  } catch (const CLI::Success& help) {
    return app.exit(help, around.out, around.err);
  } catch (const CLI::ParseError& why) {
    look_for_format(words, line.options);
    const context with{around, line.options};
    return to_int(with.show(to_fault(app, why, words)));
  }
  const context with{around, line.options};
  return to_int(line.action(with));
}

} // namespace bpci::cli
