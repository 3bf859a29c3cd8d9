#define CAF_SUITE links

#include "runtime/tunnel/links.hpp"
#include "test_cluster.hpp"

#include <arpa/inet.h>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace bpci;
using namespace bpci::tunnel;
using namespace bpci::test;
using namespace std::chrono_literals;

namespace {

constexpr auto localhost = "127.0.0.1";
constexpr auto patience = 5'000ms;

/// Closes what it holds.
struct descriptor {
  int it = -1;

  explicit descriptor(int x) : it(x) {}
  ~descriptor() {
    if (it >= 0) ::close(it);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
};

using descriptor_ptr = std::unique_ptr<descriptor>;

sockaddr_in address_of(std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  inet_pton(AF_INET, localhost, &out.sin_addr);
  return out;
}

descriptor_ptr tcp_client(std::uint16_t port) {
  auto out = std::make_unique<descriptor>(::socket(AF_INET, SOCK_STREAM, 0));
  const auto to = address_of(port);
  CAF_REQUIRE_EQUAL(::connect(out->it, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  return out;
}

bool readable_within(int fd, std::chrono::milliseconds time) {
  pollfd what{fd, POLLIN, 0};
  return ::poll(&what, 1, static_cast<int>(time.count())) == 1;
}

/// Whether the other side ends the connection in time, whatever it says before.
bool ended_within(int fd, std::chrono::milliseconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  std::array<char, 512> ignored{};
  while (std::chrono::steady_clock::now() < until)
    if (readable_within(fd, 20ms) && ::read(fd, ignored.data(), ignored.size()) <= 0) return true;
  return false;
}

/// Links whose events are kept, and whose verdicts are given at once.
class node {
public:
  node(const credentials& who, links_options how, bool welcoming = true)
      : links_(make_links(how, [this, welcoming](const link_event& x) { on(x, welcoming); })) {
    links_->use(tls_context::make(who).value());
    port = links_->listen(localhost, 0).value();
  }

  ~node() { links_.reset(); }

  void dial(link_id link, std::uint16_t to) { links_->dial(link, localhost, to); }
  links& operator*() { return *links_; }

  /// CAF's end of the next link that opens.
  descriptor_ptr next_open() {
    descriptor_ptr out;
    wait([&] {
      if (open_.empty()) return false;
      out = std::make_unique<descriptor>(open_.front()->release());
      open_.pop_front();
      return true;
    });
    CAF_REQUIRE(out != nullptr);
    return out;
  }

  /// Why the next link ended; "none" if none does.
  std::string next_end() {
    std::string out = "none";
    wait([&] {
      if (ended_.empty()) return false;
      out = name(ended_.front().code);
      ended_.pop_front();
      return true;
    });
    return out;
  }

  std::uint16_t port = 0;

private:
  template <class F>
  void wait(F done) {
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, patience, done);
  }

  void on(const link_event& x, bool welcoming) {
    if (const auto* shaken = std::get_if<link_shaken>(&x)) {
      if (welcoming)
        links_->admit(shaken->link);
      else
        links_->refuse(shaken->link, fail(ec::not_permitted, "not today"));
    }
    std::lock_guard lock{mutex_};
    if (const auto* open = std::get_if<link_open>(&x)) open_.push_back(open->local);
    if (const auto* ended = std::get_if<link_ended>(&x)) ended_.push_back(ended->why);
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<local_end>> open_;
  std::deque<failure> ended_;
  std::unique_ptr<links> links_;
};

std::string read_text(int fd, std::size_t size) {
  std::string out(size, '\0');
  std::size_t filled = 0;
  while (filled < size && readable_within(fd, patience)) {
    const auto got = ::read(fd, out.data() + filled, size - filled);
    if (got <= 0) break;
    filled += static_cast<std::size_t>(got);
  }
  out.resize(filled);
  return out;
}

void write_text(int fd, const std::string& text) {
  CAF_REQUIRE_EQUAL(::write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

struct fixture {
  test_authority authority;
  credentials a = authority.issue("node-1");
  credentials b = authority.issue("node-2");
  links_options how{};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(links_tests, fixture)

CAF_TEST(bytes go both ways and the end of one side is the end of the other) {
  node one{a, how};
  node two{b, how};
  one.dial(2, two.port);
  auto left = one.next_open();
  auto right = two.next_open();
  write_text(left->it, "there");
  CAF_CHECK_EQUAL(read_text(right->it, 5), "there");
  const std::string much(150'000, 'm');
  write_text(right->it, much);
  CAF_CHECK(read_text(left->it, much.size()) == much);
  write_text(left->it, "last words");
  left.reset();
  CAF_CHECK_EQUAL(read_text(right->it, 10), "last words");
  CAF_CHECK(ended_within(right->it, patience));
  CAF_CHECK_EQUAL(one.next_end(), "unavailable");
  CAF_CHECK_EQUAL(two.next_end(), "unavailable");
}

CAF_TEST(nobody listening is told from a machine that does not answer) {
  node one{a, how};
  std::uint16_t free_port = 0;
  {
    node gone{b, how};
    free_port = gone.port;
  }
  one.dial(2, free_port);
  CAF_CHECK_EQUAL(one.next_end(), "not_found");

  const descriptor silent{::socket(AF_INET, SOCK_STREAM, 0)};
  auto where = address_of(0);
  socklen_t size = sizeof where;
  ::bind(silent.it, reinterpret_cast<sockaddr*>(&where), size);
  ::listen(silent.it, 1);
  ::getsockname(silent.it, reinterpret_cast<sockaddr*>(&where), &size);
  how.handshake_max = 300ms;
  node impatient{a, how};
  impatient.dial(2, ntohs(where.sin_port));
  CAF_CHECK_EQUAL(impatient.next_end(), "timeout");
}

CAF_TEST(a certificate of another authority opens nothing) {
  const test_authority other;
  node one{other.issue("node-1"), how};
  node two{b, how};
  one.dial(2, two.port);
  CAF_CHECK_EQUAL(one.next_end(), "not_permitted");
  CAF_CHECK_NOT_EQUAL(two.next_end(), "none");
}

CAF_TEST(a refusal reaches the side that dials) {
  node one{a, how};
  node two{b, how, false};
  one.dial(2, two.port);
  CAF_CHECK_EQUAL(two.next_end(), "not_permitted");
  CAF_CHECK_EQUAL(one.next_end(), "not_permitted");
}

CAF_TEST(a client that says nothing is dropped at the deadline) {
  how.handshake_max = 300ms;
  node one{a, how};
  const auto silent = tcp_client(one.port);
  CAF_CHECK(!readable_within(silent->it, 200ms));
  CAF_CHECK(ended_within(silent->it, 1'000ms));
  CAF_CHECK_EQUAL(one.next_end(), "timeout");
}

CAF_TEST(garbage is dropped at once) {
  node one{a, how};
  for (const std::string& text : {std::string{"GET / HTTP/1.1\r\nHost: x\r\n\r\n"},
                                  std::string(32, '\0'), std::string(5'000, '\xff')}) {
    const auto client = tcp_client(one.port);
    write_text(client->it, text);
    CAF_CHECK(ended_within(client->it, 1'000ms));
    CAF_CHECK_EQUAL(one.next_end(), "malformed");
  }
}

CAF_TEST(a flood of handshakes is bounded and keeps no member out) {
  how.handshakes_max = 8;
  node one{a, how};
  std::vector<descriptor_ptr> flood;
  for (int i = 0; i < 60; ++i)
    flood.push_back(tcp_client(one.port));
  for (int i = 0; i < 52; ++i)
    CAF_REQUIRE_EQUAL(one.next_end(), "busy");
  std::size_t still_open = 0;
  for (const auto& x : flood)
    still_open += readable_within(x->it, 1ms) ? 0 : 1;
  CAF_CHECK_EQUAL(still_open, 8u);
  node two{b, how};
  two.dial(2, one.port);
  const auto left = two.next_open();
  const auto right = one.next_open();
  write_text(left->it, "through");
  CAF_CHECK_EQUAL(read_text(right->it, 7), "through");
}

CAF_TEST(a side that reads nothing stops the other one) {
  how.silence_max = 60'000ms;
  node one{a, how};
  node two{b, how};
  one.dial(2, two.port);
  const auto left = one.next_open();
  const auto right = two.next_open();
  const std::string part(65'536, 'p');
  std::size_t taken = 0;
  for (;;) {
    pollfd what{left->it, POLLOUT, 0};
    if (::poll(&what, 1, 500) != 1) break;
    const auto written = ::write(left->it, part.data(), part.size());
    if (written > 0) taken += static_cast<std::size_t>(written);
    CAF_REQUIRE(taken < 64'000'000u);
  }
  CAF_MESSAGE("the link and the kernel took " << taken << " bytes");
  std::size_t got = 0;
  std::vector<char> room(1'000'000);
  while (got < taken && readable_within(right->it, patience)) {
    const auto size = ::read(right->it, room.data(), room.size());
    if (size <= 0) break;
    got += static_cast<std::size_t>(size);
  }
  CAF_CHECK_EQUAL(got, taken);
}

CAF_TEST(a link on which nothing comes in is cut) {
  how.silence_max = 400ms;
  node one{a, how};
  node two{b, how};
  one.dial(2, two.port);
  const auto left = one.next_open();
  const auto right = two.next_open();
  CAF_CHECK(ended_within(left->it, 1'000ms));
  CAF_CHECK(ended_within(right->it, 1'000ms));
}

CAF_TEST(a new connection takes the place of one that fell silent) {
  how.stale_after = 100ms;
  node one{a, how};
  node two{b, how};
  one.dial(2, two.port);
  const auto old_left = one.next_open();
  const auto old_right = two.next_open();
  CAF_CHECK(!readable_within(old_right->it, 300ms));
  one.dial(4, two.port);
  const auto left = one.next_open();
  const auto right = two.next_open();
  CAF_CHECK(ended_within(old_right->it, 1'000ms));
  write_text(left->it, "here");
  CAF_CHECK_EQUAL(read_text(right->it, 4), "here");
}

CAF_TEST_FIXTURE_SCOPE_END()
