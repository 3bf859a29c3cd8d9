#include "config/load.hpp"
#include "gateways/cli/commands.hpp"
#include "gateways/cli/default_config.hpp"
#include "gateways/cli/options.hpp"

#include <memory>
#include <ostream>

namespace bpci::cli {

namespace {

namespace json = boost::json;

exit_code validate(const context& with, const std::string& file) {
  const auto loaded = config::load_file(file);
  json::array warnings;
  for (const auto& x : loaded.warnings) {
    with.around().err << (with.how() == format::table ? "warning: " + to_string(x) + '\n' : "");
    warnings.push_back(json::string{to_string(x)});
  }
  if (!loaded.problems.empty()) return with.show(loaded.problems);
  return with.show({{"file", file}, {"valid", true}, {"warnings", std::move(warnings)}},
                   [&] { return file + " is valid\n"; });
}

exit_code show_defaults(const context& with) {
  with.around().out << default_config << std::flush;
  return with.around().out ? exit_code::ok : exit_code::failed;
}

} // namespace

void add_config_commands(CLI::App& to, command_line& line) {
  auto& config = add_group(to, "config", "Configurations of a node");
  const auto file = std::make_shared<std::string>();
  auto& check = add_command(config, "validate",
                            "Say everything that is wrong with a configuration, and where",
                            "bpci config validate node.yaml", line,
                            [file](const context& with) { return validate(with, *file); });
  add_option(check, "file", *file).required().type_name("FILE");
  add_command(config, "show-defaults", "Every key with its default, as YAML",
              "bpci config show-defaults > node.yaml", line, show_defaults);
}

} // namespace bpci::cli
