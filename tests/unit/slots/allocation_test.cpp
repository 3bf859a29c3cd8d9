#define CAF_SUITE slot_allocation

#include "runtime/slots/allocation.hpp"

#include <caf/test/unit_test.hpp>

#include <map>
#include <string>

using namespace bpci;
using namespace bpci::slots;

namespace {

std::vector<member_id> members(int count) {
  std::vector<member_id> out;
  for (auto i = 1; i <= count; ++i)
    out.emplace_back("node-" + std::to_string(i));
  return out;
}

allocation among(std::vector<member_id> up) {
  allocation out;
  out.set_members(std::move(up));
  return out;
}

std::map<std::string, int> shares(const allocation& x) {
  std::map<std::string, int> out;
  for (std::uint16_t i = 0; i < slot_count; ++i)
    ++out[x.wanted(slot_no{i}).get()];
  return out;
}

slot_row pinned_to(const char* member) {
  return {slot_no{7}, {}, {}, false, member_id{member}};
}

} // namespace

CAF_TEST(the score of a slot and a member is the same in every version) {
  CAF_CHECK_EQUAL(score(slot_no{0}, member_id{"node-1"}), 8061068925335407502u);
  CAF_CHECK_EQUAL(score(slot_no{1023}, member_id{"node-2"}), 2557652156187208428u);
}

CAF_TEST(each of the members has about its share) {
  for (auto count : {2, 3, 5, 10}) {
    auto ideal = slot_count / count;
    for (const auto& [member, slots] : shares(among(members(count)))) {
      CAF_CHECK(slots > ideal * 2 / 3);
      CAF_CHECK(slots < ideal * 3 / 2);
    }
  }
}

CAF_TEST(a member that comes takes its share and moves nothing between the others) {
  for (auto count = 1; count < 12; ++count) {
    auto before = among(members(count));
    auto after = among(members(count + 1));
    auto newcomer = members(count + 1).back();
    auto moves = 0;
    for (std::uint16_t i = 0; i < slot_count; ++i) {
      if (before.wanted(slot_no{i}) == after.wanted(slot_no{i})) continue;
      ++moves;
      CAF_CHECK(after.wanted(slot_no{i}) == newcomer);
    }
    CAF_CHECK(moves > 0);
    CAF_CHECK(moves * 2 <= slot_count * 3 / (count + 1));
  }
}

CAF_TEST(a member that goes leaves its slots to all others) {
  auto before = among(members(4));
  auto after = among(members(3));
  std::map<std::string, int> heirs;
  for (std::uint16_t i = 0; i < slot_count; ++i) {
    if (before.wanted(slot_no{i}) == after.wanted(slot_no{i})) continue;
    CAF_CHECK(before.wanted(slot_no{i}) == member_id{"node-4"});
    ++heirs[after.wanted(slot_no{i}).get()];
  }
  CAF_CHECK_EQUAL(heirs.size(), 3u);
}

CAF_TEST(the order in which members are named does not matter) {
  auto turned = members(5);
  std::reverse(turned.begin(), turned.end());
  CAF_CHECK(shares(among(turned)) == shares(among(members(5))));
  auto ranking = scores(slot_no{5}, turned);
  CAF_CHECK(ranking == scores(slot_no{5}, members(5)));
}

CAF_TEST(the scores say why a slot is where it is) {
  auto up = members(5);
  auto who = among(up);
  for (std::uint16_t i = 0; i < slot_count; ++i) {
    auto ranking = scores(slot_no{i}, up);
    CAF_CHECK(ranking.front().member == who.wanted(slot_no{i}));
    CAF_CHECK(std::is_sorted(ranking.begin(), ranking.end(),
                             [](const auto& a, const auto& b) { return a.score > b.score; }));
  }
}

CAF_TEST(a pin wins over the hash while its member is up) {
  auto who = among(members(3));
  for (const auto* member : {"node-1", "node-2", "node-3"})
    CAF_CHECK(who.wanted(pinned_to(member)) == member_id{member});
  CAF_CHECK(who.wanted(pinned_to("node-4")) == who.wanted(slot_no{7}));
  CAF_CHECK(who.wanted(pinned_to("")) == who.wanted(slot_no{7}));
}

CAF_TEST(with nobody up nobody is wanted) {
  CAF_CHECK(among({}).wanted(slot_no{1}) == member_id{});
  auto emptied = among(members(2));
  emptied.set_members({});
  CAF_CHECK(emptied.wanted(slot_no{1}) == member_id{});
  CAF_CHECK(!emptied.is_up(member_id{"node-1"}));
}
