#include "gateways/http/openapi.hpp"

#include "gateways/http/schema.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <set>

namespace bpci::http {

namespace {

namespace json = boost::json;

constexpr auto problem_type = "application/problem+json";

bool has_parameters(const route_info& x) {
  return x.pattern.find('{') != std::string::npos;
}

bool has_body(const route_info& x) {
  return x.method == "POST" || x.method == "PUT" || x.method == "PATCH";
}

std::string_view meaning(int status) {
  switch (status) {
  case 400:
    return "The request cannot be read";
  case 401:
    return "The token, or the signature, is missing or not known";
  case 403:
    return "Whoever asks may not do that";
  case 404:
    return "There is nothing of that name";
  case 409:
    return "It contradicts what is there";
  case 413:
    return "The body is too large";
  case 415:
    return "The body is of a type that is not read here";
  case 422:
    return "The request can be read, and cannot be carried out as it stands";
  case 429:
    return "Too much at once; Retry-After says when to come again";
  case 500:
    return "A fault of the node";
  case 503:
    return "The node cannot answer now; Retry-After says when to come again";
  case 504:
    return "No answer in time";
  default:
    return "See the problem";
  }
}

/// What problem.hpp writes.
json::value problem_schema() {
  const json::value text{{"type", "string"}};
  return {{"type", "object"},
          {"required", {"type", "title", "status", "code", "next_step"}},
          {"properties",
           {{"type", {{"type", "string"}, {"pattern", "^urn:bpci:error:"}}},
            {"title", text},
            {"status", {{"type", "integer"}}},
            {"detail", text},
            {"instance", text},
            {"code", text},
            {"next_step", text},
            {"retry_after_ms", {{"type", "integer"}}},
            {"data", {{"type", "null"}}},
            {"error",
             {{"type", "object"},
              {"properties", {{"code", text}, {"message", text}, {"next_step", text}}}}}}}};
}

json::value content(std::string_view type, json::value schema) {
  return json::object{{type, json::object{{"schema", std::move(schema)}}}};
}

/// {"data": ..., "error": null}, around every answer that is JSON.
json::value envelope(json::value data) {
  return {{"type", "object"},
          {"required", {"data", "error"}},
          {"properties", {{"data", std::move(data)}, {"error", {{"type", "null"}}}}}};
}

json::value success(const route_info& x, schema_book& book) {
  const auto is_json = x.produces == "application/json";
  auto schema = is_json && !x.is_bare
                    ? envelope(x.gives != nullptr ? x.gives(book) : json::value(json::object{}))
                    : json::value{{"type", is_json ? "object" : "string"}};
  return {{"description", "Done"}, {"content", content(x.produces, std::move(schema))}};
}

json::object responses(const route_info& x, schema_book& book) {
  json::object out;
  out["200"] = success(x, book);
  for (const auto status : refusals_of(x))
    out[std::to_string(status)] = {
        {"description", meaning(status)},
        {"content", content(problem_type, {{"$ref", "#/components/schemas/problem"}})}};
  return out;
}

/// The names in braces, without the dots of a tail.
std::vector<std::string> names_in(std::string_view path) {
  std::vector<std::string> out;
  for (auto at = path.find('{'); at != std::string_view::npos; at = path.find('{', at + 1))
    out.emplace_back(path.substr(at + 1, path.find('}', at) - at - 1));
  return out;
}

json::array parameters(const route_info& x, std::string_view path) {
  json::array out;
  for (const auto& name : names_in(path)) {
    json::object one{{"name", name}, {"in", "path"}, {"required", true}};
    one["schema"] = {{"type", "string"}};
    if (x.pattern.find('{' + name + "...}") != std::string::npos)
      one["description"] = "All that is left of the path; its slashes stand as they are";
    out.push_back(std::move(one));
  }
  for (const auto& q : x.query) {
    json::object one{{"name", q.name}, {"in", "query"}, {"description", q.what}};
    one["schema"] = {{"type", q.is_number ? "integer" : "string"}};
    out.push_back(std::move(one));
  }
  return out;
}

json::value request_body(const route_info& x, schema_book& book) {
  json::object types;
  for (const auto& type : x.consumes)
    types[type] = {{"schema", x.takes != nullptr ? x.takes(book) : json::value(json::object{})}};
  return {{"content", std::move(types)}};
}

/// "post_api_v1_oracle_nodes_register": stays the same as long as the path does.
std::string operation_id(const route_info& x, std::string_view path) {
  std::string out;
  for (const char c : x.method)
    out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const char c : path) {
    const auto is_word = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (is_word)
      out += c;
    else if (out.back() != '_')
      out += '_';
  }
  while (out.ends_with('_'))
    out.pop_back();
  return out;
}

std::string_view permission_word(permission x) {
  switch (x) {
  case permission::open:
    return "open";
  case permission::read:
    return "read";
  case permission::write:
    return "write";
  case permission::admin:
    return "admin";
  }
  return "admin";
}

json::object operation(const route_info& x, const std::string& path, schema_book& book) {
  json::object out{{"operationId", operation_id(x, path)}, {"summary", x.summary}};
  if (auto all = parameters(x, path); !all.empty()) out["parameters"] = std::move(all);
  if (has_body(x)) out["requestBody"] = request_body(x, book);
  out["responses"] = responses(x, book);
  out["x-permission"] = permission_word(x.need);
  if (x.need == permission::open) out["security"] = json::array{};
  return out;
}

// -- faults --------------------------------------------------------------------------

class inspection {
public:
  explicit inspection(const json::object& document) : document_(document) {}

  std::vector<std::string> all() {
    const auto* version = document_.if_contains("openapi");
    if (!version || !version->is_string() || !version->get_string().starts_with("3.1."))
      faults_.emplace_back("the version is not 3.1");
    const auto* paths = document_.if_contains("paths");
    if (!paths || !paths->is_object()) return {"there are no paths"};
    for (const auto& path : paths->get_object())
      look_at_path(std::string{path.key()}, path.value());
    look_for_references(document_);
    return std::move(faults_);
  }

private:
  void fault(std::string where, std::string_view what) {
    faults_.push_back(std::move(where.append(": ").append(what)));
  }

  void look_at_path(const std::string& path, const json::value& item) {
    if (!path.starts_with('/')) fault(path, "does not begin with a slash");
    if (!item.is_object()) return fault(path, "is no object");
    for (const auto& operation : item.get_object())
      look_at(path, std::string{operation.key()} + ' ' + path, operation.value());
  }

  void look_at(const std::string& path, const std::string& where, const json::value& x) {
    const auto* operation = x.if_object();
    const auto* id = operation ? operation->if_contains("operationId") : nullptr;
    if (!id || !id->is_string()) return fault(where, "has no operationId");
    if (!ids_.insert(std::string{id->get_string()}).second) fault(where, "has the id of another");
    std::set<std::string> described;
    if (const auto* all = operation->if_contains("parameters"))
      for (const auto& one : all->as_array())
        if (one.at("in").as_string() == "path") described.emplace(one.at("name").as_string());
    for (const auto& name : names_in(path))
      if (described.erase(name) == 0) fault(where, "does not describe " + name);
    if (!described.empty()) fault(where, "describes what its path has not");
    look_at_answers(where, *operation);
  }

  void look_at_answers(const std::string& where, const json::object& operation) {
    const auto* answers = operation.if_contains("responses");
    if (!answers || !answers->is_object() || answers->get_object().empty())
      return fault(where, "has no answers");
    for (const auto& answer : answers->get_object()) {
      const auto* object = answer.value().if_object();
      if (!object || !object->contains("description")) fault(where, "has an answer without a word");
      if (!object || !object->contains("content")) fault(where, "has an answer without a type");
    }
  }

  void look_for_references(const json::value& in) {
    if (const auto* list = in.if_array())
      for (const auto& x : *list)
        look_for_references(x);
    if (const auto* object = in.if_object()) look_for_references(*object);
  }

  void look_for_references(const json::object& in) {
    for (const auto& member : in) {
      if (member.key() == "$ref" && member.value().is_string())
        follow(std::string{member.value().get_string()});
      look_for_references(member.value());
    }
  }

  void follow(const std::string& reference) {
    constexpr std::string_view home = "#/components/schemas/";
    const auto* components = document_.if_contains("components");
    const auto* member = components ? components->as_object().if_contains("schemas") : nullptr;
    const auto* schemas = member ? member->if_object() : nullptr;
    const auto is_home = reference.starts_with(home);
    if (!is_home || !schemas || !schemas->contains(reference.substr(home.size())))
      fault(reference, "leads nowhere");
  }

  const json::object& document_;
  std::set<std::string> ids_;
  std::vector<std::string> faults_;
};

} // namespace

std::vector<int> refusals_of(const route_info& x) {
  std::set<int> out{500, 503, 504};
  const auto add = [&](std::initializer_list<int> more) { out.insert(more); };
  if (has_body(x)) add({400, 409, 413, 415, 422, 429});
  if (has_parameters(x)) add({404, 409});
  if (has_body(x) && x.need != permission::read) add({401, 403, 404});
  if (has_parameters(x) || !x.query.empty() || x.need != permission::open) add({400, 422});
  if (x.need != permission::open) add({401, 403, 429});
  return {out.begin(), out.end()};
}

std::string openapi_path(std::string_view pattern) {
  std::string out{pattern};
  if (const auto at = out.find("...}"); at != std::string::npos) out.erase(at, 3);
  return out;
}

json::object openapi(const std::vector<route_info>& table, const api_facts& of) {
  schema_book book;
  book.refer("problem", problem_schema);
  json::object paths;
  for (const auto& x : table) {
    auto patterns = x.aliases;
    patterns.insert(patterns.begin(), x.pattern);
    for (const auto& pattern : patterns) {
      const auto path = openapi_path(pattern);
      auto& item = paths[path];
      if (!item.is_object()) item.emplace_object();
      std::string method = x.method;
      std::ranges::transform(method, method.begin(),
                             [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      item.get_object()[method] = operation(x, path, book);
    }
  }
  return {{"openapi", "3.1.0"},
          {"info", {{"title", of.title}, {"version", of.version}, {"description", of.description}}},
          {"servers", json::array{json::object{{"url", "/"}}}},
          {"security", json::array{json::object{{"token", json::array{}}}}},
          {"paths", std::move(paths)},
          {"components",
           {{"schemas", book.types()},
            {"securitySchemes", {{"token", {{"type", "http"}, {"scheme", "bearer"}}}}}}}};
}

std::vector<std::string> openapi_faults(const json::object& document) {
  return inspection{document}.all();
}

} // namespace bpci::http
