#pragma once

#include "gateways/http/server.hpp"
#include "messages/codec/json.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

/// The bulk API as far as log lines meet it, on a real socket.
namespace bpci::shipping::test {

using namespace std::chrono_literals;

/// Waits for something that another thread brings about.
template <class Predicate>
bool eventually(Predicate holds) {
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

struct document {
  std::string index;
  std::string id;
  boost::json::object source;

  [[nodiscard]] std::string event() const { return std::string{source.at("event").as_string()}; }
};

class fake_elasticsearch final : public http::handler {
public:
  enum class mood : std::uint8_t { well, takes_and_says_nothing, silent };

  /// What the whole request gets; 200: its items decide.
  std::function<int(std::size_t request)> status = [](std::size_t) { return 200; };
  /// What the n-th item that was ever offered gets, unless it is there already.
  std::function<int(std::size_t item, const document&)> item_status =
      [](std::size_t, const document&) { return 201; };
  std::function<mood(std::size_t request)> how = [](std::size_t) { return mood::well; };

  void on_request(http::request what, http::responder answer) override {
    std::lock_guard lock{guard_};
    const auto number = requests_++;
    last_ = what;
    const auto feels = how(number);
    if (feels == mood::silent) return held_.push_back(answer);
    if (const auto whole = status(number); whole != 200)
      return answer(http::text_response("{}", "application/json", whole));
    auto items = take(what.body);
    if (feels == mood::takes_and_says_nothing) return; // the server says 503 then
    boost::json::object out{{"errors", false}, {"items", std::move(items)}};
    answer(http::json_response(out));
  }

  result<std::shared_ptr<http::socket_listener>>
  on_websocket(http::upgrade_request, std::shared_ptr<http::socket>) override {
    return fail(ec::not_found);
  }

  [[nodiscard]] std::vector<document> documents() const {
    std::lock_guard lock{guard_};
    return documents_;
  }
  [[nodiscard]] std::size_t requests() const {
    std::lock_guard lock{guard_};
    return requests_;
  }
  [[nodiscard]] http::request last() const {
    std::lock_guard lock{guard_};
    return last_;
  }

private:
  boost::json::array take(const std::string& body) {
    boost::json::array out;
    std::istringstream lines{body};
    for (std::string action, source; std::getline(lines, action) && std::getline(lines, source);) {
      const auto create = codec::parse_json(action)->at("create").as_object();
      document x{std::string{create.at("_index").as_string()},
                 std::string{create.at("_id").as_string()}, codec::parse_json(source)->as_object()};
      auto code = ids_.contains(x.index + x.id) ? 409 : item_status(items_++, x);
      if (code == 201) {
        ids_.insert(x.index + x.id);
        documents_.push_back(std::move(x));
      }
      out.push_back(boost::json::object{{"create", boost::json::object{{"status", code}}}});
    }
    return out;
  }

  mutable std::mutex guard_;
  std::size_t requests_ = 0;
  std::size_t items_ = 0;
  std::vector<document> documents_;
  std::set<std::string> ids_;
  std::vector<http::responder> held_;
  http::request last_;
};

} // namespace bpci::shipping::test
