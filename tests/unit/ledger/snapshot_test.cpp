#define CAF_SUITE ledger_snapshot

#include "actors/ledger/snapshot.hpp"
#include "runtime/crypto/hash.hpp"
#include "world.hpp"

#include <caf/test/unit_test.hpp>

#include <random>

using namespace bpci;
using namespace bpci::ledger;

namespace {

/// Large enough for several chunks.
state_trie sample(std::size_t count, std::size_t value_size = 1'000) {
  std::vector<state_change> all;
  for (std::size_t i = 0; i < count; ++i) {
    auto key = "key/" + std::to_string(i);
    all.push_back({path_of(key), key, bytes(value_size, static_cast<std::uint8_t>(i))});
  }
  return state_trie{}.apply(std::move(all));
}

struct copy {
  snapshot_manifest what;
  std::vector<bytes> chunks;
};

copy copy_of(const state_trie& x) {
  copy out;
  out.what = make_snapshot(x, "c", height{7}, [&](std::uint64_t index, bytes chunk) {
    CAF_REQUIRE_EQUAL(index, out.chunks.size());
    out.chunks.push_back(std::move(chunk));
  });
  return out;
}

result<state_trie> restore(const copy& from, const hash& root) {
  restoration into{from.what, root};
  for (std::size_t i = 0; i < from.chunks.size(); ++i)
    if (auto added = into.add(i, from.chunks[i]); !added) return added.error();
  return into.finish();
}

snapshot_entry entry(std::string_view key, std::string_view value) {
  return {{key.begin(), key.end()}, {value.begin(), value.end()}};
}

} // namespace

CAF_TEST(what is restored has the root of what was saved) {
  for (std::size_t count : {0, 1, 2, 1'000, 5'000}) {
    auto x = sample(count);
    auto saved = copy_of(x);
    CAF_CHECK_EQUAL(saved.what.entries, count);
    auto back = restore(saved, x.root());
    CAF_REQUIRE(back);
    CAF_CHECK(back->root() == x.root());
    CAF_CHECK_EQUAL(back->size(), count);
  }
  CAF_CHECK(copy_of(sample(5'000)).chunks.size() > 4);
}

CAF_TEST(a real chain goes on from a snapshot) {
  test::world w;
  w.run("eve", "coins", coins::transfer{test::account_of("fay"), {token::NEX, 5}});
  auto back = restore(copy_of(w.state), w.state.root());
  CAF_REQUIRE(back);
  auto original = w.state;
  auto tx = w.tx("fay", "coins", coins::transfer{test::account_of("eve"), {token::NEX, 5}});
  auto expected = execute(w.by, original, w.next_block(), std::vector<bytes>(1, tx));
  auto got = execute(w.by, *back, w.next_block(), std::vector<bytes>(1, tx));
  CAF_REQUIRE(expected && got);
  CAF_CHECK(expected->root == got->root);
}

CAF_TEST(chunks may come in any order and each counts once) {
  auto x = sample(5'000);
  auto saved = copy_of(x);
  restoration into{saved.what, x.root()};
  CAF_CHECK(into.missing() == std::optional<std::uint64_t>{0});
  CAF_CHECK(into.finish().error().code == ec::unavailable);
  for (auto i = saved.chunks.size(); i-- > 0;)
    CAF_CHECK(into.add(i, saved.chunks[i]));
  CAF_CHECK(into.add(0, saved.chunks[0]).error().code == ec::conflict);
  CAF_CHECK(into.add(saved.chunks.size(), saved.chunks[0]).error().code == ec::not_found);
  CAF_CHECK(!into.missing());
  CAF_REQUIRE(into.finish());
  CAF_CHECK(into.finish()->root() == x.root());
}

CAF_TEST(no chunk is larger than the limit however large its values) {
  auto x = sample(40, state_value_bytes_max);
  auto saved = copy_of(x);
  for (const auto& chunk : saved.chunks)
    CAF_CHECK(chunk.size() <= snapshot_chunk_bytes_max);
  CAF_CHECK(restore(saved, x.root()));
}

CAF_TEST(the same state gives the same snapshot) {
  auto a = copy_of(sample(3'000));
  auto b = copy_of(sample(3'000));
  CAF_CHECK(a.what == b.what);
  CAF_CHECK(a.chunks == b.chunks);
  CAF_CHECK(snapshot_hash(a.what) == snapshot_hash(b.what));
}

CAF_TEST(chunks that are not what the manifest says are refused) {
  auto x = sample(2'000);
  auto saved = copy_of(x);
  restoration into{saved.what, x.root()};
  auto bad = saved.chunks[0];
  bad[bad.size() / 2] ^= 1;
  CAF_CHECK(into.add(0, bad).error().code == ec::malformed);
  CAF_CHECK(into.add(0, saved.chunks[1]).error().code == ec::malformed);
  CAF_CHECK(into.add(0, {}).error().code == ec::malformed);
  CAF_CHECK(into.add(0, bytes(snapshot_chunk_bytes_max + 1)).error().code == ec::too_large);
}

CAF_TEST(a manifest that lies restores nothing) {
  auto x = sample(2'000);
  auto other = x.apply({{path_of("more"), "more", bytes{1}}});
  auto lie = copy_of(other);
  lie.what.state_root = x.root();
  CAF_CHECK(restore(lie, x.root()).error().code == ec::malformed);
  auto miscounted = copy_of(x);
  ++miscounted.what.entries;
  CAF_CHECK(restore(miscounted, x.root()).error().code == ec::malformed);
  auto shorter = copy_of(x);
  shorter.what.chunks.pop_back();
  shorter.chunks.pop_back();
  CAF_CHECK(restore(shorter, x.root()).error().code == ec::malformed);
}

CAF_TEST(a chunk twice over is noticed) {
  auto x = sample(3'000);
  auto twice = copy_of(x);
  twice.what.chunks.push_back(twice.what.chunks.front());
  twice.chunks.push_back(twice.chunks.front());
  CAF_CHECK(restore(twice, x.root()).error().code == ec::malformed);
}

CAF_TEST(hostile chunks are refused before they are believed) {
  auto code = [](const bytes& data) { return decode_chunk(data).error().code; };
  CAF_CHECK(code({}) == ec::malformed);
  CAF_CHECK(code({255, 255, 255, 255}) == ec::malformed);
  CAF_CHECK(code(bytes(snapshot_chunk_bytes_max + 1)) == ec::too_large);
  CAF_CHECK(code(codec::to_canonical(snapshot_chunk{{entry("", "x")}})) == ec::malformed);
  CAF_CHECK(code(codec::to_canonical(
                snapshot_chunk{{entry(std::string(state_key_bytes_max + 1, 'x'), "x")}}))
            == ec::malformed);
  CAF_CHECK(code(codec::to_canonical(
                snapshot_chunk{{entry("x", std::string(state_value_bytes_max + 1, 'x'))}}))
            == ec::malformed);
  CAF_CHECK(code(codec::to_canonical(snapshot_chunk{{entry("a", "x"), entry("a", "x")}}))
            == ec::malformed);
  auto in_order = snapshot_chunk{{entry("a", "x"), entry("b", "x")}};
  auto reversed = snapshot_chunk{{entry("b", "x"), entry("a", "x")}};
  CAF_CHECK(decode_chunk(codec::to_canonical(in_order)).has_value()
            != decode_chunk(codec::to_canonical(reversed)).has_value());
}

CAF_TEST(random bytes never decode to more than they are) {
  std::mt19937_64 random{11};
  auto good = codec::to_canonical(snapshot_chunk{{entry("a", "x"), entry("b", "y")}});
  for (auto round = 0; round < 20'000; ++round) {
    auto data = good;
    for (auto i = 0; i < 3; ++i)
      data[random() % data.size()] = static_cast<std::uint8_t>(random());
    if (auto x = decode_chunk(data)) CAF_REQUIRE(codec::to_canonical(*x) == data);
    bytes noise(random() % 64);
    for (auto& b : noise)
      b = static_cast<std::uint8_t>(random() % 4);
    if (auto x = decode_chunk(noise)) CAF_REQUIRE(codec::to_canonical(*x) == noise);
    if (auto x = decode_manifest(noise)) CAF_REQUIRE(codec::to_canonical(*x) == noise);
  }
}

CAF_TEST(manifests are read with limits) {
  auto what = copy_of(sample(2'000)).what;
  auto data = codec::to_canonical(what);
  CAF_REQUIRE(decode_manifest(data));
  CAF_CHECK(*decode_manifest(data) == what);
  for (std::size_t size = 0; size < data.size(); ++size)
    CAF_REQUIRE(!decode_manifest(std::span{data}.first(size)));
  what.version = 2;
  CAF_CHECK(decode_manifest(codec::to_canonical(what)).error().code == ec::unsupported);
  what.version = 1;
  what.chain_id = std::string(65, 'x');
  CAF_CHECK(decode_manifest(codec::to_canonical(what)).error().code == ec::malformed);
  CAF_CHECK(decode_manifest(bytes(manifest_bytes_max + 1)).error().code == ec::too_large);
}
