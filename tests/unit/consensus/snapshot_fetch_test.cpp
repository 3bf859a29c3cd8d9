#define CAF_SUITE consensus_snapshot_fetch

#include "actors/consensus/snapshot_fetch.hpp"
#include "tests/unit/consensus/helpers.hpp"

#include <caf/test/unit_test.hpp>

namespace bpci::consensus {

namespace {

using namespace testing;

/// A chain of 200 blocks of four validators, and a node that has its genesis block only.
struct fixture {
  std::vector<chain_head> heads{genesis(4)};
  std::vector<sealed_block> blocks{{}};
  fake_signer keys{9};
  verifier check{testing::chain, keys};
  light_rules rules{1h, 10s};
  timestamp_ms now;
  snapshot_fetch uut{{id_of(1), id_of(2), id_of(3)}, {heads[0].head, heads[0].validators}};

  fixture() {
    for (std::uint64_t at = 1; at <= 200; ++at) {
      const auto& before = heads.back();
      auto made = block_of(1, before, timestamp_ms{before.head.time.get() + 100});
      auto seals = certificate_of({1, 2, 3}, at, 0, block_id(made.head));
      blocks.push_back({made, seals});
      auto next = head_behind(blocks.back(), before);
      heads.push_back(next);
    }
    now = timestamp_ms{heads.back().head.time.get() + 1'000};
  }

  static ledger::snapshot_manifest manifest_at(std::uint64_t at, std::size_t chunks = 5) {
    ledger::snapshot_manifest out;
    out.chain_id = testing::chain;
    out.at = height{at};
    out.chunks.resize(chunks);
    return out;
  }
  chain::final_header header_at(std::uint64_t at) const {
    const auto& x = heads.at(at);
    return {x.head, x.seals, heads[0].validators, x.validators};
  }
  void believe(std::uint64_t at) {
    CAF_REQUIRE(uut.next_author().has_value());
    CAF_REQUIRE(uut.take_manifest(manifest_at(at), testing::chain).has_value());
    CAF_REQUIRE(uut.next_header() == height{at});
    CAF_REQUIRE(uut.take_header(header_at(at), now, rules, check).has_value());
    CAF_REQUIRE(!uut.next_header().has_value());
  }
  std::vector<sealed_block> range(height from, std::uint32_t limit) const {
    std::vector<sealed_block> out;
    for (auto at = from.get(); at < from.get() + limit; ++at)
      out.push_back(blocks.at(at));
    return out;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(consensus_snapshot_fetch_tests, fixture)

CAF_TEST(manifests that cannot be right are refused) {
  CAF_REQUIRE(uut.next_author().has_value());
  CAF_CHECK(!uut.take_manifest(manifest_at(150), "another"));
  CAF_CHECK(!uut.take_manifest(manifest_at(0), testing::chain));
  CAF_CHECK(!uut.take_manifest(manifest_at(150, 0), testing::chain));
  CAF_CHECK(!uut.take_manifest(manifest_at(150, 70'000), testing::chain));
  CAF_CHECK(uut.take_manifest(manifest_at(150), testing::chain).has_value());
}

CAF_TEST(authors are asked one after the other) {
  CAF_CHECK(uut.next_author() == id_of(1));
  CAF_CHECK(uut.next_author() == id_of(2));
  CAF_CHECK(uut.next_author() == id_of(3));
  CAF_CHECK(!uut.next_author().has_value());
}

CAF_TEST(a header is believed that a quorum of those who are trusted has sealed) {
  believe(150);
  CAF_CHECK(uut.header().head == heads[150].head);
}

CAF_TEST(a header that strangers have sealed is asked for in smaller steps and then refused) {
  CAF_REQUIRE(uut.next_author().has_value());
  CAF_REQUIRE(uut.take_manifest(manifest_at(150), testing::chain).has_value());
  auto lie = [&](height at) {
    auto out = header_at(at.get());
    std::vector<validator> strangers{{id_of(7), 1}, {id_of(8), 1}};
    out.head.validators_hash = out.head.next_validators_hash = validators_hash(strangers);
    out.validators = out.next_validators = strangers;
    out.seals = certificate_of({7, 8}, at.get(), 0, block_id(out.head));
    return out;
  };
  result<> got;
  auto steps = 0;
  for (auto next = uut.next_header(); next && got && steps < 70; ++steps) {
    got = uut.take_header(lie(*next), now, rules, check);
    next = uut.next_header();
  }
  CAF_CHECK(!got);
  CAF_CHECK(steps < 12);
}

CAF_TEST(what is trusted may not be too old) {
  CAF_REQUIRE(uut.next_author().has_value());
  CAF_REQUIRE(uut.take_manifest(manifest_at(150), testing::chain).has_value());
  auto late = timestamp_ms{now.get() + 7'200'000};
  CAF_CHECK(code_of(uut.take_header(header_at(150), late, rules, check)) == ec::expired);
}

CAF_TEST(chunks come from several peers and who has none is not asked again) {
  believe(150);
  auto first = uut.next_chunks();
  CAF_REQUIRE_EQUAL(first.size(), 3u);
  CAF_CHECK(uut.next_chunks().empty());
  uut.chunk_added(first[0].index);
  uut.chunk_failed(first[1].index);
  auto more = uut.next_chunks();
  CAF_REQUIRE_EQUAL(more.size(), 1u);
  CAF_CHECK(more[0].who == first[0].who);
  CAF_CHECK_EQUAL(more[0].index, first[1].index);
  uut.chunk_failed(first[2].index);
  CAF_CHECK(!uut.is_stuck());
  uut.chunk_failed(more[0].index);
  CAF_CHECK(uut.is_stuck());
}

CAF_TEST(all chunks are asked for until they are here) {
  believe(150);
  std::set<std::uint64_t> seen;
  for (auto i = 0; i < 10 && seen.size() < 5; ++i)
    for (const auto& q : uut.next_chunks()) {
      seen.insert(q.index);
      uut.chunk_added(q.index);
    }
  CAF_CHECK_EQUAL(seen.size(), 5u);
  CAF_CHECK(uut.has_all_chunks());
  CAF_CHECK(!uut.is_stuck());
}

CAF_TEST(the last blocks lead up to the header and a liar among those who send them is seen) {
  believe(150);
  auto lies = 0;
  for (auto q = uut.next_blocks(); q; q = uut.next_blocks()) {
    auto some = range(q->from, q->limit);
    if (q->who == id_of(2)) some.front().what.transactions.push_back({9});
    if (!uut.take_blocks(*q, some)) ++lies;
    CAF_REQUIRE(lies < 10);
  }
  CAF_CHECK(lies > 0);
  auto all = uut.last_blocks();
  CAF_REQUIRE_EQUAL(all.size(), 103u);
  CAF_CHECK(all.front()->what == blocks[48].what);
  CAF_CHECK(all.back()->what == blocks[150].what);
  for (const auto& x : all)
    CAF_CHECK(x->seals.block_id == block_id(x->what.head));
}

CAF_TEST(of blocks that are large fewer come at once) {
  believe(120);
  for (auto q = uut.next_blocks(); q; q = uut.next_blocks()) {
    auto few = std::min(q->limit, 5u);
    CAF_REQUIRE(uut.take_blocks(*q, range(q->from, few)).has_value());
  }
  CAF_CHECK_EQUAL(uut.last_blocks().size(), 103u);
}

CAF_TEST(a young chain has fewer last blocks) {
  believe(30);
  for (auto q = uut.next_blocks(); q; q = uut.next_blocks())
    CAF_REQUIRE(uut.take_blocks(*q, range(q->from, q->limit)).has_value());
  CAF_CHECK_EQUAL(uut.last_blocks().size(), 30u);
}

CAF_TEST(seals of the last blocks are those that others commit to) {
  believe(10);
  auto q = uut.next_blocks();
  CAF_REQUIRE(q.has_value());
  auto some = range(q->from, q->limit);
  for (auto& x : some)
    x.seals.seals.clear();
  CAF_REQUIRE(uut.take_blocks(*q, some).has_value());
  for (const auto& x : uut.last_blocks())
    CAF_CHECK(x->seals == blocks[x->what.head.at.get()].seals);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::consensus
