#define CAF_SUITE caf_messages

#include "tests/wire/caf_messages.hpp"
#include "tests/wire/golden.hpp"

#include <caf/test/unit_test.hpp>

// CAF sends the fields of a struct by position and an enum as its number, and checks neither: a
// field or a code that moves is read as another one by a node of the version before.

using namespace bpci::wire;

CAF_TEST(each message between actors has the bytes that it always had) {
  std::string all;
  for (const auto& x : caf_samples())
    all += x.header + " " + x.message + "(" + x.fields + ") " + x.hex + "\n";
  CAF_CHECK(matches_golden("caf-messages.txt", all));
}

CAF_TEST(each message between actors reads back as it was written) {
  for (const auto& x : caf_samples()) {
    CAF_MESSAGE("message: " << x.message);
    CAF_CHECK(x.reads_back);
  }
}

CAF_TEST(each name of an enum keeps the number under which nodes know it) {
  std::string all;
  for (const auto& x : enum_samples())
    all += x.header + " " + x.name + ": " + x.values + "\n";
  CAF_CHECK(matches_golden("caf-enums.txt", all));
}
