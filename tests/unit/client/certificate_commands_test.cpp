#define CAF_SUITE cli_certificates

#include "gateways/cli/surroundings.hpp"
#include "messages/codec/json.hpp"
#include "runtime/time/clock.hpp"
#include "runtime/tunnel/credentials.hpp"

#include <caf/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/stat.h>

using namespace bpci;
using namespace bpci::cli;

namespace {

constexpr std::int64_t two_days_ms = 2 * 24 * 3'600'000;

struct fixture {
  std::filesystem::path home;
  std::ostringstream out;
  std::ostringstream err;
  timestamp_ms now = wall_now();

  fixture() {
    auto name = (std::filesystem::temp_directory_path() / "bpci-cli-XXXXXX").string();
    if (!mkdtemp(name.data())) CAF_FAIL("no temporary folder");
    home = name;
  }
  ~fixture() { std::filesystem::remove_all(home); }

  /// `@` stands for the test's folder.
  int run(const std::string& line) {
    out.str({});
    err.str({});
    std::vector<std::string> words;
    std::istringstream in{line};
    for (std::string word; in >> word;) {
      if (word.starts_with('@')) word = (home / word.substr(1)).string();
      words.push_back(word);
    }
    surroundings around{.out = out, .err = err};
    around.variable = [](const std::string&) { return std::optional<std::string>{}; };
    around.now = [this] { return now; };
    return bpci::cli::run(words, around);
  }

  [[nodiscard]] bool err_has(std::string_view x) const {
    return err.str().find(x) != std::string::npos;
  }

  [[nodiscard]] tunnel::certificate_facts facts_of(const std::string& node) const {
    const auto x = tunnel::load_credentials(tunnel::certificates_dir(home / node), now);
    CAF_REQUIRE(x.has_value() && x->has_value());
    return (*x)->facts;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(certificate_commands_tests, fixture)

CAF_TEST(a cluster is made and a second node joins it) {
  CAF_REQUIRE_EQUAL(run("bpci cluster init --data-dir @one --name east"), 0);
  CAF_REQUIRE_EQUAL(run("bpci cluster join-token --data-dir @one --member node-2 --out @two.token"),
                    0);
  struct stat about {};
  ::stat((home / "two.token").c_str(), &about);
  CAF_CHECK_EQUAL(about.st_mode & 0777U, 0600U);
  CAF_REQUIRE_EQUAL(run("bpci cluster join --token-file @two.token --data-dir @two"), 0);

  const auto one = facts_of("one");
  const auto two = facts_of("two");
  CAF_CHECK_EQUAL(one.member.get(), "node-1");
  CAF_CHECK_EQUAL(one.cluster, "east");
  CAF_CHECK_EQUAL(two.member.get(), "node-2");
  CAF_CHECK_EQUAL(two.cluster, "east");
  CAF_CHECK(!std::filesystem::exists(tunnel::certificates_dir(home / "two") / "ca.key"));
}

CAF_TEST(a token can be printed and says nothing else) {
  CAF_REQUIRE_EQUAL(run("bpci cluster init --data-dir @one"), 0);
  CAF_REQUIRE_EQUAL(run("bpci cluster join-token --data-dir @one --member node-2"), 0);
  const auto line = out.str();
  CAF_CHECK(line.starts_with("bpci-join-1."));
  CAF_CHECK_EQUAL(line.find('\n'), line.size() - 1);
  CAF_REQUIRE_EQUAL(run("bpci cluster join-token --data-dir @one --member node-2 -o json"), 0);
  const auto shown = codec::parse_json(out.str());
  CAF_REQUIRE(shown.has_value());
  CAF_CHECK(shown->at("token").is_string());
}

CAF_TEST(a cluster is made once) {
  CAF_REQUIRE_EQUAL(run("bpci cluster init --data-dir @one"), 0);
  const auto before = facts_of("one");
  CAF_CHECK_EQUAL(run("bpci cluster init --data-dir @one"), 1);
  CAF_CHECK(err_has("bpci cluster renew"));
  CAF_CHECK(facts_of("one") == before);
}

CAF_TEST(only the node with the authority writes tokens) {
  run("bpci cluster init --data-dir @one");
  run("bpci cluster join-token --data-dir @one --member node-2 --out @two.token");
  run("bpci cluster join --token-file @two.token --data-dir @two");
  CAF_CHECK_EQUAL(run("bpci cluster join-token --data-dir @two --member node-3"), 1);
  CAF_CHECK(err_has("ca.key"));
  CAF_CHECK_EQUAL(run("bpci cluster renew --data-dir @two"), 1);
  CAF_CHECK(err_has("join-token"));
}

CAF_TEST(certificates are renewed by the authority and by a new token) {
  run("bpci cluster init --data-dir @one");
  run("bpci cluster join-token --data-dir @one --member node-2 --out @two.token");
  run("bpci cluster join --token-file @two.token --data-dir @two");
  const auto one = facts_of("one");
  const auto two = facts_of("two");
  CAF_CHECK_EQUAL(run("bpci cluster renew --data-dir @one"), 0);
  CAF_CHECK_NOT_EQUAL(facts_of("one").fingerprint, one.fingerprint);
  CAF_CHECK(facts_of("one").member == one.member);
  run("bpci cluster join-token --data-dir @one --member node-2 --out @two.token");
  CAF_CHECK_EQUAL(run("bpci cluster join --token-file @two.token --data-dir @two"), 0);
  CAF_CHECK_NOT_EQUAL(facts_of("two").fingerprint, two.fingerprint);
}

CAF_TEST(the certificates of another member or cluster are not replaced) {
  run("bpci cluster init --data-dir @one");
  run("bpci cluster init --data-dir @other");
  run("bpci cluster join-token --data-dir @one --member node-2 --out @two.token");
  const auto before = facts_of("one");
  CAF_CHECK_EQUAL(run("bpci cluster join --token-file @two.token --data-dir @one"), 1);
  CAF_CHECK(err_has("conflict"));
  CAF_CHECK(facts_of("one") == before);
  CAF_CHECK_EQUAL(run("bpci cluster join --token-file @two.token --data-dir @other"), 1);
}

CAF_TEST(a token that others could read or that is old is refused) {
  run("bpci cluster init --data-dir @one");
  run("bpci cluster join-token --data-dir @one --member node-2 --out @two.token");
  ::chmod((home / "two.token").c_str(), 0644);
  CAF_CHECK_EQUAL(run("bpci cluster join --token-file @two.token --data-dir @two"), 1);
  CAF_CHECK(err_has("chmod 600"));
  ::chmod((home / "two.token").c_str(), 0600);
  now = timestamp_ms{now.get() + two_days_ms};
  CAF_CHECK_EQUAL(run("bpci cluster join --token-file @two.token --data-dir @two"), 1);
  CAF_CHECK(err_has("bpci cluster join-token"));
}

CAF_TEST(each command explains itself with an example) {
  for (const std::string command : {"init", "join-token", "join", "renew"}) {
    CAF_CHECK_EQUAL(run("bpci cluster " + command + " --help"), 0);
    CAF_CHECK(out.str().find("Example:\n  bpci cluster " + command) != std::string::npos);
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
