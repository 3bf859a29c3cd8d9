#include "probe_client.hpp"

#include "gateways/http/client.hpp"
#include "messages/codec/json.hpp"

#include <algorithm>
#include <array>
#include <thread>

namespace bpci::chaos {

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
namespace json = boost::json;

/// What each request of a load carries.
constexpr auto attempt_within = 2'000ms;
/// How much longer a client waits, so that a late answer shows as a late answer.
constexpr auto patience = 2'500ms;

constexpr auto first_pause = 40ms;
constexpr auto longest_pause = 1'000ms;
constexpr std::size_t doublings = 5;

constexpr std::array not_done = {ec::retry_after,       ec::busy,          ec::rate_limited,
                                 ec::invalid_argument,  ec::conflict,      ec::not_found,
                                 ec::quarantined,       ec::not_permitted, ec::unsupported,
                                 ec::not_authenticated, ec::malformed};
constexpr std::array for_good = {ec::invalid_argument, ec::conflict,      ec::not_found,
                                 ec::quarantined,      ec::not_permitted, ec::unsupported,
                                 ec::malformed};

bool holds(const auto& list, const std::string& code) {
  return std::ranges::find(list, code, [](ec x) { return name(x); }) != list.end();
}

std::string query(milliseconds within) {
  return "?within_ms=" + std::to_string(within.count());
}

json::value data_of(const http::response& x) {
  auto parsed = codec::parse_json(x.body);
  if (!parsed || !parsed->is_object()) return nullptr;
  const auto* data = parsed->as_object().if_contains("data");
  return data ? *data : json::value{nullptr};
}

struct problem_text {
  std::string code = "internal";
  milliseconds retry_after{0};
};

problem_text problem_of(const http::response& x) {
  problem_text out;
  auto parsed = codec::parse_json(x.body);
  if (!parsed || !parsed->is_object()) return out;
  if (const auto* code = parsed->as_object().if_contains("code"); code && code->is_string())
    out.code = code->as_string().c_str();
  if (const auto* ms = parsed->as_object().if_contains("retry_after_ms"); ms && ms->is_int64())
    out.retry_after = milliseconds{ms->as_int64()};
  return out;
}

std::optional<add_answer> answer_of(const http::response& x) {
  const auto data = data_of(x);
  if (!data.is_object()) return std::nullopt;
  return add_answer{data.at("total").to_number<std::int64_t>(),
                    data.at("count").to_number<std::uint64_t>(), data.at("repeated").as_bool()};
}

} // namespace

bool says_not_done(const std::string& code) {
  return holds(not_done, code);
}

probe_client::probe_client(std::vector<node_address> nodes, std::string token, std::uint64_t seed)
    : nodes_(std::move(nodes)), token_(std::move(token)), luck_(seed) {
  at_ = any_node();
}

std::optional<add_answer> probe_client::add_once(const operation& x, std::size_t node,
                                                 milliseconds within, attempt& out) {
  http::header_list headers;
  headers.set("Authorization", "Bearer " + token_);
  headers.set("Content-Type", "application/json");
  headers.set("Idempotency-Key", x.key);
  json::object body{{"by", x.by}};
  if (!x.tell.empty()) body["tell"] = x.tell;
  out = {.node = nodes_[node].id,
         .begun = steady_clock::now(),
         .ended = {},
         .within = within,
         .what = outcome::unknown,
         .answered = false,
         .code = {}};
  const auto got =
      http::call(nodes_[node].url, "POST", "/api/v1/probes/" + x.entity + "/add" + query(within),
                 headers, codec::to_text(body), within + patience);
  out.ended = steady_clock::now();
  named_pause_ = 0ms;
  if (!got) {
    out.code = name(got.error().code);
    return std::nullopt;
  }
  out.answered = true;
  if (got->status == 200)
    if (auto answer = answer_of(*got)) {
      out.what = outcome::ok;
      return answer;
    }
  const auto why = problem_of(*got);
  out.code = why.code;
  named_pause_ = why.retry_after;
  if (says_not_done(out.code)) out.what = outcome::refused;
  return std::nullopt;
}

milliseconds probe_client::pause_after(const attempt& x, std::size_t tries, milliseconds named) {
  if (!x.answered) return luck_.between(5ms, first_pause);
  const auto grown = first_pause * (1 << std::min(tries, doublings));
  const auto wanted = std::min(named > 0ms ? named : grown, longest_pause);
  return luck_.between(wanted, wanted + wanted / 4);
}

std::optional<add_answer> probe_client::add(operation& x, milliseconds deadline) {
  x.begun = steady_clock::now();
  const auto until = x.begun + deadline;
  auto maybe_done = false;
  for (std::size_t tries = 0;; ++tries) {
    auto& one = x.attempts.emplace_back();
    const auto answer = add_once(x, at_, attempt_within, one);
    x.ended = one.ended;
    if (answer) {
      x.what = outcome::ok;
      x.total = answer->total;
      x.count = answer->count;
      return answer;
    }
    maybe_done = maybe_done || one.what == outcome::unknown;
    x.code = one.code;
    x.what = maybe_done ? outcome::unknown : outcome::refused;
    if (holds(for_good, one.code) || x.ended >= until) return std::nullopt;
    std::this_thread::sleep_for(pause_after(one, tries, named_pause_));
    // A slot on its way is as far from every node; anything else may be this node's own trouble.
    if (one.code != name(ec::retry_after) || tries % 2 == 1) at_ = (at_ + 1) % nodes_.size();
  }
}

std::optional<reading> probe_client::read(const std::string& entity, std::size_t node,
                                          milliseconds within) {
  http::header_list headers;
  headers.set("Authorization", "Bearer " + token_);
  reading out{.entity = entity, .node = nodes_[node].id, .begun = steady_clock::now(), .ended = {}};
  const auto got = http::call(nodes_[node].url, "GET", "/api/v1/probes/" + entity + query(within),
                              headers, {}, within + patience);
  out.ended = steady_clock::now();
  if (!got || got->status != 200) return std::nullopt;
  const auto data = data_of(*got);
  if (!data.is_object()) return std::nullopt;
  out.total = data.at("total").to_number<std::int64_t>();
  out.count = data.at("count").to_number<std::uint64_t>();
  return out;
}

std::optional<reading> probe_client::read_somewhere(const std::string& entity,
                                                    milliseconds deadline) {
  for (const auto until = steady_clock::now() + deadline; steady_clock::now() < until;) {
    if (auto got = read(entity, at_, attempt_within)) return got;
    at_ = (at_ + 1) % nodes_.size();
    std::this_thread::sleep_for(first_pause);
  }
  return std::nullopt;
}

std::optional<std::vector<std::string>> probe_client::receipts(const std::string& sink,
                                                               milliseconds deadline) {
  http::header_list headers;
  headers.set("Authorization", "Bearer " + token_);
  std::vector<std::string> out;
  std::string after;
  for (const auto until = steady_clock::now() + deadline; steady_clock::now() < until;) {
    const auto got = http::call(nodes_[at_].url, "GET",
                                "/api/v1/probe-sinks/" + sink + "?limit=1000&after=" + after,
                                headers, {}, attempt_within + patience);
    const auto data = got && got->status == 200 ? data_of(*got) : json::value{nullptr};
    if (!data.is_object()) {
      at_ = (at_ + 1) % nodes_.size();
      std::this_thread::sleep_for(first_pause);
      continue;
    }
    for (const auto& row : data.at("rows").as_array())
      out.emplace_back(row.at("key").as_string());
    after = data.at("next").as_string().c_str();
    if (after.empty()) return out;
  }
  return std::nullopt;
}

} // namespace bpci::chaos
