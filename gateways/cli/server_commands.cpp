#include "config/load.hpp"
#include "gateways/cli/commands.hpp"
#include "gateways/cli/options.hpp"
#include "gateways/cli/yaml.hpp"

#include <fstream>
#include <memory>
#include <ostream>
#include <sstream>

namespace bpci::cli {

namespace {

struct start_options {
  std::string config;
  std::vector<std::string> set;
  bool compat_ports = false;
};

/// The file has been read once already, within its bounds.
std::string read_again(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// The configuration, with `--set` on top of the file.
outcome<config::loaded> load(const std::optional<std::filesystem::path>& file,
                             const std::vector<std::string>& set) {
  auto out = file ? config::load_file(*file) : config::load_text("", "the defaults");
  if (set.empty() || !out.problems.empty()) return out;
  const auto text = with_assignments(file ? read_again(*file) : std::string{}, set);
  if (!text)
    return usage_fault(text.error().detail, "Write it as in --set listen.port=9100; "
                                            "bpci config show-defaults lists the keys.");
  auto merged = config::load_text(*text, (file ? file->string() : "the defaults") + " with --set");
  // The lines are those of the merged text, which nobody has seen.
  for (auto* list : {&merged.problems, &merged.warnings})
    for (auto& x : *list)
      x.line = x.column = 0;
  return merged;
}

exit_code start(const context& with, const start_options& given) {
  start_request what;
  what.compat_ports = given.compat_ports;
  what.config_file = given.config.empty() ? config::default_path()
                                          : std::optional<std::filesystem::path>{given.config};
  auto loaded = load(what.config_file, given.set);
  if (!loaded) return with.show(loaded.error());
  if (!loaded->problems.empty()) return with.show(loaded->problems);
  for (const auto& x : loaded->warnings)
    with.around().err << "warning: " << to_string(x) << '\n';
  what.config = std::move(loaded->config);
  return static_cast<exit_code>(with.around().hooks.start_server(what));
}

} // namespace

void add_start_command(CLI::App& to, const std::string& example, command_line& line) {
  const auto given = std::make_shared<start_options>();
  auto& start_app = add_command(to, "start", "Run a node until it is told to stop", example, line,
                                [given](const context& with) { return start(with, *given); });
  add_option(start_app, "--config", given->config,
             "the configuration; without it ORACLE_CONFIG_PATH, else the defaults")
      .type_name("FILE");
  add_option(start_app, "--set", given->set, "a setting that wins over the file: listen.port=9100")
      .type_name("KEY=VALUE");
  add_flag(start_app, "--compat-ports", given->compat_ports,
           "also listen on loopback on the ports of the older documents");
}

void add_server_commands(CLI::App& to, command_line& line) {
  add_start_command(add_group(to, "server", "The node itself"),
                    "bpci server start --config node.yaml --set listen.port=9100", line);
}

} // namespace bpci::cli
