#include "config/load.hpp"

#include "config/nearest.hpp"
#include "config/older_metrics.hpp"
#include "config/reader.hpp"
#include "config/validate.hpp"
#include "config/yaml_tree.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <tuple>
#include <utility>

namespace bpci::config {

namespace {

constexpr auto config_path_variable = "ORACLE_CONFIG_PATH";

constexpr std::size_t secret_file_bytes_max = 65'536;

/// Keys of document 2 for what this program does in another way.
struct meaningless {
  std::string_view path;
  std::string_view why;
  std::string_view remedy;
};

constexpr meaningless without_meaning[] = {
    {"oracle_config.performance_config.connection_pool_size",
     "has no effect: BPI nodes dial this one, which keeps no connections to them",
     "Remove it; oracle_config.max_connections bounds how many are let in."},
    {"logging.audit_logging.retention_days",
     "deletes nothing: what admins did, and the audit of an agreement, are kept for ever",
     "Bound log files by rotate_keep, and the indices of Elasticsearch by a lifecycle policy."},
};

void warn_of_meaningless(const given_keys& given, std::vector<problem>& warnings) {
  for (const auto& entry : without_meaning)
    if (const auto key = given.find(entry.path); key != given.end())
      warnings.push_back({{},
                          key->second.at.line,
                          key->second.at.column,
                          key->first,
                          std::string{entry.why},
                          std::string{entry.remedy}});
}

/// Older names are exported when they are switched on; of the others a dashboard gets nothing.
void warn_of_metrics(const node_config& c, const given_keys& given,
                     std::vector<problem>& warnings) {
  const auto warn = [&](const auto& key, std::string what, std::string remedy) {
    warnings.push_back({{},
                        key.second.at.line,
                        key.second.at.column,
                        key.first,
                        std::move(what),
                        std::move(remedy)});
  };
  auto told = c.metrics.legacy_names;
  for (const auto& key : given) {
    if (!key.first.starts_with("prometheus_metrics[")) continue;
    const auto& name = key.second.text;
    const auto is_older =
        std::ranges::find(older_metrics, std::string_view{name}, &older_metric::name)
        != std::end(older_metrics);
    if (is_older && !std::exchange(told, true))
      warn(key, "and its like are not exported: metrics.legacy_names is false",
           "Write metrics: {legacy_names: true}, or use the names that begin with bpci_.");
    if (!is_older && !name.starts_with("bpci_") && !name.starts_with("process_"))
      warn(key, "is no metric of this node, nor of document 2",
           "Remove it; docs/operations.md lists them.");
  }
}

/// The administrators' record is not at the disposal of a configuration.
void warn_of_audit(const node_config& c, const given_keys& given, std::vector<problem>& warnings) {
  const auto key = given.find("logging.audit_logging.enabled");
  if (c.logging.audit_logging.enabled || key == given.end()) return;
  warnings.push_back({{},
                      key->second.at.line,
                      key->second.at.column,
                      key->first,
                      "is false: no lines of the log say who calls the API",
                      "What admins do stays on record all the same: bpci audit actions."});
}

void warn_of_variables(const given_keys& given, std::vector<problem>& warnings) {
  for (const auto& [path, key] : given)
    if (key.text.find("${") != std::string::npos)
      warnings.push_back({{},
                          key.at.line,
                          key.at.column,
                          path,
                          "holds ${, which is taken as it stands: variables are not expanded",
                          "Write the value itself; keep secrets in a file (storage.dsn_file)."});
}

/// Where the key stands; else the nearest section around it, since a rule between two keys
/// may complain about the one that was left at its default.
yaml::position locate(const given_keys& given, std::string_view path) {
  while (!path.empty()) {
    if (const auto key = given.find(path); key != given.end()) return key->second.at;
    const auto end = path.find_last_of(".[");
    path = path.substr(0, end == std::string_view::npos ? 0 : end);
  }
  return {};
}

void finish(std::vector<problem>& problems, const std::string& file) {
  for (auto& x : problems)
    x.file = file;
  std::ranges::stable_sort(problems, {},
                           [](const problem& x) { return std::tie(x.line, x.column); });
}

loaded refused(std::string file, yaml::refusal why) {
  loaded out;
  out.problems.push_back({std::move(file),
                          why.at.line,
                          why.at.column,
                          {},
                          std::move(why.what),
                          std::move(why.remedy)});
  return out;
}

/// At most `most` bytes and one more, by which the caller sees that there are too many.
result<std::string> read_file(const std::filesystem::path& path, std::size_t most) {
  std::error_code why;
  const auto status = std::filesystem::status(path, why);
  if (status.type() == std::filesystem::file_type::not_found)
    return fail(ec::config_invalid, "does not exist");
  if (why) return fail(ec::config_invalid, "cannot be read: " + why.message());
  if (!std::filesystem::is_regular_file(status))
    return fail(ec::config_invalid, "is not a regular file");
  std::ifstream in{path, std::ios::binary};
  if (!in) return fail(ec::config_invalid, "cannot be opened for reading");
  std::string text(most + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return fail(ec::config_invalid, "cannot be read");
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view white = " \t\r\n";
  const auto first = text.find_first_not_of(white);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(white) - first + 1);
}

} // namespace

loaded load_text(std::string_view yaml, std::string file_name) {
  auto document = yaml::parse(yaml);
  if (auto* why = std::get_if<yaml::refusal>(&document))
    return refused(std::move(file_name), std::move(*why));
  auto reading = read(std::get<yaml::node>(document));
  loaded out{std::move(reading.config), std::move(reading.problems), {}};
  for (auto& x : validate(out.config)) {
    const auto at = locate(reading.given, x.path);
    x.line = at.line;
    x.column = at.column;
    out.problems.push_back(std::move(x));
  }
  warn_of_meaningless(reading.given, out.warnings);
  warn_of_metrics(out.config, reading.given, out.warnings);
  warn_of_audit(out.config, reading.given, out.warnings);
  warn_of_variables(reading.given, out.warnings);
  finish(out.problems, file_name);
  finish(out.warnings, file_name);
  return out;
}

loaded load_file(const std::filesystem::path& path) {
  auto text = read_file(path, yaml::document_bytes_max);
  if (!text)
    return refused(path.string(),
                   {{},
                    text.error().detail,
                    "Check the path given by --config or ORACLE_CONFIG_PATH, and the rights."});
  return load_text(*text, path.string());
}

std::optional<std::filesystem::path> default_path() {
  const auto* path = std::getenv(config_path_variable);
  if (path == nullptr || *path == '\0') return std::nullopt;
  return path;
}

result<std::string> storage_dsn(const storage_settings& storage) {
  if (storage.dsn_file.empty()) return storage.dsn;
  const auto text = read_file(storage.dsn_file, secret_file_bytes_max);
  if (!text) return fail(ec::config_invalid, "storage.dsn_file " + text.error().detail);
  const auto dsn = trim(*text);
  if (text->size() > secret_file_bytes_max || !is_postgres_address(dsn)
      || dsn.find_first_of("\r\n") != std::string_view::npos)
    return fail(ec::config_invalid,
                "storage.dsn_file does not hold the address of a PostgreSQL database on one line");
  return std::string{dsn};
}

} // namespace bpci::config
