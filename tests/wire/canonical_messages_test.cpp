#define CAF_SUITE canonical_messages

#include "tests/wire/canonical_messages.hpp"
#include "tests/wire/golden.hpp"

#include <caf/test/unit_test.hpp>

// These bytes are hashed and signed: one that moves makes another chain.

using namespace bpci::wire;

CAF_TEST(each message of the mainnet has the bytes that it always had) {
  std::string all;
  for (const auto& x : canonical_samples())
    all += x.header + " " + x.message + "(" + x.fields + ") " + x.hex + "\n";
  CAF_CHECK(matches_golden("canonical-messages.txt", all));
}

CAF_TEST(each message of the mainnet reads back as it was written) {
  for (const auto& x : canonical_samples()) {
    CAF_MESSAGE("message: " << x.message);
    CAF_CHECK(x.reads_back);
  }
}
