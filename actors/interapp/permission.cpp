#include "actors/interapp/permission.hpp"

#include <boost/describe/enum_from_string.hpp>

#include <algorithm>

namespace bpci::interapp {

namespace {

constexpr std::size_t resource_size_max = 64;

failure not_one(std::string_view text) {
  return fail(ec::invalid_argument, "permission '" + std::string{text.substr(0, 80)}
                                        + "': expected Verb(resource), for instance "
                                          "Read(accounts), with one of Read, Write, Execute, "
                                          "Subscribe, Publish");
}

bool is_resource(std::string_view text) {
  if (text.size() > resource_size_max) return false;
  return std::ranges::all_of(text, [](char c) {
    return c == '/' || is_valid_id(std::string_view{&c, 1});
  });
}

} // namespace

result<permission> parse_permission(std::string_view text) {
  auto open = text.find('(');
  if (open == std::string_view::npos || !text.ends_with(')')) return not_one(text);
  permission out;
  if (!boost::describe::enum_from_string(std::string{text.substr(0, open)}.c_str(), out.verb))
    return not_one(text);
  auto inside = text.substr(open + 1, text.size() - open - 2);
  out.prefix = inside.ends_with('*');
  if (out.prefix) inside.remove_suffix(1);
  if ((inside.empty() && !out.prefix) || !is_resource(inside)) return not_one(text);
  out.resource = inside;
  return out;
}

bool suits(communication_type type, verb x) noexcept {
  switch (type) {
  case communication_type::ServiceCall:
    return x == verb::Read || x == verb::Write || x == verb::Execute;
  case communication_type::DataExchange:
  case communication_type::BatchTransfer:
    return x == verb::Read || x == verb::Write;
  case communication_type::EventStream:
    return x == verb::Read || x == verb::Subscribe || x == verb::Publish;
  case communication_type::Notification:
    return x == verb::Write || x == verb::Publish;
  }
  return false;
}

bool covers(const permission& granted, const permission& wanted) noexcept {
  if (granted.verb != wanted.verb || wanted.prefix) return false;
  return granted.prefix ? wanted.resource.starts_with(granted.resource)
                        : wanted.resource == granted.resource;
}

bool any_covers(const std::vector<std::string>& granted, std::string_view wanted) {
  auto asked = parse_permission(wanted);
  if (!asked) return false;
  return std::ranges::any_of(granted, [&](const std::string& text) {
    auto one = parse_permission(text);
    return one && covers(*one, *asked);
  });
}

} // namespace bpci::interapp
