#include "js_node.hpp"

#include "messages/codec/json.hpp"
#include "runtime/crypto/hex.hpp"

#include <cstdlib>
#include <filesystem>
#include <iostream>

namespace bpci::e2e {

namespace {

namespace json = boost::json;

constexpr auto event_max = milliseconds{30'000};

} // namespace

std::filesystem::path js_node::program() {
  const std::string path = std::getenv("PATH") ? std::getenv("PATH") : "/usr/bin";
  for (std::size_t begin = 0; begin <= path.size();) {
    const auto end = std::min(path.find(':', begin), path.size());
    const auto candidate = std::filesystem::path{path.substr(begin, end - begin)} / "node";
    if (std::filesystem::exists(candidate)) return candidate;
    begin = end + 1;
  }
  return {};
}

namespace {

process_spec script() {
  return {.program = js_node::program(),
          .arguments = {std::string{BPCI_SOURCE_DIR} + "/tests/e2e/js/bpi_node.mjs"}};
}

} // namespace

bool js_node::possible() {
  if (program().empty()) {
    std::cerr << "e2e: skipped, there is no node on the PATH\n";
    return false;
  }
  const auto packages = std::filesystem::path{BPCI_SOURCE_DIR} / "gateways/clients/js/node_modules";
  if (!std::filesystem::exists(packages / "@msgpack/msgpack"))
    give_up("the JavaScript client lacks its packages: run npm ci in gateways/clients/js");
  return true;
}

js_node::js_node() : process_(script()) {}

void js_node::say(const json::object& what) {
  process_.write(codec::to_text(what) + '\n');
}

json::value js_node::connect(const std::vector<std::string>& urls, const identity& me,
                             const std::vector<identity>& known) {
  json::object keys;
  for (const auto& x : known)
    keys[x.id] = x.public_key;
  say({{"do", "connect"},
       {"urls", json::array(urls.begin(), urls.end())},
       {"id", me.id},
       {"seed", crypto::to_hex(me.seed)},
       {"known_keys", std::move(keys)}});
  return next("open");
}

void js_node::send(const std::string& id, const std::string& to, const std::string& body) {
  say({{"do", "send"}, {"id", id}, {"targets", {to}}, {"type", "Note"}, {"body", body}});
}

json::value js_node::next(const std::string& event) {
  for (;;) {
    auto& kept = events_[event];
    if (!kept.empty()) {
      auto out = std::move(kept.front());
      kept.pop_front();
      return out;
    }
    const auto line = process_.next_line(event_max);
    if (!line) return nullptr;
    auto parsed = codec::parse_json(*line);
    if (!parsed) give_up("the JavaScript node says: " + *line);
    const std::string name{parsed->at("event").as_string()};
    events_[name].push_back(std::move(*parsed));
  }
}

} // namespace bpci::e2e
