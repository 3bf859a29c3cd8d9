#define CAF_SUITE http_server
#include "harness.hpp"

#include <caf/test/unit_test.hpp>

#include <random>

using namespace bpci;
using namespace bpci::http;
using namespace bpci::http::test;

CAF_TEST(a connection serves one request after the other) {
  running s;
  raw_client c{s.port};
  for (int i = 0; i < 3; ++i) {
    c.send(get("/hello"));
    const auto [head, body] = c.read_answer();
    CAF_CHECK(head.starts_with("HTTP/1.1 200 OK\r\n"));
    CAF_CHECK(contains(head, "Server: bpci\r\n"));
    CAF_CHECK(contains(head, "X-Content-Type-Options: nosniff\r\n"));
    CAF_CHECK(contains(head, "Cache-Control: no-store\r\n"));
    CAF_CHECK(contains(head, "X-Correlation-ID: "));
    CAF_CHECK(contains(head, "Date: "));
    CAF_CHECK_EQUAL(body, "hello");
  }
  CAF_CHECK_EQUAL(s.it->stats().accepted, 1u);
  CAF_CHECK_EQUAL(s.it->stats().requests, 3u);
}

CAF_TEST(requests sent ahead are answered in order) {
  running s;
  raw_client c{s.port};
  std::string all;
  for (int i = 0; i < 100; ++i)
    all += "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\n" + std::to_string(100 + i);
  c.send(all);
  for (int i = 0; i < 100; ++i)
    CAF_CHECK_EQUAL(c.read_answer().second, std::to_string(100 + i));
}

CAF_TEST(an answer does not wait for that of the next request) {
  running s;
  raw_client c{s.port};
  c.send(get("/hello") + get("/hold"));
  CAF_CHECK_EQUAL(c.read_answer().second, "hello");
  CAF_REQUIRE(eventually([&] { return s.who->held() == 1; }));
  std::thread{[&] { s.who->take_held()(text_response("late", "text/plain")); }}.join();
  CAF_CHECK_EQUAL(c.read_answer().second, "late");
}

CAF_TEST(the correlation id of the client comes back if it is one) {
  running s;
  raw_client c{s.port};
  c.send("GET /nowhere HTTP/1.1\r\nHost: t\r\nX-Correlation-ID: abc-1\r\n\r\n");
  const auto [head, body] = c.read_answer();
  CAF_CHECK(contains(head, "X-Correlation-ID: abc-1\r\n"));
  CAF_CHECK(contains(body, "urn:bpci:request:abc-1"));
  c.send("GET /hello HTTP/1.1\r\nHost: t\r\nX-Correlation-ID: <script>\r\n\r\n");
  CAF_CHECK(!contains(c.read_answer().first, "script"));
}

CAF_TEST(a HEAD request gets the length and no body) {
  running s;
  raw_client c{s.port};
  c.send("HEAD /hello HTTP/1.1\r\nHost: t\r\n\r\n" + get("/hello"));
  CAF_CHECK(contains(c.read_until("\r\n\r\n"), "Content-Length: 5\r\n"));
  CAF_CHECK_EQUAL(c.read_answer().second, "hello");
}

CAF_TEST(a client of HTTP 1 without keep alive gets its answer and the end) {
  running s;
  raw_client c{s.port};
  c.send("GET /hello HTTP/1.0\r\n\r\n");
  CAF_CHECK(c.read_all().ends_with("hello"));
  CAF_CHECK(c.ended());
}

CAF_TEST(a client that asks whether to go on is told so) {
  running s;
  raw_client c{s.port};
  c.send("POST /echo HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  CAF_CHECK_EQUAL(c.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  c.send("body");
  CAF_CHECK_EQUAL(c.read_answer().second, "body");
}

CAF_TEST(a chunked body is read) {
  running s;
  raw_client c{s.port};
  c.send("POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
         "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  CAF_CHECK_EQUAL(c.read_answer().second, "abcde");
}

CAF_TEST(a header of a megabyte is refused as too large) {
  running s;
  raw_client c{s.port};
  c.send("GET / HTTP/1.1\r\nHost: t\r\nX: " + std::string(1 << 20, 'x') + "\r\n\r\n");
  const auto [head, body] = c.read_answer();
  CAF_CHECK(head.starts_with("HTTP/1.1 431 "));
  CAF_CHECK(contains(body, "\"code\":\"too_large\""));
  CAF_CHECK(c.ended());
}

CAF_TEST(a body over the limit is refused before it is read) {
  server_options how;
  how.max_body_bytes = 1000;
  running s{how};
  raw_client c{s.port};
  c.send("POST /echo HTTP/1.1\r\nHost: t\r\nX-Correlation-ID: me\r\nContent-Length: 1001\r\n\r\n");
  const auto [head, body] = c.read_answer();
  CAF_CHECK(head.starts_with("HTTP/1.1 413 "));
  CAF_CHECK(contains(head, "X-Correlation-ID: me\r\n"));
  CAF_CHECK(contains(body, "more than 1000 bytes"));
  raw_client chunked{s.port};
  chunked.send("POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n5dc\r\n"
               + std::string(1500, 'x'));
  CAF_CHECK(chunked.read_answer().first.starts_with("HTTP/1.1 413 "));
}

CAF_TEST(what is not HTTP is answered with a problem and the end) {
  running s;
  for (const std::string text :
       {"hello?\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        "GET / HTTP/1.1\r\nA B: c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"}) {
    raw_client c{s.port};
    c.send(text);
    const auto [head, body] = c.read_answer();
    CAF_CHECK(head.starts_with("HTTP/1.1 400 ") || head.starts_with("HTTP/1.0 400 "));
    CAF_CHECK(contains(body, "\"code\":\"malformed\""));
    CAF_CHECK(c.ended());
  }
  raw_client c{s.port};
  c.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  CAF_CHECK(contains(c.read_answer().second, "\"code\":\"malformed\""));
}

CAF_TEST(a bad target is a bad request on a connection that goes on) {
  running s;
  raw_client c{s.port};
  for (const std::string path : {"/..%2f", "/a%00", "/%zz", "/a/../b"}) {
    c.send(get(path));
    CAF_CHECK(c.read_answer().first.starts_with("HTTP/1.1 400 "));
  }
  c.send(get("/hello"));
  CAF_CHECK_EQUAL(c.read_answer().second, "hello");
}

CAF_TEST(random bytes never harm the server) {
  running s;
  std::mt19937 random{7};
  for (int i = 0; i < 200; ++i) {
    raw_client c{s.port};
    std::string text = i % 3 == 0   ? get("/hello")
                       : i % 3 == 1 ? "POST /echo HTTP/1.1\r\nHost: t\r\n"
                                    : "";
    const auto size = random() % 600;
    for (std::size_t k = 0; k < size; ++k)
      text += static_cast<char>(random());
    if (i % 5 == 0 && !text.empty()) text[random() % text.size()] ^= 0x20;
    c.send(text);
  }
  raw_client c{s.port};
  c.send(get("/hello"));
  CAF_CHECK_EQUAL(c.read_answer().second, "hello");
}

CAF_TEST(a header that drips in is given up) {
  server_options how;
  how.header_timeout = 200ms;
  running s{how};
  raw_client c{s.port};
  const auto start = std::chrono::steady_clock::now();
  c.send("GET / HT");
  for (int i = 0; i < 5; ++i) {
    std::this_thread::sleep_for(50ms);
    c.send("T");
  }
  const auto [head, body] = c.read_answer();
  CAF_CHECK(contains(head, " 408 "));
  CAF_CHECK(contains(body, "\"code\":\"idle_timeout\""));
  CAF_CHECK(c.ended());
  CAF_CHECK(std::chrono::steady_clock::now() - start < 3s);
}

CAF_TEST(a body that does not come is given up) {
  server_options how;
  how.body_timeout = 200ms;
  running s{how};
  raw_client c{s.port};
  c.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\nabc");
  CAF_CHECK(contains(c.read_answer().first, " 408 "));
}

CAF_TEST(a connection without requests is closed in silence) {
  server_options how;
  how.idle_timeout = 200ms;
  running s{how};
  raw_client never{s.port};
  raw_client once{s.port};
  once.send(get("/hello"));
  CAF_CHECK_EQUAL(once.read_answer().second, "hello");
  CAF_CHECK(never.ended());
  CAF_CHECK(once.ended());
  CAF_CHECK(eventually([&] { return s.it->stats().http_connections == 0; }));
}

CAF_TEST(a request whose holder goes away is answered at once) {
  running s;
  raw_client c{s.port};
  c.send(get("/drop"));
  const auto [head, body] = c.read_answer();
  CAF_CHECK(head.starts_with("HTTP/1.1 503 "));
  CAF_CHECK(contains(head, "Retry-After: 1\r\n"));
  CAF_CHECK(contains(body, "\"code\":\"restarted\""));
  c.send(get("/hold"));
  CAF_REQUIRE(eventually([&] { return s.who->held() == 1; }));
  { const auto lost = s.who->take_held(); }
  CAF_CHECK(contains(c.read_answer().second, "\"code\":\"restarted\""));
  c.send(get("/hello"));
  CAF_CHECK_EQUAL(c.read_answer().second, "hello");
}

CAF_TEST(a request that is not answered in time gets a timeout and later answers go nowhere) {
  server_options how;
  how.request_timeout = 200ms;
  running s{how};
  raw_client c{s.port};
  c.send(get("/hold"));
  const auto [head, body] = c.read_answer();
  CAF_CHECK(head.starts_with("HTTP/1.1 504 "));
  CAF_CHECK(contains(body, "\"code\":\"timeout\""));
  c.send(get("/hold"));
  CAF_REQUIRE(eventually([&] { return s.who->held() == 2; }));
  const auto second = s.who->take_held();
  s.who->take_held()(text_response("of the first", "text/plain"));
  second(text_response("of the second", "text/plain"));
  second(text_response("once more", "text/plain"));
  CAF_CHECK_EQUAL(c.read_answer().second, "of the second");
  c.send(get("/hello"));
  CAF_CHECK_EQUAL(c.read_answer().second, "hello");
}

CAF_TEST(a handler that throws costs its request only) {
  running s;
  raw_client c{s.port};
  c.send(get("/throw") + get("/hello"));
  CAF_CHECK(c.read_answer().first.starts_with("HTTP/1.1 500 "));
  CAF_CHECK_EQUAL(c.read_answer().second, "hello");
}

CAF_TEST(a header value with a line break is not sent) {
  running s;
  raw_client c{s.port};
  c.send(get("/inject"));
  const auto head = c.read_answer().first;
  CAF_CHECK(contains(head, "X-Good: yes\r\n"));
  CAF_CHECK(!contains(head, "X-Injected"));
}

CAF_TEST(a client that reads slowly gets a large answer whole) {
  running s;
  raw_client c{s.port, 16 * 1024};
  c.send(get("/big") + get("/hello"));
  std::this_thread::sleep_for(50ms);
  CAF_CHECK_EQUAL(c.read_answer().second.size(), std::size_t{8 << 20});
  CAF_CHECK_EQUAL(c.read_answer().second, "hello");
}

CAF_TEST(connections over the limit are told so and the others go on) {
  server_options how;
  how.max_http_connections = 5;
  running s{how};
  std::vector<raw_client> all;
  for (int i = 0; i < 5; ++i)
    all.emplace_back(s.port);
  CAF_REQUIRE(eventually([&] { return s.it->stats().http_connections == 5; }));
  for (int i = 0; i < 200; ++i) {
    raw_client c{s.port};
    const auto text = c.read_all();
    CAF_CHECK(text.empty() || contains(text, "\"code\":\"too_many_connections\""));
    if (i == 0) CAF_CHECK(text.starts_with("HTTP/1.1 503 "));
  }
  all.front().send(get("/hello"));
  CAF_CHECK_EQUAL(all.front().read_answer().second, "hello");
  CAF_CHECK(s.it->stats().refused >= 200);
  all.clear();
  CAF_CHECK(eventually([&] { return s.it->stats().http_connections == 0; }));
  raw_client c{s.port};
  c.send(get("/hello"));
  CAF_CHECK_EQUAL(c.read_answer().second, "hello");
}

CAF_TEST(an address that is taken is named) {
  running s;
  server_options how;
  how.port = s.port;
  const auto second = make_server(how, s.who)->start();
  CAF_REQUIRE(!second);
  CAF_CHECK(second.error() == fail(ec::address_in_use, "127.0.0.1:" + std::to_string(s.port)));
  how.host = "not an address";
  CAF_CHECK(make_server(how, s.who)->start().error().code == ec::config_invalid);
}

CAF_TEST(a stop lets requests finish and refuses new connections) {
  running s;
  raw_client busy{s.port};
  raw_client idle{s.port};
  busy.send(get("/hold"));
  CAF_REQUIRE(eventually([&] { return s.who->held() == 1; }));
  std::thread stopping{[&] { s.it->stop(patience); }};
  CAF_CHECK(idle.ended());
  s.who->take_held()(text_response("done", "text/plain"));
  const auto [head, body] = busy.read_answer();
  CAF_CHECK_EQUAL(body, "done");
  CAF_CHECK(contains(head, "Connection: close\r\n"));
  CAF_CHECK(busy.ended());
  { const auto gone = std::move(busy); }
  stopping.join();
  raw_client late{s.port};
  CAF_CHECK_EQUAL(late.send(get("/hello")), 0u);
}

CAF_TEST(a stop cuts off what does not finish and survives later answers) {
  running s;
  raw_client c{s.port};
  c.send(get("/hold"));
  CAF_REQUIRE(eventually([&] { return s.who->held() == 1; }));
  const auto answer = s.who->take_held();
  s.it->stop(50ms);
  CAF_CHECK(contains(c.read_answer().second, "\"code\":\"shutting_down\""));
  s.it.reset();
  answer(text_response("too late", "text/plain"));
}

CAF_TEST(several threads serve many connections) {
  server_options how;
  how.io_threads = 2;
  running s{how};
  std::vector<std::thread> clients;
  std::atomic<int> good{0};
  for (int t = 0; t < 8; ++t)
    clients.emplace_back([&] {
      raw_client c{s.port};
      for (int i = 0; i < 100; ++i) {
        c.send(get("/hello"));
        if (c.read_answer().second == "hello") ++good;
      }
    });
  for (auto& x : clients)
    x.join();
  CAF_CHECK_EQUAL(good.load(), 800);
}
