#include "runtime/supervision/tree_registry.hpp"

#include "runtime/supervision/crowd.hpp"
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
  std::string passed; ///< the crowd that was read to its end

  /// Returns whether the page is complete.
  template <class Row>
  bool visit(const tree_row& x, Row row) {
    if (!matches(x, query.filter)) return false;
    if (page.rows.size() == limit) {
      page.next = page.rows.back().path;
      return true;
    }
    page.rows.push_back(row());
    return false;
  }

  tree_row row_of(const node& x, std::size_t crowd) const {
    auto row = x.what.row;
    row.children = x.children + crowd;
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
  auto walk = reading{what, now, page_limit(what.limit), what.after, {}, {}};
  while (!read_nodes(walk) && !read_crowd(walk)) {
  }
  return std::move(walk.page);
}

/// Up to a supervisor with a crowd, whose members come next. Returns whether the page is complete.
bool tree_registry::read_nodes(reading& walk) const {
  auto lock = std::lock_guard{mutex_};
  if (crowd_behind(walk)) return false;
  auto i = nodes_.upper_bound(walk.last);
  for (std::size_t n = 0; n < rows_per_lock && i != nodes_.end(); ++n, ++i) {
    if (stop_at_crowd(walk, i->first)) return false;
    walk.last = i->first;
    auto around = crowds_.find(walk.last);
    auto size = around == crowds_.end() ? 0 : around->second->size();
    if (walk.visit(i->second.what.row, [&] { return walk.row_of(i->second, size); })) return true;
    if (around != crowds_.end()) return false;
  }
  return i == nodes_.end() && !stop_at_crowd(walk, {});
}

/// Of a supervisor that has no row itself: a root. `next` empty: nothing else comes.
bool tree_registry::stop_at_crowd(reading& walk, std::string_view next) const {
  auto around = crowds_.upper_bound(walk.last);
  if (around == crowds_.end()) return false;
  if (!next.empty() && !tree_order{}(around->first, next)) return false;
  walk.last = around->first;
  return true;
}

bool tree_registry::read_crowd(reading& walk) const {
  crowd_ptr around;
  {
    auto lock = std::lock_guard{mutex_};
    around = crowd_behind(walk);
  }
  if (!around) return false;
  auto complete = false;
  auto after =
      walk.last == around->path() ? std::string{} : walk.last.substr(around->path().size() + 1);
  auto last = around->read(after, rows_per_lock, [&](tree_row row) {
    complete = walk.visit(row, [&] { return std::move(row); });
    return complete;
  });
  if (last.empty())
    walk.passed = walk.last = around->path();
  else
    walk.last = around->path() + '/' + last;
  return complete;
}

/// The crowd that the walk is in, or comes to next. Under the lock.
crowd_ptr tree_registry::crowd_behind(const reading& walk) const {
  if (crowds_.empty() || walk.last == walk.passed) return {};
  auto found = crowds_.find(walk.last);
  if (found == crowds_.end() && !nodes_.contains(walk.last))
    found = crowds_.find(parent_path(walk.last));
  return found == crowds_.end() ? crowd_ptr{} : found->second;
}

void tree_registry::attach(crowd_ptr who) {
  auto lock = std::lock_guard{mutex_};
  auto path = who->path();
  crowds_.insert_or_assign(std::move(path), std::move(who));
}

void tree_registry::detach(const crowd_ptr& who) {
  auto lock = std::lock_guard{mutex_};
  auto found = crowds_.find(who->path());
  if (found != crowds_.end() && found->second == who) crowds_.erase(found);
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
