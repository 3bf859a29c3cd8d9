#define CAF_SUITE tls_session

#include "runtime/tunnel/tls_session.hpp"
#include "test_cluster.hpp"

#include <vector>

using namespace bpci;
using namespace bpci::tunnel;
using namespace bpci::test;

namespace {

using octets = std::vector<std::uint8_t>;

/// A session, and the bytes that are on their way to it.
struct end {
  tls_session session;
  octets arriving = {};

  void take_from(end& other, std::size_t at_most = 1'000'000) {
    const auto out = other.session.outgoing();
    const auto part = out.first(std::min(at_most, out.size()));
    arriving.assign(part.begin(), part.end());
    other.session.sent(part.size());
    session.feed(arriving);
  }
};

/// "ok" when both are done; otherwise what the first that failed says.
std::string handshake(end& client, end& server) {
  for (int i = 0; i < 6; ++i) {
    const auto c = client.session.shake();
    if (!c) return "client: " + code_of(c.error());
    server.take_from(client);
    const auto s = server.session.shake();
    if (!s) return "server: " + code_of(s.error());
    client.take_from(server);
    if (*c && *s) return "ok";
  }
  return "never";
}

octets some(std::size_t size) {
  octets out(size);
  for (std::size_t i = 0; i < size; ++i)
    out[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
  return out;
}

/// Everything, in pieces of the network of `piece` bytes.
octets carry(end& from, end& to, const octets& what, std::size_t piece) {
  CAF_REQUIRE(from.session.seal(what).has_value());
  octets out;
  octets room(50'000);
  while (!from.session.outgoing().empty()) {
    to.take_from(from, piece);
    for (;;) {
      const auto got = to.session.open(room);
      CAF_REQUIRE(got.has_value());
      if (got->bytes == 0) break;
      out.insert(out.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(got->bytes));
    }
  }
  return out;
}

tls_context_ptr context_of(const credentials& x) {
  return tls_context::make(x).value();
}

struct fixture {
  test_authority authority;
  credentials a = authority.issue("node-1");
  credentials b = authority.issue("node-2");
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(tls_session_tests, fixture)

CAF_TEST(two members of one cluster know each other after the handshake) {
  end client{{context_of(a), tls_side::client}};
  end server{{context_of(b), tls_side::server}};
  CAF_REQUIRE_EQUAL(handshake(client, server), "ok");
  CAF_CHECK((client.session.peer() == peer_identity{member_id{"node-2"}, b.facts.fingerprint}));
  CAF_CHECK((server.session.peer() == peer_identity{member_id{"node-1"}, a.facts.fingerprint}));
}

CAF_TEST(a certificate of another authority is refused on both sides) {
  const test_authority other;
  const auto stranger = other.issue("node-1");
  end client{{context_of(stranger), tls_side::client}};
  end server{{context_of(b), tls_side::server}};
  CAF_CHECK_EQUAL(handshake(client, server), "client: not_permitted");

  auto gullible = stranger; // believes us, and is not believed
  gullible.authorities = authority.it.certificate;
  end client2{{context_of(gullible), tls_side::client}};
  end server2{{context_of(b), tls_side::server}};
  CAF_CHECK_EQUAL(handshake(client2, server2), "server: not_permitted");
}

CAF_TEST(bytes arrive as they were sent however the network cuts them) {
  end client{{context_of(a), tls_side::client}};
  end server{{context_of(b), tls_side::server}};
  CAF_REQUIRE_EQUAL(handshake(client, server), "ok");
  for (const std::size_t size : {1u, 200u, 16'384u, 16'385u, 300'000u})
    for (const std::size_t piece : {1'000u, 65'536u}) {
      const auto what = some(size);
      CAF_CHECK(carry(client, server, what, piece) == what);
      CAF_CHECK(carry(server, client, what, piece) == what);
    }
}

CAF_TEST(keys change and nothing is lost) {
  end client{{context_of(a), tls_side::client, 3}};
  end server{{context_of(b), tls_side::server, 3}};
  CAF_REQUIRE_EQUAL(handshake(client, server), "ok");
  for (int i = 0; i < 20; ++i) {
    const auto what = some(1'000 + static_cast<std::size_t>(i));
    CAF_CHECK(carry(client, server, what, 65'536) == what);
    CAF_CHECK(carry(server, client, what, 65'536) == what);
  }
}

CAF_TEST(a goodbye comes after what was sent before it) {
  end client{{context_of(a), tls_side::client}};
  end server{{context_of(b), tls_side::server}};
  CAF_REQUIRE_EQUAL(handshake(client, server), "ok");
  CAF_REQUIRE(client.session.seal(some(10)).has_value());
  client.session.close();
  server.take_from(client);
  octets room(100);
  const auto got = server.session.open(room);
  CAF_REQUIRE(got.has_value());
  CAF_CHECK_EQUAL(got->bytes, 10u);
  CAF_CHECK(got->over);
}

CAF_TEST(what is not TLS ends the handshake) {
  end server{{context_of(b), tls_side::server}};
  const auto request = octets{'G', 'E', 'T', ' ', '/', ' ', 'H', 'T', 'T', 'P', '/', '1', '.', '1'};
  server.session.feed(request);
  const auto verdict = server.session.shake();
  CAF_CHECK_EQUAL(verdict_of(verdict), "malformed");
}

CAF_TEST(a byte that was changed on the way ends the session) {
  end client{{context_of(a), tls_side::client}};
  end server{{context_of(b), tls_side::server}};
  CAF_REQUIRE_EQUAL(handshake(client, server), "ok");
  CAF_REQUIRE(client.session.seal(some(100)).has_value());
  const auto out = client.session.outgoing();
  octets changed{out.begin(), out.end()};
  changed.back() ^= 1;
  server.session.feed(changed);
  octets room(100);
  CAF_CHECK_EQUAL(verdict_of(server.session.open(room)), "malformed");
}

CAF_TEST_FIXTURE_SCOPE_END()
