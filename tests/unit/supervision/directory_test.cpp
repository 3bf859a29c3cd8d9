#define CAF_SUITE supervision_directory

#include "runtime/supervision/directory.hpp"

#include <caf/all.hpp>
#include <caf/test/unit_test.hpp>

using namespace bpci::supervision;

namespace {

caf::behavior idle() {
  return {[](int) {}};
}

struct fixture {
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::actor first = system.spawn(idle);
  caf::actor second = system.spawn(idle);
  directory all;

  ~fixture() {
    for (const auto& x : {first, second})
      caf::anon_send_exit(x, caf::exit_reason::kill);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(directory_tests, fixture)

CAF_TEST(a path leads to the present incarnation) {
  CAF_CHECK(!all.find("/node/relay"));
  all.put("/node/relay", first);
  CAF_CHECK(all.find("/node/relay") == first);
  all.put("/node/relay", second);
  CAF_CHECK(all.find("/node/relay") == second);
}

CAF_TEST(the end of a former incarnation does not hide the present one) {
  all.put("/node/relay", first);
  all.put("/node/relay", second);
  all.remove("/node/relay", first);
  CAF_CHECK(all.find("/node/relay") == second);
  all.remove("/node/relay", second);
  CAF_CHECK(!all.find("/node/relay"));
}

CAF_TEST_FIXTURE_SCOPE_END()
