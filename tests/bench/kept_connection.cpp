#include "tests/bench/kept_connection.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace bpci::bench {

namespace {

using std::chrono::steady_clock;

constexpr std::size_t part_bytes = 16 * 1024;
constexpr std::string_view end_of_headers = "\r\n\r\n";
constexpr std::string_view length_name = "\r\ncontent-length:";

failure broken(const char* what) {
  return fail(ec::unavailable, std::string{what} + ": " + std::strerror(errno));
}

template <class Number>
Number number_at(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  Number out{};
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

/// Of a head in lower case; npos: it names none.
std::size_t length_of(std::string_view head) {
  const auto at = head.find(length_name);
  return at == std::string_view::npos
             ? at
             : number_at<std::size_t>(head.substr(at + length_name.size()));
}

std::string in_lower_case(std::string_view x) {
  std::string out{x};
  std::ranges::transform(out, out.begin(),
                         [](char c) { return 'A' <= c && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return out;
}

} // namespace

void kept_connection::close() noexcept {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
  buffer_.clear();
}

result<void> kept_connection::open() {
  const auto colon = address_.rfind(':');
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(number_at<std::uint16_t>(std::string_view{address_}.substr(colon + 1)));
  ::inet_pton(AF_INET, address_.substr(0, colon).c_str(), &where.sin_addr);
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_ < 0) return broken("socket");
  const int yes = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  // Loopback refuses or accepts at once.
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0)
    return broken("connect");
  return {};
}

result<void> kept_connection::send_all(std::string_view what) {
  while (!what.empty()) {
    const auto n = ::send(socket_, what.data(), what.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return broken("send");
    what.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

result<void> kept_connection::read_more(instant until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now());
  pollfd waiting{socket_, POLLIN, 0};
  if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) == 0)
    return fail(ec::timeout);
  std::array<char, part_bytes> part;
  const auto n = ::recv(socket_, part.data(), part.size(), 0);
  if (n < 0 && errno == EINTR) return {};
  if (n < 0) return broken("recv");
  if (n == 0) return fail(ec::unavailable, "the connection was closed");
  buffer_.append(part.data(), static_cast<std::size_t>(n));
  return {};
}

result<short_answer> kept_connection::read_answer(instant until) {
  auto head_end = buffer_.find(end_of_headers);
  for (; head_end == std::string::npos; head_end = buffer_.find(end_of_headers))
    if (auto ok = read_more(until); !ok) return ok.error();
  const auto head = in_lower_case(std::string_view{buffer_}.substr(0, head_end));
  const auto length = length_of(head);
  const auto blank = head.find(' ');
  if (length == std::string::npos || blank == std::string::npos)
    return fail(ec::malformed, "not an answer of HTTP/1.1 with a length");
  const auto begin = head_end + end_of_headers.size();
  while (buffer_.size() < begin + length)
    if (auto ok = read_more(until); !ok) return ok.error();
  short_answer out{number_at<int>(std::string_view{head}.substr(blank)),
                   buffer_.substr(begin, length)};
  buffer_.erase(0, begin + length);
  if (head.find("\r\nconnection: close") != std::string::npos) close();
  return out;
}

result<short_answer> kept_connection::call(std::string_view request,
                                           std::chrono::milliseconds deadline) {
  const auto until = steady_clock::now() + deadline;
  const auto run = [&]() -> result<short_answer> {
    if (socket_ < 0)
      if (auto ok = open(); !ok) return ok.error();
    if (auto ok = send_all(request); !ok) return ok.error();
    return read_answer(until);
  };
  auto out = run();
  if (!out) close();
  return out;
}

} // namespace bpci::bench
