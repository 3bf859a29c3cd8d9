#include "runtime/tunnel/asio_link.hpp"

#include <boost/asio/buffer.hpp>

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace bpci::tunnel::io {

namespace {

constexpr std::array<std::uint8_t, 8> greeting{'b', 'p', 'c', 'i', '-', 'l', '1', '\n'};
constexpr std::uint8_t welcome = 'y';

/// A stranger gets little memory; a member gets what makes few system calls of many messages.
constexpr std::size_t stranger_bytes = 16 * 1024;
constexpr std::size_t member_bytes = 256 * 1024;

/// A peer whose goodbye cannot be sent within this is cut off.
constexpr auto goodbye_max = std::chrono::milliseconds{1'000};

/// For the case that the machine is gone: the tunnel's own limit is about processes.
constexpr int keepalive_idle_secs = 5;
constexpr int keepalive_interval_secs = 2;
constexpr int keepalive_count = 3;

void set_option(int fd, int level, int name, int value) {
  ::setsockopt(fd, level, name, &value, sizeof value);
}

void prepare(int fd, std::chrono::milliseconds silence_max) {
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, keepalive_idle_secs);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, keepalive_interval_secs);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, keepalive_count);
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(silence_max.count()));
}

failure gone(const error_code& why) {
  return fail(ec::unavailable, "the connection: " + why.message());
}

} // namespace

link::link(link_owner& owner, link_id id, link_side side, tcp_socket net,
           const tls_context_ptr& shared)
    : owner_(owner),
      id_(id),
      side_(side),
      net_(std::move(net)),
      local_(net_.get_executor()),
      session_(shared, side == link_side::dialled ? tls_side::client : tls_side::server),
      certificate_(shared->own().fingerprint),
      from_net_(stranger_bytes),
      deadline_(clock::now() + owner.how().handshake_max) {}

bool link::waits_for_peer() const noexcept {
  return stage_ == stage::shaking || stage_ == stage::greeted;
}

bool link::silent_for(std::chrono::milliseconds time, time_point now) const {
  return reading_net_ && now - heard_ > time;
}

void link::start() {
  prepare(net_.native_handle(), owner_.how().silence_max);
  advance();
}

// -- the network ----------------------------------------------------------------------

void link::read_net() {
  if (reading_net_ || stage_ == stage::over || stage_ == stage::closing) return;
  reading_net_ = true;
  heard_ = clock::now();
  // Only here is nothing of it in use.
  if (stage_ == stage::open && from_net_.size() < member_bytes) from_net_.resize(member_bytes);
  net_.async_read_some(asio::buffer(from_net_),
                       [self = shared_from_this()](error_code why, std::size_t bytes) {
                         self->reading_net_ = false;
                         if (self->stage_ == stage::over) return;
                         if (why) return self->cut(gone(why));
                         self->on_net(bytes);
                       });
}

void link::on_net(std::size_t bytes) {
  session_.feed(std::span{from_net_}.first(bytes));
  advance();
}

void link::flush() {
  if (writing_net_ || stage_ == stage::over) return;
  const auto next = session_.outgoing();
  if (next.empty()) return on_flushed();
  writing_net_ = true;
  moved_ = clock::now();
  net_.async_write_some(asio::buffer(next.data(), next.size()),
                        [self = shared_from_this()](error_code why, std::size_t bytes) {
                          self->writing_net_ = false;
                          if (self->stage_ == stage::over) return;
                          if (why) return self->cut(gone(why));
                          self->session_.sent(bytes);
                          self->flush();
                        });
}

/// Everything sealed has been taken: what comes next may be read.
void link::on_flushed() {
  if (stage_ == stage::closing) return cut(why_);
  if (stage_ == stage::open) read_local();
}

bool link::seal_or_cut(std::span<const std::uint8_t> plaintext) {
  const auto sealed = session_.seal(plaintext);
  if (!sealed) cut(sealed.error());
  return sealed.has_value();
}

// -- until both sides have admitted each other -------------------------------------------

void link::advance() {
  switch (stage_) {
  case stage::shaking:
    return shake();
  case stage::greeted:
    return accepted() ? read_greeting() : read_answer();
  case stage::open:
    return drain();
  default:
    return;
  }
}

void link::shake() {
  const auto done = session_.shake();
  if (!done) return say_goodbye(done.error());
  flush();
  if (!*done) return read_net();
  peer_ = session_.peer();
  if (!accepted()) return ask_for_verdict();
  stage_ = stage::greeted;
  read_greeting();
}

/// False: not all there yet, and the network is being read; or the link is over.
bool link::open_some(std::span<std::uint8_t> into, std::size_t& filled) {
  const auto got = session_.open(into.subspan(filled));
  if (!got) {
    say_goodbye(got.error());
    return false;
  }
  filled += got->bytes;
  if (filled == into.size()) return true;
  if (got->over)
    cut(fail(ec::not_permitted, "the other side has refused the connection"));
  else
    read_net();
  return false;
}

void link::read_greeting() {
  if (!open_some(greeting_, greeting_bytes_)) return;
  if (greeting_ == greeting) return ask_for_verdict();
  say_goodbye(fail(ec::unsupported, "the other side speaks another version"));
}

void link::ask_for_verdict() {
  stage_ = stage::judging;
  deadline_ = clock::now() + owner_.how().verdict_max;
  owner_.tell(link_shaken{id_, side_, peer_, certificate_});
}

void link::admit() {
  if (stage_ != stage::judging) return;
  if (accepted()) {
    if (seal_or_cut(std::span{&welcome, 1})) join();
    return;
  }
  if (!seal_or_cut(greeting)) return;
  stage_ = stage::greeted;
  flush();
  read_answer();
}

void link::read_answer() {
  std::array<std::uint8_t, 1> answer{};
  std::size_t filled = 0;
  if (!open_some(answer, filled)) return;
  if (answer[0] == welcome) return join();
  say_goodbye(fail(ec::unsupported, "the other side speaks another version"));
}

void link::refuse(const failure& why) {
  if (stage_ == stage::judging) say_goodbye(why);
}

// -- open ------------------------------------------------------------------------------

void link::join() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0)
    return cut(fail(ec::unavailable, std::string{"socketpair: "} + std::strerror(errno)));
  local_.assign(asio::local::stream_protocol{}, ends[0]);
  auto for_caf = std::make_shared<local_end>(ends[1]);
  from_local_.resize(member_bytes);
  to_local_.resize(member_bytes);
  stage_ = stage::open;
  owner_.tell(link_open{id_, side_, std::move(for_caf)});
  flush();
  drain();
}

void link::drain() {
  if (writing_local_) return;
  const auto got = session_.open(to_local_);
  if (!got) return say_goodbye(got.error());
  if (got->bytes > 0) return write_local(0, got->bytes);
  // An answer of TLS itself, such as to a change of keys.
  if (!session_.outgoing().empty()) flush();
  if (got->over) return cut(fail(ec::unavailable, "the other side has closed the connection"));
  read_net();
}

void link::write_local(std::size_t from, std::size_t to) {
  writing_local_ = true;
  local_.async_write_some(asio::buffer(to_local_.data() + from, to - from),
                          [self = shared_from_this(), from, to](error_code why, std::size_t bytes) {
                            self->writing_local_ = false;
                            if (self->stage_ != stage::open) return;
                            if (why) return self->say_goodbye(gone(why));
                            if (from + bytes < to) return self->write_local(from + bytes, to);
                            self->drain();
                          });
}

void link::read_local() {
  if (reading_local_ || stage_ != stage::open) return;
  reading_local_ = true;
  local_.async_read_some(
      asio::buffer(from_local_), [self = shared_from_this()](error_code why, std::size_t bytes) {
        self->reading_local_ = false;
        if (self->stage_ != stage::open) return;
        if (why) return self->say_goodbye(fail(ec::unavailable, "this side has closed it"));
        if (self->seal_or_cut(std::span{self->from_local_}.first(bytes))) self->flush();
      });
}

// -- the end ---------------------------------------------------------------------------

/// Tells the other side, if it listens, and cuts.
void link::say_goodbye(const failure& why) {
  if (stage_ == stage::closing || stage_ == stage::over) return;
  why_ = why;
  stage_ = stage::closing;
  deadline_ = clock::now() + goodbye_max;
  session_.close();
  flush();
}

void link::cut(const failure& why) {
  if (stage_ == stage::over) return;
  // A goodbye has its reason already.
  const auto reason = stage_ == stage::closing ? why_ : why;
  stage_ = stage::over;
  error_code ignored;
  net_.close(ignored);
  local_.close(ignored);
  owner_.tell(link_ended{id_, reason});
  owner_.forget(id_);
}

void link::tick(time_point now) {
  if (stage_ == stage::over) return;
  if (stage_ != stage::open) {
    if (now > deadline_) cut(fail(ec::timeout, "the handshake"));
    return;
  }
  const auto silence_max = owner_.how().silence_max;
  if (silent_for(silence_max, now)) return cut(fail(ec::timeout, "nothing is heard of it"));
  if (writing_net_ && now - moved_ > silence_max) cut(fail(ec::timeout, "it takes nothing"));
}

} // namespace bpci::tunnel::io
