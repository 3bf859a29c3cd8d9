#include "gateways/http/message.hpp"

#include "gateways/http/text.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>

namespace bpci::http {

const std::string* header_list::find(std::string_view name) const& noexcept {
  const auto at =
      std::ranges::find_if(fields, [&](const name_value& x) { return same_word(x.first, name); });
  return at == fields.end() ? nullptr : &at->second;
}

std::string_view header_list::get(std::string_view name) const& noexcept {
  const auto* value = find(name);
  return value ? std::string_view{*value} : std::string_view{};
}

void header_list::set(std::string_view name, std::string value) {
  std::erase_if(fields, [&](const name_value& x) { return same_word(x.first, name); });
  fields.emplace_back(name, std::move(value));
}

const std::string* request::parameter(std::string_view name) const noexcept {
  const auto at = std::ranges::find(query, name, &name_value::first);
  return at == query.end() ? nullptr : &at->second;
}

std::string request::media_type() const {
  const auto whole = headers.get("Content-Type");
  std::string type{trim(whole.substr(0, whole.find(';')))};
  std::ranges::transform(type, type.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return type;
}

response json_response(const boost::json::value& body, int status) {
  return json_text_response(boost::json::serialize(body), status);
}

response json_text_response(std::string body, int status) {
  return text_response(std::move(body), "application/json", status);
}

response text_response(std::string body, std::string content_type, int status) {
  return {.status = status, .body = std::move(body), .content_type = std::move(content_type)};
}

response empty_response() {
  return {.status = 204};
}

} // namespace bpci::http
