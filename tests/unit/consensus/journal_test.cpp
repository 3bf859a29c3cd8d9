#define CAF_SUITE consensus_journal

#include "actors/consensus/journal.hpp"
#include "tests/unit/consensus/helpers.hpp"

#include <caf/test/unit_test.hpp>

/// What a crash leaves of the journal, and what damage.
namespace bpci::consensus::testing {

namespace {

safety_record record_of(std::uint64_t at) {
  safety_record out;
  out.at = height{at};
  out.round = round_no{3};
  out.prepared_vote = prepare_of(1, at, 3, {});
  out.prepared_block = block_of(1, genesis(4), timestamp_ms{1'000'500});
  out.prepares = prepares_of({1, 2, 3}, at, 2, {});
  return out;
}

bytes joined(std::initializer_list<bytes> parts) {
  bytes out;
  for (const auto& x : parts)
    std::ranges::copy(x, std::back_inserter(out));
  return out;
}

const auto first = journal_record(record_of(1));
const auto second = journal_record(record_of(2));
const auto whole = joined({journal_beginning(), first, second});

CAF_TEST(the last record counts) {
  auto x = recover_journal(whole);
  CAF_CHECK(x.state == journal_state::intact);
  CAF_CHECK(x.record == record_of(2));
  CAF_CHECK_EQUAL(x.good, whole.size());
}

CAF_TEST(a journal without records is fresh) {
  CAF_CHECK(recover_journal({}).state == journal_state::fresh);
  auto x = recover_journal(journal_beginning());
  CAF_CHECK(x.state == journal_state::fresh);
  CAF_CHECK_EQUAL(x.good, journal_beginning().size());
}

CAF_TEST(a record that was cut anywhere was never sent and is cut off) {
  auto without = whole.size() - second.size();
  for (auto size = without; size < whole.size(); ++size) {
    auto x = recover_journal(std::span{whole}.first(size));
    CAF_REQUIRE(x.state == journal_state::intact);
    CAF_REQUIRE(x.record == record_of(1));
    CAF_REQUIRE(x.good == without);
  }
  for (std::size_t size = 0; size < journal_beginning().size() + first.size(); ++size) {
    auto x = recover_journal(std::span{whole}.first(size));
    CAF_REQUIRE(x.state == journal_state::fresh);
    CAF_REQUIRE(!x.record);
  }
}

CAF_TEST(zeros where the file grew before its data came are cut off) {
  auto without = whole.size() - second.size();
  for (auto from = without; from < whole.size() - 8; from += 7) {
    auto torn = whole;
    std::fill(torn.begin() + static_cast<std::ptrdiff_t>(from), torn.end(), 0);
    auto x = recover_journal(torn);
    // Half a length is no length, but zeros from its start are none either.
    if (from > without && from < without + 8) continue;
    CAF_REQUIRE(x.state == journal_state::intact);
    CAF_REQUIRE(x.record == record_of(1));
    CAF_REQUIRE(x.good == without);
  }
  auto grown = whole;
  grown.resize(whole.size() + 4'096);
  CAF_CHECK(recover_journal(grown).record == record_of(2));
  CAF_CHECK(recover_journal(grown).good == whole.size());
}

CAF_TEST(any flipped bit of a record that was complete is damage and never an older record) {
  for (std::size_t i = 0; i < whole.size(); ++i)
    for (int bit = 0; bit < 8; bit += 3) {
      auto flipped = whole;
      flipped[i] ^= static_cast<std::uint8_t>(1 << bit);
      auto x = recover_journal(flipped);
      CAF_REQUIRE(x.state == journal_state::lost);
      CAF_REQUIRE(!x.record);
    }
}

CAF_TEST(a record that is no record is damage though its sum is right) {
  auto x = joined({journal_beginning(), {0, 0, 0, 1, 255, 255, 255, 254, 7}});
  auto sum = crypto::sha256(bytes{7});
  x.insert(x.end(), sum.begin(), sum.begin() + 8);
  CAF_CHECK(recover_journal(x).state == journal_state::lost);
}

CAF_TEST(a file of something else is damage) {
  CAF_CHECK(recover_journal(bytes{'b', 'p', 'x'}).state == journal_state::lost);
  CAF_CHECK(recover_journal(bytes(100, 'x')).state == journal_state::lost);
}

} // namespace

} // namespace bpci::consensus::testing
