#define CAF_SUITE crypto_hash

#include "runtime/crypto/hash.hpp"

#include <caf/test/unit_test.hpp>

#include <string>
#include <thread>
#include <vector>

using namespace bpci;
using namespace bpci::crypto;

// The vectors are NIST's examples for SHA-256 (FIPS 180-4).
CAF_TEST(sha256 gives the digests that NIST published) {
  CAF_CHECK_EQUAL(to_hex(sha256({})),
                  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CAF_CHECK_EQUAL(to_hex(sha256(as_bytes("abc"))),
                  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CAF_CHECK_EQUAL(
      to_hex(sha256(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CAF_CHECK_EQUAL(to_hex(sha256(as_bytes(std::string(1'000'000, 'a')))),
                  "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

CAF_TEST(parts are hashed as if they stood one behind the other) {
  CAF_CHECK(sha256_joined({as_bytes("a"), as_bytes(""), as_bytes("bc")})
            == sha256(as_bytes("abc")));
  CAF_CHECK(sha256_joined({}) == sha256({}));
}

CAF_TEST(threads hash at the same time without disturbing each other) {
  auto expected = sha256(as_bytes("abc"));
  std::vector<int> wrong(4);
  std::vector<std::thread> threads;
  threads.reserve(wrong.size());
  for (auto& mine : wrong)
    threads.emplace_back([&] {
      for (auto i = 0; i < 2000; ++i)
        mine += sha256(as_bytes("abc")) == expected ? 0 : 1;
    });
  for (auto& thread : threads)
    thread.join();
  CAF_CHECK(wrong == std::vector<int>(4));
}

CAF_TEST(a digest is read from hex of exactly its length) {
  auto text = to_hex(sha256(as_bytes("abc")));
  CAF_CHECK(digest_from_hex(text).value() == sha256(as_bytes("abc")));
  for (const auto& bad : {text.substr(1), text + "0", text + "00", "zz" + text.substr(2),
                          " " + text, std::string{}}) {
    CAF_MESSAGE(bad);
    CAF_CHECK(digest_from_hex(bad).has_error());
  }
}
