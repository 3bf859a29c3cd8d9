#define CAF_SUITE config_hostile

#include "config/load.hpp"

#include <caf/test/unit_test.hpp>

#include <chrono>
#include <fstream>
#include <random>
#include <sstream>

using namespace bpci::config;

namespace {

/// What no file may exceed, on a slow machine under a sanitizer.
constexpr auto patience = std::chrono::seconds{20};

std::string first_what(std::string_view yaml) {
  const auto start = std::chrono::steady_clock::now();
  const auto got = load_text(yaml, "f");
  CAF_CHECK(std::chrono::steady_clock::now() - start < patience);
  return got.problems.empty() ? "" : got.problems.front().what;
}

std::string repeated(std::string_view piece, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i)
    text += piece;
  return text;
}

/// "a billion laughs": nine levels of ten aliases each.
std::string billion_laughs() {
  std::string text = "l0: &l0 ha\n";
  for (int i = 1; i <= 9; ++i) {
    const auto below = "*l" + std::to_string(i - 1);
    text += 'l' + std::to_string(i) + ": &l" + std::to_string(i) + " [" + below;
    for (int j = 1; j < 10; ++j)
      text += ", " + below;
    text += "]\n";
  }
  return text;
}

} // namespace

CAF_TEST(a few lines cannot become a billion values) {
  CAF_CHECK_EQUAL(first_what(billion_laughs()), "the document has more than 10000 values");
}

CAF_TEST(a document has bounds in every direction) {
  CAF_CHECK_EQUAL(first_what(repeated("- a\n", 20'000)), "the document has more than 10000 values");
  CAF_CHECK_EQUAL(first_what(repeated("[", 17) + repeated("]", 17)),
                  "this is nested more than 16 levels deep");
  CAF_CHECK_EQUAL(first_what(repeated("{a: ", 17) + repeated("}", 17)),
                  "this is nested more than 16 levels deep");
  CAF_CHECK_EQUAL(first_what(repeated("- ", 200'000)), "this is nested more than 16 levels deep");
  CAF_CHECK_EQUAL(first_what("node: {id: " + repeated("a", 5'000) + "}"),
                  "this value is longer than 4096 bytes");
  CAF_CHECK_EQUAL(first_what("prometheus_metrics: [" + repeated("a, ", 1'001) + "]"),
                  "has 1001 entries, more than 1000");
  CAF_CHECK_EQUAL(first_what("logging: {outputs: [" + repeated("{type: stderr}, ", 17) + "]}"),
                  "has 17 entries, more than 16");
  for (const auto* piece : {"[", "{", "{a: ", "&a ", "? ", "*a ", "'", "\"", "|", "- a: "})
    CAF_CHECK(!first_what(repeated(piece, 200'000)).empty());
  CAF_CHECK_EQUAL(first_what(repeated(" ", 1'048'577)), "is larger than 1048576 bytes");
}

CAF_TEST(many wrong keys are answered in time) {
  std::string text;
  for (int i = 0; i < 4'900; ++i)
    text += "oracle_confg_" + std::to_string(i) + ": 1\n";
  const auto got = load_text(text, "f");
  CAF_CHECK_EQUAL(got.problems.size(), 4'900u);
}

CAF_TEST(a secret never stands in a complaint) {
  for (const auto* yaml :
       {"storage: {dsn: hunter2}", "storage: {dsn: [hunter2]}", "storage: {dsn: {a: hunter2}}",
        "storage: hunter2", "storage: {dsn: \"hunter2\\n\"}", "storage: {dsn: \"a=b ${hunter2}\"}",
        "storage: {dsn: !x hunter2}", "storage:\n  dsn: \"hunter2", "storage:\n  dsn: a=b: hunter2",
        "storage: {dsn: hunter2, dsn: hunter2}", "storage: {dsn: a=hunter2, dsn_file: b}"}) {
    const auto got = load_text(yaml, "f");
    CAF_CHECK(!got.problems.empty() || !got.warnings.empty());
    for (const auto* list : {&got.problems, &got.warnings})
      for (const auto& x : *list)
        CAF_CHECK_EQUAL(yaml + std::to_string(to_string(x).find("hunter2")),
                        yaml + std::to_string(std::string::npos));
  }
}

CAF_TEST(whatever bytes the file holds it is answered and nothing is thrown) {
  std::ifstream in{"config/defaults.yaml"};
  std::stringstream buffer;
  buffer << in.rdbuf();
  const auto original = buffer.str();
  CAF_REQUIRE(!original.empty());
  using namespace std::string_view_literals;
  constexpr auto spice = "\0\t\n\r \"'#&*!|>%@`-:?,[]{}~<\\\xFF\xC3\x85"sv;
  constexpr std::uint64_t seed = 20'240'601;
  std::mt19937_64 random{seed};
  for (int i = 0; i < 1'500; ++i) {
    auto text = original.substr(random() % original.size(), 1 + random() % 600);
    for (auto n = random() % 8; n > 0; --n)
      text.insert(random() % text.size(), 1, spice[random() % spice.size()]);
    for (const auto& x : load_text(text, "f").problems)
      CAF_REQUIRE(!x.what.empty() && !x.remedy.empty());
  }
}
