#include "tests/bench/load.hpp"

#include "tests/bench/websocket_frame.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace bpci::bench {

namespace {

using std::chrono::steady_clock;

/// Fewer than any server's limit on handshakes at once.
constexpr std::size_t opening_max = 64;

/// For all connections together.
constexpr auto connect_max = std::chrono::seconds{120};

/// For what is still on its way when a run ends.
constexpr auto drain_max = std::chrono::seconds{40};

/// Longest silence of a server under load.
constexpr auto silence_max = std::chrono::seconds{10};

failure system_fault(const char* what) {
  return fail(ec::internal, std::string{what} + ": " + std::strerror(errno));
}

timespec to_timespec(nanoseconds x) {
  auto whole = std::chrono::floor<std::chrono::seconds>(std::max(x, nanoseconds{0}));
  return {whole.count(), (std::max(x, nanoseconds{0}) - whole).count()};
}

std::string upgrade_request(const dialect& speech) {
  auto out = "GET " + speech.path()
             + " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
  if (auto name = speech.subprotocol(); !name.empty())
    out += "Sec-WebSocket-Protocol: " + name + "\r\n";
  return out + "\r\n";
}

} // namespace

load::load(dialect& speech, const server_process& server, std::size_t connections)
    : speech_(speech),
      server_(server),
      connections_(connections),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      scratch_(256 * 1024) {}

load::~load() {
  for (auto& x : connections_)
    if (x.fd >= 0) ::close(x.fd);
  ::close(epoll_);
}

// -- connecting ------------------------------------------------------------------

result<void> load::connect(std::uint16_t port) {
  auto deadline = steady_clock::now() + connect_max;
  while (open_ < connections_.size()) {
    while (opening_ < opening_max && open_ + opening_ < connections_.size())
      if (auto ok = open_next(port); !ok) return ok;
    if (auto ok = turn(silence_max); !ok) return ok;
    if (steady_clock::now() > deadline) return fail(ec::timeout, "connecting");
  }
  return {};
}

result<void> load::open_next(std::uint16_t port) {
  auto who = open_ + opening_;
  // Connections open out of order; the first one that is closed is the next.
  who = static_cast<std::size_t>(std::ranges::find(connections_, state::closed, &connection::state)
                                 - connections_.begin());
  auto& x = connections_[who];
  x.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (x.fd < 0) return system_fault("socket");
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(port);
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(x.fd, reinterpret_cast<sockaddr*>(&where), sizeof where) != 0)
    return system_fault("connect");
  ::fcntl(x.fd, F_SETFL, O_NONBLOCK);
  int on = 1;
  ::setsockopt(x.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  epoll_event interest{};
  interest.events = EPOLLIN;
  interest.data.u64 = who;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, x.fd, &interest) != 0) return system_fault("epoll_ctl");
  x.state = state::upgrading;
  ++opening_;
  auto request = upgrade_request(speech_);
  send(who, {reinterpret_cast<const std::uint8_t*>(request.data()), request.size()});
  return flush_all();
}

// -- the loop ----------------------------------------------------------------------

/// Waits for something to happen, handles it and sends what came of it.
result<void> load::turn(nanoseconds wait) {
  std::array<epoll_event, 256> events;
  auto longest = to_timespec(wait);
  auto count = ::epoll_pwait2(epoll_, events.data(), events.size(), &longest, nullptr);
  if (count < 0 && errno != EINTR) return system_fault("epoll_pwait2");
  for (auto i = 0; i < count; ++i) {
    auto who = static_cast<std::size_t>(events[static_cast<std::size_t>(i)].data.u64);
    auto what = events[static_cast<std::size_t>(i)].events;
    if (what & EPOLLOUT)
      if (auto ok = flush(who); !ok) return ok;
    if (what & ~EPOLLOUT)
      if (auto ok = receive(who); !ok) return ok;
  }
  return flush_all();
}

result<void> load::receive(std::size_t who) {
  auto& x = connections_[who];
  auto count = ::recv(x.fd, scratch_.data(), scratch_.size(), 0);
  if (count < 0) return errno == EAGAIN ? result<void>{} : system_fault("recv");
  if (count == 0) return fail(ec::unavailable, "the server has closed a connection");
  auto fresh = std::span<const std::uint8_t>{scratch_}.first(static_cast<std::size_t>(count));
  if (auto ok = hear(who, fresh); !ok) return ok;
  reply_.clear();
  speech_.heard_all(who, reply_);
  reply(who);
  return {};
}

result<void> load::hear(std::size_t who, std::span<const std::uint8_t> fresh) {
  auto& x = connections_[who];
  if (x.in.empty()) {
    auto used = take(who, fresh);
    if (!used) return used.error();
    x.in.assign(fresh.begin() + static_cast<std::ptrdiff_t>(*used), fresh.end());
    return {};
  }
  x.in.insert(x.in.end(), fresh.begin(), fresh.end());
  auto used = take(who, x.in);
  if (!used) return used.error();
  x.in.erase(x.in.begin(), x.in.begin() + static_cast<std::ptrdiff_t>(*used));
  return {};
}

/// How much of `data` was complete.
result<std::size_t> load::take(std::size_t who, std::span<const std::uint8_t> data) {
  auto& x = connections_[who];
  std::size_t used = 0;
  if (x.state == state::upgrading) {
    auto head = take_upgrade(x, data);
    if (!head || *head == 0) return head;
    used = *head;
  }
  for (;;) {
    auto next = first_frame(data.subspan(used));
    if (!next) return next.error();
    if (!*next) return used;
    const auto& frame = **next;
    used += frame.size;
    if (frame.kind == opcode::close) return fail(ec::unavailable, "the server says goodbye");
    if (frame.kind == opcode::ping) {
      bytes pong;
      append_masked(pong, opcode::pong, frame.payload);
      send(who, pong);
    } else if (frame.kind == opcode::binary) {
      if (auto ok = take_frame(who, frame.payload); !ok) return ok.error();
    }
  }
}

result<std::size_t> load::take_upgrade(connection& x, std::span<const std::uint8_t> data) {
  auto text = std::string_view{reinterpret_cast<const char*>(data.data()), data.size()};
  auto end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) return std::size_t{0};
  if (!text.starts_with("HTTP/1.1 101"))
    return fail(ec::unavailable, std::string{text.substr(0, text.find("\r\n"))});
  x.state = state::greeting;
  return end + 4;
}

result<void> load::take_frame(std::size_t who, std::span<const std::uint8_t> payload) {
  auto& x = connections_[who];
  reply_.clear();
  if (x.state == state::greeting) {
    auto open = speech_.greet(who, payload, reply_);
    if (!open) return open.error();
    reply(who);
    if (!*open) return {};
    x.state = state::open;
    ++open_;
    --opening_;
    return {};
  }
  auto what = speech_.hear(who, payload, reply_);
  if (!what) return what.error();
  reply(who);
  return what->what == heard::kind::nothing ? result<void>{} : take_answer(who, *what);
}

/// A benchmark in which something is refused measures something else.
failure load::refused(std::size_t who, const std::string& why) const {
  const auto& messages = connections_[who].messages;
  return fail(ec::internal, "a message was refused: " + why + "; without an answer: "
                                + std::to_string(messages.due.size() - messages.acknowledged)
                                + " of this connection, " + std::to_string(unacknowledged_)
                                + " of all");
}

result<void> load::take_answer(std::size_t who, const heard& what) {
  if (what.what == heard::kind::refused) return refused(who, what.why);
  auto& messages = connections_[who].messages;
  auto which = what.number - messages.first;
  if (what.number < messages.first || which >= messages.due.size())
    return fail(ec::internal, "an answer to a message that was not sent");
  --unacknowledged_;
  ++messages.acknowledged;
  auto due = messages.due[which];
  auto now = steady_clock::now();
  if (measuring_) ++seen_.acknowledged;
  if (!refill_ && due >= since_ && due < until_) seen_.latencies.push_back(now - due);
  if (refill_) send_next(who, now);
  return {};
}

// -- sending -------------------------------------------------------------------------

void load::send(std::size_t who, std::span<const std::uint8_t> raw) {
  auto& x = connections_[who];
  x.out.insert(x.out.end(), raw.begin(), raw.end());
  if (std::exchange(x.dirty, true)) return;
  dirty_.push_back(who);
}

void load::reply(std::size_t who) {
  if (reply_.empty()) return;
  bytes framed;
  append_masked(framed, opcode::binary, reply_);
  send(who, framed);
}

void load::send_next(std::size_t who, time_point due) {
  auto& messages = connections_[who].messages;
  if (messages.dry()) {
    dry_ = true;
    return;
  }
  auto which = messages.due.size();
  auto begin = which == 0 ? 0 : messages.ends[which - 1];
  send(who, std::span{messages.data}.subspan(begin, messages.ends[which] - begin));
  messages.due.push_back(due);
  ++unacknowledged_;
}

result<void> load::flush(std::size_t who) {
  auto& x = connections_[who];
  while (x.sent < x.out.size()) {
    auto count = ::send(x.fd, x.out.data() + x.sent, x.out.size() - x.sent, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno != EAGAIN) return system_fault("send");
    if (count < 0) break;
    x.sent += static_cast<std::size_t>(count);
  }
  auto blocked = x.sent < x.out.size();
  if (!blocked) {
    x.out.clear();
    x.sent = 0;
  }
  if (blocked == std::exchange(x.blocked, blocked)) return {};
  epoll_event interest{};
  interest.events = blocked ? EPOLLIN | EPOLLOUT : EPOLLIN;
  interest.data.u64 = who;
  if (::epoll_ctl(epoll_, EPOLL_CTL_MOD, x.fd, &interest) != 0) return system_fault("epoll_ctl");
  return {};
}

result<void> load::flush_all() {
  for (auto who : dirty_) {
    connections_[who].dirty = false;
    if (auto ok = flush(who); !ok) return ok;
  }
  dirty_.clear();
  return {};
}

// -- runs ------------------------------------------------------------------------------

void load::prepare(std::size_t messages) {
  auto each = (messages + connections_.size() - 1) / connections_.size();
  for (std::size_t who = 0; who < connections_.size(); ++who) {
    auto& out = connections_[who].messages;
    out.first += out.ends.size();
    out.data.clear();
    out.ends.clear();
    out.due.clear();
    out.acknowledged = 0;
    out.due.reserve(each);
    for (std::size_t i = 0; i < each; ++i) {
      append_masked(out.data, opcode::binary, speech_.make_message(who, out.first + i));
      out.ends.push_back(out.data.size());
    }
  }
  dry_ = false;
}

void load::begin_measuring(time_point now) {
  measuring_ = true;
  measuring_since_ = now;
  cpu_before_ = server_.cpu();
}

void load::end_measuring(time_point now) {
  measuring_ = false;
  seen_.took = now - measuring_since_;
  seen_.server_cpu = server_.cpu() - cpu_before_;
}

result<measured> load::saturate(std::size_t in_flight, nanoseconds warm_up, nanoseconds measure) {
  seen_ = {};
  refill_ = true;
  auto now = steady_clock::now();
  const auto begin = now + warm_up;
  const auto end = begin + measure;
  if (warm_up == nanoseconds{0}) begin_measuring(now);
  for (std::size_t i = 0; i < in_flight; ++i)
    for (std::size_t who = 0; who < connections_.size(); ++who)
      send_next(who, now);
  if (auto ok = flush_all(); !ok) return ok.error();
  while (!dry_ && now < end) {
    if (auto ok = turn(silence_max); !ok) return ok.error();
    now = steady_clock::now();
    if (!measuring_ && now >= begin && now < end) begin_measuring(now);
  }
  if (!measuring_) return fail(ec::internal, "too few messages were prepared");
  end_measuring(now);
  refill_ = false;
  if (auto ok = drain(); !ok) return ok.error();
  return std::exchange(seen_, {});
}

result<measured> load::pace(double rate, nanoseconds warm_up, nanoseconds measure) {
  seen_ = {};
  refill_ = false;
  const auto between = std::chrono::duration<double, std::nano>{1e9 / rate};
  const auto start = steady_clock::now();
  const auto begin = start + warm_up;
  const auto end = begin + measure;
  // Counts the latency of what is due from `begin` to `end`, whenever it is answered.
  since_ = begin;
  until_ = end;
  auto now = start;
  for (std::uint64_t i = 0; !dry_ && now < end;) {
    if (!measuring_ && now >= begin) begin_measuring(now);
    auto due = start + std::chrono::duration_cast<nanoseconds>(between * static_cast<double>(i));
    for (; due <= now && due < end; ++i) {
      send_next(i % connections_.size(), due);
      due = start + std::chrono::duration_cast<nanoseconds>(between * static_cast<double>(i + 1));
    }
    if (auto ok = flush_all(); !ok) return ok.error();
    if (auto ok = turn(due - steady_clock::now()); !ok) return ok.error();
    now = steady_clock::now();
  }
  if (dry_ || !measuring_) return fail(ec::internal, "too few messages were prepared");
  end_measuring(now);
  if (auto ok = drain(); !ok) return ok.error();
  return std::exchange(seen_, {});
}

/// Until the last message is acknowledged, so that the next run begins with an idle server.
result<void> load::drain() {
  auto deadline = steady_clock::now() + drain_max;
  while (unacknowledged_ > 0) {
    auto left = deadline - steady_clock::now();
    if (left <= nanoseconds{0})
      return fail(ec::timeout, std::to_string(unacknowledged_) + " messages without an answer");
    if (auto ok = turn(left); !ok) return ok;
  }
  return {};
}

} // namespace bpci::bench
