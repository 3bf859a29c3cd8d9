#pragma once

#include "gateways/api/api_actor.hpp"
#include "gateways/api/front_door.hpp"
#include "gateways/routes/routes.hpp"
#include "messages/codec/json.hpp"
#include "tests/actor/node_fixture.hpp"

#include <boost/json/object.hpp>

/// The gateways of the member `alpha-1`, and HTTP clients without a network.
namespace bpci::gateway::test {

using bpci::test::inbox;
using bpci::test::node_fixture;
using namespace std::chrono_literals;

/// What became of one request.
struct reply {
  std::vector<http::response> answers;
  bool dropped = false; ///< Nobody can answer any more; the server says `restarted` then.

  /// "200", "503 restarted", "dropped" or "pending".
  [[nodiscard]] std::string verdict() const {
    if (answers.empty()) return dropped ? "dropped" : "pending";
    if (answers.size() > 1) return "answered twice";
    auto out = std::to_string(answers.front().status);
    if (answers.front().content_type == "application/problem+json")
      out += " " + std::string{body().at("code").as_string()};
    return out;
  }

  [[nodiscard]] boost::json::object body() const {
    return codec::parse_json(answers.front().body)->as_object();
  }
};

using reply_ptr = std::shared_ptr<reply>;

class slot final : public http::responder::slot {
public:
  explicit slot(reply_ptr where) : where_(std::move(where)) {}
  ~slot() override { where_->dropped = true; }
  void answer(http::response what) override { where_->answers.push_back(std::move(what)); }

private:
  reply_ptr where_;
};

struct gateway_fixture : node_fixture {
  std::shared_ptr<context> shared = make_context();
  std::shared_ptr<front_door> door = std::make_shared<front_door>(shared, all_routes());
  caf::actor api = start_api();

  std::shared_ptr<context> make_context() {
    auto out = std::make_shared<context>();
    out->member = member_id{"alpha-1"};
    out->root = "/alpha-1";
    out->node = node;
    out->show_token = [](const std::string&) {};
    return out;
  }

  caf::actor start_api() {
    auto out = start<api_actor>(shared);
    put("/alpha-1/gateway/api", out);
    return out;
  }

  static std::vector<route> all_routes() {
    auto out = health_routes();
    for (const auto& more : {admin_routes(), oracle_routes()})
      out.insert(out.end(), more.begin(), more.end());
    return out;
  }

  inbox stand_in(const std::string& path) {
    auto box = make_inbox();
    put("/alpha-1" + path, box.who);
    return box;
  }

  static http::request request(std::string method, std::string path, std::string body = {}) {
    http::request out;
    out.method = std::move(method);
    out.path = std::move(path);
    out.headers.set("Content-Type", "application/json");
    out.body = std::move(body);
    out.remote_address = "192.0.2.7";
    out.id = correlation_id{"c-1"};
    return out;
  }

  /// The request is at the door; the API has not looked at it.
  reply_ptr hand_in(http::request what) {
    auto out = std::make_shared<reply>();
    door->on_request(std::move(what), http::responder{std::make_shared<slot>(out)});
    return out;
  }

  reply_ptr call(http::request what) {
    auto out = hand_in(std::move(what));
    settle();
    return out;
  }
};

} // namespace bpci::gateway::test
