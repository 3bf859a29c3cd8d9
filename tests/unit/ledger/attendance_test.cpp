#define CAF_SUITE ledger_attendance

#include "actors/ledger/attendance.hpp"

#include <caf/test/unit_test.hpp>

#include <string>

using namespace bpci;
using namespace bpci::ledger;

namespace {

consensus::certificate seals(std::uint64_t at, const std::string& by) {
  consensus::certificate out;
  out.at = height{at};
  for (auto c : by) {
    consensus::seal x;
    x.by[0] = static_cast<std::uint8_t>(c);
    out.seals.push_back(x);
  }
  return out;
}

consensus::block block(std::uint64_t at, const std::string& parent,
                       std::vector<consensus::certificate> late = {}) {
  consensus::block out;
  out.head.at = height{at};
  if (at > 1) out.parent_seals = seals(at - 1, parent);
  out.late_seals = std::move(late);
  return out;
}

std::string text(const std::vector<sealing>& all) {
  std::string out;
  for (const auto& x : all) {
    out += (out.empty() ? "" : " ") + std::to_string(x.at.get()) + ":";
    for (const auto& who : x.by)
      out += static_cast<char>(who[0]);
  }
  return out;
}

} // namespace

CAF_TEST(a height is settled three blocks later with the seals that came late) {
  attendance uut;
  uut.note(block(1, ""));
  uut.note(block(2, "cab"));
  uut.note(block(3, "ab"));
  CAF_CHECK_EQUAL(text(uut.window(block(3, "ab"))), "");
  CAF_CHECK_EQUAL(text(uut.window(block(4, "abc"))), "1:abc");
  // Block 4 still tells of 1.
  CAF_CHECK_EQUAL(text(uut.window(block(4, "abc", {seals(2, "c"), seals(1, "d")}))), "1:abcd");
  uut.note(block(4, "abc", {seals(2, "c"), seals(1, "d")}));
  CAF_CHECK_EQUAL(text(uut.window(block(5, "abc"))), "1:abcd 2:abc");
}

CAF_TEST(a seal that is told twice counts once) {
  attendance uut;
  uut.note(block(1, ""));
  uut.note(block(2, "ab"));
  uut.note(block(3, "ab", {seals(1, "ab")}));
  CAF_CHECK_EQUAL(text(uut.window(block(4, "ab", {seals(1, "b")}))), "1:ab");
}

CAF_TEST(a block that is not final yet leaves no trace) {
  attendance uut;
  uut.note(block(1, ""));
  uut.note(block(2, "ab"));
  uut.note(block(3, "ab"));
  static_cast<void>(uut.window(block(4, "ab", {seals(1, "c")})));
  CAF_CHECK_EQUAL(text(uut.window(block(4, "ab"))), "1:ab");
}

CAF_TEST(the window has a hundred heights) {
  attendance uut;
  for (std::uint64_t at = 1; at <= 300; ++at)
    uut.note(block(at, "ab"));
  auto all = uut.window(block(301, "ab"));
  CAF_CHECK_EQUAL(all.size(), 100u);
  CAF_CHECK(all.front().at == height{199});
  CAF_CHECK(all.back().at == height{298});
}

CAF_TEST(who begins with the last hundred and three blocks sees the same window) {
  attendance from_start;
  attendance late;
  for (std::uint64_t at = 1; at <= 300; ++at) {
    auto x = block(at, at % 3 ? "ab" : "abc", {seals(at > 3 ? at - 2 : 1, "d")});
    from_start.note(x);
    if (at > 300 - 103) late.note(x);
  }
  CAF_CHECK(from_start.window(block(301, "ab")) == late.window(block(301, "ab")));
}
