#define CAF_SUITE supervision_quarantine

#include "runtime/supervision/quarantine.hpp"

#include <caf/test/unit_test.hpp>

using namespace bpci;
using namespace bpci::supervision;

namespace {

crash_evidence crash_of(std::string actor, std::int64_t at) {
  return {std::move(actor), "boom", timestamp_ms{at}};
}

message_id number(int i) {
  return message_id{std::to_string(100'000 + i)};
}

const auto poison = message_id{"poison"};

} // namespace

CAF_TEST(a message is set aside at its third crash with all its evidence) {
  crash_book book;
  CAF_CHECK(!book.record(poison, crash_of("/node/relay", 1)));
  CAF_CHECK(!book.record(poison, crash_of("/node/relay", 2)));
  CAF_CHECK(!book.contains(poison));
  CAF_CHECK(book.record(poison, crash_of("/node/round", 3)));
  CAF_CHECK(book.contains(poison));
  auto page = book.list({});
  CAF_REQUIRE_EQUAL(page.messages.size(), 1u);
  CAF_CHECK(page.messages[0].id == poison);
  CAF_CHECK(page.messages[0].since == timestamp_ms{3});
  CAF_REQUIRE_EQUAL(page.messages[0].crashes.size(), 3u);
  CAF_CHECK(page.messages[0].crashes[0] == crash_of("/node/relay", 1));
  CAF_CHECK(page.messages[0].crashes[2] == crash_of("/node/round", 3));
}

CAF_TEST(crashes of different messages are not added up) {
  crash_book book;
  for (auto i = 0; i < 100; ++i)
    CAF_CHECK(!book.record(number(i), crash_of("/node/a", i)));
  CAF_CHECK_EQUAL(book.size(), 0u);
}

CAF_TEST(a released message has a clean record) {
  crash_book book;
  CAF_CHECK(!book.release(poison));
  for (auto i = 0; i < 3; ++i)
    book.record(poison, crash_of("/node/a", i));
  CAF_CHECK(book.release(poison));
  CAF_CHECK(!book.contains(poison));
  CAF_CHECK(!book.record(poison, crash_of("/node/a", 4)));
  CAF_CHECK(!book.record(poison, crash_of("/node/a", 5)));
  CAF_CHECK(book.record(poison, crash_of("/node/a", 6)));
}

CAF_TEST(the oldest are forgotten when the book is full) {
  crash_book book{3, 10};
  for (auto i = 0; i < 15; ++i)
    for (auto crash = 0; crash < 3; ++crash)
      book.record(number(i), crash_of("/node/a", crash));
  CAF_CHECK_EQUAL(book.size(), 10u);
  CAF_CHECK(!book.contains(number(4)));
  CAF_CHECK(book.contains(number(5)));
  CAF_CHECK(book.contains(number(14)));
}

CAF_TEST(suspects that never crash again do not grow the book) {
  crash_book book{3, 10};
  book.record(poison, crash_of("/node/a", 1));
  book.record(poison, crash_of("/node/a", 2));
  for (auto i = 0; i < 10; ++i)
    book.record(number(i), crash_of("/node/a", i));
  CAF_CHECK(!book.record(poison, crash_of("/node/a", 3)));
}

CAF_TEST(the list comes in pages) {
  crash_book book;
  for (auto i = 0; i < 25; ++i)
    for (auto crash = 0; crash < 3; ++crash)
      book.record(number(i), crash_of("/node/a", crash));
  auto seen = 0;
  auto query = quarantine_query{{}, 10};
  for (auto pages = 1;; ++pages) {
    auto page = book.list(query);
    for (const auto& x : page.messages)
      CAF_CHECK(x.id == number(seen++));
    query.after = page.next;
    if (page.next == message_id{}) {
      CAF_CHECK_EQUAL(pages, 3);
      break;
    }
  }
  CAF_CHECK_EQUAL(seen, 25);
}

CAF_TEST(the node quarantine counts what it holds) {
  quarantine all;
  CAF_CHECK(!all.contains(poison));
  for (auto i = 0; i < 3; ++i)
    all.record(poison, crash_of("/node/a", i));
  CAF_CHECK_EQUAL(all.size(), 1u);
  CAF_CHECK(all.contains(poison));
  CAF_CHECK(!all.contains(number(1)));
  CAF_CHECK(all.release(poison));
  CAF_CHECK_EQUAL(all.size(), 0u);
  CAF_CHECK(!all.contains(poison));
}
