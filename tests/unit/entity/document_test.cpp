#define CAF_SUITE entities_document

#include "counter.hpp"
#include "runtime/entity/kinds.hpp"

#include <caf/test/unit_test.hpp>

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

namespace {

std::string read(const char* file) {
  std::ifstream in{file};
  CAF_REQUIRE(in.is_open());
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

} // namespace

CAF_TEST(the document shows the example that is compiled here) {
  auto source = read("tests/unit/entity/counter.hpp");
  auto begin = source.find("// example: begin\n");
  auto end = source.find("// example: end");
  CAF_REQUIRE(begin != std::string::npos);
  begin = source.find('\n', begin) + 1;
  auto shown = "```cpp\n" + source.substr(begin, end - begin) + "```";
  CAF_CHECK(read("docs/entities.md").find(shown) != std::string::npos);
}

CAF_TEST(two kinds of one name are a fault of the program) {
  bpci::entity::kinds all;
  all.add(bpci::example::make_counter());
  CAF_CHECK(all.find("counter") != nullptr);
  CAF_CHECK(all.find("other") == nullptr);
  auto threw = false;
  try {
    all.add(bpci::example::make_counter());
  } catch (const std::invalid_argument&) {
    threw = true;
  }
  CAF_CHECK(threw);
}
