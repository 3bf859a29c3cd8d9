#include "gateways/cli/tree_view.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace bpci::cli {

namespace {

namespace json = boost::json;

std::string_view path_of(const json::object& row) {
  const auto* path = row.if_contains("path");
  const auto* text = path ? path->if_string() : nullptr;
  return text ? std::string_view{*text} : std::string_view{};
}

bool contains(std::string_view outer, std::string_view inner) {
  return inner.size() > outer.size() && inner.starts_with(outer) && inner[outer.size()] == '/';
}

bool is_alive(const json::object& row) {
  const auto* id = row.if_contains("actor_id");
  return id && !(id->is_int64() && id->get_int64() == 0);
}

} // namespace

json::array indent_tree(const json::array& rows) {
  json::array out;
  std::vector<std::string> above;
  for (const auto& x : rows) {
    const auto* row = x.if_object();
    if (!row) continue;
    const auto path = path_of(*row);
    while (!above.empty() && !contains(above.back(), path))
      above.pop_back();
    const auto shown = above.empty() ? path : path.substr(above.back().size() + 1);
    auto copy = *row;
    copy["shown"] = std::string(2 * above.size(), ' ') + std::string{shown};
    if (!is_alive(*row)) copy.erase("started_at");
    above.emplace_back(path);
    out.push_back(std::move(copy));
  }
  return out;
}

} // namespace bpci::cli
