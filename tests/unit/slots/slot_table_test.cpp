#define CAF_SUITE slot_table

#include "runtime/slots/slot_table.hpp"

#include <caf/test/unit_test.hpp>

#include <thread>

using namespace bpci;
using namespace bpci::slots;

CAF_TEST(a slot that nobody has told of is not owned) {
  slot_table table;
  CAF_CHECK(!table.owned(slot_no{0}));
  CAF_CHECK(table.owner(slot_no{1023}) == slot_owner{});
}

CAF_TEST(a slot is owned until it is given away) {
  slot_table table;
  slot_row row{slot_no{5}, epoch_no{9}, incarnation{2}, true, {}};
  table.set(row, true);
  CAF_CHECK(table.owned(slot_no{5}) == epoch_no{9});
  CAF_CHECK(table.owner(slot_no{5}) == (slot_owner{epoch_no{9}, incarnation{2}, true}));
  table.disown(slot_no{5});
  CAF_CHECK(!table.owned(slot_no{5}));
  CAF_CHECK(table.owner(slot_no{5}).owner == incarnation{2});
  table.set(row, false);
  CAF_CHECK(!table.owned(slot_no{5}));
}

CAF_TEST(readers never see half of a change) {
  slot_table table;
  std::atomic<bool> over{false};
  std::atomic<std::uint64_t> torn{0};
  std::atomic<std::uint64_t> reads{0};
  std::thread reader{[&] {
    while (!over) {
      auto x = table.owner(slot_no{1});
      torn += x.epoch.get() != x.owner.get() || x.draining != (x.epoch.get() % 2 == 1);
      ++reads;
    }
  }};
  for (std::uint64_t i = 1; i < 300'000 || reads < 1'000; ++i)
    table.set({slot_no{1}, epoch_no{i}, incarnation{i}, i % 2 == 1, {}}, false);
  over = true;
  reader.join();
  CAF_CHECK_EQUAL(torn.load(), 0u);
}
