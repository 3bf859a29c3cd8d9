#define CAF_SUITE messages_utf8

#include "messages/codec/utf8.hpp"

#include <caf/test/unit_test.hpp>

using namespace bpci::codec;

// The examples of the Unicode Standard, table 3-7, and of RFC 3629.

CAF_TEST(texts of all lengths of characters are UTF - 8) {
  for (const auto* text : {"", "a", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
                           "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "a\xC3\xA4z"})
    CAF_CHECK(is_utf8(text));
}

CAF_TEST(longer forms and surrogates and what is cut off are not UTF - 8) {
  for (const auto* text : {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2z", "\xE0\x9F\xBF",
                           "\xE0\xA0", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF0\x90\x80",
                           "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "ok\xFE"})
    CAF_CHECK(!is_utf8(text));
}

CAF_TEST(what is not UTF - 8 can be shown) {
  CAF_CHECK_EQUAL(to_utf8("a\xC3\xA4z"), "a\xC3\xA4z");
  CAF_CHECK_EQUAL(to_utf8("a\xFFz"), "a\xEF\xBF\xBDz");
  CAF_CHECK(is_utf8(to_utf8("\xE0\x9F\xBF\xC2")));
}
