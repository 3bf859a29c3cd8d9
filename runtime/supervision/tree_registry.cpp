#include "runtime/supervision/tree_registry.hpp"

#include "runtime/supervision/page_limit.hpp"

#include <boost/describe/enum_to_string.hpp>

#include <algorithm>
#include <utility>

namespace bpci::supervision {

namespace {

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool has(std::string_view text, std::string_view part) noexcept {
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [](char a, char b) { return lower(a) == lower(b); })
         != text.end();
}

bool matches(const tree_row& row, std::string_view filter) noexcept {
  return filter.empty() || has(row.path, filter) || has(row.type, filter)
         || has(boost::describe::enum_to_string(row.state, ""), filter);
}

} // namespace

/// One walk over the table, interrupted to let writers in between.
struct tree_registry::reading {
  const tree_query& query;
  timestamp_ms now;
  std::size_t limit;
  std::string last; ///< the path that was looked at last
  tree_page page;

  /// Returns whether the page is complete.
  bool visit(const node& x) {
    if (!matches(x.what.row, query.filter)) return false;
    if (page.rows.size() == limit) {
      page.next = page.rows.back().path;
      return true;
    }
    page.rows.push_back(row_of(x));
    return false;
  }

  tree_row row_of(const node& x) const {
    auto row = x.what.row;
    row.children = x.children;
    if (const auto& life = x.what.life; life && row.actor_id != 0) {
      row.mailbox_depth = life->mailbox_depth();
      row.messages_received = life->messages_received();
    }
    auto since = std::chrono::milliseconds{now.get() - row.last_restart_at.get()};
    if (since >= x.what.period) row.restarts_in_period = 0;
    return row;
  }
};

bool tree_registry::tree_order::operator()(std::string_view a, std::string_view b) const noexcept {
  auto rank = [](char c) { return c == '/' ? 0 : 1 + static_cast<unsigned char>(c); };
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      [&](char x, char y) { return rank(x) < rank(y); });
}

void tree_registry::put(entry what) {
  auto lock = std::lock_guard{mutex_};
  auto [found, fresh] = nodes_.try_emplace(what.row.path);
  found->second.what = std::move(what);
  if (fresh) count_child(found->first, true);
}

void tree_registry::remove(std::string_view path, std::uint64_t owner) {
  auto lock = std::lock_guard{mutex_};
  auto found = nodes_.find(path);
  if (found == nodes_.end() || found->second.what.owner != owner) return;
  count_child(path, false);
  nodes_.erase(found);
}

void tree_registry::count_child(std::string_view path, bool added) {
  auto parent = nodes_.find(parent_path(path));
  if (parent == nodes_.end()) return;
  auto& children = parent->second.children;
  if (added)
    ++children;
  else if (children > 0)
    --children;
}

tree_page tree_registry::read(const tree_query& what, timestamp_ms now) const {
  auto walk = reading{what, now, page_limit(what.limit), what.after, {}};
  for (auto complete = false; !complete;) {
    auto lock = std::lock_guard{mutex_};
    auto i = nodes_.upper_bound(walk.last);
    for (std::size_t n = 0; n < rows_per_lock && i != nodes_.end() && !complete; ++n, ++i) {
      walk.last = i->first;
      complete = walk.visit(i->second);
    }
    complete = complete || i == nodes_.end();
  }
  return std::move(walk.page);
}

std::size_t tree_registry::size() const {
  auto lock = std::lock_guard{mutex_};
  return nodes_.size();
}

std::string_view parent_path(std::string_view path) noexcept {
  auto at = path.rfind('/');
  return at == std::string_view::npos ? std::string_view{} : path.substr(0, at);
}

} // namespace bpci::supervision
