#define CAF_SUITE gateway_front_door

#include "messages/oracle/connection.hpp"
#include "tests/actor/gateway/gateway_fixture.hpp"

/// What the HTTP server asks for: finds the route, and bounds what is under way.
namespace bpci::gateway {

namespace {

using namespace test;

/// As many requests as the front door lets in at once.
constexpr std::size_t requests_max = 2'000;

class fake_socket final : public http::socket {
public:
  bool send(std::shared_ptr<const bytes>, http::frame_kind) override { return true; }
  [[nodiscard]] std::size_t queued_bytes() const noexcept override { return 0; }
  void close(ec, std::string) override {}
  void grant(std::size_t) override {}
  void(allow)(std::size_t, std::size_t) override {} // CAF's test language has a macro allow
  [[nodiscard]] const std::string& remote_address() const noexcept override { return address_; }

private:
  std::string address_ = "192.0.2.7";
};

struct fixture : gateway_fixture {
  /// "accepted", or the code of the refusal.
  std::string connect(std::string path, std::string subprotocol, bool json = false) {
    http::upgrade_request what;
    what.path = std::move(path);
    what.subprotocol = std::move(subprotocol);
    if (json) what.query = {{"encoding", "json"}};
    auto got = door->on_websocket(std::move(what), std::make_shared<fake_socket>());
    settle();
    return got ? "accepted" : std::string{name(got.error().code)};
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(gateway_front_door_tests, fixture)

CAF_TEST(as many requests as allowed are let in and a place is free again after an answer) {
  std::vector<reply_ptr> waiting;
  for (std::size_t i = 0; i < requests_max; ++i)
    waiting.push_back(hand_in(request("GET", "/health")));
  CAF_CHECK_EQUAL(hand_in(request("GET", "/health"))->verdict(), "503 busy");
  settle();
  for (const auto& x : waiting)
    if (x->verdict() != "200") CAF_FAIL("a request was answered with " << x->verdict());
  CAF_CHECK_EQUAL(call(request("GET", "/health"))->verdict(), "200");
}

CAF_TEST(an API that is killed gives back the places of the requests in its mailbox) {
  auto first = hand_in(request("GET", "/health"));
  end(api);
  CAF_CHECK_EQUAL(first->verdict(), "dropped");
}

CAF_TEST(what has no route is refused without the API) {
  end(api);
  CAF_CHECK_EQUAL(hand_in(request("GET", "/nothing"))->verdict(), "404 not_found");
  CAF_CHECK_EQUAL(hand_in(request("POST", "/health"))->verdict(), "405 method_not_allowed");
}

CAF_TEST(without an API a request is told to come again) {
  node->directory.remove("/alpha-1/gateway/api", api);
  CAF_CHECK_EQUAL(hand_in(request("GET", "/health"))->verdict(), "503 restarted");
}

CAF_TEST(a WebSocket goes to the doorman when it speaks the protocol) {
  CAF_CHECK_EQUAL(connect("/bpi/v1", "bpi.v1"), "unavailable");
  auto doorman = stand_in(path::doorman);
  CAF_CHECK_EQUAL(connect("/bpi/v2", "bpi.v1"), "not_found");
  CAF_CHECK_EQUAL(connect("/bpi/v1", ""), "unsupported");
  CAF_CHECK_EQUAL(doorman.messages->size(), 0u);
  CAF_CHECK_EQUAL(connect("/bpi/v1", "bpi.v1"), "accepted");
  CAF_CHECK_EQUAL(connect("/bpi/v1", "bpi.v1", true), "accepted");
  auto opened = doorman.all<oracle::connection_opened>();
  CAF_REQUIRE_EQUAL(opened.size(), 2u);
  CAF_CHECK(opened[0].from->how() == oracle::encoding::msgpack);
  CAF_CHECK(opened[1].from->how() == oracle::encoding::json);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::gateway
