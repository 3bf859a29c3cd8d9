#include "gateways/cli/list_view.hpp"

#include "gateways/cli/text.hpp"

namespace bpci::cli {

namespace {

namespace json = boost::json;

const json::value* find(const json::value& x, std::string_view path) {
  const auto* object = x.if_object();
  return object ? member_at(*object, path) : nullptr;
}

} // namespace

exit_code show_list(const context& with, const list_view& what, api::query asked,
                    const page_options& page) {
  auto node = with.node();
  if (!node) return with.show(node.error());
  asked.emplace_back("limit", std::to_string(page.limit));
  const auto data = node->list(what.path, what.member, std::move(asked), page.all);
  if (!data) return with.show(data.error());
  return with.show(*data, [&] {
    const auto& rows = data->at(what.member).get_array();
    auto out = rows.empty() ? std::string{what.none} + '\n'
                            : render_table(what.shown, rows, with.table_style());
    return out + render_footer(*data);
  });
}

std::string render_footer(const json::value& list) {
  std::string out;
  if (!text_at(list, "next").empty()) out += "There is more: --all shows it.\n";
  for (const auto& name : list_at(list, "unreachable"))
    if (const auto* text = name.if_string()) out += tame(*text) + " did not answer.\n";
  return out;
}

std::string text_at(const json::value& x, std::string_view path) {
  const auto* found = find(x, path);
  const auto* text = found ? found->if_string() : nullptr;
  return text ? tame(*text) : std::string{};
}

json::array list_at(const json::value& x, std::string_view path) {
  const auto* found = find(x, path);
  const auto* list = found ? found->if_array() : nullptr;
  return list ? *list : json::array{};
}

} // namespace bpci::cli
