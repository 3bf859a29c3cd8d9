#define CAF_SUITE e2e_untrusted

#include "cluster_of_processes.hpp"
#include "messages/codec/json.hpp"
#include "raw_link.hpp"
#include "runtime/time/clock.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <iostream>
#include <sys/resource.h>
#include <thread>

using namespace bpci;
using namespace bpci::e2e;

namespace {

/// Bounds that a test can reach in a moment. Each test leaves the node as it found it.
constexpr auto settings = R"(
listen: {max_http_connections: 200, idle_timeout_secs: 2, request_timeout_secs: 2}
oracle_config:
  max_connections: 40
  relay_timeout_secs: 4
  security_config: {rate_limit_per_node: 50, max_message_age_secs: 60, isolation: {threshold: 0}}
  limits:
    max_frame_bytes: 262144
    max_in_flight: 60
    handshake_timeout_ms: 1000
    write_stall_secs: 1
    max_write_queue_bytes: 1048576
)";
constexpr std::size_t max_connections = 40;
constexpr std::size_t max_http_connections = 200;
constexpr auto idle_timeout = milliseconds{2'000};
constexpr std::size_t rate = 50;
constexpr std::size_t in_flight = 60;
constexpr std::size_t frame_bytes = 262'144;

constexpr auto answer_max = milliseconds{20'000};

constexpr std::size_t mib = 1024 * 1024;

std::string text(ec code) {
  return std::string{name(code)};
}

bool has_code(const http::close_info& x, const char* close_code) {
  return x.detail.find(std::string{"code "} + close_code) != std::string::npos;
}

struct fixture : shows_logs {
  fixture()
      : cluster(shared_cluster({.nodes = 1, .settings = settings})),
        node(cluster.node(1)),
        ada(node, cluster.registered("ada")),
        bob(node, cluster.registered("bob")) {
    CAF_REQUIRE(passes(ada, bob));
    CAF_REQUIRE(passes(bob, ada));
  }

  ~fixture() {
    CAF_CHECK(node.running());
    raw_link eve{node, cluster.registered("eve")};
    raw_link dan{node, cluster.registered("dan")};
    CAF_CHECK(passes(eve, dan));
  }

  cluster_of_processes& cluster;
  cluster_node& node;
  raw_link ada;
  raw_link bob;
};

/// A frame of Ada's that may be changed as it is.
bytes encoded(const oracle::envelope& x) {
  return oracle::encode(oracle::client_frame{oracle::send{x}}, oracle::encoding::msgpack);
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(untrusted_tests, fixture)

// -- frames -------------------------------------------------------------------

CAF_TEST(garbage is malformed) {
  ada.send(bytes{0xc1, 0xff, 0x00, 0x7e, 0x41});
  CAF_CHECK_EQUAL(text(ada.refusal()), "malformed");
  ada.send(bytes{});
  CAF_CHECK_EQUAL(text(ada.refusal()), "malformed");
  CAF_CHECK(passes(ada, bob));
}

CAF_TEST(garbage without end closes the connection) {
  for (std::size_t i = 0; i < 2 * rate; ++i)
    ada.send(bytes{0xc1});
  const auto end = ada.end();
  CAF_CHECK_EQUAL(text(end.why), "rate_limited");
  CAF_CHECK(has_code(end, "1008"));
}

CAF_TEST(a truncated message is malformed) {
  const auto whole = encoded(ada.message(bob.who().id));
  for (auto part : {whole.size() - 1, whole.size() / 2, std::size_t{1}}) {
    ada.send(bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(part)));
    CAF_CHECK_EQUAL(text(ada.refusal()), "malformed");
  }
  CAF_CHECK(passes(ada, bob));
}

CAF_TEST(a message that is nested too deeply is refused) {
  // {"t": "send", "body": [[[...]]]}
  for (std::size_t depth : {17u, 100'000u}) {
    bytes deep{0x82, 0xa1, 't', 0xa4, 's', 'e', 'n', 'd', 0xa4, 'b', 'o', 'd', 'y'};
    deep.insert(deep.end(), depth, 0x91);
    deep.push_back(0xc0);
    ada.send(std::move(deep));
    CAF_CHECK_EQUAL(text(ada.refusal()), "too_deep");
  }
  CAF_CHECK(passes(ada, bob));
}

CAF_TEST(a frame over the limit closes the connection) {
  ada.send(oracle::send{ada.message(bob.who().id, frame_bytes + 1)});
  const auto end = ada.end();
  CAF_CHECK_EQUAL(text(end.why), "too_large");
  CAF_CHECK(has_code(end, "1009"));
}

// -- messages -----------------------------------------------------------------

CAF_TEST(a message with a wrong signature is refused and leaves its sequence) {
  auto forged = ada.message(bob.who().id);
  forged.body.push_back('!');
  ada.send(oracle::send{forged});
  const auto no = ada.expect<oracle::refusal>();
  CAF_REQUIRE(no.has_value());
  CAF_CHECK_EQUAL(no->code, "bad_signature");
  CAF_CHECK(no->id == forged.id);
  CAF_CHECK(!no->next_step.empty());
  ada.reuse_sequence();
  CAF_CHECK(passes(ada, bob));
}

CAF_TEST(a message in the name of another is refused) {
  auto borrowed = ada.message(bob.who().id);
  borrowed.source = node_id{bob.who().id};
  ada.sign(borrowed);
  ada.send(oracle::send{borrowed});
  CAF_CHECK_EQUAL(text(ada.refusal()), "wrong_source");
  CAF_CHECK(passes(ada, bob));
}

CAF_TEST(old messages and such from the future are refused) {
  constexpr std::int64_t far_ms = 120'000;
  auto old = ada.message(bob.who().id);
  old.sent_at = timestamp_ms{wall_now().get() - far_ms};
  ada.sign(old);
  ada.send(oracle::send{old});
  CAF_CHECK_EQUAL(text(ada.refusal()), "too_old");
  auto early = ada.message(bob.who().id);
  early.sent_at = timestamp_ms{wall_now().get() + far_ms};
  ada.sign(early);
  ada.send(oracle::send{early});
  CAF_CHECK_EQUAL(text(ada.refusal()), "from_the_future");
  CAF_CHECK(passes(ada, bob));
}

CAF_TEST(a replayed message is refused) {
  const auto message = ada.message(bob.who().id);
  ada.send(oracle::send{message});
  CAF_REQUIRE(bob.expect<oracle::deliver>().has_value());
  bob.send(oracle::ack{message.source, message.id});
  CAF_CHECK(ada.expect<oracle::receipt>().has_value());
  ada.send(oracle::send{message});
  CAF_CHECK_EQUAL(text(ada.refusal()), "replayed");
  CAF_MESSAGE("also on a new connection of the same node");
  raw_link again{node, ada.who()};
  again.send(oracle::send{message});
  CAF_CHECK_EQUAL(text(again.refusal()), "replayed");
  CAF_CHECK(passes(again, bob));
}

CAF_TEST(the same id with another content is a conflict) {
  const auto first = ada.message(bob.who().id);
  ada.send(oracle::send{first});
  CAF_REQUIRE(bob.expect<oracle::deliver>().has_value());
  bob.send(oracle::ack{first.source, first.id});
  CAF_REQUIRE(ada.expect<oracle::receipt>().has_value());
  auto second = ada.message(bob.who().id, 17);
  second.id = first.id;
  ada.sign(second);
  ada.send(oracle::send{second});
  CAF_CHECK_EQUAL(text(ada.refusal()), "conflict");
  CAF_CHECK(passes(ada, bob));
}

CAF_TEST(an unknown target is named) {
  const auto lost = ada.message("nobody-of-this-name");
  ada.send(oracle::send{lost});
  const auto no = ada.expect<oracle::refusal>();
  CAF_REQUIRE(no.has_value());
  CAF_CHECK_EQUAL(no->code, "unknown_target");
  CAF_CHECK(no->id == lost.id);
  CAF_CHECK(no->target == node_id{"nobody-of-this-name"});
  CAF_CHECK(passes(ada, bob));
}

CAF_TEST(too many messages are told to wait) {
  std::size_t refused = 0;
  std::size_t answered = 0;
  std::uint64_t wait_ms = 0;
  const auto begun = steady_now();
  for (std::size_t i = 0; i < 2 * rate; ++i)
    ada.send(oracle::send{ada.message("nobody-of-this-name")});
  for (; answered < 2 * rate; ++answered) {
    const auto no = ada.expect<oracle::refusal>();
    CAF_REQUIRE(no.has_value());
    if (no->code != "rate_limited") continue;
    ++refused;
    wait_ms = std::max(wait_ms, no->retry_after_ms.value_or(0));
  }
  const auto took = steady_now() - begun;
  CAF_MESSAGE(refused << " of " << answered << " were refused, wait " << wait_ms << " ms");
  // As much as flowed back into the bucket meanwhile, and no more.
  const auto refilled =
      rate * static_cast<std::size_t>(std::chrono::ceil<milliseconds>(took).count()) / 1'000;
  CAF_CHECK(refused > 0 || refilled >= rate);
  // The fixture's own messages have taken from it.
  CAF_CHECK(refused <= rate + rate / 10);
  CAF_CHECK(wait_ms > 0 && wait_ms <= 1'000);
  CAF_CHECK(ada.is_open());
  // As long as the refusals asked for.
  std::this_thread::sleep_for(milliseconds{wait_ms});
  CAF_CHECK(passes(ada, bob));
}

// -- handshakes ---------------------------------------------------------------

CAF_TEST(a connection that never speaks is ended) {
  tcp_link silent{node.port()};
  CAF_REQUIRE(silent.connected());
  tcp_link half{node.port()};
  half.write("GET /health HTTP/1.1\r\nHost: x\r\nX-Half");
  raw_link shy{node, cluster.registered("shy"), {.begin = false}};
  CAF_CHECK(passes(ada, bob));
  CAF_CHECK_EQUAL(text(shy.refusal()), "handshake_timeout");
  const auto end = shy.end();
  CAF_CHECK_EQUAL(text(end.why), "handshake_timeout");
  CAF_CHECK(has_code(end, "1008"));
  const auto said = half.read_to_end(answer_max);
  CAF_REQUIRE(said.has_value());
  CAF_CHECK(said->starts_with("HTTP/1.1 408"));
  CAF_CHECK(said->find("\"code\":\"idle_timeout\"") != std::string::npos);
  CAF_CHECK(silent.read_to_end(answer_max) == std::string{});
}

CAF_TEST(a hello with a wrong signature is refused) {
  raw_link liar{node, cluster.registered("liar"), {.begin = false}};
  auto hello = liar.hello();
  hello.signature.front() ^= 1;
  liar.send(hello);
  CAF_CHECK_EQUAL(text(liar.refusal()), "bad_signature");
  const auto end = liar.end();
  CAF_CHECK_EQUAL(text(end.why), "bad_signature");
  CAF_CHECK(has_code(end, "1008"));
  CAF_CHECK(passes(ada, bob));
}

CAF_TEST(nodes that nobody has registered are not let in) {
  raw_link stranger{node, make_identity("stranger"), {.begin = false}};
  CAF_CHECK_EQUAL(text(stranger.handshake().error().code), "unknown_node");
  CAF_CHECK(has_code(stranger.end(), "1008"));
  CAF_MESSAGE("nor such with the id of another");
  auto thief = make_identity("thief");
  thief.id = bob.who().id;
  raw_link stolen{node, thief, {.begin = false}};
  CAF_CHECK_EQUAL(text(stolen.handshake().error().code), "unknown_node");
  CAF_CHECK(passes(ada, bob));
}

CAF_TEST(a message before the handshake closes the connection) {
  raw_link hasty{node, cluster.registered("hasty"), {.begin = false}};
  hasty.send(oracle::send{hasty.message(bob.who().id)});
  CAF_CHECK_EQUAL(text(hasty.refusal()), "handshake_required");
  CAF_CHECK_EQUAL(text(hasty.end().why), "handshake_required");
  CAF_CHECK(passes(ada, bob));
}

CAF_TEST(a newer connection of the same node supersedes the older one) {
  raw_link newer{node, ada.who()};
  const auto end = ada.end();
  CAF_CHECK_EQUAL(text(end.why), "superseded");
  CAF_CHECK(has_code(end, "1008"));
  CAF_CHECK(passes(newer, bob));
}

// -- too much -----------------------------------------------------------------

CAF_TEST(a slow reader is closed and its senders get answers) {
  constexpr std::size_t body_bytes = 200'000;
  constexpr std::size_t each = 4 * rate;
  // One frame is read ahead, then TCP tells the node to wait.
  raw_link lazy{node, cluster.registered("lazy"), {.credit = 1}};
  std::vector<std::unique_ptr<raw_link>> senders;
  for (int i = 0; i < 3; ++i)
    senders.push_back(std::make_unique<raw_link>(node, cluster.registered("busy")));
  const auto before = node.resident_bytes();
  auto most = before;
  std::map<std::string, std::size_t> answers;
  std::vector<std::size_t> open(senders.size(), each);
  const auto take_answer = [&](std::size_t of, milliseconds deadline) {
    const auto frame = senders[of]->receive(deadline);
    if (!frame) return false;
    const auto* no = std::get_if<oracle::refusal>(&*frame);
    ++answers[no ? no->code : "receipt"];
    --open[of];
    return true;
  };
  auto due = steady_now();
  for (std::size_t i = 0; i < each; ++i) {
    for (std::size_t j = 0; j < senders.size(); ++j) {
      senders[j]->send(oracle::send{senders[j]->message(lazy.who().id, body_bytes)});
      while (take_answer(j, milliseconds{0}))
        continue;
    }
    most = std::max(most, node.resident_bytes());
    std::this_thread::sleep_until(due += milliseconds{1'000 / rate});
  }
  CAF_CHECK(passes(ada, bob));
  for (std::size_t j = 0; j < senders.size(); ++j)
    while (open[j] > 0 && take_answer(j, answer_max))
      continue;
  for (const auto& [code, n] : answers)
    CAF_MESSAGE(n << " " << code);
  CAF_CHECK(std::ranges::all_of(open, [](auto x) { return x == 0; }));
  CAF_CHECK(!node.log_lines({"link-closed", lazy.who().id, "code=slow_reader"}).empty());
  for (auto& sender : senders)
    CAF_CHECK(sender->is_open());
  // What the senders may have without an answer, twice, and the queue of the connection.
  constexpr auto bound = 2 * 3 * in_flight * body_bytes + mib;
  CAF_MESSAGE("the node grew by " << (most - before) / mib << " MiB at most, of "
                                  << senders.size() * each * body_bytes / mib << " MiB sent");
  CAF_CHECK(most - before < bound);
}

CAF_TEST(a header of a mebibyte is refused) {
  tcp_link link{node.port()};
  link.write("GET /health HTTP/1.1\r\nHost: x\r\nX-Long: " + std::string(mib, 'x') + "\r\n\r\n");
  const auto said = link.read_to_end(answer_max);
  CAF_REQUIRE(said.has_value());
  CAF_CHECK(said->starts_with("HTTP/1.1 431"));
  CAF_CHECK(said->find("application/problem+json") != std::string::npos);
  CAF_CHECK(said->find("\"code\":\"too_large\"") != std::string::npos);
  CAF_CHECK(passes(ada, bob));
}

CAF_TEST(more links than allowed are told so) {
  std::vector<std::unique_ptr<raw_link>> held;
  std::size_t refused = 0;
  for (std::size_t i = 0; i < max_connections + 5; ++i) {
    held.push_back(std::make_unique<raw_link>(node, ada.who(), raw_link::how{.begin = false}));
    if (held.back()->not_connected().code == ec::too_many_connections) ++refused;
  }
  CAF_MESSAGE(refused << " of " << held.size() << " were refused");
  CAF_CHECK(refused > 0);
  CAF_CHECK(passes(ada, bob));
  CAF_MESSAGE("room comes back when they are ended");
  held.clear();
  CAF_CHECK(eventually(answer_max, [&] {
    return raw_link(node, ada.who(), {.begin = false}).not_connected().code == ec::none;
  }));
}

CAF_TEST(ten thousand idle connections leave the others alone) {
  constexpr std::size_t count = 10'000;
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  if (files.rlim_max < count + 1'000) {
    std::cerr << "e2e: skipped, this process may open " << files.rlim_max << " files only\n";
    return;
  }
  files.rlim_cur = std::min<rlim_t>(files.rlim_max, count + 5'000);
  setrlimit(RLIMIT_NOFILE, &files);
  std::vector<tcp_link> idle;
  idle.reserve(count);
  const auto begun = steady_now();
  for (std::size_t i = 0; i < count; ++i) {
    idle.emplace_back(node.port());
    if (i % 1'000 == 0) CAF_CHECK(passes(ada, bob));
  }
  const auto took = steady_now() - begun;
  CAF_MESSAGE("opened in " << std::chrono::ceil<milliseconds>(took).count() << " ms");
  CAF_CHECK(passes(ada, bob));
  std::size_t told = 0;
  std::size_t let_in = 0; // and closed when they had been idle for too long
  for (auto& link : idle) {
    const auto said = link.read_to_end(answer_max);
    if (said && said->empty()) ++let_in;
    if (said && said->starts_with("HTTP/1.1 503")
        && said->find("\"code\":\"too_many_connections\"") != std::string::npos)
      ++told;
  }
  CAF_MESSAGE(let_in << " were let in, " << told << " were told why not");
  // A place that an idle one has left is given to the next.
  const auto times = static_cast<std::size_t>(took / idle_timeout) + 1;
  CAF_CHECK(let_in <= times * max_http_connections);
  CAF_CHECK_EQUAL(told + let_in, count);
  idle.clear();
  CAF_CHECK(eventually(answer_max, [&] {
    const auto answer = cluster.call(1, "GET", "/health");
    return answer && answer->status == 200;
  }));
}

CAF_TEST_FIXTURE_SCOPE_END()
