#include "gateways/api/slot_ranges.hpp"

#include "messages/codec/json.hpp"

#include <algorithm>
#include <charconv>

namespace bpci::gateway {

namespace {

failure wrong(std::string_view part) {
  return fail(ec::invalid_argument, "slots: expected numbers below "
                                        + std::to_string(slots::slot_count)
                                        + " as in 12,40-60, not '" + std::string{part} + "'");
}

std::string_view trim(std::string_view x) {
  auto first = x.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return x.substr(first, x.find_last_not_of(' ') - first + 1);
}

result<std::uint16_t> parse_slot(std::string_view text) {
  auto word = trim(text);
  std::uint16_t out = 0;
  auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), out);
  if (word.empty() || error != std::errc{} || end != word.data() + word.size()
      || out >= slots::slot_count)
    return wrong(text);
  return out;
}

/// Which of all slots are named.
using marks = std::vector<bool>;

result<void> mark_range(std::string_view text, marks& to) {
  auto dash = text.find('-');
  auto first = parse_slot(text.substr(0, dash));
  if (!first) return first.error();
  auto last = dash == std::string_view::npos ? first : parse_slot(text.substr(dash + 1));
  if (!last) return last.error();
  if (*last < *first) return wrong(text);
  std::fill(to.begin() + *first, to.begin() + *last + 1, true);
  return {};
}

std::vector<slots::slot_no> marked(const marks& x) {
  std::vector<slots::slot_no> out;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (x[i]) out.emplace_back(static_cast<std::uint16_t>(i));
  return out;
}

} // namespace

result<std::vector<slots::slot_no>> parse_slots(std::string_view text) {
  marks found(slots::slot_count, false);
  for (;;) {
    auto comma = text.find(',');
    if (auto ok = mark_range(text.substr(0, comma), found); !ok) return ok.error();
    if (comma == std::string_view::npos) return marked(found);
    text.remove_prefix(comma + 1);
  }
}

result<std::vector<slots::slot_no>> read_slots(const boost::json::value& x) {
  if (const auto* text = x.if_string()) return parse_slots(*text);
  const auto* list = x.if_array();
  if (!list || list->empty()) return wrong(codec::to_text(x).substr(0, 40));
  marks found(slots::slot_count, false);
  for (const auto& item : *list) {
    std::uint16_t no = 0;
    if (!codec::read_json(item, no) || no >= slots::slot_count)
      return wrong(codec::to_text(item).substr(0, 40));
    found[no] = true;
  }
  return marked(found);
}

std::string format_slots(const std::vector<slots::slot_no>& all) {
  std::string out;
  for (std::size_t i = 0; i < all.size();) {
    auto last = i;
    while (last + 1 < all.size() && all[last + 1].get() == all[last].get() + 1)
      ++last;
    if (!out.empty()) out += ',';
    out += std::to_string(all[i].get());
    if (last > i) out += '-' + std::to_string(all[last].get());
    i = last + 1;
  }
  return out;
}

} // namespace bpci::gateway
