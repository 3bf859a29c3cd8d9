#define CAF_SUITE credentials

#include "runtime/tunnel/credentials.hpp"
#include "test_cluster.hpp"

#include <fstream>
#include <sys/stat.h>

using namespace bpci;
using namespace bpci::tunnel;
using namespace bpci::test;

namespace {

struct fixture {
  test_authority authority;
  test_folder folder;
  std::filesystem::path where = certificates_dir(folder.path);

  credentials stored(const std::string& member) {
    auto x = authority.issue(member);
    CAF_REQUIRE(store_credentials(where, x.authorities, x.own).has_value());
    return x;
  }

  [[nodiscard]] unsigned mode_of(const std::string& name) const {
    struct stat about {};
    ::stat((where / name).c_str(), &about);
    return about.st_mode & 07777U;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(credentials_tests, fixture)

CAF_TEST(a folder without certificates is no fault) {
  const auto none = load_credentials(where, wall_now());
  CAF_REQUIRE(none.has_value());
  CAF_CHECK(!none->has_value());
  CAF_CHECK_EQUAL(stamp_of(where), 0u);
}

CAF_TEST(what is stored comes back and its secrets are closed to others) {
  const auto x = stored("node-1");
  const auto back = load_credentials(where, wall_now());
  CAF_REQUIRE(back.has_value() && back->has_value());
  CAF_CHECK_EQUAL((*back)->facts.fingerprint, x.facts.fingerprint);
  CAF_CHECK_EQUAL((*back)->own.key, x.own.key);
  CAF_CHECK_EQUAL(mode_of(""), 0700u);
  CAF_CHECK_EQUAL(mode_of("node.key"), 0600u);
}

CAF_TEST(a key that others may read is refused) {
  stored("node-1");
  ::chmod((where / "node.key").c_str(), 0640);
  CAF_CHECK_EQUAL(verdict_of(load_credentials(where, wall_now())), "config_invalid");
}

CAF_TEST(a renewal that was cut short is noticed) {
  stored("node-1");
  const auto newer = authority.issue("node-1");
  CAF_REQUIRE(write_secret(where / "node.key", newer.own.key).has_value());
  CAF_CHECK_EQUAL(verdict_of(load_credentials(where, wall_now())), "config_invalid");
}

CAF_TEST(a missing part is named) {
  stored("node-1");
  std::filesystem::remove(where / "ca.pem");
  const auto verdict = load_credentials(where, wall_now());
  CAF_CHECK_EQUAL(verdict_of(verdict), "config_invalid");
  CAF_CHECK(verdict.error().detail.find("ca.pem") != std::string::npos);
}

CAF_TEST(an authority is never replaced) {
  CAF_CHECK_EQUAL(verdict_of(load_authority(where)), "not_found");
  CAF_REQUIRE(store_authority(where, authority.it).has_value());
  CAF_CHECK_EQUAL(mode_of("ca.key"), 0600u);
  const test_authority another;
  CAF_CHECK_EQUAL(verdict_of(store_authority(where, another.it)), "conflict");
  const auto back = load_authority(where);
  CAF_REQUIRE(back.has_value());
  CAF_CHECK_EQUAL(back->certificate, authority.it.certificate);
}

CAF_TEST(a stamp changes with the files and only then) {
  stored("node-1");
  const auto first = stamp_of(where);
  CAF_CHECK_EQUAL(stamp_of(where), first);
  stored("node-1");
  CAF_CHECK_NOT_EQUAL(stamp_of(where), first);
}

CAF_TEST_FIXTURE_SCOPE_END()
