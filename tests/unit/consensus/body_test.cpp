#define CAF_SUITE consensus_body

#include "tests/unit/consensus/helpers.hpp"

#include <caf/test/unit_test.hpp>

/// What a block looks like upon its parent.
namespace bpci::consensus::testing {

namespace {

const auto parent = genesis(4);
constexpr auto at_noon = timestamp_ms{5'000'000};

bool stands(const block& x, const chain_head& upon = parent) {
  return check_block_upon(x, upon, chain).has_value();
}

/// A block with this change, whose roots are right again.
template <class Change>
bool stands_with(Change change, const chain_head& upon = parent) {
  auto x = block_of(1, upon, at_noon);
  change(x);
  fix_roots(x);
  return stands(x, upon);
}

chain_head second() {
  auto x = block_of(1, parent, at_noon);
  return head_behind({x, certificate_of({1, 2, 3}, 1, 0, block_id(x.head))}, parent);
}

CAF_TEST(a block that begins upon its parent stands there) {
  CAF_CHECK(stands(block_of(1, parent, at_noon)));
  CAF_CHECK(stands(block_of(1, second(), at_noon), second()));
}

CAF_TEST(what belongs to another chain or height or parent does not ) {
  CAF_CHECK(!stands_with([](block& x) { x.head.version = 2; }));
  CAF_CHECK(!stands_with([](block& x) { x.head.chain_id = "other"; }));
  CAF_CHECK(!stands_with([](block& x) { x.head.at = height{2}; }));
  CAF_CHECK(!stands_with([](block& x) { x.head.parent[3] ^= 1; }));
  CAF_CHECK(!stands_with([](block& x) { x.head.validators_hash[3] ^= 1; }));
  CAF_CHECK(!stands_with([](block& x) { x.head.next_validators_hash[3] ^= 1; }));
}

CAF_TEST(time goes on strictly from block to block even if a clock does not ) {
  CAF_CHECK(!stands_with([](block& x) { x.head.time = parent.head.time; }));
  auto x = block_upon(parent, chain, id_of(1), timestamp_ms{3});
  CAF_CHECK_EQUAL(x.head.time.get(), parent.head.time.get() + 1);
  CAF_CHECK(stands(x));
}

CAF_TEST(a body that the header does not commit to is refused) {
  auto x = block_of(1, parent, at_noon);
  x.transactions.push_back({7});
  CAF_CHECK(!stands(x));
}

CAF_TEST(a block holds the seals of its parent and of nothing else) {
  auto upon = second();
  CAF_CHECK(stands_with([](block&) {}, upon));
  CAF_CHECK(!stands_with([](block& x) { x.parent_seals = {}; }, upon));
  CAF_CHECK(!stands_with([](block& x) { x.parent_seals.block_id[0] ^= 1; }, upon));
  CAF_CHECK(!stands_with([](block& x) { x.parent_seals.at = height{2}; }, upon));
  // Nobody seals the genesis block.
  CAF_CHECK(!stands_with([](block& x) { x.parent_seals = certificate_of({1}, 0, 0, parent.id); }));
}

CAF_TEST(late seals are taken for two blocks) {
  chain_head upon = second();
  upon.head.at = height{9};
  upon.seals.at = height{9};
  auto late = [&](std::uint64_t of) {
    return stands_with([&](block& x) { x.late_seals = {certificate_of({4}, of, 0, {})}; }, upon);
  };
  CAF_CHECK(!late(10));
  CAF_CHECK(!late(9)); // the parent has its own place
  CAF_CHECK(late(8));
  CAF_CHECK(late(7));
  CAF_CHECK(!late(6));
  CAF_CHECK(!stands_with([](block& x) { x.late_seals = {certificate_of({}, 8, 0, {})}; }, upon));
}

CAF_TEST(a new block is timely for as long as a proposal may take) {
  engine_settings how;
  how.precision = 500ms;
  how.message_delay = 2s;
  auto timely = [&](std::int64_t age, std::uint32_t round = 0) {
    return is_timely(at_noon, timestamp_ms{at_noon.get() + age}, round_no{round}, how);
  };
  CAF_CHECK(!timely(-501));
  CAF_CHECK(timely(-500));
  CAF_CHECK(timely(2'500));
  CAF_CHECK(!timely(2'501));
  CAF_CHECK(timely(2'700, 1));
  CAF_CHECK(!timely(2'701, 1));
  CAF_CHECK(timely(5'000, 9));
  CAF_CHECK(timely(86'400'000, 4'000'000'000)); // and comes back from it
  CAF_CHECK(!timely(-501, 4'000'000'000));
}

} // namespace

} // namespace bpci::consensus::testing
