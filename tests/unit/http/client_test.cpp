#define CAF_SUITE http_client
#include "harness.hpp"

#include <caf/test/unit_test.hpp>

using namespace bpci;
using namespace bpci::http;
using namespace bpci::http::test;

CAF_TEST(a call returns the answer whatever its status) {
  running s;
  const auto good = call(s.url(), "POST", "/echo", {}, "body");
  CAF_REQUIRE(good.has_value());
  CAF_CHECK_EQUAL(good->status, 200);
  CAF_CHECK_EQUAL(good->body, "body");
  CAF_CHECK_EQUAL(good->content_type, "text/plain");
  CAF_CHECK_EQUAL(good->headers.get("server"), "bpci");
  const auto missing = call(s.url(), "GET", "/nowhere");
  CAF_REQUIRE(missing.has_value());
  CAF_CHECK_EQUAL(missing->status, 404);
  const auto head = call(s.url(), "HEAD", "/hello");
  CAF_REQUIRE(head.has_value());
  CAF_CHECK_EQUAL(head->body, "");
}

CAF_TEST(a call that cannot be made says why) {
  running s;
  const auto code = [](const result<response>& x) { return x ? ec::none : x.error().code; };
  CAF_CHECK(code(call("ftp://x", "GET", "/")) == ec::invalid_argument);
  CAF_CHECK(code(call("http://", "GET", "/")) == ec::invalid_argument);
  CAF_CHECK(code(call("http://a:b", "GET", "/")) == ec::invalid_argument);
  CAF_CHECK(code(call("http://user@a", "GET", "/")) == ec::invalid_argument);
  CAF_CHECK(code(call("http://[::1", "GET", "/")) == ec::invalid_argument);
  CAF_CHECK(code(call(s.url(), "GET", "/a b")) == ec::invalid_argument);
  CAF_CHECK(code(call(s.url(), "GET", "/", {{{"X", "a\r\nb"}}})) == ec::invalid_argument);
  CAF_CHECK(code(call(s.url(), "GET", "/hold", {}, {}, 100ms)) == ec::timeout);
  const auto port = s.port;
  s.it.reset();
  CAF_CHECK(code(call("http://127.0.0.1:" + std::to_string(port), "GET", "/")) == ec::unavailable);
}

CAF_TEST(a refusal of a WebSocket comes with the code of the server) {
  running s;
  websocket_client_options how;
  how.url = s.ws("/refuse");
  const auto refused = websocket_client::connect(how);
  CAF_REQUIRE(!refused);
  CAF_CHECK(refused.error() == fail(ec::not_permitted, "no WebSocket for you"));
  how.url = s.ws("/echo");
  how.subprotocol = "foo";
  const auto other = websocket_client::connect(how);
  CAF_REQUIRE(!other);
  CAF_CHECK(other.error().code == ec::unsupported);
  how.url = "http://127.0.0.1/";
  CAF_CHECK(websocket_client::connect(how).error().code == ec::invalid_argument);
}

CAF_TEST(a receive waits no longer than it was told) {
  running s;
  const auto c = s.connect("/sink");
  CAF_REQUIRE(c);
  const auto start = std::chrono::steady_clock::now();
  const auto got = c->receive(50ms);
  CAF_REQUIRE(!got);
  CAF_CHECK(got.error().code == ec::timeout);
  CAF_CHECK(std::chrono::steady_clock::now() - start < 2s);
}

CAF_TEST(a client that does not receive stops the server from sending more) {
  running s;
  websocket_client_options how;
  how.url = s.ws("/sink");
  how.limits.initial_credit = 10;
  const auto c = websocket_client::connect(how);
  CAF_REQUIRE(c.has_value());
  const auto who = s.who->last_socket();
  int sent = 0;
  while (sent < 1000 && who->where().send(bytes(100'000)))
    ++sent;
  CAF_CHECK(sent < 1000);
  for (int i = 0; i < sent; ++i)
    CAF_REQUIRE((*c)->receive(patience).has_value());
}
