#define CAF_SUITE router_credit

#include "runtime/router/credit.hpp"

#include <caf/test/unit_test.hpp>

#include <string>

namespace bpci::router {

CAF_TEST(a credit ends with its count or its bytes) {
  credit uut{{3, 100}};
  CAF_CHECK(uut.take(40));
  CAF_CHECK(!uut.take(61));
  CAF_CHECK(uut.take(60));
  CAF_CHECK(uut.take(0));
  CAF_CHECK(!uut.take(0));
  uut.give_back(100, 2);
  CAF_CHECK_EQUAL(uut.count(), 1u);
  CAF_CHECK_EQUAL(uut.bytes(), 0u);
  CAF_CHECK(uut.take(100));
}

CAF_TEST(what is given back beyond what was taken is not counted) {
  credit uut{{1, 10}};
  uut.give_back(5);
  CAF_CHECK_EQUAL(uut.count(), 0u);
  CAF_CHECK(uut.take(10));
  CAF_CHECK(!uut.take(1));
}

CAF_TEST(each peer has a credit of its own) {
  credits<std::string> uut{{1, 10}};
  CAF_CHECK(uut.take("ada", 1));
  CAF_CHECK(!uut.take("ada", 1));
  CAF_CHECK(!uut.take("bob", 11));
  CAF_CHECK(uut.take("bob", 1));
  uut.give_back("ada", 1);
  CAF_CHECK_EQUAL(uut.count("ada"), 0u);
  CAF_CHECK(uut.take("ada", 1));
  uut.forget("bob");
  CAF_CHECK_EQUAL(uut.bytes("bob"), 0u);
  auto known = 0;
  uut.for_each([&](const std::string&, const credit&) { ++known; });
  CAF_CHECK_EQUAL(known, 1);
}

} // namespace bpci::router
