#include "gateways/cli/api.hpp"

#include "gateways/cli/text.hpp"
#include "messages/codec/json.hpp"

#include <boost/json/value_from.hpp>

#include <algorithm>

namespace bpci::cli {

namespace {

namespace json = boost::json;

/// A list that is longer belongs into a file, by the API.
constexpr std::size_t pages_max = 1'000;

fault unreachable(const failure& why, const std::string& url) {
  switch (why.code) {
  case ec::timeout:
    return to_fault(why, exit_code::timeout);
  case ec::invalid_argument:
    return to_fault(why, exit_code::usage, "Give --url as http://host:port.");
  case ec::unavailable:
    return to_fault(why, exit_code::unreachable,
                    "Start a node with bpci server start, or name another one with --url (now "
                        + url + ").");
  default:
    return to_fault(why, exit_code::failed,
                    "Check that --url names a bpci node (now " + url + ").");
  }
}

exit_code exit_of(int status) {
  if (status == 401 || status == 403) return exit_code::not_permitted;
  return status == 408 || status == 504 ? exit_code::timeout : exit_code::failed;
}

std::string text_of(const json::object& x, std::string_view key) {
  const auto* value = x.if_contains(key);
  const auto* text = value ? value->if_string() : nullptr;
  return text ? tame(*text) : std::string{};
}

/// What the node refused. Something else than a node may have answered.
fault refused(const http::response& said, const std::string& url) {
  const auto exit = exit_of(said.status);
  const auto body = codec::parse_json(said.body);
  const auto* object = body ? body->if_object() : nullptr;
  auto code = object ? text_of(*object, "code") : std::string{};
  if (code.empty())
    return to_fault(
        fail(ec::internal, "HTTP status " + std::to_string(said.status) + " from " + url), exit,
        "Check that --url names a bpci node.");
  const auto known = code_from_name(code);
  auto title = text_of(*object, "title");
  auto next = text_of(*object, "next_step");
  if (title.empty()) title = sentence(known);
  if (next.empty()) next = next_step(known);
  // The node cannot know how a token is given here.
  if (known == ec::not_authenticated)
    next = "Give a token with --token-file or BPCI_TOKEN; the first start of the node printed one.";
  return {exit, std::move(code), std::move(title), text_of(*object, "detail"), std::move(next)};
}

/// Takes the items out of a page; false if it is not one.
bool take_items(json::value& page, std::string_view member, json::array& to) {
  auto* object = page.if_object();
  auto* items = object ? object->if_contains(member) : nullptr;
  auto* list = items ? items->if_array() : nullptr;
  if (!list) return false;
  for (auto& item : *list)
    to.push_back(std::move(item));
  return true;
}

/// The `next` of a page: a text, or a number that is 0 on the last one.
std::string cursor_of(const json::object& page) {
  const auto* next = page.if_contains("next");
  if (!next || next->is_null()) return {};
  if (next->is_string()) return text_of(page, "next");
  auto number = codec::to_text(*next);
  return number == "0" ? std::string{} : number;
}

/// The members that did not answer for one page are not asked for the next.
void add_missing(const json::object& page, json::array& to) {
  const auto* names = page.if_contains("unreachable");
  const auto* list = names ? names->if_array() : nullptr;
  if (!list) return;
  for (const auto& name : *list)
    if (std::ranges::find(to, name) == to.end()) to.push_back(name);
}

} // namespace

api::api(const surroundings& around, std::string base_url, std::string token,
         std::chrono::milliseconds timeout)
    : around_(around),
      base_url_(std::move(base_url)),
      token_(std::move(token)),
      timeout_(timeout) {}

outcome<json::value> api::get(const std::string& path, const query& what) {
  auto target = path;
  auto separator = '?';
  for (const auto& [key, value] : what) {
    if (value.empty()) continue;
    target += separator + key + '=' + percent_encode(value);
    separator = '&';
  }
  return exchange("GET", target, {});
}

outcome<json::value> api::post(const std::string& path, const json::value& body) {
  return exchange("POST", path, codec::to_text(body));
}

outcome<json::value> api::put(const std::string& path, const json::value& body) {
  return exchange("PUT", path, codec::to_text(body));
}

outcome<json::value> api::list(const std::string& path, std::string_view member, query what,
                               bool all) {
  json::array items;
  json::array unreachable;
  json::object last;
  std::string next;
  what.emplace_back("after", "");
  for (std::size_t pages = 0; pages < (all ? pages_max : 1); ++pages) {
    what.back().second = next;
    auto page = get(path, what);
    if (!page) return page.error();
    if (!take_items(*page, member, items))
      return to_fault(fail(ec::malformed, "the answer has no list '" + std::string{member} + "'"),
                      exit_code::failed, "Use a bpci of the same version as the node.");
    last = std::move(page->get_object());
    add_missing(last, unreachable);
    next = cursor_of(last);
    if (next.empty()) break;
  }
  last[member] = std::move(items);
  last["next"] = next;
  if (last.contains("unreachable")) last["unreachable"] = std::move(unreachable);
  return json::value(std::move(last));
}

outcome<std::string> api::get_raw(const std::string& path) {
  auto said = call("GET", path, {});
  if (!said) return said.error();
  return std::move(said->body);
}

outcome<http::response> api::call(const std::string& method, const std::string& path,
                                  std::string body) {
  api_call what{base_url_, method, path, {}, std::move(body), timeout_};
  what.headers.set("Accept", "application/json");
  if (!what.body.empty()) what.headers.set("Content-Type", "application/json");
  if (!token_.empty()) what.headers.set("Authorization", "Bearer " + token_);
  auto said = around_.call(what);
  if (!said) return unreachable(said.error(), base_url_);
  if (said->status < 200 || said->status >= 300) return refused(*said, base_url_);
  return std::move(*said);
}

outcome<json::value> api::exchange(const std::string& method, const std::string& path,
                                   std::string body) {
  const auto said = call(method, path, std::move(body));
  if (!said) return said.error();
  if (said->body.empty()) return json::value(json::object{});
  auto answer = codec::parse_json(said->body);
  if (!answer)
    return to_fault(fail(ec::malformed, "the answer is not JSON: " + answer.error().detail),
                    exit_code::failed, "Check that --url names a bpci node.");
  auto* object = answer->if_object();
  auto* data = object ? object->if_contains("data") : nullptr;
  return data ? std::move(*data) : std::move(*answer);
}

} // namespace bpci::cli
