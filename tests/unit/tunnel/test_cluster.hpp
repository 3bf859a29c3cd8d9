#pragma once

#include "runtime/time/clock.hpp"
#include "runtime/tunnel/credentials.hpp"

#include <caf/test/unit_test.hpp>

#include <filesystem>
#include <string>

/// An authority and what it issues, for the tests of this folder.
namespace bpci::test {

struct test_authority {
  tunnel::issued it;

  explicit test_authority(const std::string& cluster = "bpci")
      : it(tunnel::make_authority(cluster, wall_now()).value()) {}

  [[nodiscard]] tunnel::credentials issue(const std::string& member) const {
    auto own = tunnel::issue(it, member_id{member}, wall_now()).value();
    auto facts = tunnel::read_certificate(own.certificate).value();
    return {it.certificate, std::move(own), std::move(facts)};
  }
};

/// Gone with its contents at the end of the test.
struct test_folder {
  std::filesystem::path path;

  test_folder() {
    auto name = (std::filesystem::temp_directory_path() / "bpci-tunnel-XXXXXX").string();
    if (!mkdtemp(name.data())) CAF_FAIL("no temporary folder");
    path = name;
  }

  ~test_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }

  test_folder(const test_folder&) = delete;
  test_folder& operator=(const test_folder&) = delete;
};

inline std::string code_of(const failure& why) {
  return std::string{name(why.code)};
}

template <class T>
std::string verdict_of(const result<T>& x) {
  return x ? "ok" : code_of(x.error());
}

} // namespace bpci::test
