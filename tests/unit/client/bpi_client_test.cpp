#define CAF_SUITE client_socket

#include "gateways/clients/cpp/bpi_client.hpp"
#include "gateways/http/server.hpp"
#include "messages/oracle/codec.hpp"
#include "messages/oracle/signing.hpp"

#include <caf/test/unit_test.hpp>

#include <condition_variable>
#include <mutex>

using namespace bpci;
using namespace std::chrono_literals;

namespace {

/// Nothing here takes that long unless it is broken.
constexpr auto patience = 10s;

template <class Array>
bytes to_bytes(const Array& x) {
  return {x.begin(), x.end()};
}

/// What a test sees of, and does to, the connections of one client.
struct script {
  std::mutex mutex;
  std::condition_variable changed;
  crypto::key_pair keys = crypto::generate();
  std::shared_ptr<http::socket> socket;
  std::vector<oracle::hello> hellos;
  std::vector<oracle::envelope> envelopes;
  std::vector<oracle::ack> acks;
  bool answers = true; ///< each envelope with receipts
  ec refuse_hello = ec::none;
  std::optional<std::uint64_t> ask_to_wait_ms; ///< with the first refusal, which is the only one

  void write(const oracle::server_frame& x) {
    socket->send(oracle::encode(x, oracle::encoding::msgpack));
  }

  template <class Until>
  bool wait(Until&& until) {
    std::unique_lock lock{mutex};
    return changed.wait_for(lock, patience, until);
  }
};

/// One connection to a node that does what the script says.
class puppet final : public http::socket_listener {
public:
  puppet(std::shared_ptr<script> how, std::shared_ptr<http::socket> socket)
      : script_(std::move(how)) {
    std::lock_guard lock{script_->mutex};
    script_->socket = std::move(socket);
    script_->write(asked_);
  }

  void on_frames(std::vector<http::frame> frames) override {
    std::lock_guard lock{script_->mutex};
    for (const auto& x : frames) {
      script_->socket->grant(1);
      auto frame = oracle::decode_client_frame(x.data, oracle::encoding::msgpack);
      if (frame) std::visit([this](auto& y) { on(std::move(y)); }, *frame);
    }
    script_->changed.notify_all();
  }

  void on_closed(ec, std::string) override {}

private:
  void on(oracle::hello x) {
    script_->hellos.push_back(x);
    if (script_->refuse_hello != ec::none) {
      oracle::refusal no;
      no.code = name(script_->refuse_hello);
      no.retry_after_ms = script_->ask_to_wait_ms;
      script_->write(no);
      script_->socket->close(script_->refuse_hello);
      if (script_->ask_to_wait_ms) script_->refuse_hello = ec::none;
      return;
    }
    const oracle::handshake_context context{asked_.server_key, x.key, asked_.nonce, x.nonce};
    oracle::welcome said{session_no{script_->hellos.size()}, 0, timestamp_ms{1}, {}};
    said.signature = to_bytes(
        crypto::sign(script_->keys.secret, oracle::signing_bytes(context, asked_.member, said))
            .bytes);
    script_->write(said);
  }

  void on(oracle::send x) {
    if (script_->answers)
      for (const auto& target : x.envelope.targets)
        script_->write(oracle::receipt{x.envelope.id, target,
                                       is_stored(x.envelope) ? std::optional{true} : std::nullopt});
    script_->envelopes.push_back(std::move(x.envelope));
  }

  void on(oracle::ack x) { script_->acks.push_back(std::move(x)); }
  void on(const oracle::peer&) {}
  void on(const oracle::send_batch&) {}
  void on(oracle::ack_batch x) {
    for (auto& one : x.items)
      on(std::move(one));
  }

  std::shared_ptr<script> script_;
  oracle::challenge asked_{
      {"1.0"},      member_id{"node-1"}, to_bytes(script_->keys.pub.bytes),
      bytes(32, 7), timestamp_ms{1},     {10'000, 100, 8, 300, 100'000, 5'000, 30}};
};

class node final : public http::handler {
public:
  explicit node(std::shared_ptr<script> how) : script_(std::move(how)) {}

  void on_request(http::request, http::responder answer) override {
    answer(http::text_response("a test", "text/plain"));
  }

  result<std::shared_ptr<http::socket_listener>>
  on_websocket(http::upgrade_request what, std::shared_ptr<http::socket> socket) override {
    if (what.path != oracle::socket_path) return fail(ec::not_found);
    return std::make_shared<puppet>(script_, std::move(socket));
  }

private:
  std::shared_ptr<script> script_;
};

struct fixture {
  std::shared_ptr<script> cluster = std::make_shared<script>();
  std::unique_ptr<http::server> server = http::make_server({}, std::make_shared<node>(cluster));
  std::string url = "ws://127.0.0.1:" + std::to_string(*server->start());
  crypto::key_pair bob = crypto::generate();

  client::options options() {
    return {.urls = {url}, .node_id = node_id{"alice"}, .keys = crypto::generate()};
  }

  static client::outgoing message(const char* id, std::size_t size = 3) {
    return {.targets = {node_id{"bob"}, node_id{"eve"}},
            .type = "T",
            .body = bytes(size, 1),
            .id = message_id{id}};
  }

  void deliver(const char* id, bool forged = false) {
    oracle::deliver x;
    x.envelope.id = message_id{id};
    x.envelope.sequence = 1;
    x.envelope.source = node_id{"bob"};
    x.envelope.targets = {node_id{"alice"}};
    x.envelope.type = "T";
    x.envelope.signature =
        to_bytes(crypto::sign(bob.secret, oracle::signing_bytes(x.envelope)).bytes);
    x.source_key = to_bytes(bob.pub.bytes);
    if (forged) x.envelope.body = {6};
    std::lock_guard lock{cluster->mutex};
    cluster->write(x);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(socket_tests, fixture)

CAF_TEST(a message is signed and sent and its receipts are reported) {
  auto how = options();
  const auto key = how.keys.pub;
  client::bpi_client link{std::move(how)};
  CAF_REQUIRE(link.connect(patience));
  CAF_CHECK(link.state() == client::link_state::connected);
  auto done = link.send(message("m1"));
  CAF_REQUIRE(done.wait_for(patience) == std::future_status::ready);
  const auto what = done.get();
  CAF_CHECK(what.delivered());
  CAF_CHECK_EQUAL(what.targets.size(), 2u);
  std::lock_guard lock{cluster->mutex};
  CAF_REQUIRE_EQUAL(cluster->envelopes.size(), 1u);
  const auto& x = cluster->envelopes[0];
  CAF_CHECK(
      crypto::verify(key, oracle::signing_bytes(x), *crypto::signature_from_bytes(x.signature)));
  CAF_CHECK_EQUAL(x.source.get(), "alice");
}

CAF_TEST(a stored message is signed as such and its arrival is told later) {
  auto how = options();
  const auto key = how.keys.pub;
  std::promise<std::string> arrived;
  how.on_acknowledged = [&](const message_id& id, const node_id& target) {
    arrived.set_value(id.get() + " " + target.get());
  };
  client::bpi_client link{std::move(how)};
  CAF_REQUIRE(link.connect(patience));
  auto letter = message("m1");
  letter.delivery = oracle::delivery_mode::stored;
  auto done = link.send(std::move(letter));
  CAF_REQUIRE(done.wait_for(patience) == std::future_status::ready);
  const auto what = done.get();
  CAF_CHECK(what.delivered());
  CAF_CHECK(what.targets.at(0).stored);
  {
    std::lock_guard lock{cluster->mutex};
    auto x = cluster->envelopes.at(0);
    const auto signature = *crypto::signature_from_bytes(x.signature);
    CAF_CHECK(crypto::verify(key, oracle::signing_bytes(x), signature));
    x.delivery.reset();
    CAF_CHECK(!crypto::verify(key, oracle::signing_bytes(x), signature));
    cluster->write(oracle::receipt{message_id{"m1"}, node_id{"bob"}});
  }
  auto told = arrived.get_future();
  CAF_REQUIRE(told.wait_for(patience) == std::future_status::ready);
  CAF_CHECK_EQUAL(told.get(), "m1 bob");
}

CAF_TEST(after a break the client comes back and sends what has no answer) {
  cluster->answers = false;
  client::bpi_client link{options()};
  CAF_REQUIRE(link.connect(patience));
  auto done = link.send(message("m1"));
  CAF_REQUIRE(cluster->wait([this] { return cluster->envelopes.size() == 1; }));
  {
    std::lock_guard lock{cluster->mutex};
    cluster->answers = true;
    cluster->socket->close(ec::restarted);
  }
  CAF_REQUIRE(done.wait_for(patience) == std::future_status::ready);
  CAF_CHECK(done.get().delivered());
  std::lock_guard lock{cluster->mutex};
  CAF_REQUIRE_EQUAL(cluster->envelopes.size(), 2u);
  CAF_CHECK(cluster->envelopes[0].id == cluster->envelopes[1].id);
  CAF_CHECK(cluster->envelopes[0].sequence < cluster->envelopes[1].sequence);
  CAF_REQUIRE_EQUAL(cluster->hellos.size(), 2u);
  CAF_CHECK_EQUAL(cluster->hellos[1].last_session, 1u);
  CAF_CHECK_EQUAL(cluster->hellos[1].last_sequence, cluster->envelopes[0].sequence);
}

CAF_TEST(a node that does not answer is passed over for the next one) {
  auto how = options();
  how.urls = {"ws://127.0.0.1:1", url};
  client::bpi_client link{std::move(how)};
  CAF_CHECK(link.connect(patience));
}

CAF_TEST(messages given before the handshake are sent after it) {
  client::bpi_client link{options()};
  auto done = link.send(message("early"));
  CAF_REQUIRE(link.connect(patience));
  CAF_REQUIRE(done.wait_for(patience) == std::future_status::ready);
  CAF_CHECK(done.get().delivered());
}

CAF_TEST(a delivery is handled once and acknowledged each time) {
  auto how = options();
  std::atomic<int> handled{0};
  how.on_message = [&](const client::delivery& x) {
    CAF_CHECK(x.verified);
    ++handled;
    return true;
  };
  client::bpi_client link{std::move(how)};
  CAF_REQUIRE(link.connect(patience));
  deliver("d1");
  deliver("d1");
  deliver("d2");
  CAF_CHECK(cluster->wait([this] { return cluster->acks.size() == 3; }));
  CAF_CHECK_EQUAL(handled.load(), 2);
  CAF_CHECK_EQUAL(link.stats().duplicates, 1u);
}

CAF_TEST(what the handler does not want is not acknowledged and may come again) {
  auto how = options();
  std::atomic<int> handled{0};
  how.on_message = [&](const client::delivery&) -> bool {
    if (++handled == 1) throw std::runtime_error{"a fault of the application"};
    return handled > 2;
  };
  client::bpi_client link{std::move(how)};
  CAF_REQUIRE(link.connect(patience));
  for (auto i = 0; i < 3; ++i)
    deliver("d1");
  CAF_CHECK(cluster->wait([this] { return cluster->acks.size() == 1; }));
  CAF_CHECK_EQUAL(handled.load(), 3);
}

CAF_TEST(a forged delivery is dropped unless the application asks for such) {
  auto how = options();
  std::atomic<int> handled{0};
  how.on_message = [&](const client::delivery&) { return ++handled > 0; };
  client::bpi_client link{std::move(how)};
  CAF_REQUIRE(link.connect(patience));
  deliver("d1", true);
  deliver("d1");
  CAF_CHECK(cluster->wait([this] { return cluster->acks.size() == 1; }));
  CAF_CHECK_EQUAL(handled.load(), 1);
  CAF_CHECK_EQUAL(link.stats().unverified, 1u);
}

CAF_TEST(a node that is not registered ends the client and its messages) {
  cluster->refuse_hello = ec::unknown_node;
  client::bpi_client link{options()};
  auto done = link.send(message("m1"));
  const auto open = link.connect(patience);
  CAF_REQUIRE(!open);
  CAF_CHECK(open.error().code == ec::unknown_node);
  CAF_REQUIRE(done.wait_for(patience) == std::future_status::ready);
  CAF_CHECK(done.get().targets[0].why.code == ec::unknown_node);
  CAF_CHECK(link.state() == client::link_state::ended);
  CAF_CHECK(link.send(message("m2"), {}).error().code == ec::unknown_node);
}

CAF_TEST(whoever is superseded does not fight for the place) {
  client::bpi_client link{options()};
  CAF_REQUIRE(link.connect(patience));
  {
    std::lock_guard lock{cluster->mutex};
    cluster->socket->close(ec::superseded);
  }
  const auto until = std::chrono::steady_clock::now() + patience;
  while (link.state() != client::link_state::ended && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(5ms);
  CAF_CHECK(link.state() == client::link_state::ended);
  CAF_CHECK_EQUAL(cluster->hellos.size(), 1u);
}

CAF_TEST(a server with another key than the pinned one is left) {
  auto how = options();
  how.server_keys = {crypto::generate().pub};
  client::bpi_client link{std::move(how)};
  const auto open = link.connect(300ms);
  CAF_REQUIRE(!open);
  CAF_CHECK(open.error().code == ec::not_permitted);
  CAF_CHECK(cluster->hellos.empty());
}

CAF_TEST(a client that is asked to wait before it comes again does so) {
  constexpr auto asked = std::chrono::milliseconds{400};
  cluster->refuse_hello = ec::isolated;
  cluster->ask_to_wait_ms = asked.count();
  auto how = options();
  how.reconnect = {std::chrono::milliseconds{1}, std::chrono::milliseconds{2}};
  std::vector<std::chrono::steady_clock::time_point> tried;
  how.on_state = [&](const client::state_change& x) {
    if (x.state == client::link_state::connecting)
      tried.push_back(std::chrono::steady_clock::now());
  };
  {
    client::bpi_client link{std::move(how)};
    CAF_REQUIRE(link.connect(patience));
  }
  CAF_REQUIRE_EQUAL(tried.size(), 2u);
  CAF_CHECK(tried[1] - tried[0] >= asked);
}

CAF_TEST(a frame over the limit of the server is refused here) {
  client::bpi_client link{options()};
  CAF_REQUIRE(link.connect(patience));
  auto done = link.send(message("big", 20'000));
  CAF_REQUIRE(done.wait_for(patience) == std::future_status::ready);
  CAF_CHECK(done.get().targets[0].why.code == ec::too_large);
  CAF_CHECK(link.send(message("small")).get().delivered());
}

CAF_TEST(a message without an answer times out) {
  cluster->answers = false;
  client::bpi_client link{options()};
  CAF_REQUIRE(link.connect(patience));
  auto x = message("m1");
  x.deadline = 100ms;
  auto done = link.send(std::move(x));
  CAF_REQUIRE(done.wait_for(patience) == std::future_status::ready);
  CAF_CHECK(done.get().targets[1].why.code == ec::timeout);
}

CAF_TEST(many messages go through in their order) {
  constexpr auto count = 5'000u;
  client::bpi_client link{options()};
  CAF_REQUIRE(link.connect(patience));
  std::vector<std::future<client::report>> all;
  for (auto i = 0u; i < count; ++i)
    all.push_back(link.send(message(("m" + std::to_string(i)).c_str())));
  auto delivered = 0u;
  for (auto& x : all)
    delivered += x.get().delivered() ? 1 : 0;
  CAF_CHECK_EQUAL(delivered, count);
  std::lock_guard lock{cluster->mutex};
  CAF_REQUIRE_EQUAL(cluster->envelopes.size(), count);
  auto in_order = true;
  for (auto i = 1u; i < count; ++i)
    in_order = in_order && cluster->envelopes[i].sequence > cluster->envelopes[i - 1].sequence
               && cluster->envelopes[i].id.get() == "m" + std::to_string(i);
  CAF_CHECK(in_order);
}

CAF_TEST(closing reports what has no answer) {
  cluster->answers = false;
  client::bpi_client link{options()};
  CAF_REQUIRE(link.connect(patience));
  auto done = link.send(message("m1"));
  link.close();
  CAF_REQUIRE(done.wait_for(0s) == std::future_status::ready);
  CAF_CHECK(done.get().targets[0].why.code == ec::shutting_down);
  CAF_CHECK(link.send(message("m2"), {}).error().code == ec::shutting_down);
}

CAF_TEST_FIXTURE_SCOPE_END()
