#include "gateways/http/router.hpp"

#include "gateways/http/problem.hpp"
#include "gateways/http/text.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <stdexcept>

namespace bpci::http {

namespace {

struct endpoint {
  std::string method;
  std::size_t index = 0;
  std::string pattern;
  std::vector<std::string> names; ///< Of the pattern's parameters, in order.
  std::vector<std::string> consumes;
};

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> out;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    if (end > 0) out.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return out;
}

bool is_parameter(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

bool is_tail(std::string_view segment) {
  return is_parameter(segment) && segment.size() > 5
         && segment.substr(segment.size() - 4) == "...}";
}

} // namespace

struct route_tree::node {
  std::map<std::string, std::unique_ptr<node>, std::less<>> fixed;
  std::unique_ptr<node> parameter;
  std::unique_ptr<node> tail;
  std::vector<endpoint> ends;

  [[nodiscard]] const endpoint* end_for(std::string_view method) const {
    const auto at = std::ranges::find(ends, method, &endpoint::method);
    return at == ends.end() ? nullptr : &*at;
  }
};

namespace {

using node = route_tree::node;

node& child(std::unique_ptr<node>& at) {
  if (!at) at = std::make_unique<node>();
  return *at;
}

void insert(node& root, const route_info& row, std::size_t index, const std::string& pattern) {
  if (!pattern.starts_with('/')) throw std::logic_error("route without a slash: " + pattern);
  endpoint end{row.method, index, pattern, {}, row.consumes};
  auto* at = &root;
  auto ended = false;
  for (auto segment : segments_of(pattern)) {
    if (ended) throw std::logic_error("route goes on behind its tail: " + pattern);
    ended = is_tail(segment);
    if (ended) {
      end.names.emplace_back(segment.substr(1, segment.size() - 5));
      at = &child(at->tail);
    } else if (is_parameter(segment)) {
      end.names.emplace_back(segment.substr(1, segment.size() - 2));
      at = &child(at->parameter);
    } else {
      at = &child(at->fixed[std::string{segment}]);
    }
  }
  if (at->end_for(row.method)) throw std::logic_error("route twice: " + row.method + " " + pattern);
  at->ends.push_back(std::move(end));
}

/// A place in the tree that the path leads to, with the values met on the way.
struct candidate {
  const node* at = nullptr;
  std::vector<std::string> values;
};

struct search {
  const std::vector<std::string_view>& path;
  std::string_view method;
  std::vector<std::string> values;
  candidate best;                   ///< Has an endpoint for the method.
  std::vector<std::string> allowed; ///< Methods of all places that the path leads to.

  void visit(const node& at) {
    for (const auto& end : at.ends)
      if (std::ranges::find(allowed, end.method) == allowed.end()) allowed.push_back(end.method);
    if (!best.at && at.end_for(method)) best = {&at, values};
  }

  /// The most specific place comes first; the search goes on only until the method is found.
  void walk(const node& at, std::size_t depth) {
    if (best.at) return;
    if (depth == path.size()) return visit(at);
    if (const auto next = at.fixed.find(path[depth]); next != at.fixed.end())
      walk(*next->second, depth + 1);
    if (at.parameter && !best.at) {
      values.emplace_back(path[depth]);
      walk(*at.parameter, depth + 1);
      values.pop_back();
    }
    if (at.tail && !best.at) {
      values.push_back(joined(depth));
      visit(*at.tail);
      values.pop_back();
    }
  }

  [[nodiscard]] std::string joined(std::size_t depth) const {
    std::string out;
    for (; depth < path.size(); ++depth) {
      if (!out.empty()) out += '/';
      out += path[depth];
    }
    return out;
  }
};

/// HEAD comes with GET (RFC 9110, section 9.3.2), OPTIONS with everything.
std::string allow_list(std::vector<std::string> methods) {
  if (std::ranges::find(methods, "GET") != methods.end()) methods.emplace_back("HEAD");
  methods.emplace_back("OPTIONS");
  std::ranges::sort(methods);
  std::string out;
  for (const auto& x : methods)
    out += (out.empty() ? "" : ", ") + x;
  return out;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& x : words)
    out += (out.empty() ? "" : ", ") + x;
  return out;
}

bool body_fits(const request& what, const endpoint& end) {
  return what.body.empty()
         || std::ranges::find(end.consumes, what.media_type()) != end.consumes.end();
}

routed found(const request& what, const endpoint& end, std::vector<std::string> values) {
  routed out;
  if (!body_fits(what, end)) {
    out.why = fail(ec::unsupported, "this path reads " + joined(end.consumes));
    return out;
  }
  out.what = routed::outcome::found;
  out.index = end.index;
  out.pattern = end.pattern;
  for (std::size_t i = 0; i < end.names.size(); ++i)
    out.parameters.values.emplace_back(end.names[i], std::move(values[i]));
  return out;
}

} // namespace

std::string_view path_parameters::get(std::string_view name) const noexcept {
  const auto at = std::ranges::find(values, name, &name_value::first);
  return at == values.end() ? std::string_view{} : std::string_view{at->second};
}

response answer_without_handler(const routed& what, const correlation_id& id) {
  if (what.what != routed::outcome::options) return problem(what.why, id, {.allow = what.allow});
  auto out = empty_response();
  out.headers.set("Allow", what.allow);
  return out;
}

route_tree::route_tree(const std::vector<route_info>& table) : root_(std::make_unique<node>()) {
  for (std::size_t i = 0; i < table.size(); ++i) {
    insert(*root_, table[i], i, table[i].pattern);
    for (const auto& alias : table[i].aliases)
      insert(*root_, table[i], i, alias);
  }
}

route_tree::~route_tree() = default;
route_tree::route_tree(route_tree&&) noexcept = default;
route_tree& route_tree::operator=(route_tree&&) noexcept = default;

routed route_tree::find(const request& what) const {
  const auto path = segments_of(what.path.starts_with('/') ? std::string_view{what.path} : "/");
  const auto wanted = what.method == "HEAD" ? std::string_view{"GET"} : what.method;
  search s{path, wanted, {}, {}, {}};
  if (what.path != "*") s.walk(*root_, 0);
  if (s.best.at) return found(what, *s.best.at->end_for(wanted), std::move(s.best.values));
  routed out;
  if (what.method == "OPTIONS" && (!s.allowed.empty() || what.path == "*")) {
    out.what = routed::outcome::options;
    out.allow = allow_list(std::move(s.allowed));
  } else if (s.allowed.empty()) {
    out.why = fail(ec::not_found, "no such path");
  } else {
    out.allow = allow_list(std::move(s.allowed));
    out.why = fail(ec::method_not_allowed, "this path has " + out.allow);
  }
  return out;
}

} // namespace bpci::http
