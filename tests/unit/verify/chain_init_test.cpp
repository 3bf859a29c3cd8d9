#define CAF_SUITE chain_init

#include "actors/verify_chain.hpp"
#include "gateways/cli/surroundings.hpp"
#include "runtime/crypto/keys.hpp"

#include <caf/test/unit_test.hpp>

#include <filesystem>
#include <sstream>
#include <unistd.h>

/// What `bpci chain init` writes, by the ledger's own judgement.
namespace bpci {

namespace {

struct fixture {
  std::filesystem::path home =
      std::filesystem::temp_directory_path() / ("bpci-init-" + std::to_string(::getpid()));
  std::optional<ledger::genesis> begun;
  std::ostringstream err;

  ~fixture() { std::filesystem::remove_all(home); }

  int init(std::vector<std::string> options) {
    std::ostringstream out;
    err.str({});
    cli::surroundings around{.out = out, .err = err};
    around.variable = [](const std::string&) { return std::optional<std::string>{}; };
    around.now = [] { return timestamp_ms{1'800'000'000'000}; };
    around.hooks.read_genesis = [this](const std::string& text) -> result<cli::genesis_facts> {
      auto x = ledger::read_genesis(ledger::standard_modules(), text);
      if (!x) return x.error();
      begun = std::move(*x);
      return cli::genesis_facts{begun->chain_id, {}, {}, begun->validators.size()};
    };
    std::vector<std::string> words{"bpci", "chain", "init", "--out", home.string()};
    words.insert(words.end(), options.begin(), options.end());
    return cli::run(words, around);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(chain_init_tests, fixture)

CAF_TEST(the ledger takes what is made and its validators have their keys) {
  const auto ada = crypto::to_hex(crypto::generate().pub);
  CAF_REQUIRE_EQUAL(init({"--chain-id", "c", "--validators", "4", "--supply", "1000000FLX",
                          "--supply", "5GEN", "--fund", ada + "=1.5 AUR"}),
                    0);
  CAF_CHECK_EQUAL(begun->chain_id, "c");
  CAF_REQUIRE_EQUAL(begun->validators.size(), 4u);
  for (auto i = 1; i <= 4; ++i) {
    const auto file = home / ("validator-" + std::to_string(i)) / "validator.key";
    const auto keys = crypto::load_or_create(file.string());
    CAF_REQUIRE(keys.has_value());
    const auto found =
        std::ranges::find(begun->validators, keys->pub.bytes, &consensus::validator::id);
    CAF_REQUIRE(found != begun->validators.end());
    CAF_CHECK_EQUAL(found->weight, 10'000u);
  }
}

CAF_TEST(what the ledger does not take is not made) {
  CAF_CHECK_EQUAL(init({"--bond", "1"}), 2);
  CAF_CHECK(!std::filesystem::exists(home));
  CAF_CHECK_EQUAL(init({"--chain-id", "a b"}), 2);
  CAF_CHECK(err.str().find("chain_id") != std::string::npos);
  CAF_CHECK_EQUAL(init({"--fund", "abc=1FLX"}), 2);
  CAF_CHECK(!std::filesystem::exists(home));
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci
