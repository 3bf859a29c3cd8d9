#include "config/load.hpp"
#include "gateways/cli/commands.hpp"
#include "gateways/cli/doctor.hpp"
#include "gateways/cli/options.hpp"
#include "gateways/cli/text.hpp"

#include <algorithm>
#include <memory>

namespace bpci::cli {

namespace {

namespace json = boost::json;

struct doctor_options {
  std::string config;
  bool before_start = false;
};

const columns finding_columns{
    {"CHECK", "check"},
    {"RESULT", "result", cell::state},
    {"DETAIL", "detail"},
};

std::string_view word(verdict x) {
  switch (x) {
  case verdict::ok:
    return "ok";
  case verdict::warn:
    return "warn";
  case verdict::fail:
    return "fail";
  case verdict::skipped:
    return "skipped";
  }
  return "fail";
}

/// Without a configuration there is nothing to check the rest against.
findings check_config(const doctor_options& given, config::node_config& out) {
  const auto file = given.config.empty() ? config::default_path()
                                         : std::optional<std::filesystem::path>{given.config};
  if (!file) return {{"configuration", verdict::ok, "the defaults", {}}};
  const auto loaded = config::load_file(*file);
  out = loaded.config;
  findings all;
  for (const auto& x : loaded.problems)
    all.push_back({"configuration", verdict::fail,
                   x.file + ':' + std::to_string(x.line) + ": " + x.path + ' ' + x.what, x.remedy});
  for (const auto& x : loaded.warnings)
    all.push_back({"configuration", verdict::warn, x.path + ' ' + x.what, x.remedy});
  if (all.empty()) all.push_back({"configuration", verdict::ok, file->string() + " is valid", {}});
  return all;
}

bool failed(const findings& all) {
  return std::ranges::any_of(all, [](const auto& x) { return x.what == verdict::fail; });
}

findings examine(const context& with, const doctor_options& given) {
  config::node_config c;
  auto out = check_config(given, c);
  if (!failed(out)) {
    out.push_back(check_data_dir(c));
    out.push_back(check_postgres(c));
    out.push_back(check_database(c));
    out.push_back(check_port(with, c));
  }
  out.push_back(check_clock(with.around().now()));
  if (!given.before_start) std::ranges::move(check_api(with, c), std::back_inserter(out));
  return out;
}

json::array to_json(const findings& all) {
  json::array out;
  for (const auto& x : all) {
    json::object one{{"check", x.name}, {"result", word(x.what)}, {"detail", x.detail}};
    if (!x.fix.empty()) one["fix"] = x.fix;
    out.push_back(std::move(one));
  }
  return out;
}

std::string fixes(const findings& all) {
  std::string out;
  for (const auto& x : all)
    if (!x.fix.empty()) out += "\n" + x.name + ": " + tame(x.fix);
  return out.empty() ? out : out + '\n';
}

exit_code examine_and_show(const context& with, const doctor_options& given) {
  const auto all = examine(with, given);
  const auto rows = to_json(all);
  const auto shown = with.show(json::object{{"ok", !failed(all)}, {"checks", rows}}, [&] {
    return render_table(finding_columns, rows, with.table_style()) + fixes(all);
  });
  return shown == exit_code::ok && failed(all) ? exit_code::failed : shown;
}

} // namespace

void add_doctor_command(CLI::App& to, command_line& line) {
  const auto given = std::make_shared<doctor_options>();
  auto& app =
      add_command(to, "doctor", "Check what a node needs, and say how to repair what is missing",
                  "bpci doctor --config node.yaml", line,
                  [given](const context& with) { return examine_and_show(with, *given); });
  add_option(app, "--config", given->config,
             "the configuration; without it ORACLE_CONFIG_PATH, else the defaults")
      .type_name("FILE");
  add_flag(app, "--before-start", given->before_start, "leave out what needs a running node");
}

} // namespace bpci::cli
