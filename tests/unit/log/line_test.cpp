#define CAF_SUITE log_line

#include "runtime/log/line.hpp"

#include <boost/json/parse.hpp>
#include <caf/test/unit_test.hpp>

#include <cstdint>
#include <limits>
#include <string>

using namespace bpci;
using log::json_line;
using log::plain_line;

namespace {

constexpr timestamp_ms now{1'795'237'262'123};

std::string json(log::fields context, std::string_view correlation = {}) {
  return json_line({now, log::level::info, "link-closed", correlation, context});
}

std::string plain(log::fields context, std::string_view correlation = {}) {
  return plain_line({now, log::level::info, "link-closed", correlation, context});
}

/// What a JSON parser makes of the value of `k`.
std::string read_back(const std::string& value) {
  auto parsed = boost::json::parse(json({{"k", value}}));
  auto text = parsed.at("context").at("k").as_string();
  return {text.data(), text.size()};
}

} // namespace

CAF_TEST(a json line has the agreed members in the agreed order) {
  CAF_CHECK_EQUAL(json({{"node", "a"}, {"count", 7}}, "c-1"),
                  R"({"timestamp":"2026-11-21T05:01:02.123Z","level":"info","event":"link-closed",)"
                  R"("correlation_id":"c-1","context":{"node":"a","count":7}})");
}

CAF_TEST(a json line without context or correlation has an empty context and no id) {
  CAF_CHECK_EQUAL(json({}), R"({"timestamp":"2026-11-21T05:01:02.123Z","level":"info",)"
                            R"("event":"link-closed","context":{}})");
}

CAF_TEST(a plain line is for reading) {
  CAF_CHECK_EQUAL(plain({{"node", "a"}, {"code", "busy"}}),
                  "05:01:02.123 info  link-closed node=a code=busy");
  CAF_CHECK_EQUAL(plain_line({now, log::level::error, "stopped", "c-1", {{"left", -3}}}),
                  "05:01:02.123 error stopped left=-3 correlation_id=c-1");
}

CAF_TEST(plain values that could run into each other are put in quotes) {
  CAF_CHECK_EQUAL(plain({{"why", "too late"}, {"who", ""}, {"x", "a=b"}, {"q", "\""}}),
                  R"(05:01:02.123 info  link-closed why="too late" who="" x="a=b" q="\"")");
}

CAF_TEST(the largest and the smallest numbers are exact) {
  auto line = json({{"a", std::numeric_limits<std::uint64_t>::max()},
                    {"b", std::numeric_limits<std::int64_t>::min()},
                    {"c", std::uint8_t{200}}});
  CAF_CHECK(line.find(R"("a":18446744073709551615,"b":-9223372036854775808,"c":200)")
            != std::string::npos);
}

CAF_TEST(every byte that a stranger sends leaves one line of valid json) {
  for (auto first = 0; first < 256; ++first)
    for (auto second = 0; second < 256; ++second) {
      std::string evil{static_cast<char>(first), static_cast<char>(second), '"', '\n'};
      auto line = json({{"k", evil}}, evil);
      boost::json::error_code why;
      static_cast<void>(boost::json::parse(line, why));
      if (why || line.find('\n') != std::string::npos) CAF_FAIL("bytes " << first << ' ' << second);
      for (unsigned char c : plain({{"k", evil}}))
        if (c < 0x20 || c == 0x7f) CAF_FAIL("bytes " << first << ' ' << second);
    }
  CAF_CHECK(true);
}

CAF_TEST(text comes back from json as it was) {
  for (const std::string text :
       {"plain", "\"quoted\"", "back\\slash", "two\nlines\r\n", "tab\t", "Zürich", "日本", "😀",
        "\x1b[2J", "\xc2\x9b[2J", "\xe2\x80\xa8", "\xe2\x80\xae"})
    CAF_CHECK_EQUAL(read_back(text), text);
  CAF_CHECK_EQUAL(read_back(std::string(1, '\0')), std::string(1, '\0'));
}

CAF_TEST(broken utf8 becomes replacement characters and the rest stays) {
  const std::string replaced = "\xef\xbf\xbd";
  CAF_CHECK_EQUAL(read_back("a\xff"
                            "b"),
                  "a" + replaced + "b");
  CAF_CHECK_EQUAL(read_back("a\xc3\"b"), "a" + replaced + "\"b");
  CAF_CHECK_EQUAL(read_back("\xe6\x97"), replaced + replaced);
  CAF_CHECK_EQUAL(read_back("\xed\xa0\x80"), replaced + replaced + replaced);
  CAF_CHECK_EQUAL(read_back("\xc0\xaf"), replaced + replaced);
}

CAF_TEST(sequences that steer a terminal or reorder a line are escaped) {
  for (std::string_view raw :
       {"\x1b", "\xc2\x9b", "\x7f", "\xe2\x80\xa8", "\xe2\x80\xae", "\xe2\x81\xa6"})
    for (const auto& line : {json({{"k", raw}}), plain({{"k", raw}})})
      CAF_CHECK(line.find(raw) == std::string::npos);
}

CAF_TEST(a long text is cut) {
  std::string longest(log::text_bytes_max, 'x');
  CAF_CHECK_EQUAL(read_back(longest), longest);
  CAF_CHECK_EQUAL(read_back(longest + "yz"), longest + "...");
  CAF_CHECK(plain({{"k", longest + "yz"}}).ends_with("x...\""));
}
