#include "gateways/http/beast_http_session.hpp"

#include "gateways/http/beast_websocket.hpp"
#include "gateways/http/problem.hpp"
#include "gateways/http/text.hpp"
#include "runtime/log/log.hpp"

#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>
#include <random>

namespace bpci::http::io {

namespace beast = boost::beast;
namespace bhttp = boost::beast::http;

namespace {

constexpr int header_too_large = 431; // RFC 6585, section 5
constexpr int upgrade_required = 426; // RFC 9110, section 15.5.22
constexpr int bad_request = 400;
constexpr std::size_t keep_bytes_max = 4 * 1024;

/// Unique, not secret: a random part for each process and a count.
correlation_id new_id() {
  static const auto process = [] {
    std::random_device source;
    return (std::uint64_t{source()} << 32) | source();
  }();
  static std::atomic<std::uint64_t> count{0};
  std::array<char, 40> text{};
  auto* end = std::to_chars(text.data(), text.data() + text.size(), process, 16).ptr;
  *end++ = '-';
  end = std::to_chars(end, text.data() + text.size(), ++count, 16).ptr;
  return correlation_id{std::string{text.data(), end}};
}

std::string to_text(beast::string_view x) {
  return {x.data(), x.size()};
}

template <class Fields>
header_list headers_of(const Fields& fields) {
  header_list out;
  for (const auto& x : fields)
    out.fields.emplace_back(to_text(x.name_string()), to_text(x.value()));
  return out;
}

/// A value with a line break in it would begin a header, or an answer, of its own.
bool fits_on_a_line(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

bool has_no_body(int status) {
  return status == 204 || status == 304;
}

/// Holds a request for whoever answers it; the last copy that goes away unused answers 503.
class http_slot final : public responder::slot {
public:
  http_slot(std::shared_ptr<mailbox> where, std::weak_ptr<http_session> session,
            std::uint64_t number, correlation_id id)
      : loop_(std::move(where)),
        session_(std::move(session)),
        number_(number),
        id_(std::move(id)) {}

  ~http_slot() override {
    if (!answered_.exchange(true)) pass(problem(fail(ec::restarted), id_));
  }

  void answer(response what) override {
    if (!answered_.exchange(true)) pass(std::move(what));
  }

private:
  void pass(response what) {
    // On its own thread the session answers at once, which saves a turn of the loop.
    if (loop_->inside()) {
      if (const auto session = session_.lock()) session->answer(number_, std::move(what));
      return;
    }
    loop_->post([session = session_, number = number_, what = std::move(what)]() mutable {
      if (const auto alive = session.lock()) alive->answer(number, std::move(what));
    });
  }

  std::shared_ptr<mailbox> loop_;
  std::weak_ptr<http_session> session_;
  std::uint64_t number_;
  correlation_id id_;
  std::atomic<bool> answered_{false};
};

} // namespace

http_session::http_session(tcp_socket socket, loop& where, server_core& core, std::string remote)
    : stream_(std::move(socket)), loop_(where), core_(core), remote_(std::move(remote)) {
  stream_.belongs_to(*this);
  ++core_.http_connections;
}

http_session::~http_session() {
  --core_.http_connections;
}

void http_session::start() {
  read_request();
}

void http_session::refuse(const failure& why) {
  id_ = new_id();
  refuse_request(why);
}

void http_session::read_request() {
  state_ = state::idle;
  since_ = clock::now();
  received_before_ = stream_.received();
  if (buffer_.size() == 0 && buffer_.capacity() > keep_bytes_max) buffer_.shrink_to_fit();
  if (buffer_.size() > 0 || stream_.buffered() > 0) state_ = state::header;
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(core_.options.max_header_bytes));
  parser_->body_limit(core_.options.max_body_bytes);
  bhttp::async_read_header(
      stream_, buffer_, *parser_,
      [me = shared_from_this()](error_code why, std::size_t) { me->on_header(why); });
}

void http_session::on_header(error_code why) {
  if (state_ == state::gone) return;
  take_id();
  if (why) return on_read_failed(why);
  given_up_.reset();
  state_ = state::body;
  since_ = clock::now();
  const auto& head = parser_->get();
  if (!parser_->is_done() && same_word(to_text(head[bhttp::field::expect]), "100-continue")) {
    error_code ignored;
    const std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    stream_.write_some(asio::buffer(go_on), ignored);
    stream_.flush();
  }
  if (parser_->is_done()) return on_whole({});
  bhttp::async_read(stream_, buffer_, *parser_,
                    [me = shared_from_this()](error_code e, std::size_t) { me->on_whole(e); });
}

/// The request's id, as soon as there is one: the problem of a bad request carries it too.
void http_session::take_id() {
  const auto& head = parser_->get();
  const auto given = to_text(head["X-Correlation-ID"]);
  id_ = is_valid_id(given) ? correlation_id{given} : new_id();
  head_only_ = head.method() == bhttp::verb::head;
  http_1_0_ = head.version() == 10;
  keep_alive_ = head.keep_alive();
}

void http_session::on_whole(error_code why) {
  if (state_ == state::gone) return;
  if (why) return on_read_failed(why);
  dispatch();
}

void http_session::on_read_failed(error_code why) {
  const auto& limit = core_.options;
  if (given_up_) return refuse_request(*given_up_);
  if (why == bhttp::error::end_of_stream || why.category() == asio::error::get_system_category()
      || why == bhttp::error::partial_message || why == asio::error::eof)
    return finish();
  if (why == bhttp::error::header_limit || why == bhttp::error::buffer_overflow)
    return refuse_request(
        fail(ec::too_large,
             "the header has more than " + std::to_string(limit.max_header_bytes) + " bytes"),
        header_too_large);
  if (why == bhttp::error::body_limit)
    return refuse_request(
        fail(ec::too_large,
             "the body has more than " + std::to_string(limit.max_body_bytes) + " bytes"));
  refuse_request(fail(ec::malformed, "this is not HTTP/1.1: " + why.message()));
}

/// Answers a request that could not be read; what follows it on the connection has no meaning.
void http_session::refuse_request(const failure& why, int status) {
  log::debug("http-refused", {{"remote", remote_}, {"code", name(why.code)}});
  send(problem(why, id_, {.status = status}), false);
}

void http_session::dispatch() {
  given_up_.reset();
  const auto& head = parser_->get();
  // RFC 9112, section 3.2: exactly one Host, or the request may mean different things to a proxy.
  if (!http_1_0_ && head.count(bhttp::field::host) != 1)
    return refuse_request(fail(ec::malformed, "a request has exactly one Host header"));
  auto where = parse_target(to_text(head.target()));
  ++core_.requests;
  ++number_;
  state_ = state::waiting;
  since_ = clock::now();
  if (!where) return answer(number_, problem(where.error(), id_));
  if (beast::websocket::is_upgrade(head)) return dispatch_upgrade(std::move(*where));
  request what{.method = to_text(head.method_string()),
               .path = std::move(where->path),
               .query = std::move(where->query),
               .headers = headers_of(head),
               .body = std::move(parser_->get().body()),
               .remote_address = remote_,
               .id = id_};
  const auto number = number_;
  const auto slot = std::make_shared<http_slot>(loop_.post_box(), weak_from_this(), number, id_);
  try {
    core_.who->on_request(std::move(what), responder{slot});
  } catch (const std::exception& e) {
    log::error("http-handler-fault", {{"correlation_id", id_.get()}, {"what", e.what()}});
    slot->answer(problem(fail(ec::internal), id_));
  }
  // An answer may take its time; those of the requests before it must not wait for it.
  if (state_ == state::waiting && number_ == number) stream_.flush();
}

void http_session::dispatch_upgrade(target where) {
  const auto& head = parser_->get();
  constexpr std::size_t key_size = 24; // 16 bytes in base64, RFC 6455, section 4.1
  if (head[bhttp::field::sec_websocket_version] != "13") {
    auto out = problem(fail(ec::unsupported, "version 13 of WebSocket is spoken"), id_,
                       {.status = upgrade_required});
    out.headers.set("Sec-WebSocket-Version", "13");
    return answer(number_, std::move(out));
  }
  if (head[bhttp::field::sec_websocket_key].size() != key_size)
    return answer(number_, problem(fail(ec::malformed, "bad Sec-WebSocket-Key"), id_));
  auto subprotocol = agree_on_subprotocol();
  if (!subprotocol)
    return answer(number_, problem(subprotocol.error(), id_, {.status = bad_request}));
  upgrade({.path = std::move(where.path),
           .query = std::move(where.query),
           .headers = headers_of(head),
           .remote_address = remote_,
           .id = id_,
           .subprotocol = std::move(*subprotocol)});
}

result<std::string> http_session::agree_on_subprotocol() const {
  const auto& ours = core_.options.subprotocols;
  std::vector<std::string> offered;
  const auto range = parser_->get().equal_range(bhttp::field::sec_websocket_protocol);
  for (auto at = range.first; at != range.second; ++at) {
    const auto line = to_text(at->value());
    for (std::string_view rest = line; !rest.empty();) {
      const auto end = rest.find(',');
      if (const auto word = trim(rest.substr(0, end)); !word.empty()) offered.emplace_back(word);
      rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    }
  }
  if (offered.empty()) return std::string{};
  for (const auto& x : ours)
    if (std::ranges::find(offered, x) != offered.end()) return x;
  std::string known;
  for (const auto& x : ours)
    known += (known.empty() ? "" : ", ") + x;
  return fail(ec::unsupported, "the subprotocols here are " + known);
}

void http_session::upgrade(upgrade_request what) {
  const auto& limits = core_.options.websocket;
  if (core_.stopping) return answer(number_, problem(fail(ec::shutting_down), id_));
  stream_.flush();
  if (stream_.pending() > 0)
    return answer(number_, problem(fail(ec::busy, "earlier answers have not been read"), id_));
  if (++core_.websockets > core_.options.max_websockets) {
    --core_.websockets;
    ++core_.refused;
    return answer(number_, problem(fail(ec::too_many_connections), id_));
  }
  websocket_session::accept_fields fields{{"Server", "bpci"}, {"X-Correlation-ID", id_.get()}};
  if (!what.subprotocol.empty()) fields.emplace_back("Sec-WebSocket-Protocol", what.subprotocol);
  const auto link = std::make_shared<websocket_link>(loop_.post_box(), limits, remote_);
  result<std::shared_ptr<socket_listener>> listener = fail(ec::internal);
  try {
    listener = core_.who->on_websocket(std::move(what), link);
  } catch (const std::exception& e) {
    log::error("http-handler-fault", {{"correlation_id", id_.get()}, {"what", e.what()}});
  }
  if (!listener) {
    --core_.websockets;
    return answer(number_, problem(listener.error(), id_));
  }
  auto early = stream_.take_buffered();
  const auto* ahead = static_cast<const std::uint8_t*>(buffer_.cdata().data());
  early.insert(early.begin(), ahead, ahead + buffer_.size());
  const auto session = std::make_shared<websocket_session>(std::move(stream_.next_layer()), loop_,
                                                           limits, link, std::move(*listener),
                                                           [&core = core_] { --core.websockets; });
  loop_.add(session);
  session->accept(parser_->get(), std::move(fields), std::move(early));
  finish();
}

void http_session::answer(std::uint64_t number, response what) {
  if (state_ != state::waiting || number != number_) {
    log::debug("http-late-answer", {{"remote", remote_}});
    return;
  }
  send(std::move(what), keep_alive_ && !last_ && !core_.stopping);
}

void http_session::send(response what, bool keep_alive) {
  ++number_;
  last_ = !keep_alive;
  state_ = state::writing;
  since_ = clock::now();
  write(std::move(what), keep_alive);
  if (last_ || (buffer_.size() == 0 && stream_.buffered() == 0)) stream_.flush();
  after_answer();
}

void http_session::write(response what, bool keep_alive) {
  bhttp::response<bhttp::string_body> out;
  out.version(http_1_0_ ? 10 : 11);
  out.result(static_cast<unsigned>(what.status));
  out.set(bhttp::field::server, "bpci");
  out.set(bhttp::field::date, loop_.date());
  out.set("X-Content-Type-Options", "nosniff");
  out.set(bhttp::field::cache_control, "no-store");
  out.set("X-Correlation-ID", id_.get());
  if (!what.content_type.empty() && fits_on_a_line(what.content_type))
    out.set(bhttp::field::content_type, what.content_type);
  for (const auto& x : what.headers.fields)
    out.erase(x.first);
  for (const auto& [key, value] : what.headers.fields) {
    if (fits_on_a_line(key) && fits_on_a_line(value))
      out.insert(key, value);
    else
      log::warn("http-bad-header", {{"correlation_id", id_.get()}});
  }
  if (!has_no_body(what.status)) {
    out.content_length(what.body.size());
    out.body() = std::move(what.body);
  }
  out.keep_alive(keep_alive);
  bhttp::response_serializer<bhttp::string_body> writer{out};
  error_code ignored; // A broken stream is met by the next read.
  if (head_only_)
    bhttp::write_header(stream_, writer, ignored);
  else
    bhttp::write(stream_, writer, ignored);
}

void http_session::after_answer() {
  if (last_) return linger();
  // A client that sends requests but reads no answers is not read from.
  if (stream_.pending() > pending_bytes_max) stream_.flush();
  if (stream_.pending() <= pending_bytes_max) read_request();
}

void http_session::on_drained() {
  if (state_ == state::writing && !last_) read_request();
}

void http_session::linger() {
  state_ = state::lingering;
  since_ = clock::now();
  parser_.reset();
  stream_.async_linger([me = shared_from_this()](error_code) { me->finish(); });
}

void http_session::tick(time_point now) {
  const auto age = now - since_;
  const auto& limit = core_.options;
  if (stream_.pending() > 0 && now - stream_.last_progress() > write_stall_max) return finish();
  switch (state_) {
  case state::idle:
    if (stream_.received() != received_before_) {
      state_ = state::header;
      since_ = now;
    } else if (age > limit.idle_timeout) {
      finish();
    }
    return;
  case state::header:
    if (age > limit.header_timeout) give_up_reading(fail(ec::idle_timeout, "of the header"));
    return;
  case state::body:
    if (age > limit.body_timeout) give_up_reading(fail(ec::idle_timeout, "of the body"));
    return;
  case state::waiting:
    if (age > limit.request_timeout) answer(number_, problem(fail(ec::timeout), id_));
    return;
  case state::lingering:
    if (age > linger_max && stream_.pending() == 0) finish();
    return;
  case state::writing:
  case state::gone:
    return;
  }
}

/// The read that waits is cancelled; it comes back with an error and finds the reason.
void http_session::give_up_reading(failure why) {
  if (given_up_ || stream_.pending() > 0) return finish();
  given_up_ = std::move(why);
  error_code ignored;
  stream_.next_layer().cancel(ignored);
}

void http_session::shut() {
  last_ = true;
  if (state_ == state::idle && stream_.received() == received_before_) finish();
}

void http_session::cut() {
  if (state_ == state::waiting) send(problem(fail(ec::shutting_down), id_), false);
  finish();
}

void http_session::finish() {
  if (state_ == state::gone) return;
  state_ = state::gone;
  stream_.close();
  loop_.remove(*this);
}

} // namespace bpci::http::io
