#include "gateways/clients/cpp/bpi_client.hpp"

#include "gateways/clients/cpp/dedupe_window.hpp"
#include "gateways/clients/cpp/handshake.hpp"
#include "gateways/clients/cpp/outbox.hpp"
#include "gateways/http/client.hpp"
#include "messages/oracle/codec.hpp"
#include "messages/oracle/signing.hpp"
#include "runtime/crypto/merkle.hpp"
#include "runtime/crypto/token.hpp"
#include "runtime/time/clock.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

namespace bpci::client {

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

/// To open a WebSocket; then again to be challenged, and to be welcomed.
constexpr auto connect_max = 5'000ms;
constexpr auto handshake_max = 5'000ms;

/// A node that has died silently is noticed after three pings.
constexpr auto ping_interval = 5'000ms;
constexpr auto idle_max = 15'000ms;

/// How long the thread waits for a frame before it looks at its timers: a caller may have set one
/// meanwhile. Rarely when nothing has been sent for a while, so that many idle clients cost little.
constexpr auto look_around = 50ms;
constexpr auto look_around_idle = 250ms;
constexpr auto idle_after = 1'000ms;

/// How soon a full write queue is tried again.
constexpr auto write_again = 5ms;

/// The cluster stops at `max_in_flight` deliveries, which is not above it.
constexpr std::size_t acks_max = 100'000;

/// In one frame. The server has a limit on the size of a frame; ids have at most 64 characters.
constexpr std::size_t acks_each_max = 64;

/// Frames that are handled before what they bring about is sent, so that one frame acknowledges
/// what one read has brought.
constexpr std::size_t frames_each_max = 64;

/// The longest that a node is obeyed that asks to be left alone.
constexpr auto told_wait_max = 60'000ms;

/// Random bytes in the id of a message that came without one.
constexpr std::size_t id_bytes = 15;

constexpr auto wire = oracle::encoding::msgpack;

/// Refusals of a handshake that another attempt would only repeat, or answer in kind.
bool is_final(ec code) noexcept {
  return code == ec::unknown_node || code == ec::bad_signature || code == ec::superseded
         || code == ec::unsupported;
}

moment now() {
  return {wall_now(), steady_now()};
}

/// Why a connection ended. `said`: by the node itself, and not for want of one.
struct ending {
  failure why;
  bool said = false;
  milliseconds wait{0}; ///< at least, before the next: the node may have asked for it
};

std::string with_path(const std::string& url) {
  const auto host = url.find("://");
  if (host == std::string::npos) return url;
  const auto slash = url.find('/', host + 3);
  if (slash == std::string::npos) return url + std::string{oracle::socket_path};
  return slash + 1 == url.size() ? url.substr(0, slash) + std::string{oracle::socket_path} : url;
}

failure to_failure(const oracle::refusal& x) {
  return fail(code_from_name(x.code), x.detail);
}

/// A node that asks to be left alone, as of one that is isolated, may be released meanwhile.
ending refused_by(const oracle::refusal& x) {
  const auto most = static_cast<std::uint64_t>(told_wait_max.count());
  return {to_failure(x), true, milliseconds{std::min(x.retry_after_ms.value_or(0), most)}};
}

bytes covered_by_signature(const oracle::send_batch& x) {
  std::vector<crypto::digest> leaves;
  bytes leaf;
  for (const auto& item : x.items) {
    oracle::write_leaf(item, leaf);
    leaves.push_back(crypto::leaf_hash(leaf));
  }
  crypto::sealed_tree tree;
  tree.seal(leaves);
  const oracle::batch_head head{x.id.get(), x.sequence,      x.source.get(),
                                x.priority, x.sent_at.get(), x.items.size()};
  return oracle::signing_bytes(head, tree.root());
}

report none_taken(const outgoing& x, const failure& why) {
  report out{x.id.value_or(message_id{}), {}};
  for (const auto& target : x.targets)
    out.targets.push_back({target, why});
  return out;
}

} // namespace

class bpi_client::worker {
public:
  explicit worker(options how)
      : how_(std::move(how)),
        outbox_({how_.node_id, how_.queue_max, how_.reconnect, how_.batch_max}),
        handled_(std::max(how_.dedupe_window, dedupe_window_default)),
        handled_batches_(dedupe_window_default),
        check_(std::move(how_.known_peers)) {}

  ~worker() { close(); }

  result<void> connect(milliseconds deadline);
  result<message_id> send(outgoing x, report_handler tell);
  std::vector<result<message_id>> send_batch(std::vector<outgoing> all, const report_handler& tell);
  void close();

  client_stats stats() const {
    std::lock_guard lock{mutex_};
    auto out = stats_;
    out.waiting = outbox_.size();
    return out;
  }

  link_state state() const {
    std::lock_guard lock{mutex_};
    return state_;
  }

private:
  using socket_ptr = std::shared_ptr<http::websocket_client>;

  // On the client's thread, without the lock.
  void run();
  ending one_connection(const std::string& url);
  result<answered_challenge> introduce(http::websocket_client& socket);
  result<oracle::server_frame> receive(http::websocket_client& socket, milliseconds most);
  std::optional<ending> greet(const socket_ptr& socket, const std::string& url);
  ending serve(const socket_ptr& socket);
  std::optional<ending> handle(oracle::server_frame frame);
  std::optional<ending> on_deliver(oracle::deliver x);
  std::optional<ending> on_deliver(oracle::deliver_batch x);
  bool hand_over(const delivery& x);
  std::optional<ending> acknowledge(const node_id& source, const message_id& id);
  void on_notice(const oracle::notice& x);
  void on_receipt(const oracle::receipt& x);
  void pause(std::uint32_t attempt, milliseconds least);
  void turn();
  void tell(const completions& all);
  void become(link_state state, const std::string& url, std::uint64_t session, failure why);
  void end(const std::string& url, const failure& why);

  // With the lock.
  void pump();
  result<message_id> take(outgoing x, report_handler tell);
  bool put(bytes& frame);
  bool put_acks();
  bool put_message();
  void collect(completions all) {
    for (auto& x : all)
      done_.push_back(std::move(x));
  }
  milliseconds until_wake() const;

  options how_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::thread thread_;
  bool stopping_ = false;
  link_state state_ = link_state::waiting;
  failure last_failure_{ec::none, {}};
  std::uint64_t last_session_ = 0;
  client_stats stats_;

  outbox outbox_;
  std::chrono::steady_clock::time_point last_sent_{};
  completions done_;  ///< to be told by the client's thread
  socket_ptr socket_; ///< while it is welcomed
  oracle::limits limits_;
  bytes unsent_;                 ///< the frame that the socket had no room for
  std::deque<oracle::ack> acks_; ///< they go before messages

  // Only the client's thread:
  bytes server_key_; ///< of the handshake
  dedupe_window handled_;
  dedupe_window handled_batches_;
  delivery_check check_;
};

// -- from any thread -------------------------------------------------------------

result<void> bpi_client::worker::connect(milliseconds deadline) {
  std::unique_lock lock{mutex_};
  if (how_.urls.empty()) return fail(ec::invalid_argument, "no url of a node is given");
  if (!is_valid_id(how_.node_id.get())) return fail(ec::invalid_argument, "node_id");
  if (stopping_) return fail(ec::shutting_down, "the client is closed");
  if (!thread_.joinable()) thread_ = std::thread{[this] { run(); }};
  const auto decided = [&] {
    return state_ == link_state::connected || state_ == link_state::ended;
  };
  changed_.wait_for(lock, deadline, decided);
  if (state_ == link_state::connected) return {};
  if (last_failure_.code == ec::none) return fail(ec::timeout, "no handshake in time");
  return last_failure_;
}

result<message_id> bpi_client::worker::send(outgoing x, report_handler tell) {
  std::lock_guard lock{mutex_};
  auto taken = take(std::move(x), std::move(tell));
  if (taken) pump();
  return taken;
}

std::vector<result<message_id>> bpi_client::worker::send_batch(std::vector<outgoing> all,
                                                               const report_handler& tell) {
  std::vector<result<message_id>> out;
  std::lock_guard lock{mutex_};
  for (auto& x : all)
    out.push_back(take(std::move(x), tell));
  pump();
  return out;
}

void bpi_client::worker::close() {
  socket_ptr open;
  {
    std::lock_guard lock{mutex_};
    stopping_ = true;
    open = socket_;
    changed_.notify_all();
  }
  if (open) open->close(); // wakes the thread
  if (thread_.joinable()) thread_.join();
  // What was given to a client that never connected.
  completions left;
  {
    std::lock_guard lock{mutex_};
    left = outbox_.refuse_all(fail(ec::shutting_down, "the client was closed"));
  }
  this->tell(left);
}

// -- sending, with the lock --------------------------------------------------------

result<message_id> bpi_client::worker::take(outgoing x, report_handler tell) {
  if (!x.id) x.id = message_id{crypto::random_token(id_bytes)};
  auto id = *x.id;
  const auto deadline = x.deadline.value_or(how_.deadline);
  if (state_ == link_state::ended) return last_failure_;
  if (stopping_) return fail(ec::shutting_down, "the client is closed");
  if (auto ok = outbox_.add(std::move(x), deadline, now(), std::move(tell)); !ok) return ok.error();
  return id;
}

/// False: no room now. A connection that has ended takes everything; the reader notices its end,
/// and what was not answered is sent again.
bool bpi_client::worker::put(bytes& frame) {
  auto data = std::make_shared<const bytes>(std::move(frame));
  const auto sent = socket_->send(data, http::frame_kind::binary, 0ms);
  frame.clear();
  if (sent || sent.error().code != ec::busy) return true;
  frame = *data;
  return false;
}

void bpi_client::worker::pump() {
  if (!socket_) return;
  do {
    if (!unsent_.empty() && !put(unsent_)) return;
  } while (put_acks() || put_message());
}

/// Fills `unsent_`. False: there are none.
bool bpi_client::worker::put_acks() {
  if (acks_.empty()) return false;
  if (acks_.size() == 1 || limits_.max_batch == 0) {
    unsent_ = oracle::encode(oracle::client_frame{std::move(acks_.front())}, wire);
    acks_.pop_front();
    return true;
  }
  oracle::ack_batch all;
  for (; !acks_.empty() && all.items.size() < acks_each_max; acks_.pop_front())
    all.items.push_back(std::move(acks_.front()));
  unsent_ = oracle::encode(oracle::client_frame{std::move(all)}, wire);
  return true;
}

/// Fills `unsent_`, or refuses what is next. False: nothing is next.
bool bpi_client::worker::put_message() {
  const auto signed_by_me = [&](const bytes& what) {
    const auto signature = crypto::sign(how_.keys.secret, what);
    return bytes{signature.bytes.begin(), signature.bytes.end()};
  };
  auto id = message_id{};
  if (auto batch = outbox_.next_batch(now(), message_id{crypto::random_token(id_bytes)})) {
    batch->signature = signed_by_me(covered_by_signature(*batch));
    id = batch->id;
    unsent_ = oracle::encode(oracle::client_frame{std::move(*batch)}, wire);
    ++stats_.batches;
  } else if (auto x = outbox_.next(now())) {
    x->signature = signed_by_me(oracle::signing_bytes(*x));
    id = x->id;
    unsent_ = oracle::encode(oracle::client_frame{oracle::send{std::move(*x)}}, wire);
  } else {
    return false;
  }
  ++stats_.transmitted;
  last_sent_ = steady_now();
  if (unsent_.size() <= limits_.max_frame_bytes) return true;
  // The node would close the connection for it, again and again.
  collect(outbox_.refuse(id, fail(ec::too_large, "the frame has " + std::to_string(unsent_.size())
                                                     + " bytes, the limit is "
                                                     + std::to_string(limits_.max_frame_bytes))));
  unsent_.clear();
  return true;
}

milliseconds bpi_client::worker::until_wake() const {
  if (!done_.empty()) return 0ms;
  const auto at = now();
  const auto idle = outbox_.size() == 0 && at.steady - last_sent_ > idle_after;
  auto out = milliseconds{idle ? look_around_idle : look_around};
  if (const auto wake = outbox_.wake(at))
    out = std::min(out, std::max(0ms, std::chrono::ceil<milliseconds>(*wake - at.steady)));
  return unsent_.empty() ? out : std::clamp<milliseconds>(out, 1ms, write_again);
}

// -- the client's thread -------------------------------------------------------------

void bpi_client::worker::run() {
  std::uint32_t attempt = 0;
  for (std::size_t turns = 0;; ++turns) {
    const auto& url = how_.urls[turns % how_.urls.size()];
    become(link_state::connecting, url, 0, {ec::none, {}});
    const auto before = stats().connections;
    const auto ended = one_connection(with_path(url));
    if (stats().connections != before) attempt = 0;
    const auto stopping = [&] {
      std::lock_guard lock{mutex_};
      return stopping_;
    }();
    if (stopping) return end(url, fail(ec::shutting_down, "the client was closed"));
    if (ended.said && is_final(ended.why.code)) return end(url, ended.why);
    become(link_state::waiting, url, 0, ended.why);
    pause(attempt++, ended.wait);
  }
}

ending bpi_client::worker::one_connection(const std::string& url) {
  http::websocket_client_options how;
  how.url = url;
  how.subprotocol = std::string{oracle::subprotocol};
  how.connect_timeout = connect_max;
  how.limits.max_frame_bytes = how_.max_frame_bytes;
  how.limits.max_write_queue_bytes =
      std::max(how.limits.max_write_queue_bytes, 2 * how_.max_frame_bytes);
  how.limits.ping_interval = ping_interval;
  how.limits.idle = idle_max;
  auto opened = http::websocket_client::connect(how);
  if (!opened) return {opened.error()};
  const socket_ptr socket = std::move(*opened);
  auto ended = greet(socket, url);
  if (!ended) ended = serve(socket);
  {
    std::lock_guard lock{mutex_};
    socket_.reset();
    unsent_.clear();
    acks_.clear();
    outbox_.closed();
  }
  socket->close();
  return *ended;
}

result<oracle::server_frame> bpi_client::worker::receive(http::websocket_client& socket,
                                                         milliseconds most) {
  const auto frame = socket.receive(most);
  if (!frame) return frame.error();
  const auto how =
      frame->kind == http::frame_kind::text ? oracle::encoding::json : oracle::encoding::msgpack;
  auto out = oracle::decode_server_frame(frame->data, how);
  // Not under its own code, which could be one that the node gives for a refusal.
  if (!out) return fail(ec::malformed, "a frame of the node: " + to_string(out.error()));
  return std::move(*out);
}

result<answered_challenge> bpi_client::worker::introduce(http::websocket_client& socket) {
  const auto first = receive(socket, handshake_max);
  if (!first) return first.error();
  if (const auto* no = std::get_if<oracle::refusal>(&*first)) return to_failure(*no);
  const auto* asked = std::get_if<oracle::challenge>(&*first);
  if (!asked) return fail(ec::malformed, "the node did not begin with a challenge");
  server_key_ = asked->server_key;
  introduction me{how_.node_id, 0, 0};
  {
    std::lock_guard lock{mutex_};
    me.last_session = last_session_;
    me.last_sequence = outbox_.last_sequence();
    limits_ = asked->limits;
  }
  const auto nonce = crypto::random_nonce();
  return answer(*asked, me, how_.keys, {nonce.begin(), nonce.end()}, how_.server_keys);
}

/// The handshake; empty when the link is open.
std::optional<ending> bpi_client::worker::greet(const socket_ptr& socket, const std::string& url) {
  const auto mine = introduce(*socket);
  if (!mine) return ending{mine.error()};
  auto hello = oracle::encode(oracle::client_frame{mine->hello}, wire);
  if (auto sent = socket->send(std::move(hello), handshake_max); !sent)
    return ending{sent.error(), true};
  const auto second = receive(*socket, handshake_max);
  if (!second) return ending{second.error(), true};
  if (const auto* no = std::get_if<oracle::refusal>(&*second)) return refused_by(*no);
  const auto* said = std::get_if<oracle::welcome>(&*second);
  if (!said) return ending{fail(ec::malformed, "the node did not answer with a welcome")};
  if (auto ok = check(*said, *mine); !ok) return ending{ok.error()};
  {
    std::lock_guard lock{mutex_};
    last_session_ = said->session.get();
    ++stats_.connections;
    socket_ = socket;
    outbox_.opened(limits_, said->resume_from, now());
    pump();
  }
  become(link_state::connected, url, said->session.get(), {ec::none, {}});
  return std::nullopt;
}

ending bpi_client::worker::serve(const socket_ptr& socket) {
  for (;;) {
    turn();
    milliseconds most;
    {
      std::lock_guard lock{mutex_};
      if (stopping_) return {fail(ec::shutting_down)};
      most = until_wake();
    }
    auto frame = receive(*socket, most);
    const auto begun = steady_now();
    for (std::size_t n = 1; frame; ++n) {
      if (auto ended = handle(std::move(*frame))) return *ended;
      // A slow handler must not hold back what the ones before it have earned.
      if (n == frames_each_max || steady_now() - begun > look_around) break;
      frame = receive(*socket, 0ms);
    }
    if (!frame && (frame.error().code != ec::timeout || !socket->is_open()))
      return {frame.error(), true};
  }
}

std::optional<ending> bpi_client::worker::handle(oracle::server_frame frame) {
  if (auto* x = std::get_if<oracle::deliver>(&frame)) return on_deliver(std::move(*x));
  if (auto* x = std::get_if<oracle::deliver_batch>(&frame)) return on_deliver(std::move(*x));
  if (const auto* news = std::get_if<oracle::notice>(&frame)) {
    on_notice(*news);
    return std::nullopt;
  }
  if (const auto* yes = std::get_if<oracle::receipt>(&frame)) {
    on_receipt(*yes);
    return std::nullopt;
  }
  // Not for a client of this kind.
  if (std::holds_alternative<oracle::peer>(frame)) return std::nullopt;
  std::lock_guard lock{mutex_};
  if (const auto* no = std::get_if<oracle::refusal>(&frame)) {
    if (!no->id && is_final(code_from_name(no->code))) return refused_by(*no);
    collect(outbox_.on_refusal(*no, now(), random_u64()));
  } else if (const auto* some = std::get_if<oracle::receipt_batch>(&frame)) {
    collect(outbox_.on_receipt(*some));
  } else {
    return ending{fail(ec::malformed, "a second handshake on one connection")};
  }
  return std::nullopt;
}

void bpi_client::worker::on_receipt(const oracle::receipt& x) {
  auto later = false;
  {
    std::lock_guard lock{mutex_};
    later = !x.stored.value_or(false) && !outbox_.contains(x.id);
    collect(outbox_.on_receipt(x));
  }
  if (!later || !how_.on_acknowledged) return;
  try {
    how_.on_acknowledged(x.id, x.target);
  } catch (const std::exception&) {
    return; // As in `tell`.
  }
}

std::optional<ending> bpi_client::worker::on_deliver(oracle::deliver x) {
  const auto& message = x.envelope;
  // The pair alone proves nothing, so only what was handled is in the window, and only what is
  // signed (or wanted unsigned) gets there.
  const auto known = handled_.contains(message.source, message.id);
  const auto verified = known || check_.verified(x);
  const auto source = message.source;
  const auto id = message.id;
  auto safe = known;
  if (!known && (verified || how_.accept_unverified))
    safe = hand_over({std::move(x.envelope), std::move(x.source_key), verified});
  if (safe) handled_.add(source, id);
  {
    std::lock_guard lock{mutex_};
    ++stats_.received;
    if (known) ++stats_.duplicates;
    if (!verified) ++stats_.unverified;
    if (!safe) ++stats_.unacknowledged;
  }
  return safe ? acknowledge(source, id) : std::nullopt;
}

/// As with one message; but a batch is also known by its own id, for its acknowledgement may be
/// lost and its messages have left the window.
std::optional<ending> bpi_client::worker::on_deliver(oracle::deliver_batch x) {
  const auto again = handled_batches_.contains(x.source, x.id);
  const auto for_me =
      std::ranges::all_of(x.items, [&](const auto& item) { return item.target == how_.node_id; });
  const auto verified = again || (for_me && check_.verified(x));
  const auto wanted = verified || how_.accept_unverified;
  std::uint64_t known = again ? x.items.size() : 0;
  std::uint64_t unsafe = 0;
  for (auto& item : x.items) {
    if (again) break;
    if (handled_.contains(x.source, item.id)) {
      ++known;
      continue;
    }
    const auto id = item.id;
    oracle::envelope message{.id = id,
                             .sequence = x.sequence,
                             .source = x.source,
                             .targets = {item.target},
                             .type = std::move(item.type),
                             .priority = x.priority,
                             .sent_at = x.sent_at,
                             .body = std::move(item.body),
                             .signature = x.signature};
    if (wanted && hand_over({std::move(message), x.source_key, verified, x.id}))
      handled_.add(x.source, id);
    else
      ++unsafe;
  }
  {
    std::lock_guard lock{mutex_};
    stats_.received += x.items.size();
    stats_.duplicates += known;
    if (!verified) stats_.unverified += x.items.size();
    stats_.unacknowledged += unsafe;
  }
  // Only what is signed, or wanted unsigned, gets into the window.
  if (unsafe > 0 || !wanted) return std::nullopt;
  handled_batches_.add(x.source, x.id);
  return acknowledge(x.source, x.id);
}

bool bpi_client::worker::hand_over(const delivery& x) {
  if (!how_.on_message) return false;
  try {
    return how_.on_message(x);
  } catch (const std::exception&) {
    return false; // The sender hears `expired`, as of any handler that fails.
  }
}

/// Sent with the next turn.
std::optional<ending> bpi_client::worker::acknowledge(const node_id& source, const message_id& id) {
  std::lock_guard lock{mutex_};
  if (acks_.size() >= acks_max)
    return ending{fail(ec::slow_reader, "the node does not take acknowledgements")};
  acks_.push_back({source, id});
  return std::nullopt;
}

/// One that the node has not signed is dropped: nobody waits for it.
void bpi_client::worker::on_notice(const oracle::notice& x) {
  const auto key = crypto::public_key_from_bytes(server_key_);
  const auto signature = crypto::signature_from_bytes(x.signature);
  if (!how_.on_notice || !key || !signature
      || !crypto::verify(*key, oracle::signing_bytes(server_key_, x), *signature))
    return;
  try {
    how_.on_notice({x.topic, x.id, x.time, x.body});
  } catch (const std::exception&) {
    return; // As in `tell`.
  }
}

/// Between two attempts to connect; messages still expire.
void bpi_client::worker::pause(std::uint32_t attempt, milliseconds least) {
  const auto until = steady_now() + std::max(least, delay(how_.reconnect, attempt, random_u64()));
  for (;;) {
    turn();
    std::unique_lock lock{mutex_};
    const auto at = steady_now();
    if (stopping_ || at >= until) return;
    const auto left = std::min<std::chrono::nanoseconds>(until - at, look_around);
    changed_.wait_for(lock, left, [&] { return stopping_; });
  }
}

/// What is due: deadlines, retries, reports.
void bpi_client::worker::turn() {
  completions all;
  {
    std::lock_guard lock{mutex_};
    collect(outbox_.expire(now()));
    pump();
    all.swap(done_);
  }
  tell(all);
}

void bpi_client::worker::tell(const completions& all) {
  for (const auto& x : all) {
    if (!x.tell) continue;
    try {
      x.tell(x.what);
    } catch (const std::exception&) {
      continue; // A report is only news: there is nobody to refuse it to.
    }
  }
}

void bpi_client::worker::become(link_state state, const std::string& url, std::uint64_t session,
                                failure why) {
  {
    std::lock_guard lock{mutex_};
    state_ = state;
    if (why.code != ec::none) last_failure_ = why;
    changed_.notify_all();
  }
  if (!how_.on_state) return;
  try {
    how_.on_state({state, url, session, std::move(why)});
  } catch (const std::exception&) {
    return; // As in `tell`.
  }
}

void bpi_client::worker::end(const std::string& url, const failure& why) {
  become(link_state::ended, url, 0, why);
  {
    std::lock_guard lock{mutex_};
    collect(outbox_.refuse_all(why));
  }
  turn();
}

// -- the shell ---------------------------------------------------------------------

bpi_client::bpi_client(options how) : worker_(std::make_unique<worker>(std::move(how))) {}

bpi_client::~bpi_client() = default;

result<void> bpi_client::connect(milliseconds deadline) {
  return worker_->connect(deadline);
}

result<message_id> bpi_client::send(outgoing x, report_handler tell) {
  return worker_->send(std::move(x), std::move(tell));
}

std::vector<result<message_id>> bpi_client::send_batch(std::vector<outgoing> all,
                                                       const report_handler& tell) {
  return worker_->send_batch(std::move(all), tell);
}

std::future<report> bpi_client::send(outgoing x) {
  auto done = std::make_shared<std::promise<report>>();
  auto out = done->get_future();
  const auto targets = outgoing{.targets = x.targets, .type = {}, .body = {}, .id = x.id};
  const auto taken =
      worker_->send(std::move(x), [done](const report& what) { done->set_value(what); });
  if (!taken) done->set_value(none_taken(targets, taken.error()));
  return out;
}

void bpi_client::close() {
  worker_->close();
}

client_stats bpi_client::stats() const {
  return worker_->stats();
}

link_state bpi_client::state() const {
  return worker_->state();
}

} // namespace bpci::client
