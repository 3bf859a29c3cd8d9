#include "gateways/cli/table.hpp"

#include "gateways/cli/text.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <array>
#include <numeric>

namespace bpci::cli {

namespace {

namespace json = boost::json;

constexpr std::string_view gap = "  ";
constexpr std::size_t column_least = 8; ///< Narrower cells say nothing.

constexpr std::string_view bold = "\x1b[1m";
constexpr std::string_view plain = "\x1b[0m";
constexpr std::string_view green = "\x1b[32m";
constexpr std::string_view yellow = "\x1b[33m";
constexpr std::string_view red = "\x1b[31m";

std::string_view colour_of(std::string_view word) {
  constexpr std::array good{"running", "up", "Connected", "ok", "acknowledged"};
  constexpr std::array bad{"backing_off", "dead", "fail", "stopped"};
  const auto is = [&](const char* x) { return word == x; };
  if (std::ranges::any_of(good, is)) return green;
  return std::ranges::any_of(bad, is) ? red : yellow;
}

std::int64_t to_number(const json::value& x) {
  if (x.is_int64()) return x.get_int64();
  return x.is_uint64() ? static_cast<std::int64_t>(x.get_uint64()) : 0;
}

std::string to_text(const json::value& x) {
  if (x.is_null()) return "-";
  if (const auto* text = x.if_string()) return text->empty() ? "-" : tame(*text);
  if (const auto* list = x.if_array()) {
    std::string out;
    for (const auto& item : *list)
      out += (out.empty() ? "" : ",") + to_text(item);
    return out.empty() ? "-" : out;
  }
  return tame(json::serialize(x));
}

std::string show(const json::value* x, cell kind, const style& how) {
  if (!x) return kind == cell::flag ? "" : "-";
  switch (kind) {
  case cell::since:
    if (to_number(*x) <= 0) return "-";
    return short_duration(std::chrono::milliseconds{how.now.get() - to_number(*x)});
  case cell::until:
    if (to_number(*x) <= how.now.get()) return "now";
    return short_duration(std::chrono::milliseconds{to_number(*x) - how.now.get()});
  case cell::span:
    return short_duration(std::chrono::milliseconds{to_number(*x)});
  case cell::count:
    return x->is_array() ? std::to_string(x->get_array().size()) : "-";
  case cell::flag:
    return x->is_bool() && x->get_bool() ? "yes" : "";
  default:
    return to_text(*x);
  }
}

std::string pad(std::string text, std::size_t to, bool right) {
  const auto has = width(text);
  if (has >= to) return text;
  const std::string spaces(to - has, ' ');
  return right ? spaces + text : std::move(text) + spaces;
}

/// Takes from the widest column until the line fits.
void shrink(std::vector<std::size_t>& widths, std::size_t line) {
  const auto gaps = gap.size() * (widths.size() - 1);
  for (;;) {
    const auto whole = std::accumulate(widths.begin(), widths.end(), gaps);
    const auto widest = std::ranges::max_element(widths);
    if (whole <= line || *widest <= column_least) return;
    *widest -= std::min(whole - line, *widest - column_least);
  }
}

using line = std::vector<std::string>;

std::string write_line(const columns& shown, const line& cells,
                       const std::vector<std::size_t>& widths, bool head, const style& how) {
  std::string out;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto last = i + 1 == cells.size();
    auto text = cut(cells[i], widths[i]);
    const auto word = text;
    const auto right = shown[i].kind == cell::number || shown[i].kind == cell::count;
    if (!last || right) text = pad(std::move(text), widths[i], right);
    if (how.colour && head) text = std::string{bold} + text + std::string{plain};
    if (how.colour && !head && shown[i].kind == cell::state)
      text = std::string{colour_of(word)} + text + std::string{plain};
    if (i > 0) out += gap;
    out += text;
  }
  while (out.ends_with(' '))
    out.pop_back();
  return out + '\n';
}

void flatten(const json::object& x, const std::string& before, std::vector<line>& out) {
  for (const auto& [key, value] : x) {
    const auto path = before + tame(key);
    const auto* inner = value.if_object();
    if (inner && !inner->empty())
      flatten(*inner, path + '.', out);
    else
      out.push_back({path, to_text(value)});
  }
}

std::string write_pairs(const std::vector<line>& pairs, const style& how) {
  std::size_t widest = 0;
  for (const auto& pair : pairs)
    widest = std::max(widest, width(pair[0]));
  std::string out;
  for (const auto& pair : pairs) {
    const auto name = pad(pair[0], widest, false);
    out += how.colour ? std::string{bold} + name + std::string{plain} : name;
    out += std::string{gap} + pair[1] + '\n';
  }
  return out;
}

} // namespace

const json::value* member_at(const json::object& x, std::string_view path) {
  const auto dot = path.find('.');
  const auto* found = x.if_contains(path.substr(0, dot));
  if (!found || dot == std::string_view::npos) return found;
  const auto* inner = found->if_object();
  return inner ? member_at(*inner, path.substr(dot + 1)) : nullptr;
}

std::string render_table(const columns& shown, const json::array& rows, const style& how) {
  std::vector<line> lines{{}};
  for (const auto& x : shown)
    lines.front().emplace_back(x.title);
  for (const auto& row : rows) {
    const auto* object = row.if_object();
    if (!object) continue;
    auto& cells = lines.emplace_back();
    for (const auto& x : shown)
      cells.push_back(show(member_at(*object, x.path), x.kind, how));
  }
  std::vector<std::size_t> widths(shown.size(), 0);
  for (const auto& cells : lines)
    for (std::size_t i = 0; i < cells.size(); ++i)
      widths[i] = std::max(widths[i], width(cells[i]));
  if (how.width > 0 && !widths.empty()) shrink(widths, how.width);
  std::string out;
  for (const auto& cells : lines)
    out += write_line(shown, cells, widths, &cells == &lines.front(), how);
  return out;
}

std::string render_record(const columns& shown, const json::object& record, const style& how) {
  std::vector<line> pairs;
  for (const auto& x : shown)
    pairs.push_back({std::string{x.title}, show(member_at(record, x.path), x.kind, how)});
  return write_pairs(pairs, how);
}

std::string render_members(const json::object& record, const style& how) {
  std::vector<line> pairs;
  flatten(record, {}, pairs);
  return write_pairs(pairs, how);
}

} // namespace bpci::cli
