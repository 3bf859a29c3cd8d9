#define CAF_SUITE crypto_sealed_body

#include "runtime/crypto/sealed_body.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>

/// Bodies that only their target can read. Their bytes are pinned in tests/wire.
namespace bpci::crypto {

namespace {

constexpr std::array sealing = {seal_level::standard, seal_level::high, seal_level::quantum};

struct fixture {
  key_pair alice = generate();
  key_pair bob = generate();
  key_pair eve = generate();
  std::array<std::uint8_t, 32> secret = random_nonce();
  seal_context context{"alice", "bob", "m1", "DataSync"};
  std::string_view plain = "the balance is 1,000";

  bytes sealed(seal_level level) {
    auto out = seal(level, context, alice, bob.pub, as_bytes(plain), pre_shared_key{"k1", secret});
    CAF_REQUIRE(out.has_value());
    return *out;
  }

  find_pre_shared_key ours() {
    return [this](std::string_view id) -> std::optional<std::span<const std::uint8_t, 32>> {
      if (id != "k1") return std::nullopt;
      return std::span<const std::uint8_t, 32>{secret};
    };
  }

  ec code(const bytes& body, const seal_context& at, const key_pair& who, const public_key& from) {
    auto out = open(at, who, from, body, seal_level::standard, ours());
    return out ? ec::none : out.error().code;
  }

  ec code(const bytes& body) { return code(body, context, bob, alice.pub); }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(sealed_body_tests, fixture)

CAF_TEST(the target reads what was sealed for it) {
  for (auto level :
       {seal_level::none, seal_level::standard, seal_level::high, seal_level::quantum}) {
    auto out = open(context, bob, alice.pub, sealed(level), level, ours());
    CAF_REQUIRE(out.has_value());
    CAF_CHECK(out->level == level);
    CAF_CHECK_EQUAL(std::string(out->plain.begin(), out->plain.end()), plain);
  }
}

CAF_TEST(an empty body is sealed too) {
  plain = "";
  for (auto level : sealing) {
    auto out = open(context, bob, alice.pub, sealed(level), level, ours());
    CAF_CHECK(out && out->plain.empty());
  }
}

CAF_TEST(nobody else reads it) {
  for (auto level : sealing)
    CAF_CHECK_EQUAL(code(sealed(level), context, eve, alice.pub), ec::bad_signature);
}

CAF_TEST(nobody else can have sealed it) {
  for (auto level : sealing)
    CAF_CHECK_EQUAL(code(sealed(level), context, bob, eve.pub), ec::bad_signature);
}

CAF_TEST(from the level High on the sender cannot read it again) {
  CAF_CHECK_EQUAL(code(sealed(seal_level::standard), context, alice, bob.pub), ec::bad_signature);
  CAF_CHECK_EQUAL(code(sealed(seal_level::high), context, alice, bob.pub), ec::bad_signature);
}

CAF_TEST(it is bound to its source and target and name and type) {
  for (auto level : sealing) {
    auto body = sealed(level);
    CAF_CHECK_EQUAL(code(body, {"alicf", "bob", "m1", "DataSync"}, bob, alice.pub),
                    ec::bad_signature);
    CAF_CHECK_EQUAL(code(body, {"alice", "boc", "m1", "DataSync"}, bob, alice.pub),
                    ec::bad_signature);
    CAF_CHECK_EQUAL(code(body, {"alice", "bob", "m2", "DataSync"}, bob, alice.pub),
                    ec::bad_signature);
    CAF_CHECK_EQUAL(code(body, {"alice", "bob", "m1", "Order"}, bob, alice.pub), ec::bad_signature);
    CAF_CHECK_EQUAL(code(body, {"aliceb", "ob", "m1", "DataSync"}, bob, alice.pub),
                    ec::bad_signature);
  }
}

CAF_TEST(no byte of it can be changed or left out) {
  for (auto level : sealing) {
    const auto body = sealed(level);
    for (std::size_t i = 4; i < body.size(); ++i) {
      auto changed = body;
      changed[i] ^= 1;
      CAF_CHECK(code(changed) != ec::none);
    }
    for (std::size_t size = 6; size < body.size(); ++size)
      CAF_CHECK(code({body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size)}) != ec::none);
  }
}

CAF_TEST(a level cannot be lowered) {
  auto body = sealed(seal_level::quantum);
  body[5] = static_cast<std::uint8_t>(seal_level::high);
  CAF_CHECK(code(body) != ec::none);
}

CAF_TEST(a readable body does not pass where a sealed one is asked for) {
  auto out = open(context, bob, alice.pub, as_bytes(plain), seal_level::standard, ours());
  CAF_CHECK(!out && out.error().code == ec::not_permitted);
  out = open(context, bob, alice.pub, sealed(seal_level::standard), seal_level::high, ours());
  CAF_CHECK(!out && out.error().code == ec::not_permitted);
  out = open(context, bob, alice.pub, sealed(seal_level::quantum), seal_level::high, ours());
  CAF_CHECK(out.has_value());
  out = open(context, bob, alice.pub, as_bytes(plain), seal_level::none);
  CAF_CHECK(out.has_value());
}

CAF_TEST(two seals of one text are not alike) {
  for (auto level : sealing)
    CAF_CHECK(sealed(level) != sealed(level));
}

CAF_TEST(the level Quantum needs the shared key on both sides) {
  auto without = seal(seal_level::quantum, context, alice, bob.pub, as_bytes(plain));
  CAF_REQUIRE(!without);
  CAF_CHECK_EQUAL(without.error().code, ec::invalid_argument);
  auto body = sealed(seal_level::quantum);
  auto unknown = open(context, bob, alice.pub, body, seal_level::quantum);
  CAF_REQUIRE(!unknown);
  CAF_CHECK_EQUAL(unknown.error().code, ec::not_found);
  CAF_CHECK(unknown.error().detail.find("k1") != std::string::npos);
  secret = random_nonce();
  CAF_CHECK_EQUAL(code(body), ec::bad_signature);
}

CAF_TEST(a key of small order is refused) {
  public_key weak; // y = 0 is no point of the prime-order group
  for (auto level : sealing) {
    auto out = seal(level, context, alice, weak, as_bytes(plain), pre_shared_key{"k1", secret});
    CAF_CHECK(!out && out.error().code == ec::invalid_argument);
  }
  auto body = sealed(seal_level::high);
  std::fill_n(body.begin() + 38, 32, std::uint8_t{0}); // the ephemeral key
  CAF_CHECK_EQUAL(code(body), ec::bad_signature);
}

CAF_TEST(anybody sees the level and nothing else) {
  auto header = read_sealed_header(sealed(seal_level::quantum)).value();
  CAF_CHECK(header.level == seal_level::quantum);
  CAF_CHECK_EQUAL(header.pre_shared_key, "k1");
  CAF_CHECK_EQUAL(header.size, 73u);
  auto text = std::string_view{R"({"a":1})"};
  auto bare = read_sealed_header(as_bytes(text)).value();
  CAF_CHECK(bare.level == seal_level::none);
  CAF_CHECK_EQUAL(bare.size, 0u);
  auto later = sealed(seal_level::high);
  later[4] = 2;
  CAF_CHECK_EQUAL(read_sealed_header(later).error().code, ec::unsupported);
}

CAF_TEST(levels are read as they are written) {
  for (auto level : sealing)
    CAF_CHECK(seal_level_from_name(name(level)).value() == level);
  CAF_CHECK(seal_level_from_name("qUANTUM").value() == seal_level::quantum);
  CAF_CHECK(!seal_level_from_name("Military"));
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::crypto
