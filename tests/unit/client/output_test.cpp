#define CAF_SUITE cli_output

#include "config/load.hpp"
#include "gateways/cli/table.hpp"
#include "gateways/cli/text.hpp"
#include "gateways/cli/tree_view.hpp"
#include "gateways/cli/yaml.hpp"
#include "messages/codec/json.hpp"

#include <caf/test/unit_test.hpp>

using namespace bpci;
using namespace bpci::cli;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

json::value parse(std::string_view text) {
  return *codec::parse_json(text);
}

const columns shown{
    {"NAME", "name"},
    {"SIZE", "size", cell::number},
    {"STATE", "inner.state", cell::state},
};

} // namespace

CAF_TEST(a table has a line for each row and aligns numbers to the right) {
  const auto rows = parse(R"([{"name":"a","size":5,"inner":{"state":"up"}},
                             {"name":"longer","size":12345,"inner":{}}])");
  CAF_CHECK_EQUAL(render_table(shown, rows.get_array(), {}), "NAME     SIZE  STATE\n"
                                                             "a           5  up\n"
                                                             "longer  12345  -\n");
}

CAF_TEST(an empty table is its titles) {
  CAF_CHECK_EQUAL(render_table(shown, {}, {}), "NAME  SIZE  STATE\n");
}

CAF_TEST(a table is cut to the terminal where the cells are widest) {
  const auto rows = parse(
      R"([{"name":"a-name-that-is-far-too-long-for-it","size":5,"inner":{"state":"running"}}])");
  const auto text = render_table(shown, rows.get_array(), {false, 30, {}});
  CAF_CHECK_EQUAL(text, "NAME             SIZE  STATE\n"
                        "a-name-that-is…     5  running\n");
}

CAF_TEST(colours surround the words and leave the widths alone) {
  const auto rows = parse(R"([{"name":"a","size":5,"inner":{"state":"dead"}}])");
  const auto text = render_table(shown, rows.get_array(), {true, 0, {}});
  CAF_CHECK(text.find("\x1b[31mdead\x1b[0m") != std::string::npos);
  CAF_CHECK(text.find("\x1b[1mNAME\x1b[0m") != std::string::npos);
}

CAF_TEST(what comes from outside cannot command the terminal) {
  CAF_CHECK_EQUAL(tame("a\x1b[2Jb\nc\x7f"), "a?[2Jb?c?");
  CAF_CHECK_EQUAL(tame("\xc2\x9b"
                       "x"),
                  "?x");
  CAF_CHECK_EQUAL(tame("grün"), "grün");
  CAF_CHECK_EQUAL(tame("broken \xff"), "broken ?");
  const auto rows = parse(R"([{"name":"\u001b[31mred"}])");
  CAF_CHECK(render_table(shown, rows.get_array(), {}).find('\x1b') == std::string::npos);
}

CAF_TEST(times are shown as what has passed) {
  const columns times{{"AGE", "at", cell::since}, {"SPAN", "span", cell::span}};
  const auto rows = parse(R"([{"at":1000,"span":250},{"at":0,"span":90000}])");
  CAF_CHECK_EQUAL(render_table(times, rows.get_array(), {false, 0, timestamp_ms{3'662'000}}),
                  "AGE     SPAN\n"
                  "1h 01m  250ms\n"
                  "-       1m 30s\n");
}

CAF_TEST(lists are joined and flags are words) {
  const columns kinds{{"L", "list"}, {"N", "list", cell::count}, {"F", "flag", cell::flag}};
  const auto rows = parse(R"([{"list":["a","b"],"flag":true},{"list":[],"flag":false}])");
  CAF_CHECK_EQUAL(render_table(kinds, rows.get_array(), {}), "L    N  F\na,b  2  yes\n-    0\n");
}

CAF_TEST(a record of unknown members is flat) {
  const auto record = parse(R"({"relay":{"accepted":5,"in":{"x":"y"}},"up":true})");
  CAF_CHECK_EQUAL(render_members(record.get_object(), {}),
                  "relay.accepted  5\nrelay.in.x      y\nup              true\n");
}

CAF_TEST(the tree is indented below the parents that are shown) {
  const auto rows = parse(R"([
    {"path":"/node","actor_id":1,"started_at":5},
    {"path":"/node/links","actor_id":2},
    {"path":"/node/links/link:a","actor_id":0,"started_at":5},
    {"path":"/node/links2","actor_id":4},
    {"path":"/other/far/away","actor_id":5}])");
  const auto tree = indent_tree(rows.get_array());
  const auto at = [&](std::size_t i) { return std::string{tree[i].at("shown").get_string()}; };
  CAF_CHECK_EQUAL(at(0), "/node");
  CAF_CHECK_EQUAL(at(1), "  links");
  CAF_CHECK_EQUAL(at(2), "    link:a");
  CAF_CHECK_EQUAL(at(3), "  links2");
  CAF_CHECK_EQUAL(at(4), "/other/far/away");
  CAF_CHECK(tree[0].get_object().contains("started_at"));
  CAF_CHECK(!tree[2].get_object().contains("started_at"));
}

CAF_TEST(yaml quotes what could be taken for something else) {
  const auto x = parse(
      R"({"a":1,"b":"1","c":"true","d":"plain-word","e":[],"f":{},"g":null,"h":["x: y",""],"no":"NO"})");
  CAF_CHECK_EQUAL(to_yaml(x), "a: 1\n"
                              "b: \"1\"\n"
                              "c: \"true\"\n"
                              "d: plain-word\n"
                              "e:\n  []\n"
                              "f:\n  {}\n"
                              "g: ~\n"
                              "h:\n  - \"x: y\"\n  - \"\"\n"
                              "\"no\": \"NO\"\n");
}

CAF_TEST(settings of the command line win over the file) {
  const auto text = with_assignments("node:\n  id: \"007\"\nlisten: {port: 1}\n",
                                     {"listen.port=9100", "storage.dsn=postgresql://h/d",
                                      "prometheus_metrics=[a, b]", "storage.embedded.user=pg"});
  CAF_REQUIRE(text);
  const auto loaded = config::load_text(*text, "test");
  for (const auto& x : loaded.problems)
    CAF_MESSAGE(to_string(x));
  CAF_REQUIRE(loaded.problems.empty());
  CAF_CHECK_EQUAL(loaded.config.listen.port, 9100);
  CAF_CHECK_EQUAL(loaded.config.node.id, "007");
  CAF_CHECK_EQUAL(loaded.config.storage.dsn, "postgresql://h/d");
  CAF_CHECK_EQUAL(loaded.config.storage.embedded.user, "pg");
  CAF_CHECK_EQUAL(loaded.config.prometheus_metrics.size(), 2u);
}

CAF_TEST(a setting that is none is refused without its value) {
  for (const auto* bad : {"", "listen.port", "=5", ".a=5", "a..b=5", "a.=5"})
    CAF_CHECK(!with_assignments("", {bad}));
  const auto why = with_assignments("", {"storage.dsn=[secret"});
  CAF_REQUIRE(!why);
  CAF_CHECK(why.error().detail.find("secret") == std::string::npos);
}

CAF_TEST(texts are measured and cut in characters) {
  CAF_CHECK_EQUAL(width("grün"), 4u);
  CAF_CHECK_EQUAL(cut("grün", 4), "grün");
  CAF_CHECK_EQUAL(cut("grüne Wiese", 4), "grü…");
  CAF_CHECK_EQUAL(cut("abc", 0), "");
}

CAF_TEST(durations are read and written) {
  CAF_CHECK(*parse_duration("30") == 30s);
  CAF_CHECK(*parse_duration("500ms") == 500ms);
  CAF_CHECK(*parse_duration("2m") == 120s);
  CAF_CHECK(*parse_duration("86400s") == 24h);
  for (const auto* bad : {"", "s", "-1", "0", "1h", "1.5", "86401", "9223372036854775807", " 1"})
    CAF_CHECK(!parse_duration(bad));
  CAF_CHECK_EQUAL(short_duration(90'061s), "1d 01h");
  CAF_CHECK_EQUAL(short_duration(-5s), "0ms");
}

CAF_TEST(addresses carry any text) {
  CAF_CHECK_EQUAL(percent_encode("link:bank a/ü"), "link%3Abank%20a%2F%C3%BC");
}
