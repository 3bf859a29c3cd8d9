#include "runtime/shipping/outputs.hpp"

#include "runtime/shipping/shipper.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>

namespace bpci::shipping {

namespace {

constexpr std::size_t key_bytes_max = 4'096;
constexpr std::size_t folder_name_max = 120;

/// A key is one visible word: what else there is would end or begin a header.
result<std::string> checked_key(std::string text, const std::string& from) {
  constexpr std::string_view white = " \t\r\n";
  const auto first = std::min(text.find_first_not_of(white), text.size());
  text.erase(0, first);
  text.erase(text.find_last_not_of(white) + 1);
  const auto is_visible = [](char c) { return c > ' ' && c < 0x7f; };
  if (text.empty() || text.size() >= key_bytes_max || !std::ranges::all_of(text, is_visible))
    return fail(ec::config_invalid, from + " does not hold an API key of Elasticsearch");
  return text;
}

result<std::string> key_in_file(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  if (!in) return fail(ec::config_invalid, "api_key_file " + path + " cannot be read");
  std::string text(key_bytes_max, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return checked_key(std::move(text), "api_key_file " + path);
}

result<std::string> key_in_variable(const std::string& name) {
  const auto* text = std::getenv(name.c_str());
  return checked_key(text == nullptr ? "" : text, "the variable " + name + " (api_key_env)");
}

/// One folder for each endpoint and index, by a name that a person can read.
std::string folder_name(const config::log_output& x) {
  auto out = (x.endpoint + '_' + x.index).substr(0, folder_name_max);
  const auto is_plain = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '-';
  };
  std::ranges::replace_if(
      out, [&](char c) { return !is_plain(static_cast<unsigned char>(c)); }, '_');
  return out;
}

result<std::shared_ptr<log::outlet>> start_shipper(const config::node_config& of,
                                                   const config::log_output& x) {
  shipper_options how;
  how.endpoint = x.endpoint;
  how.index = x.index;
  how.node = config::effective_id(of).get();
  how.folder = std::filesystem::absolute(of.node.data_dir) / "logs" / folder_name(x);
  how.spool_bytes_max = x.buffer_bytes;
  how.web.ca_file = x.ca_file;
  if (!x.api_key_file.empty()) how.api_key = [file = x.api_key_file] { return key_in_file(file); };
  if (!x.api_key_env.empty())
    how.api_key = [name = x.api_key_env] { return key_in_variable(name); };
  auto out = shipper::start(std::move(how));
  if (!out) return out.error();
  return std::shared_ptr<log::outlet>{std::move(*out)};
}

} // namespace

result<log::outputs> log_outputs(const config::node_config& of) {
  const auto& settings = of.logging;
  log::outputs out;
  out.least = static_cast<log::level>(settings.level);
  out.json = settings.format == config::log_format::json;
  for (const auto& x : settings.outputs) {
    if (x.type == config::output_type::elasticsearch) {
      auto outlet = start_shipper(of, x);
      if (!outlet) return outlet.error();
      out.outlets.push_back(std::move(*outlet));
    } else {
      out.to.push_back({x.path, x.rotate_bytes, x.rotate_keep});
    }
  }
  return out;
}

} // namespace bpci::shipping
