#define CAF_SUITE chaos_checker

#include "checker.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>

using namespace bpci::chaos;
using namespace std::chrono_literals;

namespace {

const instant zero{};

instant at(milliseconds x) {
  return zero + x;
}

operation add(const std::string& entity, const std::string& key, std::int64_t by, milliseconds when,
              std::int64_t total, std::uint64_t count) {
  operation out{.entity = entity,
                .key = key,
                .by = by,
                .tell = "sink",
                .begun = at(when),
                .ended = at(when + 10ms),
                .what = outcome::ok,
                .code = {},
                .total = total,
                .count = count,
                .attempts = {}};
  out.attempts.push_back({"node-1", out.begun, out.ended, 2'000ms, outcome::ok, true, {}});
  return out;
}

/// Three adds to two entities, everything as promised.
evidence good() {
  evidence x;
  x.operations = {add("a", "k1", 5, 100ms, 5, 1), add("a", "k2", 7, 200ms, 12, 2),
                  add("b", "k3", 1, 100ms, 1, 1)};
  x.readings = {{"a", "node-2", at(150ms), at(160ms), 5, 1}};
  x.finals = {{"a", {12, 2}}, {"b", {1, 1}}};
  x.again = {{"a", "k1", true, 5, 1}, {"a", "k2", true, 12, 2}, {"b", "k3", true, 1, 1}};
  x.receipts = {{"sink", {"k1", "k2", "k3"}}};
  x.versions = {{"probe/a", 2, 2, 2, 2}};
  using event = ownership_event;
  x.ownership = {{1, event::kind::claim, 4, 1, "one", {}},
                 {2, event::kind::commit, 4, 0, "one", "probe/a"},
                 {3, event::kind::claim, 4, 2, "two", {}},
                 {4, event::kind::commit, 4, 0, "two", "probe/a"}};
  x.memory = {{"node-1", at(1ms), 100 << 20}};
  x.messages = {{"m1", true, true, 1}, {"m2", false, false, 0}};
  x.findings = {{'T', true, "something that was looked at"}};
  return x;
}

/// The letters of what is violated, in order, each once.
std::string verdict(const evidence& x) {
  std::string out;
  for (const auto& v : judge(x, {}))
    if (out.find(v.invariant) == std::string::npos) out += v.invariant;
  return out;
}

bool says(const evidence& x, const std::string& what) {
  return std::ranges::any_of(judge(x, {}),
                             [&](const auto& v) { return v.what.find(what) != std::string::npos; });
}

} // namespace

CAF_TEST(a run that kept every promise is not blamed) {
  for (const auto& v : judge(good(), {}))
    CAF_ERROR(v.what);
}

CAF_TEST(an acknowledged add that is forgotten is a loss) {
  auto x = good();
  x.again[1] = {"a", "k2", false, 12, 2};
  x.finals["a"] = {5, 1};
  CAF_CHECK_EQUAL(verdict(x), "L");
  CAF_CHECK(says(x, "k2 on a was acknowledged and is not known any more"));
}

CAF_TEST(an acknowledged add that cannot be asked about is a loss) {
  auto x = good();
  x.again.erase(x.again.begin() + 1);
  CAF_CHECK(verdict(x).find('L') != std::string::npos);
}

CAF_TEST(an add that counts twice is a loss of the right total) {
  auto x = good();
  x.finals["a"] = {19, 3};
  CAF_CHECK_EQUAL(verdict(x), "L");
}

CAF_TEST(two acknowledgements of one place are a loss) {
  auto x = good();
  // Two owners have both made the first step.
  x.operations[1].total = 7;
  x.operations[1].count = 1;
  x.again[1] = {"a", "k2", true, 7, 1};
  CAF_CHECK_EQUAL(verdict(x), "L");
}

CAF_TEST(a step that adds something else is a loss) {
  auto x = good();
  x.again[1].total = x.operations[1].total = 13;
  CAF_CHECK(says(x, "led from 5 to 13 by adding 7"));
}

CAF_TEST(an answer that changes when it is asked for again is a loss) {
  auto x = good();
  x.operations[2].count = 2;
  CAF_CHECK(says(x, "was acknowledged as number 2, now it is number 1"));
}

CAF_TEST(an add of unknown outcome may be there or not ) {
  auto x = good();
  x.operations.push_back(add("a", "k4", 3, 300ms, 0, 0));
  x.operations.back().what = outcome::unknown;
  x.again.push_back({"a", "k4", true, 15, 3});
  x.finals["a"] = {15, 3};
  x.receipts["sink"].emplace_back("k4");
  CAF_CHECK_EQUAL(verdict(x), "");
  // It was not there, and has been done by asking.
  x.again.back().repeated = false;
  CAF_CHECK_EQUAL(verdict(x), "L");
  x.finals["a"] = {12, 2};
  CAF_CHECK_EQUAL(verdict(x), "");
}

CAF_TEST(a refused add that was carried out is a broken word) {
  auto x = good();
  x.operations[1].what = outcome::refused;
  x.operations[1].code = "retry_after";
  CAF_CHECK_EQUAL(verdict(x), "L");
}

CAF_TEST(a reading that misses what was acknowledged before it is stale) {
  auto x = good();
  x.readings.push_back({"a", "node-3", at(400ms), at(410ms), 5, 1});
  CAF_CHECK_EQUAL(verdict(x), "L");
  CAF_CHECK(says(x, "a reading at node-3 saw number 1"));
}

CAF_TEST(a reading during an add may see it or not ) {
  auto x = good();
  x.readings.push_back({"a", "node-3", at(205ms), at(206ms), 5, 1});
  x.readings.push_back({"a", "node-3", at(207ms), at(208ms), 12, 2});
  CAF_CHECK_EQUAL(verdict(x), "");
}

CAF_TEST(an add that comes before what was known when it began is out of order) {
  auto x = good();
  x.operations[0].begun = at(500ms);
  x.operations[0].ended = at(510ms);
  CAF_CHECK_EQUAL(verdict(x), "L");
}

CAF_TEST(an effect that is counted twice at the sink is a double) {
  auto x = good();
  x.receipts["sink"].emplace_back("k2");
  CAF_CHECK_EQUAL(verdict(x), "E");
  CAF_CHECK(says(x, "k2 was counted 2 times at sink"));
}

CAF_TEST(an effect that never arrives is missed at the sink) {
  auto x = good();
  x.receipts["sink"].pop_back();
  CAF_CHECK_EQUAL(verdict(x), "E");
}

CAF_TEST(an effect of nothing is noticed at the sink) {
  auto x = good();
  x.receipts["sink"].emplace_back("k9");
  CAF_CHECK_EQUAL(verdict(x), "E");
}

CAF_TEST(a message that is handled twice is a double and one that is lost a loss) {
  auto x = good();
  x.messages[0].handled = 2;
  CAF_CHECK_EQUAL(verdict(x), "E");
  x.messages[0].handled = 0;
  CAF_CHECK_EQUAL(verdict(x), "L");
}

CAF_TEST(a commit by a former owner is a breach of the fence) {
  auto x = good();
  x.ownership.push_back({5, ownership_event::kind::commit, 4, 0, "one", "probe/a"});
  CAF_CHECK_EQUAL(verdict(x), "O");
  CAF_CHECK(says(x, "slot 4: one committed to probe/a while two owned it under epoch 2"));
}

CAF_TEST(a commit while nobody owns the slot is a breach of the fence) {
  auto x = good();
  x.ownership.push_back({5, ownership_event::kind::claim, 4, 3, "", {}});
  x.ownership.push_back({6, ownership_event::kind::commit, 4, 0, "two", "probe/a"});
  CAF_CHECK_EQUAL(verdict(x), "O");
}

CAF_TEST(an epoch that is given out twice is a breach) {
  auto x = good();
  x.ownership.push_back({5, ownership_event::kind::claim, 4, 2, "one", {}});
  CAF_CHECK_EQUAL(verdict(x), "O");
}

CAF_TEST(versions with a gap or a double are a breach) {
  auto x = good();
  x.versions[0] = {"probe/a", 3, 2, 2, 2};
  CAF_CHECK_EQUAL(verdict(x), "O");
  x.versions[0] = {"probe/a", 2, 2, 3, 3};
  CAF_CHECK_EQUAL(verdict(x), "O");
  x.versions[0] = {"probe/a", 2, 2, 2, 1};
  CAF_CHECK_EQUAL(verdict(x), "O");
}

CAF_TEST(a request without an answer is blamed on a node that was there) {
  auto x = good();
  x.operations[0].attempts.insert(
      x.operations[0].attempts.begin(),
      {"node-2", at(50ms), at(90ms), 2'000ms, outcome::unknown, false, "unavailable"});
  CAF_CHECK_EQUAL(verdict(x), "A");
  x.absences = {{"node-3", at(0ms), at(1'000ms)}};
  CAF_CHECK_EQUAL(verdict(x), "A");
  x.absences = {{"node-2", at(80ms), at(1'000ms)}};
  CAF_CHECK_EQUAL(verdict(x), "");
}

CAF_TEST(an answer long after its deadline is blamed) {
  auto x = good();
  x.operations[0].attempts[0].begun = at(-5'000ms);
  CAF_CHECK_EQUAL(verdict(x), "A");
}

CAF_TEST(memory beyond the cap is blamed) {
  auto x = good();
  x.memory.push_back({"node-2", at(2ms), std::uint64_t{600} << 20});
  CAF_CHECK_EQUAL(verdict(x), "M");
}

CAF_TEST(a recovery is measured from the mark to the last entity that is served again) {
  auto x = good();
  x.operations.push_back(add("a", "k4", 1, 1'500ms, 13, 3));
  x.operations.push_back(add("b", "k5", 1, 3'000ms, 2, 2));
  x.marks = {{"kill -9", at(1'000ms), 2'500ms}};
  const auto seen = recoveries(x);
  CAF_REQUIRE_EQUAL(seen.size(), 1u);
  CAF_CHECK(seen[0].took == 2'010ms);
  x.marks[0].bound = 2'000ms;
  CAF_CHECK(says(x, "kill -9: 2010 ms until everything was served again"));
}

CAF_TEST(an entity that is never served again is no recovery) {
  auto x = good();
  x.marks = {{"kill -9", at(150ms), 10'000ms}};
  CAF_CHECK_EQUAL(verdict(x), "T");
}

CAF_TEST(a mark that the next one overtakes within its bound says nothing) {
  auto x = good();
  x.marks = {{"first", at(150ms), 10'000ms}, {"second", at(160ms), std::nullopt}};
  CAF_CHECK_EQUAL(verdict(x), "");
  CAF_CHECK(recoveries(x)[0].overtaken);
  x.marks[0].bound = 5ms;
  CAF_CHECK_EQUAL(verdict(x), "T");
}

CAF_TEST(what a scenario has found itself counts) {
  auto x = good();
  x.findings.push_back({'M', false, "something else"});
  CAF_CHECK_EQUAL(verdict(x), "M");
}
