#define CAF_SUITE oracle_register_check

#include "actors/oracle/register_check.hpp"
#include "tests/unit/oracle/helpers.hpp"

#include <caf/test/unit_test.hpp>

/// Whether the targets of stored messages are registered.
namespace bpci::oracle {

namespace {

using namespace testing;
using verdict = register_check::verdict;

store_for order(const std::string& id, const std::string& target, std::string_view body = "body") {
  return {node_id{target}, stored_note(id, {target}, body), {}};
}

} // namespace

CAF_TEST(a target is looked up once and what has waited comes out in order) {
  register_check at{{10, 1'000}};
  CAF_CHECK(at.submit(order("x", "bob")) == verdict::look_up);
  CAF_CHECK(at.submit(order("y", "bob")) == verdict::waits);
  CAF_CHECK(at.submit(order("z", "carol")) == verdict::look_up);
  auto got = at.take(node_id{"bob"});
  CAF_REQUIRE_EQUAL(got.size(), 2u);
  CAF_CHECK_EQUAL(words(got[0]), "store x for bob");
  CAF_CHECK_EQUAL(words(got[1]), "store y for bob");
  CAF_CHECK(at.take(node_id{"bob"}).empty());
}

CAF_TEST(who is known is not looked up again and who was not found is) {
  register_check at{{10, 1'000}};
  at.submit(order("x", "bob"));
  at.take(node_id{"bob"});
  CAF_CHECK(at.submit(order("y", "bob")) == verdict::look_up);
  at.learn(node_id{"bob"});
  CAF_CHECK(at.submit(order("z", "bob")) == verdict::known);
}

CAF_TEST(no more waits for a look up than allowed) {
  register_check at{{2, 10}};
  CAF_CHECK(at.submit(order("x", "bob", "12345")) == verdict::look_up);
  CAF_CHECK(at.submit(order("y", "bob", "123456")) == verdict::full); // bytes
  CAF_CHECK(at.submit(order("y", "bob", "12345")) == verdict::waits);
  CAF_CHECK(at.submit(order("z", "bob", "")) == verdict::full); // messages
  at.take(node_id{"bob"});
  CAF_CHECK(at.submit(order("z", "bob")) == verdict::look_up);
}

CAF_TEST(what is remembered is bounded) {
  register_check at{{10, 1'000}, 2};
  for (const auto* name : {"a", "b", "c"})
    at.learn(node_id{name});
  CAF_CHECK(at.submit(order("x", "a")) == verdict::look_up);
  CAF_CHECK(at.submit(order("x", "c")) == verdict::known);
}

} // namespace bpci::oracle
