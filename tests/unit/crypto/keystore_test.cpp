#define CAF_SUITE crypto_keystore

#include "runtime/crypto/keystore.hpp"

#include <caf/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

using namespace bpci;
using namespace bpci::crypto;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view passphrase = "correct horse battery";

std::string code_of(const auto& x) {
  return std::string{name(x ? ec::none : x.error().code)};
}

struct fixture {
  key_pair keys = generate();
  keystore stored = seal_key(keys, passphrase, least_costs).value();
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(crypto_keystore_tests, fixture)

CAF_TEST(a key comes back by its passphrase) {
  const auto back = open_key(stored, passphrase);
  CAF_REQUIRE(back.has_value());
  CAF_CHECK(back->pub == keys.pub);
  const auto message = as_bytes("pay");
  CAF_CHECK(verify(keys.pub, message, sign(back->secret, message)));
}

CAF_TEST(another passphrase opens nothing) {
  for (const std::string_view wrong : {"", "correct horse batterY", "correct horse battery "})
    CAF_CHECK_EQUAL(code_of(open_key(stored, wrong)), "not_permitted");
  CAF_CHECK_EQUAL(code_of(open_key(stored, std::string(2'000, 'x'))), "not_permitted");
}

CAF_TEST(whatever is altered is noticed) {
  auto altered = [this](auto change) {
    auto x = stored;
    change(x);
    return code_of(open_key(x, passphrase));
  };
  CAF_CHECK_EQUAL(altered([](keystore& x) { x.sealed[3] ^= 1; }), "not_permitted");
  CAF_CHECK_EQUAL(altered([](keystore& x) { x.sealed[40] ^= 1; }), "not_permitted");
  CAF_CHECK_EQUAL(altered([](keystore& x) { x.salt[0] ^= 1; }), "not_permitted");
  CAF_CHECK_EQUAL(altered([](keystore& x) { x.nonce[0] ^= 1; }), "not_permitted");
  CAF_CHECK_EQUAL(altered([](keystore& x) { x.costs.passes = 2; }), "not_permitted");
  CAF_CHECK_EQUAL(altered([](keystore& x) { x.address = generate().pub; }), "not_permitted");
}

CAF_TEST(costs that are out of bounds are refused before anything is computed) {
  auto x = stored;
  x.costs.memory_bytes = std::uint64_t{1} << 40;
  CAF_CHECK_EQUAL(code_of(open_key(x, passphrase)), "invalid_argument");
  CAF_CHECK_EQUAL(code_of(read_keystore(to_text(x))), "invalid_argument");
  x.costs = {0, 8'192};
  CAF_CHECK_EQUAL(code_of(open_key(x, passphrase)), "invalid_argument");
  CAF_CHECK_EQUAL(code_of(seal_key(keys, passphrase, {17, 8'192})), "invalid_argument");
}

CAF_TEST(a passphrase that is too short makes no keystore) {
  CAF_CHECK_EQUAL(code_of(seal_key(keys, "1234567", least_costs)), "invalid_argument");
  CAF_CHECK_EQUAL(code_of(check_passphrase("12345678")), "none");
}

CAF_TEST(two keystores of one key and passphrase have nothing in common but the address) {
  const auto other = seal_key(keys, passphrase, least_costs).value();
  CAF_CHECK(other.address == stored.address);
  CAF_CHECK(other.salt != stored.salt);
  CAF_CHECK(other.nonce != stored.nonce);
  CAF_CHECK(other.sealed != stored.sealed);
}

CAF_TEST(a keystore is a text and back) {
  const auto text = to_text(stored);
  const auto back = read_keystore(text);
  CAF_REQUIRE(back.has_value());
  CAF_CHECK(*back == stored);
  CAF_CHECK(text.find(to_hex(keys.pub)) != std::string::npos);
}

CAF_TEST(a text that is no keystore is refused with what is wrong) {
  auto text = to_text(stored);
  auto with = [&](std::string_view what, std::string_view instead) {
    auto x = text;
    const auto at = x.find(what);
    CAF_REQUIRE(at != std::string::npos);
    return code_of(read_keystore(x.replace(at, what.size(), instead)));
  };
  CAF_CHECK_EQUAL(with("\"version\": 1", "\"version\": 2"), "unsupported");
  CAF_CHECK_EQUAL(with("argon2id13", "scrypt"), "unsupported");
  CAF_CHECK_EQUAL(with("\"salt\"", "\"sugar\""), "malformed");
  CAF_CHECK_EQUAL(with("\"passes\"", "\"runs\""), "malformed");
  CAF_CHECK_EQUAL(code_of(read_keystore("[]")), "malformed");
  CAF_CHECK_EQUAL(code_of(read_keystore("")), "malformed");
  CAF_CHECK_EQUAL(code_of(read_keystore(std::string(5'000, ' '))), "too_large");
}

CAF_TEST(a key is written to a file that a node can use and never over another) {
  auto folder = (fs::temp_directory_path() / "bpci-keystore-XXXXXX").string();
  CAF_REQUIRE(::mkdtemp(folder.data()) != nullptr);
  const auto path = folder + "/validator.key";
  CAF_CHECK_EQUAL(code_of(store_new(path, keys)), "none");
  struct stat about {};
  ::stat(path.c_str(), &about);
  CAF_CHECK_EQUAL(about.st_mode & 0777U, 0600U);
  CAF_CHECK(load_or_create(path)->pub == keys.pub);
  CAF_CHECK_EQUAL(code_of(store_new(path, generate())), "conflict");
  CAF_CHECK(load_or_create(path)->pub == keys.pub);
  fs::remove_all(folder);
}

CAF_TEST(a secret text takes what it is given out of where it was) {
  std::string from = "hunter2 hunter2";
  const auto taken = secret_text::take(from);
  CAF_CHECK(taken.view() == "hunter2 hunter2");
  CAF_CHECK(from.empty());
}

CAF_TEST_FIXTURE_SCOPE_END()
