#include "gateways/cli/context.hpp"

#include "gateways/cli/text.hpp"
#include "gateways/cli/yaml.hpp"
#include "gateways/http/text.hpp"
#include "messages/codec/json.hpp"

#include <fstream>
#include <ostream>

namespace bpci::cli {

namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr std::string_view default_url = "http://127.0.0.1:8080";

/// Where a node that was started in this folder left the token of its first admin.
constexpr std::string_view first_token_file = "data/admin-token";

constexpr auto default_timeout = 30'000ms;
constexpr std::size_t token_bytes_max = 4'096;

result<std::string> read_token(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  std::string text(token_bytes_max, '\0');
  if (!in) return fail(ec::not_found, path.string() + " cannot be read");
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  const auto end = text.find_last_not_of(" \t\r\n");
  text.resize(end == std::string::npos ? 0 : end + 1);
  if (text.empty()) return fail(ec::invalid_argument, path.string() + " is empty");
  return text;
}

bool is_this_machine(const std::string& url) {
  for (const std::string_view host : {"http://127.0.0.1", "http://localhost", "http://[::1]"})
    if (url.starts_with(host)
        && (url.size() == host.size() || url[host.size()] == ':' || url[host.size()] == '/'))
      return true;
  return false;
}

json::object to_json(const fault& x) {
  json::object out{{"code", x.code}, {"title", x.title}};
  if (!x.detail.empty()) out["detail"] = x.detail;
  out["next_step"] = x.next_step;
  out["exit_code"] = static_cast<int>(x.exit);
  return out;
}

json::object to_json(const config::problem& x) {
  return {{"file", x.file}, {"line", x.line}, {"column", x.column},
          {"path", x.path}, {"what", x.what}, {"remedy", x.remedy}};
}

} // namespace

format to_format(std::string_view word) noexcept {
  if (word == "json") return format::json;
  return word == "yaml" ? format::yaml : format::table;
}

context::context(surroundings& around, global_options given)
    : around_(around),
      given_(std::move(given)),
      format_(to_format(given_.output)),
      timeout_(default_timeout) {
  if (const auto time = parse_duration(given_.timeout)) timeout_ = *time;
}

bool context::url_given() const {
  return !given_.url.empty() || !around_.variable("BPCI_URL").value_or("").empty();
}

std::string context::url() const {
  auto out = given_.url.empty() ? around_.variable("BPCI_URL").value_or("") : given_.url;
  if (out.empty()) out = default_url;
  while (out.ends_with('/'))
    out.pop_back();
  return out;
}

std::filesystem::path context::home() const {
  if (const auto config = around_.variable("XDG_CONFIG_HOME"); config && !config->empty())
    return std::filesystem::path{*config} / "bpci";
  return std::filesystem::path{around_.variable("HOME").value_or(".")} / ".config" / "bpci";
}

outcome<std::string> context::token() const {
  const auto named = [&](const std::string& file) -> outcome<std::string> {
    auto text = read_token(file);
    if (text) return *text;
    return usage_fault("the token file " + text.error().detail,
                       "Give the file that holds the token; the first start of a node writes one.");
  };
  if (!given_.token.empty()) return given_.token;
  if (!given_.token_file.empty()) return named(given_.token_file);
  if (const auto text = around_.variable("BPCI_TOKEN"); text && !text->empty()) return *text;
  if (const auto file = around_.variable("BPCI_TOKEN_FILE"); file && !file->empty())
    return named(*file);
  if (auto text = read_token(home() / "token")) return *text;
  // The token of a node of this machine is no business of any other machine.
  if (is_this_machine(url()))
    if (auto text = read_token(first_token_file)) return *text;
  return std::string{};
}

outcome<api> context::node() const {
  auto secret = token();
  if (!secret) return secret.error();
  return api{around_, url(), std::move(*secret), timeout_};
}

bool context::colour(bool terminal) const {
  const auto unwanted = around_.variable("NO_COLOR");
  return terminal && !given_.no_colour && !(unwanted && !unwanted->empty());
}

style context::table_style() const {
  return {colour(around_.out_is_terminal), around_.out_is_terminal ? around_.columns : 0,
          around_.now()};
}

exit_code context::show(const json::value& data, const std::function<std::string()>& table) const {
  switch (format_) {
  case format::json:
    around_.out << codec::to_pretty_text(data) << '\n';
    break;
  case format::yaml:
    around_.out << to_yaml(data);
    break;
  case format::table:
    around_.out << table();
    break;
  }
  around_.out.flush();
  // A full disk or a closed pipe: what was asked for has not been shown.
  return around_.out ? exit_code::ok : exit_code::failed;
}

void context::write_error(const json::value& data) const {
  if (format_ == format::json)
    around_.err << codec::to_pretty_text(data) << '\n';
  else
    around_.err << to_yaml(data);
}

exit_code context::show(const fault& why) const {
  if (format_ != format::table) {
    write_error(json::object{{"error", to_json(why)}});
    return why.exit;
  }
  const auto red = colour(around_.err_is_terminal);
  around_.err << (red ? "\x1b[31m" : "") << why.code << (red ? "\x1b[0m" : "") << ": "
              << tame(why.title);
  if (!why.detail.empty()) around_.err << " (" << tame(why.detail) << ')';
  around_.err << '\n';
  if (!why.next_step.empty()) around_.err << "  Next: " << tame(why.next_step) << '\n';
  return why.exit;
}

exit_code context::show(const std::vector<config::problem>& problems) const {
  if (format_ == format::table) {
    for (const auto& x : problems)
      around_.err << to_string(x) << '\n';
    return exit_code::usage;
  }
  json::array all;
  for (const auto& x : problems)
    all.push_back(to_json(x));
  auto error = to_json(to_fault(fail(ec::config_invalid), exit_code::usage));
  error["problems"] = std::move(all);
  write_error(json::object{{"error", std::move(error)}});
  return exit_code::usage;
}

} // namespace bpci::cli
