#define CAF_SUITE slot_report

#include "runtime/slots/slot_report.hpp"

#include <caf/test/unit_test.hpp>

using namespace bpci;
using namespace bpci::slots;

namespace {

/// The keeper of node-1, to which node-2 stands, and which has read that 1 has slots 0 to 9 and 2
/// the next ten.
struct fixture {
  slot_keeper keeper{member_id{"node-1"}};
  keeper_effects out;
  instant now{std::chrono::hours{1}};

  fixture() {
    using state = enum live_member::state;
    keeper.on_view({change_no{1},
                    incarnation{1},
                    {{incarnation{1}, member_id{"node-1"}, state::up},
                     {incarnation{2}, member_id{"node-2"}, state::up},
                     {incarnation{3}, member_id{"node-3"}, state::joining}}},
                   now, out);
  }

  fixture& with_table() {
    table_part all{change_no{1}, {}};
    for (std::uint16_t i = 0; i < slot_count; ++i) {
      slot_record x{{slot_no{i}, epoch_no{(1ull << 40) + 7}, {}, false, {}}, {}, "because", {}};
      if (i < 20) {
        x.row.owner = incarnation{i < 10 ? 1u : 2u};
        x.owner_id = member_id{i < 10 ? "node-1" : "node-2"};
      }
      x.row.draining = i == 15;
      if (i == 17 || i == 30) x.row.pinned = member_id{"node-1"};
      all.rows.push_back(x);
    }
    keeper.on_read(all, now, 0, out);
    return *this;
  }

  /// "10 11 12 next 13", or the refusal.
  std::string page(const slot_query& what) {
    auto got = page_of(what, keeper);
    if (!got) return std::string{name(got.error().code)};
    std::string text;
    for (const auto& x : got->slots)
      text += std::to_string(x.slot.get()) + " ";
    return text + "next " + std::to_string(got->next);
  }

  ec plan(const char* member,
          std::vector<std::uint64_t> entities = std::vector<std::uint64_t>(1024)) {
    auto got = plan_of({member_id{member}}, keeper, entities);
    if (!got) return got.error().code;
    plan_ = *got;
    return ec::none;
  }

  drain_plan plan_;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(slot_report_tests, fixture)

CAF_TEST(an epoch is shown with its timeline) {
  CAF_CHECK_EQUAL(to_text(epoch_no{(3ull << 40) + 12}), "3.12");
  CAF_CHECK_EQUAL(to_text(epoch_no{0}), "0.0");
}

CAF_TEST(without a table there is no page) {
  CAF_CHECK_EQUAL(page({}), "unavailable");
  CAF_CHECK(plan("node-1") == ec::unavailable);
}

CAF_TEST(the slot map comes in pages) {
  with_table();
  CAF_CHECK_EQUAL(page({"", "", 0, 3}), "0 1 2 next 3");
  CAF_CHECK_EQUAL(page({"", "", 3, 2}), "3 4 next 5");
  CAF_CHECK_EQUAL(page({"", "", 1022, 5}), "1022 1023 next 0");
  CAF_CHECK_EQUAL(page({"", "", 5'000, 5}), "next 0");
  CAF_CHECK_EQUAL(page_of({}, keeper)->slots.size(), 100u);
  CAF_CHECK_EQUAL(page_of({"", "", 0, 9'999'999}, keeper)->slots.size(), 1024u);
}

CAF_TEST(the slot map is filtered by owner and by state) {
  with_table();
  CAF_CHECK_EQUAL(page({"node-2", "", 0, 3}), "10 11 12 next 13");
  CAF_CHECK_EQUAL(page({"node-2", "", 18, 3}), "18 19 next 0");
  CAF_CHECK_EQUAL(page({"-", "", 0, 2}), "20 21 next 22");
  CAF_CHECK_EQUAL(page({"", "draining", 0, 0}), "15 next 0");
  CAF_CHECK_EQUAL(page({"", "pinned", 0, 0}), "17 30 next 0");
  CAF_CHECK_EQUAL(page({"node-2", "pinned", 0, 0}), "17 next 0");
  CAF_CHECK_EQUAL(page({"nobody", "", 0, 0}), "next 0");
  CAF_CHECK_EQUAL(page({"", "sleeping", 0, 0}), "invalid_argument");
}

CAF_TEST(a slot is shown with where it is wanted) {
  with_table();
  auto pinned = page_of({"", "", 17, 1}, keeper)->slots.front();
  CAF_CHECK(pinned.owner == member_id{"node-2"});
  CAF_CHECK(pinned.wanted == member_id{"node-1"});
  CAF_CHECK_EQUAL(pinned.epoch, "1.7");
  CAF_CHECK_EQUAL(pinned.reason, "because");
  auto other = page_of({"", "", 3, 1}, keeper)->slots.front();
  CAF_CHECK(other.wanted == keeper.allocation().wanted(slot_no{3}));
}

CAF_TEST(a drain is planned with the entities that go along) {
  with_table();
  std::vector<std::uint64_t> entities(slot_count, 1'000);
  entities[10] = 5;
  entities[19] = 7;
  for (auto i = 11; i < 19; ++i)
    entities[i] = 0;
  CAF_CHECK(plan("node-2", entities) == ec::none);
  CAF_REQUIRE_EQUAL(plan_.shares.size(), 1u);
  CAF_CHECK(plan_.shares[0] == (drain_share{member_id{"node-1"}, 10, 12}));
  CAF_CHECK(plan_.obstacles.empty());
  CAF_CHECK(plan("node-9") == ec::not_found);
  CAF_CHECK(plan("node-3") == ec::none);
  CAF_CHECK(plan_.shares.empty());
}

CAF_TEST(a drain of the last member has an obstacle) {
  with_table();
  keeper.on_view({change_no{2}, incarnation{1}, {{incarnation{1}, member_id{"node-1"}}}}, now, out);
  CAF_CHECK(plan("node-1") == ec::none);
  CAF_REQUIRE_EQUAL(plan_.obstacles.size(), 1u);
  CAF_CHECK_EQUAL(plan_.obstacles[0], "no other member is up");
}

CAF_TEST(a pin is checked) {
  with_table();
  auto verdict = [&](std::vector<slot_no> slots, const char* member) {
    auto ok = check({std::move(slots), member_id{member}, "ada", "test"}, keeper);
    return ok ? ec::none : ok.error().code;
  };
  CAF_CHECK(verdict({slot_no{1}}, "node-2") == ec::none);
  CAF_CHECK(verdict({slot_no{1}}, "") == ec::none);
  CAF_CHECK(verdict({slot_no{1}}, "node-3") == ec::not_found);
  CAF_CHECK(verdict({}, "node-2") == ec::invalid_argument);
  CAF_CHECK(verdict({slot_no{1024}}, "node-2") == ec::invalid_argument);
}

CAF_TEST_FIXTURE_SCOPE_END()
