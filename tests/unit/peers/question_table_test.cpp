#define CAF_SUITE question_table

#include "actors/peers/question_table.hpp"

#include <caf/test/unit_test.hpp>

using namespace bpci;
using namespace bpci::peers;
using namespace bpci::chain;
using namespace std::chrono_literals;

namespace {

using verdict = question_table::verdict;
const auto start = question_table::instant{} + 1h;

} // namespace

CAF_TEST(each question has a number of its own and is answered once) {
  question_table uut;
  const auto one = uut.ask(ask_header{}, start);
  const auto two = uut.ask(ask_snapshot{}, start);
  CAF_REQUIRE(one && two && *one != *two && *one != 0);
  CAF_CHECK(uut.answered(*two, some_snapshot{}) == verdict::good);
  CAF_CHECK(uut.answered(*two, some_snapshot{}) == verdict::unknown);
  CAF_CHECK(uut.answered(*one, some_header{}) == verdict::good);
  CAF_CHECK_EQUAL(uut.size(), 0u);
}

CAF_TEST(an answer of another kind ends its question) {
  question_table uut;
  const auto one = uut.ask(ask_blocks{}, start);
  CAF_CHECK(uut.answered(*one, some_chunk{}) == verdict::wrong_kind);
  CAF_CHECK(uut.answered(*one, some_blocks{}) == verdict::unknown);
}

CAF_TEST(an answer to nothing is nothing) {
  question_table uut;
  CAF_CHECK(uut.answered(0, some_chunk{}) == verdict::unknown);
  CAF_CHECK(uut.answered(1, some_chunk{}) == verdict::unknown);
}

CAF_TEST(only so many questions are open at once) {
  question_table uut;
  for (std::size_t i = 0; i < question_table::open_max; ++i)
    CAF_CHECK(uut.ask(ask_chunk{}, start));
  CAF_CHECK(!uut.ask(ask_chunk{}, start));
  CAF_CHECK_EQUAL(uut.take_all().size(), question_table::open_max);
  CAF_CHECK(uut.ask(ask_chunk{}, start));
}

CAF_TEST(what is no question cannot be asked) {
  question_table uut;
  CAF_CHECK(!uut.ask(peer_head{}, start));
  CAF_CHECK(!uut.ask(some_chunk{}, start));
  CAF_CHECK(is_answer(some_chunk{}));
  CAF_CHECK(!is_answer(ask_chunk{}));
}

CAF_TEST(a question whose time is over is forgotten) {
  question_table uut;
  const auto one = uut.ask(ask_chunk{}, start + 1s);
  static_cast<void>(uut.ask(ask_chunk{}, start + 2s));
  CAF_CHECK(uut.overdue(start + 999ms).empty());
  CAF_CHECK(uut.overdue(start + 1s) == std::vector{*one});
  CAF_CHECK(uut.answered(*one, some_chunk{}) == verdict::unknown);
  CAF_CHECK_EQUAL(uut.size(), 1u);
}
