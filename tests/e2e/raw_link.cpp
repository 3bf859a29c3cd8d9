#include "raw_link.hpp"

#include "gateways/clients/cpp/handshake.hpp"
#include "messages/oracle/signing.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace bpci::e2e {

namespace {

constexpr auto end_max = milliseconds{30'000};

bytes as_bytes(const crypto::signature& x) {
  return {x.bytes.begin(), x.bytes.end()};
}

} // namespace

// -- WebSocket ----------------------------------------------------------------

raw_link::raw_link(const cluster_node& to, const identity& who, how what)
    : who_(who), keys_(who.keys()) {
  http::websocket_client_options options;
  options.url = to.socket_url();
  options.limits.initial_credit = what.credit;
  options.limits.max_write_queue_bytes = 64 * 1024 * 1024;
  auto socket = http::websocket_client::connect(options);
  if (!socket) {
    not_connected_ = socket.error();
    return;
  }
  socket_ = std::move(*socket);
  if (auto first = expect<oracle::challenge>()) asked_ = std::move(*first);
  if (!what.begin) return;
  if (auto ok = handshake(); !ok) give_up(who_.id + " is not let in: " + to_string(ok.error()));
}

oracle::hello raw_link::hello() {
  const auto nonce = crypto::random_nonce();
  auto mine = client::answer(asked_, {.node_id = node_id{who_.id}, .last_sequence = sequence_},
                             keys_, {nonce.begin(), nonce.end()}, {});
  if (!mine) give_up("the challenge cannot be answered: " + to_string(mine.error()));
  return mine->hello;
}

result<oracle::welcome> raw_link::handshake() {
  send(hello());
  auto frame = receive();
  if (!frame) return frame.error();
  if (const auto* no = std::get_if<oracle::refusal>(&*frame))
    return fail(code_from_name(no->code), no->detail);
  auto* yes = std::get_if<oracle::welcome>(&*frame);
  if (!yes) return fail(ec::malformed, "neither welcome nor refusal");
  sequence_ = std::max(sequence_, yes->resume_from);
  return std::move(*yes);
}

oracle::envelope raw_link::message(const std::string& to, std::size_t body_bytes) {
  ++sequence_;
  oracle::envelope out{.id = message_id{who_.id + ":" + std::to_string(sequence_)},
                       .sequence = sequence_,
                       .source = node_id{who_.id},
                       .targets = {node_id{to}},
                       .type = "DataSync",
                       .priority = oracle::priority::Normal,
                       .sent_at = wall_now(),
                       .body = bytes(body_bytes, 'x'),
                       .signature = {}};
  sign(out);
  return out;
}

void raw_link::sign(oracle::envelope& x) const {
  x.signature = as_bytes(crypto::sign(keys_.secret, oracle::signing_bytes(x)));
}

void raw_link::send(const oracle::client_frame& x) {
  send(oracle::encode(x, oracle::encoding::msgpack));
}

void raw_link::send(bytes raw) {
  // A connection that has ended is noticed by whoever reads.
  static_cast<void>(socket_->send(std::move(raw)));
}

result<oracle::server_frame> raw_link::receive(milliseconds deadline) {
  const auto frame = socket_->receive(deadline);
  if (!frame) return frame.error();
  return oracle::decode_server_frame(frame->data, oracle::encoding::msgpack);
}

ec raw_link::refusal() {
  const auto no = expect<oracle::refusal>();
  return no ? code_from_name(no->code) : ec::none;
}

http::close_info raw_link::end() {
  const auto until = steady_now() + end_max;
  while (socket_->is_open() && steady_now() < until)
    static_cast<void>(socket_->receive(milliseconds{100}));
  return socket_->is_open() ? http::close_info{ec::timeout, "it is still open"} : socket_->closed();
}

bool passes(raw_link& from, raw_link& to) {
  const auto message = from.message(to.who().id);
  from.send(oracle::send{message});
  const auto delivered = to.expect<oracle::deliver>();
  if (!delivered || delivered->envelope != message) return false;
  to.send(oracle::ack{message.source, message.id});
  const auto receipt = from.expect<oracle::receipt>();
  return receipt && receipt->id == message.id && receipt->target.get() == to.who().id;
}

// -- TCP ----------------------------------------------------------------------

tcp_link::tcp_link(std::uint16_t port) {
  const auto made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (made >= 0 && connect(made, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0)
    socket_ = made;
  else if (made >= 0)
    close(made);
}

tcp_link::~tcp_link() {
  if (socket_ >= 0) close(socket_);
}

void tcp_link::write(std::string_view text) {
  while (!text.empty()) {
    const auto n = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
    if (n <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::optional<std::string> tcp_link::read_to_end(milliseconds deadline) {
  const auto until = steady_now() + deadline;
  std::string out;
  std::array<char, 4096> part{};
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(until - steady_now());
    pollfd watched{socket_, POLLIN, 0};
    if (left.count() <= 0 || poll(&watched, 1, static_cast<int>(left.count())) <= 0)
      return std::nullopt;
    const auto n = ::recv(socket_, part.data(), part.size(), 0);
    if (n <= 0) return out;
    out.append(part.data(), static_cast<std::size_t>(n));
  }
}

} // namespace bpci::e2e
