#define CAF_SUITE oracle_backlog

#include "actors/oracle/backlog.hpp"
#include "tests/unit/oracle/helpers.hpp"

#include <caf/test/unit_test.hpp>

/// What waits at a LINK, by priority.
namespace bpci::oracle {

namespace {

using namespace testing;

delivery waiting(const std::string& id, priority how) {
  auto message = envelope{};
  message.id = message_id{id};
  message.source = node_id{"bob"};
  message.priority = how;
  return {std::make_shared<const envelope>(std::move(message)), {}, member_id{"m1"}};
}

bool push(backlog& to, const std::string& id, priority how) {
  auto what = waiting(id, how);
  return to.push(what);
}

std::string pop_all(backlog& from, std::size_t most = 1'000) {
  std::string out;
  for (; !from.empty() && most > 0; --most)
    out += (out.empty() ? "" : " ") + from.pop().message->id.get();
  return out;
}

} // namespace

CAF_TEST(the more important goes first and those of one priority in their order) {
  backlog uut{10};
  push(uut, "n1", priority::Normal);
  push(uut, "l1", priority::Low);
  push(uut, "h1", priority::High);
  push(uut, "n2", priority::Normal);
  push(uut, "c1", priority::Critical);
  push(uut, "h2", priority::High);
  CAF_CHECK_EQUAL(pop_all(uut), "c1 h1 h2 n1 n2 l1");
}

CAF_TEST(many of one priority do not shut out another) {
  backlog uut{2};
  CAF_CHECK(push(uut, "l1", priority::Low));
  CAF_CHECK(push(uut, "l2", priority::Low));
  CAF_CHECK(!push(uut, "l3", priority::Low));
  CAF_CHECK(push(uut, "h1", priority::High));
  CAF_CHECK_EQUAL(uut.size(), 3u);
}

CAF_TEST(what is refused stays with whoever has brought it) {
  backlog uut{0};
  auto what = waiting("n1", priority::Normal);
  CAF_CHECK(!uut.push(what));
  CAF_CHECK(what.message != nullptr);
}

CAF_TEST(what was taken back goes out before its like) {
  backlog uut{1};
  push(uut, "n2", priority::Normal);
  uut.push_front(waiting("n1", priority::Normal));
  push(uut, "h1", priority::High);
  CAF_CHECK_EQUAL(pop_all(uut), "h1 n1 n2");
}

CAF_TEST(nothing waits for ever) {
  backlog uut{100};
  push(uut, "low", priority::Low);
  push(uut, "normal", priority::Normal);
  for (auto n = std::uint64_t{0}; n < 2 * backlog::patience + 2; ++n)
    push(uut, numbered('h', n), priority::High);
  auto first = pop_all(uut, backlog::patience + 2);
  CAF_CHECK(first.ends_with("normal low"));
}

CAF_TEST(an emptied backlog is as a new one) {
  backlog uut{1};
  push(uut, "n1", priority::Normal);
  uut.clear();
  CAF_CHECK(uut.empty());
  CAF_CHECK(push(uut, "n2", priority::Normal));
  CAF_CHECK_EQUAL(pop_all(uut), "n2");
}

} // namespace bpci::oracle
