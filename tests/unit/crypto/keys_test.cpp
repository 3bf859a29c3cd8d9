#define CAF_SUITE crypto_keys

#include "runtime/crypto/keys.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <type_traits>
#include <unordered_set>
#include <vector>

using namespace bpci;
using namespace bpci::crypto;

namespace {

using byte_string = std::vector<std::uint8_t>;

byte_string unhex(std::string_view text) {
  byte_string out;
  for (std::size_t i = 0; i < text.size(); i += 2)
    out.push_back(
        static_cast<std::uint8_t>(std::stoi(std::string{text.substr(i, 2)}, nullptr, 16)));
  return out;
}

std::array<std::uint8_t, 32> seed_of(std::string_view text) {
  std::array<std::uint8_t, 32> seed{};
  std::ranges::copy(unhex(text), seed.begin());
  return seed;
}

struct vector {
  std::string_view seed;
  std::string_view key;
  std::string_view message;
  std::string_view signature;
};

// RFC 8032, section 7.1: TEST 1, 2, 3 and SHA(abc).
constexpr vector vectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
     "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
     "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
     "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"},
};

constexpr std::string_view some_seed = vectors[0].seed;

} // namespace

CAF_TEST(keys and signatures are those of RFC 8032) {
  for (const auto& x : vectors) {
    auto keys = from_seed(seed_of(x.seed));
    auto message = unhex(x.message);
    auto made = sign(keys.secret, message);
    CAF_CHECK_EQUAL(to_hex(keys.pub), x.key);
    CAF_CHECK_EQUAL(to_hex(made), x.signature);
    CAF_CHECK(verify(keys.pub, message, made));
  }
}

CAF_TEST(a signature with any bit changed is refused) {
  auto keys = from_seed(seed_of(some_seed));
  auto message = unhex("00ff10");
  auto good = sign(keys.secret, message);
  for (std::size_t bit = 0; bit < good.bytes.size() * 8; ++bit) {
    auto bad = good;
    bad.bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    CAF_CHECK(!verify(keys.pub, message, bad));
  }
}

CAF_TEST(a signature does not hold for another message or another key) {
  auto keys = from_seed(seed_of(some_seed));
  auto other = generate();
  auto made = sign(keys.secret, unhex("0102"));
  CAF_CHECK(!verify(keys.pub, unhex("0103"), made));
  CAF_CHECK(!verify(keys.pub, unhex("01"), made));
  CAF_CHECK(!verify(keys.pub, {}, made));
  CAF_CHECK(!verify(other.pub, unhex("0102"), made));
}

CAF_TEST(a signature whose S has the group order added is refused though the equation holds) {
  auto keys = from_seed(seed_of(some_seed));
  auto made = sign(keys.secret, {});
  auto order = unhex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += made.bytes[32 + i] + static_cast<unsigned>(order[i]);
    made.bytes[32 + i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  CAF_CHECK(!verify(keys.pub, {}, made));
}

CAF_TEST(keys of small order and keys off the curve are refused) {
  // The points of order 1, 2, 4, 8 and 8; a y not in its shortest form; no point at all.
  for (std::string_view text :
       {"0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0200000000000000000000000000000000000000000000000000000000000000"}) {
    auto read = public_key_from_hex(text);
    CAF_MESSAGE(text);
    CAF_REQUIRE(read.has_error());
    CAF_CHECK(read.error().code == ec::invalid_argument);
    CAF_CHECK(public_key_from_bytes(unhex(text)).has_error());
  }
}

CAF_TEST(the signature of all zeros that a key of small order would accept is refused) {
  public_key weak;
  weak.bytes[0] = 1;
  signature forged;
  forged.bytes[0] = 1;
  CAF_CHECK(!verify(weak, unhex("0102"), forged));
}

CAF_TEST(a public key and a signature read back what was printed) {
  auto keys = generate();
  auto made = sign(keys.secret, {});
  CAF_CHECK(public_key_from_hex(to_hex(keys.pub)).value() == keys.pub);
  CAF_CHECK(signature_from_hex(to_hex(made)).value() == made);
  CAF_CHECK(public_key_from_bytes(keys.pub.bytes).value() == keys.pub);
  CAF_CHECK(signature_from_bytes(made.bytes).value() == made);
  auto upper = to_hex(keys.pub);
  std::ranges::transform(upper, upper.begin(),
                         [](char c) { return static_cast<char>(std::toupper(c)); });
  CAF_CHECK(public_key_from_hex(upper).value() == keys.pub);
}

CAF_TEST(keys and signatures of another length are malformed) {
  auto keys = generate();
  auto key = to_hex(keys.pub);
  auto made = to_hex(sign(keys.secret, {}));
  for (const auto& bad :
       {std::string{}, key.substr(2), key.substr(1), key + "00", "0x" + key, key + "\n"})
    CAF_CHECK(public_key_from_hex(bad).error().code == ec::malformed);
  for (const auto& bad : {std::string{}, made.substr(2), made + "0", key})
    CAF_CHECK(signature_from_hex(bad).error().code == ec::malformed);
  CAF_CHECK(public_key_from_bytes(byte_string(31)).error().code == ec::malformed);
  CAF_CHECK(public_key_from_bytes(byte_string(33)).error().code == ec::malformed);
  CAF_CHECK(signature_from_bytes(byte_string(63)).error().code == ec::malformed);
  CAF_CHECK(signature_from_bytes({}).error().code == ec::malformed);
}

CAF_TEST(generated keys differ and public keys serve as keys of a hash table) {
  std::unordered_set<public_key> seen;
  for (auto i = 0; i < 32; ++i)
    seen.insert(generate().pub);
  CAF_CHECK_EQUAL(seen.size(), 32u);
}

CAF_TEST(a secret key moves but cannot be copied or compared) {
  static_assert(!std::is_copy_constructible_v<secret_key>);
  static_assert(!std::is_copy_assignable_v<secret_key>);
  static_assert(std::is_nothrow_move_constructible_v<secret_key>);
  static_assert(!std::equality_comparable<secret_key>);
  auto keys = generate();
  auto pub = keys.pub;
  auto moved = std::move(keys);
  CAF_CHECK(verify(pub, {}, sign(moved.secret, {})));
}
