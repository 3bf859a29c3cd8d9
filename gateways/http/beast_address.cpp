#include "gateways/http/beast_address.hpp"

#include "gateways/http/text.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>

namespace bpci::http::io {

result<address> parse_address(std::string_view text, std::string_view scheme) {
  const auto whole = text;
  const auto bad = [&](const char* why) {
    return fail(ec::invalid_argument, "the address " + printable(whole) + " " + why);
  };
  if (!text.starts_with(scheme)) return bad(("does not start with " + std::string{scheme}).c_str());
  text.remove_prefix(scheme.size());
  const auto slash = std::min(text.find('/'), text.size());
  address out{.host = {}, .port = "80", .path = std::string{text.substr(slash)}};
  if (out.path.empty()) out.path = "/";
  auto place = text.substr(0, slash);
  if (place.find('@') != std::string_view::npos) return bad("holds a user name");
  auto colon = place.rfind(':');
  if (place.starts_with('[')) {
    const auto end = place.find(']');
    if (end == std::string_view::npos) return bad("has an open bracket");
    out.host = place.substr(1, end - 1);
    colon = end + 1 < place.size() ? end + 1 : std::string_view::npos;
    if (colon != std::string_view::npos && place[colon] != ':') return bad("has a bad port");
  } else {
    out.host = place.substr(0, colon);
  }
  if (colon != std::string_view::npos) out.port = place.substr(colon + 1);
  if (out.host.empty()) return bad("has no host");
  if (out.port.empty() || out.port.size() > 5
      || out.port.find_first_not_of("0123456789") != std::string::npos)
    return bad("has a bad port");
  return out;
}

failure broken(const address& to, error_code why) {
  if (why == asio::error::timed_out) return fail(ec::timeout, "no answer from " + to.authority());
  return fail(ec::unavailable, to.authority() + ": " + why.message());
}

bool fits_in_a_request(const std::string& method, const std::string& path,
                       const header_list& headers) {
  const auto clean = [](const std::string& x) {
    return x.find_first_of(std::string_view{"\r\n\0", 3}) == std::string::npos;
  };
  for (const auto& [key, value] : headers.fields)
    if (!clean(key) || !clean(value)) return false;
  return clean(method) && clean(path) && path.find(' ') == std::string::npos
         && path.starts_with('/');
}

failure refusal(const boost::beast::websocket::response_type& said) {
  boost::system::error_code why;
  const auto body = boost::json::parse(said.body(), why);
  const auto* object = why ? nullptr : body.if_object();
  const auto text = [&](const char* key) {
    const auto* value = object ? object->if_contains(key) : nullptr;
    return value && value->is_string() ? std::string{value->get_string()} : std::string{};
  };
  const auto code = text("code");
  return fail(code.empty() ? ec::not_permitted : code_from_name(code),
              code.empty() ? "HTTP status " + std::to_string(said.result_int()) : text("detail"));
}

} // namespace bpci::http::io
