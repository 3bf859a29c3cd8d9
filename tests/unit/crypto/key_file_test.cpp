#define CAF_SUITE crypto_key_file

#include "runtime/crypto/keys.hpp"

#include <caf/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <vector>

using namespace bpci;
using namespace bpci::crypto;
namespace fs = std::filesystem;

namespace {

struct folder {
  fs::path path;

  folder() {
    auto name = (fs::temp_directory_path() / "bpci-key-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~folder() { fs::remove_all(path); }

  std::string file(std::string_view name = "node.key") const { return (path / name).string(); }

  std::string with(std::string_view text, fs::perms mode = fs::perms{0600}) const {
    std::ofstream{file()} << text;
    fs::permissions(file(), mode);
    return file();
  }

  long files() const { return std::distance(fs::directory_iterator{path}, {}); }
};

std::string content(const std::string& path) {
  std::ifstream in{path};
  return {std::istreambuf_iterator<char>{in}, {}};
}

constexpr std::string_view seed =
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
constexpr std::string_view key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

} // namespace

CAF_TEST(the first start makes a key and later ones find it) {
  folder home;
  auto first = load_or_create(home.file());
  CAF_REQUIRE(first.has_value());
  auto again = load_or_create(home.file());
  CAF_REQUIRE(again.has_value());
  CAF_CHECK(first->pub == again->pub);
  CAF_CHECK(verify(first->pub, {}, sign(again->secret, {})));
}

CAF_TEST(a new key file is one line that only its owner can read and nothing lies beside it) {
  folder home;
  auto mask = ::umask(0);
  auto made = load_or_create(home.file());
  ::umask(mask);
  CAF_REQUIRE(made.has_value());
  CAF_CHECK(fs::status(home.file()).permissions() == fs::perms{0600});
  CAF_CHECK_EQUAL(content(home.file()).size(), 65u);
  CAF_CHECK(content(home.file()).ends_with('\n'));
  CAF_CHECK_EQUAL(home.files(), 1);
}

CAF_TEST(a key file restored from a backup gives the same key with or without its line end) {
  folder home;
  CAF_CHECK_EQUAL(to_hex(load_or_create(home.with(std::string{seed} + '\n'))->pub), key);
  CAF_CHECK_EQUAL(to_hex(load_or_create(home.with(seed))->pub), key);
  CAF_CHECK_EQUAL(to_hex(load_or_create(home.with(seed, fs::perms{0400}))->pub), key);
}

CAF_TEST(a key file that others can read is refused with a command that helps) {
  folder home;
  for (auto mode : {0640, 0604, 0660, 0620, 0644, 0601}) {
    auto loaded = load_or_create(home.with(seed, fs::perms(mode)));
    CAF_REQUIRE(loaded.has_error());
    CAF_CHECK(loaded.error().code == ec::config_invalid);
    CAF_CHECK(loaded.error().detail.find("chmod 600 " + home.file()) != std::string::npos);
    CAF_CHECK(loaded.error().detail.find(seed) == std::string::npos);
  }
}

CAF_TEST(a damaged key file is refused and left as it is) {
  folder home;
  for (const auto& text :
       {std::string{}, std::string{"\n"}, std::string{seed.substr(1)}, std::string{seed} + "0",
        std::string{seed} + "\n\n", std::string{seed} + " ", "g" + std::string{seed.substr(1)}}) {
    auto loaded = load_or_create(home.with(text));
    CAF_REQUIRE(loaded.has_error());
    CAF_CHECK(loaded.error().code == ec::config_invalid);
    CAF_CHECK_EQUAL(content(home.file()), text);
  }
}

CAF_TEST(a path that can hold no key is refused by name) {
  folder home;
  for (const auto& path : {home.file("missing/node.key"), home.path.string()}) {
    auto loaded = load_or_create(path);
    CAF_REQUIRE(loaded.has_error());
    CAF_CHECK(loaded.error().code == ec::config_invalid);
    CAF_CHECK(loaded.error().detail.find(path) != std::string::npos);
  }
}

CAF_TEST(a pipe in place of a key file is refused at once) {
  folder home;
  CAF_REQUIRE(::mkfifo(home.file().c_str(), 0600) == 0);
  CAF_CHECK(load_or_create(home.file()).has_error());
}

CAF_TEST(processes that start at once agree on one key) {
  folder home;
  std::vector<std::string> keys(8);
  std::vector<std::thread> starts;
  starts.reserve(keys.size());
  for (auto& mine : keys)
    starts.emplace_back([&] { mine = to_hex(load_or_create(home.file()).value().pub); });
  for (auto& start : starts)
    start.join();
  CAF_CHECK(keys == std::vector<std::string>(8, keys.front()));
  CAF_CHECK_EQUAL(home.files(), 1);
}
