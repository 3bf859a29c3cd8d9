#include "gateways/api/running_config.hpp"

#include "config/keys.hpp"
#include "config/load.hpp"
#include "messages/codec/json.hpp"

#include <algorithm>

namespace bpci::gateway {

namespace {

namespace json = boost::json;

/// The visitor of config/keys.hpp that writes the settings down.
class writer {
public:
  json::object out;

  template <class Body>
  void section(std::string_view name, const Body& body) {
    out[name] = within(body);
  }

  template <class T, class Body>
  void list(std::string_view name, const std::vector<T>& entries, const Body& body) {
    json::array all;
    for (const auto& x : entries)
      all.push_back(within([&] { body(x); }));
    out[name] = std::move(all);
  }

  template <config::counted T>
  void key(std::string_view name, const T& x, const config::range&) {
    out[name] = config::count_of(x);
  }

  void key(std::string_view name, const std::optional<std::uint16_t>& x, const config::range&) {
    out[name] = x ? json::value(*x) : json::value{};
  }

  void key(std::string_view name, const config::basis_points& x, const config::range&) {
    out[name] = std::to_string(x.get()) + "bp";
  }

  void key(std::string_view name, const bool& x) { out[name] = x; }
  void key(std::string_view name, const std::string& x) { out[name] = json::string{x}; }

  void key(std::string_view name, const std::vector<std::string>& x) {
    out[name] = json::array(x.begin(), x.end());
  }

  template <class Enum>
  void key(std::string_view name, const Enum& x, config::words<Enum> all) {
    for (const auto& word : all)
      if (word.value == x) out[name] = json::string{word.text};
  }

private:
  template <class Body>
  json::object within(const Body& body) {
    json::object around;
    std::swap(out, around);
    body();
    std::swap(out, around);
    return around;
  }
};

json::object written(const config::node_config& x) {
  writer w;
  config::visit_keys(w, x);
  return std::move(w.out);
}

json::object as_sections(const json::object& given) {
  const auto sections = written({});
  const auto is_section = [&](const auto& member) { return sections.contains(member.key()); };
  if (std::ranges::any_of(given, is_section)) return given;
  return {{"oracle_config", given}};
}

void compare(const json::object& running, const json::object& wanted, const json::object& named,
             const std::string& path, std::vector<std::string>& out) {
  for (const auto& member : named) {
    const auto where = path + std::string{member.key()};
    const auto& here = running.at(member.key());
    const auto& there = wanted.at(member.key());
    if (here.is_object() && member.value().is_object())
      compare(here.get_object(), there.as_object(), member.value().get_object(), where + '.', out);
    else if (here != there)
      out.push_back(where + " is " + codec::to_text(here) + ", not " + codec::to_text(there));
  }
}

bool is_secret(std::string_view section) {
  return section == "storage";
}

} // namespace

json::object public_config(const config::node_config& of) {
  const auto all = written(of);
  return {{"oracle_config", all.at("oracle_config")},
          {"inter_app_config", all.at("inter_app_config")}};
}

result<std::vector<std::string>> differences(const config::node_config& running,
                                             const json::object& given) {
  const auto sections = as_sections(given);
  for (const auto& section : sections)
    if (is_secret(section.key()))
      return fail(ec::invalid_argument,
                  "config." + std::string{section.key()} + ": holds secrets and is not compared");
  // JSON is YAML, so the reader of files reads it, and says the same of it.
  const auto loaded = config::load_text(codec::to_text(sections), "config");
  if (!loaded.problems.empty()) {
    const auto& first = loaded.problems.front();
    return fail(ec::invalid_argument, first.path + ' ' + first.what + ". " + first.remedy);
  }
  std::vector<std::string> out;
  compare(written(running), written(loaded.config), sections, "", out);
  return out;
}

} // namespace bpci::gateway
