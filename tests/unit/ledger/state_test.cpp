#define CAF_SUITE ledger_state

#include "actors/ledger/state/draft.hpp"
#include "actors/ledger/state/nodes.hpp"
#include "actors/ledger/state/proof.hpp"
#include "actors/ledger/state/trie.hpp"
#include "runtime/crypto/hash.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <random>

using namespace bpci;
using namespace bpci::ledger;

namespace {

using model = std::map<std::string, std::string>;

bytes raw(std::string_view text) {
  return {text.begin(), text.end()};
}

state_change put(const std::string& key, const std::string& value) {
  return {path_of(key), key, raw(value)};
}

state_change removed(const std::string& key) {
  return {path_of(key), key, {}};
}

state_trie state_of(const model& all) {
  std::vector<state_change> changes;
  for (const auto& [key, value] : all)
    changes.push_back(put(key, value));
  return state_trie{}.apply(std::move(changes));
}

std::string value_of(const reader& in, std::string_view key) {
  auto found = in.find(key);
  return found ? std::string{found->begin(), found->end()} : "nothing";
}

model content_of(const state_trie& x) {
  model out;
  x.for_each([&](std::string_view key, std::span<const std::uint8_t> value) {
    out.emplace(key, std::string{value.begin(), value.end()});
  });
  return out;
}

model numbered(std::size_t count) {
  model out;
  for (std::size_t i = 0; i < count; ++i)
    out["key/" + std::to_string(i)] = "value " + std::to_string(i * i);
  return out;
}

/// The root by the definition of the header, from the leaves alone.
hash root_by_definition(const model& all, std::string_view bits = "") {
  auto bit_of = [](const hash& path, std::size_t i) { return path[i / 8] >> (7 - i % 8) & 1; };
  std::vector<model::value_type> inside;
  for (const auto& x : all) {
    auto path = path_of(x.first);
    auto fits = true;
    for (std::size_t i = 0; i < bits.size(); ++i)
      fits = fits && bit_of(path, i) == bits[i] - '0';
    if (fits) inside.push_back(x);
  }
  if (inside.empty()) return {};
  if (inside.size() == 1)
    return crypto::sha256_joined({crypto::as_bytes("bpci-state-leaf-v1"), path_of(inside[0].first),
                                  crypto::sha256(crypto::as_bytes(inside[0].second))});
  auto within = model{inside.begin(), inside.end()};
  return crypto::sha256_joined({crypto::as_bytes("bpci-state-node-v1"),
                                root_by_definition(within, std::string{bits} + "0"),
                                root_by_definition(within, std::string{bits} + "1")});
}

struct store {
  std::map<hash, bytes> nodes;

  std::size_t keep(const state_trie& now, const state_trie& before) {
    auto had = nodes.size();
    for_each_new_node(now, before, [&](const hash& name, bytes content) {
      nodes.emplace(name, std::move(content));
    });
    return nodes.size() - had;
  }
  result<state_trie> load(const hash& root) const {
    return load_state(root, [this](const hash& name) -> std::optional<bytes> {
      auto found = nodes.find(name);
      if (found == nodes.end()) return {};
      return found->second;
    });
  }
};

} // namespace

CAF_TEST(an empty state has the root of nothing) {
  CAF_CHECK(state_trie{}.root() == hash{});
  CAF_CHECK_EQUAL(state_trie{}.size(), 0u);
  CAF_CHECK_EQUAL(value_of(state_trie{}, "a"), "nothing");
}

CAF_TEST(the root is the one that the definition gives) {
  for (std::size_t count : {1, 2, 3, 10, 100})
    CAF_CHECK(state_of(numbered(count)).root() == root_by_definition(numbered(count)));
}

CAF_TEST(the root depends on the content and not on the order in which it came) {
  std::mt19937_64 random{1};
  for (auto round = 0; round < 50; ++round) {
    auto all = numbered(1 + random() % 200);
    std::vector<state_change> changes;
    for (const auto& [key, value] : all)
      changes.push_back(put(key, value));
    for (auto i = 0; i < 20; ++i) // came and went
      changes.push_back(put("gone/" + std::to_string(i), "x"));
    std::ranges::shuffle(changes, random);
    state_trie one_by_one;
    for (std::size_t i = 0; i < changes.size();) {
      auto some = std::min<std::size_t>(1 + random() % 7, changes.size() - i);
      auto begin = changes.begin() + static_cast<std::ptrdiff_t>(i);
      one_by_one = one_by_one.apply({begin, begin + static_cast<std::ptrdiff_t>(some)});
      i += some;
    }
    for (auto i = 0; i < 20; ++i)
      one_by_one = one_by_one.apply({removed("gone/" + std::to_string(i))});
    CAF_REQUIRE(one_by_one.root() == state_of(all).root());
    CAF_REQUIRE(content_of(one_by_one) == all);
  }
}

CAF_TEST(of two changes of one key the later counts) {
  auto x = state_trie{}.apply({put("a", "1"), removed("a"), put("a", "2")});
  CAF_CHECK_EQUAL(value_of(x, "a"), "2");
  CAF_CHECK(state_trie{}.apply({put("a", "1"), removed("a")}).root() == hash{});
}

CAF_TEST(a state is not changed by what is built upon it) {
  auto before = state_of(numbered(100));
  auto root = before.root();
  auto after = before.apply({put("key/7", "other"), removed("key/8"), put("new", "1")});
  CAF_CHECK(before.root() == root);
  CAF_CHECK_EQUAL(value_of(before, "key/7"), "value 49");
  CAF_CHECK_EQUAL(value_of(after, "key/7"), "other");
  CAF_CHECK_EQUAL(value_of(after, "key/8"), "nothing");
}

CAF_TEST(writing what is there already makes no node) {
  auto x = state_of(numbered(100));
  auto same = x.apply({put("key/3", "value 9"), removed("not there")});
  CAF_CHECK(same.top() == x.top());
}

CAF_TEST(keys and values have limits) {
  auto throws = [](const state_change& x) {
    try {
      static_cast<void>(state_trie{}.apply({x}));
      return false;
    } catch (const std::length_error&) {
      return true;
    }
  };
  CAF_CHECK(throws(put("", "1")));
  CAF_CHECK(throws(put(std::string(state_key_bytes_max + 1, 'x'), "1")));
  CAF_CHECK(throws(put("a", std::string(state_value_bytes_max + 1, 'x'))));
  CAF_CHECK(
      !throws(put(std::string(state_key_bytes_max, 'x'), std::string(state_value_bytes_max, 'x'))));
}

CAF_TEST(every key is proven to be there and every other not to be) {
  for (std::size_t count : {0, 1, 2, 5, 64, 300}) {
    auto all = numbered(count);
    auto x = state_of(all);
    for (const auto& [key, value] : all) {
      auto proof = x.prove(key);
      CAF_REQUIRE(verify_inclusion(x.root(), key, raw(value), proof));
      CAF_REQUIRE(!verify_inclusion(x.root(), key, raw(value + "!"), proof));
      CAF_REQUIRE(!verify_exclusion(x.root(), key, proof));
    }
    for (auto i = 0; i < 100; ++i) {
      auto key = "absent/" + std::to_string(i);
      auto proof = x.prove(key);
      CAF_REQUIRE(verify_exclusion(x.root(), key, proof));
      CAF_REQUIRE(!verify_inclusion(x.root(), key, {}, proof));
    }
  }
}

CAF_TEST(no proof that was tampered with convinces) {
  auto all = numbered(64);
  auto x = state_of(all);
  for (const auto& key : {std::string{"key/5"}, std::string{"absent"}}) {
    auto there = all.contains(key);
    auto good = x.prove(key);
    auto convinces = [&](const state_proof& proof) {
      return there ? verify_inclusion(x.root(), key, raw(all[key]), proof)
                   : verify_exclusion(x.root(), key, proof);
    };
    CAF_REQUIRE(convinces(good));
    for (std::size_t i = 0; i < good.siblings.size(); ++i) {
      auto bad = good;
      bad.siblings[i][i] ^= 1;
      CAF_CHECK(!convinces(bad));
      bad = good;
      bad.siblings.erase(bad.siblings.begin() + static_cast<std::ptrdiff_t>(i));
      CAF_CHECK(!convinces(bad));
    }
    auto longer = good;
    longer.siblings.push_back({});
    CAF_CHECK(!convinces(longer));
    longer.siblings.resize(300);
    CAF_CHECK(!convinces(longer));
    auto strange = good;
    strange.other = other_leaf{path_of(key), {}};
    CAF_CHECK(!convinces(strange));
  }
}

CAF_TEST(a leaf from elsewhere proves no absence) {
  auto x = state_of(numbered(64));
  // The leaf of another key is in the tree, but not where this key would stand.
  for (auto i = 1; i < 64; ++i) {
    auto other = "key/" + std::to_string(i);
    auto proof = x.prove(other);
    proof.other = other_leaf{path_of(other), crypto::sha256(raw(numbered(64)[other]))};
    CAF_CHECK(!verify_exclusion(x.root(), "key/0", proof));
  }
}

CAF_TEST(encoded proofs are read with limits) {
  auto proof = state_of(numbered(64)).prove("absent");
  auto data = codec::to_canonical(proof);
  CAF_REQUIRE(decode_state_proof(data));
  CAF_CHECK(*decode_state_proof(data) == proof);
  for (std::size_t size = 0; size < data.size(); ++size)
    CAF_CHECK(!decode_state_proof(std::span{data}.first(size)));
  data.push_back(0);
  CAF_CHECK(!decode_state_proof(data));
  CAF_CHECK(decode_state_proof(bytes(state_proof_bytes_max + 1)).error().code == ec::too_large);
}

CAF_TEST(what changed between two states is found without looking at the rest) {
  std::mt19937_64 random{2};
  for (auto round = 0; round < 50; ++round) {
    auto old = numbered(random() % 100);
    auto now = old;
    for (auto i = 0; i < 10; ++i) {
      auto key = "key/" + std::to_string(random() % 120);
      if (random() % 3 == 0)
        now.erase(key);
      else
        now[key] = std::to_string(random() % 1000);
    }
    model expected;
    for (const auto& x : now)
      if (!old.contains(x.first) || old[x.first] != x.second) expected.insert(x);
    model changed;
    state_of(now).for_each_changed(state_of(old), [&](std::string_view key, auto value) {
      changed.emplace(key, std::string{value.begin(), value.end()});
    });
    CAF_CHECK(changed == expected);
  }
}

CAF_TEST(a store that keeps only new nodes has every state) {
  std::mt19937_64 random{3};
  store disk;
  state_trie last;
  std::vector<std::pair<hash, model>> history;
  model all;
  for (auto round = 0; round < 60; ++round) {
    std::vector<state_change> changes;
    for (auto i = 0; i < 5; ++i) {
      auto key = "key/" + std::to_string(random() % 80);
      if (random() % 3 == 0) {
        all.erase(key);
        changes.push_back(removed(key));
      } else {
        all[key] = std::to_string(random());
        changes.push_back(put(key, all[key]));
      }
    }
    auto next = last.apply(changes);
    disk.keep(next, last);
    last = next;
    history.emplace_back(last.root(), all);
  }
  for (const auto& [root, content] : history) {
    auto loaded = disk.load(root);
    CAF_REQUIRE(loaded);
    CAF_CHECK(loaded->root() == root);
    CAF_CHECK(content_of(*loaded) == content);
  }
  CAF_CHECK_EQUAL(disk.keep(last.apply({put("key/1", "x")}), last) < 20, true);
}

CAF_TEST(a damaged store is noticed) {
  auto x = state_of(numbered(40));
  store disk;
  disk.keep(x, {});
  for (const auto& [name, content] : disk.nodes) {
    auto bad = disk;
    bad.nodes[name].back() ^= 1;
    CAF_CHECK(bad.load(x.root()).error().code == ec::malformed);
    bad.nodes[name] = {};
    CAF_CHECK(bad.load(x.root()).error().code == ec::malformed);
    bad.nodes.erase(name);
    CAF_CHECK(bad.load(x.root()).error().code == ec::not_found);
  }
}

CAF_TEST(a draft is read as it would be and goes back to its marks) {
  draft d{state_of({{"a", "1"}, {"b", "2"}})};
  d.put("a", raw("3"));
  auto outer = d.here();
  d.erase("b");
  d.put("c", raw("4"));
  auto inner = d.here();
  d.put("a", raw("5"));
  d.put("c", raw("6"));
  CAF_CHECK_EQUAL(value_of(d, "a") + value_of(d, "b") + value_of(d, "c"), "5nothing6");
  d.go_back(inner);
  CAF_CHECK_EQUAL(value_of(d, "a") + value_of(d, "b") + value_of(d, "c"), "3nothing4");
  CAF_CHECK(d.finish().root() == state_of({{"a", "3"}, {"c", "4"}}).root());
  d.go_back(outer);
  CAF_CHECK(d.finish().root() == state_of({{"a", "3"}, {"b", "2"}}).root());
  d.go_back(0);
  CAF_CHECK(d.finish().root() == state_of({{"a", "1"}, {"b", "2"}}).root());
}
