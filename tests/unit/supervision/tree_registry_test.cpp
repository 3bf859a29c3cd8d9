#define CAF_SUITE supervision_tree_registry

#include "runtime/supervision/tree_registry.hpp"

#include <caf/test/unit_test.hpp>

#include <chrono>

using namespace bpci;
using namespace bpci::supervision;
using namespace std::chrono_literals;

namespace {

constexpr auto now = timestamp_ms{1'000'000'000};

tree_registry::entry entry_of(std::string path, std::string type,
                              child_state state = child_state::running, std::uint64_t owner = 1) {
  tree_registry::entry x;
  x.row.path = std::move(path);
  x.row.type = std::move(type);
  x.row.state = state;
  x.row.actor_id = 42;
  x.owner = owner;
  return x;
}

std::string number(int i) {
  auto digits = std::to_string(i);
  return std::string(5 - digits.size(), '0') + digits;
}

struct fixture {
  tree_registry tree;

  fixture() {
    tree.put(entry_of("/node", "SUPERVISOR"));
    tree.put(entry_of("/node/links", "SUPERVISOR"));
    tree.put(entry_of("/node/links-old", "RELAY", child_state::backing_off));
    tree.put(entry_of("/node/links/a", "LINK"));
    tree.put(entry_of("/node/links/b", "LINK", child_state::paused));
  }

  tree_row row(const std::string& path, timestamp_ms at = now) const {
    for (const auto& x : tree.read({}, at).rows)
      if (x.path == path) return x;
    return {};
  }

  std::string paths(tree_query query) const {
    std::string text;
    for (const auto& x : tree.read(query, now).rows)
      text += x.path + ' ';
    return text;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(tree_tests, fixture)

CAF_TEST(each parent stands right before its children) {
  CAF_CHECK_EQUAL(paths({}), "/node /node/links /node/links/a /node/links/b /node/links-old ");
}

CAF_TEST(the filter finds parts of path and type and state in any case) {
  CAF_CHECK_EQUAL(paths({"LINKS/", "", 0}), "/node/links/a /node/links/b ");
  CAF_CHECK_EQUAL(paths({"relay", "", 0}), "/node/links-old ");
  CAF_CHECK_EQUAL(paths({"backing_off", "", 0}), "/node/links-old ");
  CAF_CHECK_EQUAL(paths({"Paused", "", 0}), "/node/links/b ");
  CAF_CHECK_EQUAL(paths({"nothing", "", 0}), "");
}

CAF_TEST(the cursor leads through all pages and ends) {
  auto first = tree.read({"", "", 2}, now);
  CAF_CHECK_EQUAL(first.next, "/node/links");
  auto second = tree.read({"", first.next, 2}, now);
  CAF_CHECK_EQUAL(second.rows.front().path, "/node/links/a");
  CAF_CHECK_EQUAL(second.next, "/node/links/b");
  auto third = tree.read({"", second.next, 2}, now);
  CAF_CHECK_EQUAL(third.rows.size(), 1u);
  CAF_CHECK_EQUAL(third.next, "");
}

CAF_TEST(a cursor whose actor is gone still leads on) {
  tree.remove("/node/links/a", 1);
  CAF_CHECK_EQUAL(paths({"", "/node/links/a", 0}), "/node/links/b /node/links-old ");
}

CAF_TEST(a supervisor has as many children as stand below it) {
  CAF_CHECK_EQUAL(row("/node").children, 2u);
  CAF_CHECK_EQUAL(row("/node/links").children, 2u);
  tree.put(entry_of("/node/links/a", "LINK", child_state::stopping));
  CAF_CHECK_EQUAL(row("/node/links").children, 2u);
  tree.remove("/node/links/a", 1);
  CAF_CHECK_EQUAL(row("/node/links").children, 1u);
}

CAF_TEST(a dead supervisor does not remove what its next incarnation has written) {
  tree.put(entry_of("/node/links/a", "LINK", child_state::running, 2));
  tree.remove("/node/links/a", 1);
  CAF_CHECK_EQUAL(paths({"links/a", "", 0}), "/node/links/a ");
  tree.remove("/node/links/a", 2);
  CAF_CHECK_EQUAL(paths({"links/a", "", 0}), "");
}

CAF_TEST(mailbox figures are those of the moment) {
  auto x = entry_of("/node/busy", "BUSY");
  x.life = std::make_shared<vitals>();
  tree.put(x);
  x.life->on_enqueue();
  x.life->on_enqueue();
  auto busy = row("/node/busy");
  CAF_CHECK_EQUAL(busy.mailbox_depth, 2u);
  CAF_CHECK_EQUAL(busy.messages_received, 2u);
}

CAF_TEST(restarts of the period are forgotten when it has passed) {
  auto x = entry_of("/node/busy", "BUSY");
  x.row.restarts = 3;
  x.row.restarts_in_period = 3;
  x.row.last_restart_at = timestamp_ms{now.get() - 59'999};
  tree.put(x);
  CAF_CHECK_EQUAL(row("/node/busy").restarts_in_period, 3u);
  auto later = timestamp_ms{now.get() + 1};
  CAF_CHECK_EQUAL(row("/node/busy", later).restarts_in_period, 0u);
  CAF_CHECK_EQUAL(row("/node/busy", later).restarts, 3u);
}

CAF_TEST(ten thousand rows are read in pages of a thousand at most) {
  for (auto i = 0; i < 10'000; ++i)
    tree.put(entry_of("/node/links/l" + number(i), "LINK"));
  auto before = std::chrono::steady_clock::now();
  std::size_t rows = 0;
  std::size_t pages = 0;
  auto query = tree_query{"/l", "", 5'000};
  do {
    auto page = tree.read(query, now);
    CAF_CHECK(page.rows.size() <= 1'000);
    rows += page.rows.size();
    query.after = page.next;
    ++pages;
  } while (!query.after.empty());
  CAF_CHECK_EQUAL(rows, 10'004u);
  CAF_CHECK_EQUAL(pages, 11u);
  // The slowest query: every row is looked at and none matches. Generous, for slow machines.
  CAF_CHECK_EQUAL(tree.read({"no such thing", "", 0}, now).rows.size(), 0u);
  CAF_CHECK(std::chrono::steady_clock::now() - before < 2s);
}

CAF_TEST_FIXTURE_SCOPE_END()

CAF_TEST(the parent of a path is what stands before its last part) {
  CAF_CHECK_EQUAL(std::string{parent_path("/node/links/link:a")}, "/node/links");
  CAF_CHECK_EQUAL(std::string{parent_path("/node")}, "");
  CAF_CHECK_EQUAL(std::string{parent_path("")}, "");
}
