#include "runtime/shipping/bulk.hpp"

#include "messages/codec/json.hpp"

#include <algorithm>

namespace bpci::shipping {

namespace {

namespace json = boost::json;

constexpr int conflict = 409;
constexpr int too_many_requests = 429;
constexpr int first_client_error = 400;
constexpr int first_server_error = 500;

constexpr std::size_t why_max = 200;

std::string document(const entry& x, const bulk_names& names) {
  auto out = x.line;
  if (!out.ends_with('}')) return out; // damaged; Elasticsearch will say so
  out.pop_back();
  out += R"(,"node":")" + names.node + R"(","sequence":)" + std::to_string(x.sequence) + '}';
  return out;
}

/// The one member of an item is named by its operation: {"create": {"status": 201}}.
const json::object* result_of(const json::value& item) {
  const auto* object = item.if_object();
  if (!object || object->size() != 1) return nullptr;
  return object->begin()->value().if_object();
}

fate fate_of(int status) {
  if (status == conflict || status < first_client_error) return fate::taken;
  if (status == too_many_requests || status >= first_server_error) return fate::again;
  return fate::refused;
}

std::string complaint(const json::object& item, int status) {
  auto out = std::to_string(status);
  if (const auto* error = item.if_contains("error")) out += ' ' + codec::to_text(*error);
  return out.substr(0, why_max);
}

} // namespace

std::string index_of(std::string_view prefix, std::string_view line) {
  constexpr std::string_view head = R"({"timestamp":")";
  constexpr std::string_view shape = "0000-00-00";
  auto out = std::string{prefix} + '-';
  auto date = line.substr(0, head.size()) == head ? line.substr(head.size(), shape.size()) : "";
  const auto fits = [](char x, char like) {
    return like == '0' ? x >= '0' && x <= '9' : x == like;
  };
  if (!std::ranges::equal(date, shape, fits)) return out + "unknown";
  for (const char c : date)
    out += c == '-' ? '.' : c;
  return out;
}

std::string bulk_body(std::span<const entry> entries, const bulk_names& names) {
  std::string out;
  for (const auto& x : entries) {
    out += R"({"create":{"_index":")" + index_of(names.index, x.line) + R"(","_id":")" + names.spool
           + '-' + std::to_string(x.sequence) + "\"}}\n";
    out += document(x, names) + '\n';
  }
  return out;
}

result<bulk_answer> read_bulk_answer(std::string_view body, std::size_t count) {
  const auto said = codec::parse_json(body);
  if (!said) return said.error();
  const auto* object = said->if_object();
  const auto* member = object ? object->if_contains("items") : nullptr;
  const auto* items = member ? member->if_array() : nullptr;
  if (!items || items->size() != count)
    return fail(ec::malformed,
                "not the answer of a bulk API to " + std::to_string(count) + " lines");
  bulk_answer out;
  for (const auto& x : *items) {
    const auto* item = result_of(x);
    const auto* status = item ? item->if_contains("status") : nullptr;
    if (!status || !status->is_int64()) return fail(ec::malformed, "an item without a status");
    const auto code = static_cast<int>(status->get_int64());
    out.fates.push_back(fate_of(code));
    if (out.fates.back() != fate::taken && out.why.empty()) out.why = complaint(*item, code);
  }
  return out;
}

} // namespace bpci::shipping
