#define CAF_SUITE http_websocket
#include "harness.hpp"

#include <caf/test/unit_test.hpp>

#include <random>

using namespace bpci;
using namespace bpci::http;
using namespace bpci::http::test;

namespace {

std::string upgrade(const std::string& path, const std::string& more = {}) {
  return "GET " + path
         + " HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
         + more + "\r\n";
}

/// A client's frame, masked with zeros, which leave the payload as it is.
std::string masked(const std::string& payload, unsigned char first = 0x82) {
  std::string out(1, static_cast<char>(first));
  if (payload.size() < 126) {
    out += static_cast<char>(0x80 | payload.size());
  } else {
    out += static_cast<char>(0x80 | 126);
    out += static_cast<char>(payload.size() >> 8);
    out += static_cast<char>(payload.size());
  }
  return out + std::string(4, '\0') + payload;
}

raw_client open_raw(const running& s, const std::string& path, int receive_buffer = 0) {
  raw_client c{s.port, receive_buffer};
  c.send(upgrade(path));
  c.read_until("\r\n\r\n");
  return c;
}

/// The code of the close frame that comes next.
int read_close(raw_client& c) {
  const auto head = c.read_bytes(2);
  if (head.size() < 2 || static_cast<unsigned char>(head[0]) != 0x88) return -1;
  const auto body = c.read_bytes(static_cast<unsigned char>(head[1]));
  if (body.size() < 2) return 0;
  return (static_cast<unsigned char>(body[0]) << 8) | static_cast<unsigned char>(body[1]);
}

bytes as_bytes(std::string_view text) {
  return {text.begin(), text.end()};
}

std::string as_text(const result<frame>& x) {
  if (!x) return std::string{name(x.error().code)};
  return {x->data.begin(), x->data.end()};
}

close_info end_of(const std::shared_ptr<recorder>& who) {
  eventually([&] { return !who->ends().empty(); });
  const auto ends = who->ends();
  return ends.empty() ? close_info{ec::internal, "still open"} : ends.front();
}

} // namespace

CAF_TEST(messages come back in order and keep their kind) {
  running s;
  const auto c = s.connect("/echo");
  CAF_REQUIRE(c);
  CAF_CHECK_EQUAL(c->subprotocol(), "bpi.v1");
  for (int i = 0; i < 2000; ++i)
    CAF_REQUIRE(c->send(as_bytes(std::to_string(i))).has_value());
  CAF_REQUIRE(c->send_text("text").has_value());
  for (int i = 0; i < 2000; ++i)
    CAF_CHECK_EQUAL(as_text(c->receive(patience)), std::to_string(i));
  const auto last = c->receive(patience);
  CAF_REQUIRE(last.has_value());
  CAF_CHECK(last->kind == frame_kind::text);
  c->close();
  CAF_CHECK(!c->is_open());
  CAF_CHECK(c->closed().why == ec::none);
  const auto end = end_of(s.who->last_socket());
  CAF_CHECK(end.why == ec::none);
  CAF_CHECK_EQUAL(s.who->last_socket()->ends().size(), 1u);
  CAF_CHECK(eventually([&] { return s.it->stats().websockets == 0; }));
}

CAF_TEST(frames that one read brought come in one call) {
  running s;
  auto c = open_raw(s, "/sink");
  std::string all;
  for (int i = 0; i < 100; ++i)
    all += masked("frame " + std::to_string(i));
  c.send(all);
  const auto who = s.who->last_socket();
  CAF_REQUIRE(eventually([&] { return who->count() == 100; }));
  CAF_CHECK(who->calls() <= 3);
}

CAF_TEST(what a listener sends before the handshake ends goes out behind it) {
  running s;
  auto c = open_raw(s, "/greet");
  CAF_CHECK_EQUAL(c.read_bytes(4), "\x81\x02hi");
}

CAF_TEST(frames that came with the upgrade request are not lost) {
  running s;
  raw_client c{s.port};
  c.send(upgrade("/echo") + masked("early"));
  c.read_until("\r\n\r\n");
  CAF_CHECK_EQUAL(c.read_bytes(7), "\x82\x05"
                                   "early");
}

CAF_TEST(large messages pass in both directions) {
  running s;
  const auto c = s.connect("/echo");
  CAF_REQUIRE(c);
  for (const std::size_t size : {0u, 1u, 125u, 126u, 65535u, 65536u, 1000000u}) {
    bytes data(size);
    for (std::size_t i = 0; i < size; ++i)
      data[i] = static_cast<std::uint8_t>(i * 7);
    CAF_REQUIRE(c->send(data).has_value());
    const auto got = c->receive(patience);
    CAF_REQUIRE(got.has_value());
    CAF_CHECK(got->data == data);
  }
}

CAF_TEST(the subprotocol is agreed or the upgrade refused) {
  running s;
  raw_client good{s.port};
  good.send(upgrade("/echo", "Sec-WebSocket-Protocol: foo, bpi.v1\r\n"));
  CAF_CHECK(contains(good.read_until("\r\n\r\n"), "Sec-WebSocket-Protocol: bpi.v1\r\n"));
  raw_client none{s.port};
  none.send(upgrade("/echo"));
  const auto head = none.read_until("\r\n\r\n");
  CAF_CHECK(head.starts_with("HTTP/1.1 101 "));
  CAF_CHECK(!contains(head, "Sec-WebSocket-Protocol"));
  raw_client other{s.port};
  other.send(upgrade("/echo", "Sec-WebSocket-Protocol: foo\r\nSec-WebSocket-Protocol: bar\r\n"));
  const auto [why, body] = other.read_answer();
  CAF_CHECK(why.starts_with("HTTP/1.1 400 "));
  CAF_CHECK(contains(body, "\"code\":\"unsupported\""));
}

CAF_TEST(an upgrade is refused with a problem document) {
  running s;
  raw_client c{s.port};
  c.send(upgrade("/refuse"));
  const auto [head, body] = c.read_answer();
  CAF_CHECK(head.starts_with("HTTP/1.1 403 "));
  CAF_CHECK(contains(body, "no WebSocket for you"));
  c.send(upgrade("/throw"));
  CAF_CHECK(c.read_answer().first.starts_with("HTTP/1.1 500 "));
  c.send("GET /echo HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  CAF_CHECK(c.read_answer().first.starts_with("HTTP/1.1 426 "));
  c.send("GET /echo HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n\r\n");
  CAF_CHECK(c.read_answer().first.starts_with("HTTP/1.1 400 "));
  c.send(get("/hello"));
  CAF_CHECK_EQUAL(c.read_answer().second, "hello");
  CAF_CHECK_EQUAL(s.it->stats().websockets, 0u);
}

CAF_TEST(there are no more WebSockets than allowed) {
  server_options how;
  how.max_websockets = 2;
  running s{how};
  const auto a = s.connect("/echo");
  const auto b = s.connect("/echo");
  CAF_REQUIRE(a && b);
  websocket_client_options more;
  more.url = s.ws("/echo");
  const auto refused = websocket_client::connect(more);
  CAF_REQUIRE(!refused);
  CAF_CHECK(refused.error().code == ec::too_many_connections);
  a->close();
  CAF_REQUIRE(eventually([&] { return s.it->stats().websockets == 1; }));
  CAF_CHECK(websocket_client::connect(more).has_value());
}

CAF_TEST(a message over the limit closes with code 1009) {
  server_options how;
  how.websocket.max_frame_bytes = 1000;
  how.websocket.close_max = 200ms;
  running s{how};
  auto c = open_raw(s, "/sink");
  c.send(masked(std::string(1001, 'x')));
  CAF_CHECK_EQUAL(read_close(c), 1009);
  CAF_CHECK(c.ended());
  CAF_CHECK(end_of(s.who->last_socket()).why == ec::too_large);
  auto pieces = open_raw(s, "/sink");
  pieces.send(masked(std::string(600, 'x'), 0x02) + masked(std::string(600, 'x'), 0x80));
  CAF_CHECK_EQUAL(read_close(pieces), 1009);
}

CAF_TEST(frames against the rules close with code 1002 or 1007) {
  server_options how;
  how.websocket.close_max = 200ms;
  running s{how};
  const std::vector<std::pair<std::string, int>> table = {
      {std::string{"\x82\x03"} + "abc", 1002},     // not masked
      {masked("x", 0xc2), 1002},                   // a reserved bit
      {masked("x", 0x83), 1002},                   // a reserved opcode
      {masked("x", 0x80), 1002},                   // continues nothing
      {masked(std::string(126, 'x'), 0x89), 1002}, // a ping of 126 bytes
      {masked("\xff", 0x81), 1007},                // text that is not UTF-8
  };
  for (const auto& [text, code] : table) {
    auto c = open_raw(s, "/sink");
    c.send(text);
    CAF_CHECK_EQUAL(read_close(c), code);
    CAF_CHECK(c.ended());
    CAF_CHECK(end_of(s.who->last_socket()).why == ec::malformed);
  }
  CAF_CHECK(eventually([&] { return s.it->stats().websockets == 0; }));
}

CAF_TEST(random frames never harm the server) {
  server_options how;
  how.websocket.close_max = 100ms;
  running s{how};
  std::mt19937 random{11};
  for (int i = 0; i < 200; ++i) {
    auto c = open_raw(s, i % 2 == 0 ? "/echo" : "/sink");
    std::string text = masked("ok");
    const auto size = random() % 400;
    for (std::size_t k = 0; k < size; ++k)
      text += static_cast<char>(random());
    c.send(text);
  }
  CAF_CHECK(eventually([&] { return s.it->stats().websockets == 0; }));
  CAF_CHECK(s.connect("/echo") != nullptr);
}

CAF_TEST(a client without credit is not read from) {
  server_options how;
  how.websocket.initial_credit = 10;
  running s{how};
  auto c = open_raw(s, "/sink");
  const auto piece = masked(std::string(1000, 'x'));
  // Until nothing more fits into the buffers of the system, for a while.
  std::size_t sent = 0;
  std::string rest;
  for (int quiet = 0; quiet < 20;) {
    if (rest.empty()) rest = piece;
    const auto n = c.send_now(rest);
    rest.erase(0, n);
    sent += n;
    if (n > 0) {
      quiet = 0;
    } else {
      ++quiet;
      std::this_thread::sleep_for(5ms);
    }
  }
  const auto who = s.who->last_socket();
  CAF_CHECK_EQUAL(who->count(), 10u);
  CAF_CHECK(sent < 32u << 20);
  who->where().grant(5);
  CAF_CHECK(eventually([&] { return who->count() == 15; }));
  std::this_thread::sleep_for(20ms);
  CAF_CHECK_EQUAL(who->count(), 15u);
  who->where().grant(1'000'000);
  CAF_CHECK(eventually([&] { return who->count() == sent / piece.size(); }));
}

CAF_TEST(a large frame takes more of the credit) {
  server_options how;
  how.websocket.initial_credit = 20;
  running s{how};
  auto c = open_raw(s, "/sink");
  const auto piece = masked(std::string(40'000, 'x')); // takes 10
  for (int i = 0; i < 4; ++i)
    c.send(piece);
  const auto who = s.who->last_socket();
  CAF_CHECK(eventually([&] { return who->count() == 2; }));
  std::this_thread::sleep_for(20ms);
  CAF_CHECK_EQUAL(who->count(), 2u);
  who->where().grant(1);
  CAF_CHECK(eventually([&] { return who->count() == 3; }));
  std::this_thread::sleep_for(20ms);
  CAF_CHECK_EQUAL(who->count(), 3u);
  who->where().grant(2);
  CAF_CHECK(eventually([&] { return who->count() == 4; }));
}

CAF_TEST(a WebSocket without credit is still closed) {
  server_options how;
  how.websocket.initial_credit = 1;
  running s{how};
  auto c = open_raw(s, "/sink");
  c.send(masked("a") + masked("b") + masked("c"));
  const auto who = s.who->last_socket();
  CAF_REQUIRE(eventually([&] { return who->count() == 1; }));
  who->where().close(ec::rate_limited, "too fast");
  CAF_CHECK_EQUAL(read_close(c), 1008);
  c.send(masked("\x03\xf0", 0x88));
  CAF_CHECK(end_of(who).why == ec::rate_limited);
  CAF_CHECK_EQUAL(who->count(), 1u);
}

CAF_TEST(a queue has a bound and says when there is room again) {
  server_options how;
  how.websocket.max_write_queue_bytes = 1 << 20;
  running s{how};
  auto c = open_raw(s, "/sink", 8 * 1024);
  const auto who = s.who->last_socket();
  const auto data = std::make_shared<const bytes>(100'000);
  std::size_t taken = 0;
  // The system's own buffers take some megabytes first.
  while (taken < 1000 && who->where().send(data))
    ++taken;
  CAF_CHECK(taken < 1000);
  CAF_CHECK(who->where().queued_bytes() <= 1u << 20);
  std::size_t got = 0;
  while (who->writable() == 0 && got < taken * data->size())
    got += c.read_bytes(50'000).size();
  CAF_CHECK(who->writable() > 0);
  CAF_CHECK(eventually([&] { return who->where().send(bytes{1}); }));
}

CAF_TEST(a slow reader is closed) {
  server_options how;
  how.websocket.write_stall = 300ms;
  running s{how};
  auto c = open_raw(s, "/sink", 8 * 1024);
  const auto who = s.who->last_socket();
  const auto data = std::make_shared<const bytes>(100'000);
  while (who->where().send(data)) {
  }
  CAF_CHECK(end_of(who).why == ec::slow_reader);
  CAF_CHECK(!who->where().send(data));
  CAF_CHECK_EQUAL(who->where().queued_bytes(), 0u);
}

CAF_TEST(a close sends what is queued first and names its reason) {
  running s;
  const auto c = s.connect("/sink");
  CAF_REQUIRE(c);
  const auto who = s.who->last_socket();
  for (int i = 0; i < 100; ++i)
    who->where().send(as_bytes(std::to_string(i)));
  who->where().close(ec::superseded, "there is a newer connection");
  CAF_CHECK(!who->where().send(bytes{1}));
  for (int i = 0; i < 100; ++i)
    CAF_CHECK_EQUAL(as_text(c->receive(patience)), std::to_string(i));
  CAF_CHECK_EQUAL(as_text(c->receive(patience)), "superseded");
  CAF_CHECK(contains(c->closed().detail, "there is a newer connection"));
  CAF_CHECK(end_of(who).why == ec::superseded);
}

CAF_TEST(a client that does not answer a close is dropped) {
  server_options how;
  how.websocket.close_max = 200ms;
  running s{how};
  auto c = open_raw(s, "/sink");
  const auto who = s.who->last_socket();
  who->where().close(ec::busy, "");
  CAF_CHECK_EQUAL(read_close(c), 1013);
  CAF_CHECK(c.ended());
  CAF_CHECK(end_of(who).why == ec::busy);
}

CAF_TEST(a silent client is pinged and then given up) {
  server_options how;
  how.websocket.ping_interval = 100ms;
  how.websocket.idle = 400ms;
  how.websocket.close_max = 200ms;
  running s{how};
  auto c = open_raw(s, "/sink");
  CAF_CHECK_EQUAL(c.read_bytes(2), std::string("\x89\0", 2));
  CAF_CHECK(end_of(s.who->last_socket()).why == ec::idle_timeout);
}

CAF_TEST(a client that sends pings and reads no pongs is stopped) {
  server_options how;
  how.websocket.write_stall = 500ms;
  running s{how};
  auto c = open_raw(s, "/sink", 8 * 1024);
  const auto ping = masked(std::string(125, 'p'), 0x89);
  std::string many;
  for (int i = 0; i < 1000; ++i)
    many += ping;
  const auto who = s.who->last_socket();
  std::size_t sent = 0;
  for (std::string rest; who->ends().empty();) {
    if (rest.empty()) rest = many;
    const auto n = c.send_now(rest);
    rest.erase(0, n);
    sent += n;
    if (n == 0) std::this_thread::sleep_for(5ms);
  }
  CAF_CHECK(sent < 64u << 20);
  CAF_CHECK(end_of(who).why == ec::slow_reader);
}

CAF_TEST(a listener that closes is told nothing more but the end) {
  struct closer : socket_listener {
    explicit closer(std::shared_ptr<http::socket> x) : where(std::move(x)) {}
    void on_frames(std::vector<frame> frames) override {
      seen += frames.size();
      where->close(ec::bad_signature, "of the first");
      where->grant(1000);
    }
    void on_closed(ec why, std::string) override { end = why; }
    std::shared_ptr<http::socket> where;
    std::atomic<std::size_t> seen{0};
    std::atomic<ec> end{ec::internal};
  };
  struct closing : scripted {
    result<std::shared_ptr<socket_listener>>
    on_websocket(upgrade_request, std::shared_ptr<http::socket> x) override {
      made = std::make_shared<closer>(std::move(x));
      return std::shared_ptr<socket_listener>{made};
    }
    std::shared_ptr<closer> made;
  };
  const auto who = std::make_shared<closing>();
  server_options how;
  how.websocket.initial_credit = 1;
  const auto it = make_server(how, who);
  raw_client c{it->start().value()};
  std::string all = upgrade("/x");
  for (int i = 0; i < 50; ++i)
    all += masked("frame");
  c.send(all + masked("\x03\xf0", 0x88));
  c.read_until("\r\n\r\n");
  CAF_CHECK_EQUAL(read_close(c), 1008);
  it->stop(0ms);
  CAF_CHECK_EQUAL(who->made->seen.load(), 1u);
  CAF_CHECK(who->made->end == ec::bad_signature);
}

CAF_TEST(a client that answers pings stays) {
  server_options how;
  how.websocket.ping_interval = 50ms;
  how.websocket.idle = 200ms;
  running s{how};
  const auto c = s.connect("/echo");
  CAF_REQUIRE(c);
  std::this_thread::sleep_for(600ms);
  CAF_CHECK(c->is_open());
  CAF_REQUIRE(c->send_text("still here").has_value());
  CAF_CHECK_EQUAL(as_text(c->receive(patience)), "still here");
}

CAF_TEST(a ping of the client is answered) {
  running s;
  auto c = open_raw(s, "/sink");
  c.send(masked("abc", 0x89));
  CAF_CHECK_EQUAL(c.read_bytes(5), "\x8a\x03"
                                   "abc");
}

CAF_TEST(a connection that breaks ends its listener once) {
  running s;
  { auto c = open_raw(s, "/sink"); }
  const auto who = s.who->last_socket();
  CAF_CHECK(end_of(who).why == ec::unavailable);
  CAF_CHECK_EQUAL(who->ends().size(), 1u);
}

CAF_TEST(a stop closes WebSockets as going away) {
  running s;
  const auto polite = s.connect("/echo");
  auto rude = open_raw(s, "/sink");
  CAF_REQUIRE(polite);
  const auto who = s.who->last_socket();
  s.it->stop(200ms);
  CAF_CHECK_EQUAL(as_text(polite->receive(patience)), "shutting_down");
  CAF_CHECK_EQUAL(read_close(rude), 1001);
  CAF_CHECK(end_of(who).why == ec::shutting_down);
  s.it.reset();
  CAF_CHECK(!who->where().send(bytes{1}));
  who->where().grant(1);
  who->where().close(ec::none, "");
}

CAF_TEST(many threads may send to one socket) {
  running s;
  const auto c = s.connect("/sink");
  CAF_REQUIRE(c);
  const auto who = s.who->last_socket();
  std::vector<std::thread> senders;
  for (int t = 0; t < 4; ++t)
    senders.emplace_back([&] {
      for (int i = 0; i < 1000; ++i)
        while (!who->where().send(bytes(100)))
          std::this_thread::yield();
    });
  int got = 0;
  while (got < 4000 && c->receive(patience))
    ++got;
  for (auto& x : senders)
    x.join();
  CAF_CHECK_EQUAL(got, 4000);
}
