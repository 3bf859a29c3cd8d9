#define CAF_SUITE crypto_token

#include "runtime/crypto/token.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <set>
#include <string>

using namespace bpci::crypto;

CAF_TEST(a token is base64url without padding and no two are alike) {
  std::set<std::string> seen;
  for (auto i = 0; i < 100; ++i) {
    auto token = random_token();
    CAF_CHECK_EQUAL(token.size(), 43u);
    CAF_CHECK(std::ranges::all_of(
        token, [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_'; }));
    seen.insert(token);
  }
  CAF_CHECK_EQUAL(seen.size(), 100u);
}

CAF_TEST(a token has four characters for each three bytes) {
  CAF_CHECK_EQUAL(random_token(0).size(), 0u);
  CAF_CHECK_EQUAL(random_token(1).size(), 2u);
  CAF_CHECK_EQUAL(random_token(2).size(), 3u);
  CAF_CHECK_EQUAL(random_token(3).size(), 4u);
  CAF_CHECK_EQUAL(random_token(16).size(), 22u);
}

CAF_TEST(no nonce is given out twice) {
  std::set<std::array<std::uint8_t, 32>> seen;
  for (auto i = 0; i < 100; ++i)
    seen.insert(random_nonce());
  CAF_CHECK_EQUAL(seen.size(), 100u);
}

CAF_TEST(a token is stored as the sha256 of its text) {
  CAF_CHECK_EQUAL(hash_token("abc"),
                  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

CAF_TEST(texts are equal only in length and in every byte) {
  CAF_CHECK(equal_constant_time("", ""));
  CAF_CHECK(equal_constant_time("token", "token"));
  CAF_CHECK(!equal_constant_time("token", "tokeN"));
  CAF_CHECK(!equal_constant_time("token", "toke"));
  CAF_CHECK(!equal_constant_time("", "t"));
}
