#define CAF_SUITE rotation

#include "runtime/tunnel/rotation.hpp"

#include <caf/test/unit_test.hpp>

#include <map>
#include <sstream>

using namespace bpci::tunnel;
using namespace std::chrono_literals;

namespace {

struct fixture {
  rotation it{"old", {.settle = 2s, .retire_after = 1h}};
  rotation::instant now{};
  std::map<std::string, std::size_t> connections{{"old", 2}};

  std::string tick(std::chrono::milliseconds later = 0ms) {
    now += later;
    rotation_effects effects;
    it.on_tick(
        now, [this](const std::string& x) { return connections[x]; }, effects);
    std::ostringstream out;
    for (const auto& x : effects) {
      if (const auto* use = std::get_if<use_certificate>(&x))
        out << "use " << use->fingerprint << "; ";
      if (const auto* announce = std::get_if<announce_certificates>(&x)) {
        out << "announce";
        for (const auto& fingerprint : announce->fingerprints)
          out << " " << fingerprint;
        out << "; ";
      }
    }
    return out.str();
  }

  void renewed() {
    it.on_found("new");
    CAF_CHECK_EQUAL(tick(), "announce new old; ");
    it.on_written(now);
    CAF_CHECK_EQUAL(tick(2s), "use new; ");
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(rotation_tests, fixture)

CAF_TEST(nothing happens while the files stay) {
  it.on_found("old");
  CAF_CHECK_EQUAL(tick(), "");
  CAF_CHECK_EQUAL(tick(24h), "");
}

CAF_TEST(a new certificate is used only when the row has had it for a while) {
  it.on_found("new");
  CAF_CHECK_EQUAL(tick(), "announce new old; ");
  CAF_CHECK_EQUAL(tick(10s), "");
  it.on_written(now);
  CAF_CHECK_EQUAL(tick(1s), "");
  CAF_CHECK_EQUAL(tick(1s), "use new; ");
  CAF_CHECK_EQUAL(it.current(), "new");
}

CAF_TEST(an announcement that failed is made again) {
  it.on_found("new");
  CAF_CHECK_EQUAL(tick(), "announce new old; ");
  it.on_not_written();
  CAF_CHECK_EQUAL(tick(3s), "announce new old; ");
}

CAF_TEST(the former one is struck when no connection has it) {
  renewed();
  CAF_CHECK_EQUAL(tick(10min), "");
  connections["old"] = 0;
  CAF_CHECK_EQUAL(tick(3s), "announce new; ");
  it.on_written(now);
  CAF_CHECK_EQUAL(tick(3s), "");
}

CAF_TEST(the former one is struck after an hour whoever has it) {
  renewed();
  CAF_CHECK_EQUAL(tick(59min), "");
  CAF_CHECK_EQUAL(tick(1min), "announce new; ");
}

CAF_TEST(a handshake that has just begun with the former one may end) {
  connections["old"] = 0;
  renewed();
  CAF_CHECK_EQUAL(tick(1s), "");
  CAF_CHECK_EQUAL(tick(1s), "announce new; ");
}

CAF_TEST(a third certificate takes the place of one that was not used yet) {
  it.on_found("new");
  CAF_CHECK_EQUAL(tick(), "announce new old; ");
  it.on_written(now);
  it.on_found("newer");
  CAF_CHECK_EQUAL(tick(1s), "announce newer old; ");
  it.on_written(now);
  CAF_CHECK_EQUAL(tick(2s), "use newer; ");
}

CAF_TEST(files that are put back withdraw what was announced) {
  it.on_found("new");
  CAF_CHECK_EQUAL(tick(), "announce new old; ");
  it.on_written(now);
  it.on_found("old");
  CAF_CHECK_EQUAL(tick(1s), "announce old; ");
}

CAF_TEST(going back to the former one needs no waiting and lists it once) {
  renewed();
  connections["new"] = 1;
  it.on_found("old");
  CAF_CHECK_EQUAL(tick(3s), "use old; announce old new; ");
  it.on_written(now);
  CAF_CHECK_EQUAL(tick(3s), "");
}

CAF_TEST_FIXTURE_SCOPE_END()
