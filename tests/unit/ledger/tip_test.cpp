#define CAF_SUITE ledger_tip

#include "actors/ledger/block_rows.hpp"
#include "actors/ledger/tip.hpp"
#include "world.hpp"

#include <caf/test/unit_test.hpp>

namespace bpci::ledger::test {

namespace {

/// A tip upon the genesis block; ids are made up, since they are consensus's to make.
struct fixture {
  world in;
  std::size_t executions = 0;
  tip at{rules_that_count(), start()};

  rules rules_that_count() {
    return {in.by.modules, [this](const transaction& x, const hash&) {
              ++executions;
              return checksum_of(x.sender, signing_bytes(x)) == x.sig;
            }};
  }

  tip_start start() const {
    tip_start out;
    out.head = genesis_header(in.start, {});
    out.id = hash{1};
    out.state = in.start.state;
    out.keys = in.start.state.size();
    out.recent = {{height{0}, out.id, in.start.time, in.start.validators}};
    return out;
  }

  chain::fill_block skeleton() const {
    consensus::block out;
    out.head.chain_id = "test";
    out.head.at = height{at.head().head.at.get() + 1};
    out.head.parent = at.head().id;
    out.head.time = timestamp_ms{at.head().head.time.get() + 1'000};
    out.head.proposer = account_of("ada");
    return {std::make_shared<const consensus::block>(out), {}};
  }

  static chain::append_block seal(const chain::block_ptr& x, const hash& id) {
    consensus::certificate seals{x->head.at, {}, id, {}};
    return {std::make_shared<const consensus::sealed_block>(consensus::sealed_block{*x, seals}),
            id,
            {}};
  }

  bytes pay(std::uint64_t units) {
    return in.tx("ada", "coins", coins::transfer{account_of("bob"), {token::FLX, units}});
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(ledger_tip_tests, fixture)

CAF_TEST(a block that is filled and judged and appended is executed once) {
  const std::vector<bytes> offered{pay(1), pay(2), bytes{1, 2, 3}};
  auto filled = at.fill(skeleton(), offered).value();
  CAF_CHECK_EQUAL(filled.what->transactions.size(), 2u);
  CAF_CHECK_EQUAL(executions, 2u);
  const hash id{2};
  CAF_CHECK(at.validate({filled.what, id, {}, filled.ticket}).value().valid);
  CAF_CHECK(at.validate({filled.what, id, {}, 0}).value().valid);
  auto step = at.prepare(seal(filled.what, id)).value();
  CAF_CHECK_EQUAL(executions, 2u);
  at.advance(step);
  CAF_CHECK(at.head().id == id);
  CAF_CHECK(at.state().root() == filled.what->head.state_root);
  CAF_CHECK_EQUAL(at.keys(), at.state().size());
  CAF_CHECK_EQUAL(at.position().recent.size(), 2u);
}

CAF_TEST(a block that is filled and appended at once is executed once) {
  const std::vector<bytes> offered{pay(1), pay(2)};
  auto filled = at.fill(skeleton(), offered).value();
  at.advance(at.prepare(seal(filled.what, hash{2})).value());
  CAF_CHECK_EQUAL(executions, 2u);
}

CAF_TEST(a ticket counts only for a block that is executed alike) {
  const std::vector<bytes> offered{pay(1), pay(2)};
  auto filled = at.fill(skeleton(), offered).value();
  auto other = *filled.what;
  other.head.time = timestamp_ms{other.head.time.get() + 1};
  executions = 0;
  at.validate({std::make_shared<const consensus::block>(other), hash{2}, {}, filled.ticket})
      .value();
  CAF_CHECK_EQUAL(executions, 2u);
  other = *filled.what;
  other.transactions.pop_back();
  auto judged =
      at.validate({std::make_shared<const consensus::block>(other), hash{3}, {}, filled.ticket});
  CAF_CHECK(!judged.value().valid);
}

CAF_TEST(transactions and receipts are cut out of what is stored) {
  const std::vector<bytes> offered{pay(1), pay(2'000'000'000'000'000), pay(3)};
  auto filled = at.fill(skeleton(), offered).value();
  auto step = at.prepare(seal(filled.what, hash{2})).value();
  const auto& row = *step.row;
  codec::canonical_reader places{row.places};
  for (std::size_t i = 0; i < 3; ++i) {
    transaction_place x;
    CAF_REQUIRE(places(x));
    auto cut = std::span{row.block}.subspan(x.begins_at, x.size);
    CAF_CHECK(std::ranges::equal(cut, offered[i]));
    auto receipt = codec::from_canonical<ledger::receipt>(
        std::span{row.receipts}.subspan(x.receipt_at, x.receipt_size));
    CAF_REQUIRE(receipt);
    CAF_CHECK(*receipt == step.done->receipts[i]);
  }
  CAF_CHECK(read_receipts(row.receipts).value() == step.done->receipts);
  auto part = from_head_and_tail(std::span{row.block}.first(row.head_size),
                                 std::span{row.block}.subspan(row.tail_at));
  CAF_REQUIRE(part);
  auto without = *filled.what;
  without.transactions.clear();
  CAF_CHECK(*part == without);
  CAF_CHECK(!read_receipts(std::span{row.receipts}.first(row.receipts.size() - 1)));
}

CAF_TEST(a history has the sender and whose coins moved each once) {
  const std::vector<bytes> offered{pay(1), pay(2'000'000'000'000'000)};
  auto filled = at.fill(skeleton(), offered).value();
  auto step = at.prepare(seal(filled.what, hash{2})).value();
  const auto is_found = [&](std::int64_t key, std::uint32_t index) {
    return std::ranges::count(step.row->keys, transaction_key{key, index}) == 1;
  };
  for (std::uint32_t i = 0; i < 2; ++i) {
    CAF_CHECK(is_found(key_of_id(transaction_id(offered[i])), i));
    CAF_CHECK(is_found(key_of_account(account_of("ada"), 0), i));
  }
  CAF_CHECK(is_found(key_of_account(account_of("bob"), 0), 0));
  // The second is refused: it costs its sender the fee, and moves nothing.
  CAF_CHECK_EQUAL(step.row->keys.size(), 5u);
}

CAF_TEST(what a block changes turns one state into the other) {
  auto filled = at.fill(skeleton(), std::vector<bytes>{pay(1)}).value();
  auto step = at.prepare(seal(filled.what, hash{2})).value();
  auto check = [](const state_trie& before, const state_trie& now) {
    auto rows = changes_between(before, now);
    std::vector<state_change> changes;
    for (const auto& x : rows.rows)
      changes.push_back({path_of(x.key), x.key, x.value});
    CAF_CHECK(before.apply(changes).root() == now.root());
    CAF_CHECK_EQUAL(static_cast<std::int64_t>(before.size()) + rows.keys_more,
                    static_cast<std::int64_t>(now.size()));
  };
  const auto before = at.state();
  const auto now = step.done->state;
  check(before, now);
  check(now, before);
  check({}, now);
  check(now, {});
  check(now, now);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::ledger::test
