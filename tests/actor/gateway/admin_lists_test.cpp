#define CAF_SUITE gateway_admin_lists

#include "messages/runtime/entities.hpp"
#include "messages/runtime/introspection.hpp"
#include "messages/runtime/slots.hpp"
#include "messages/runtime/supervision.hpp"
#include "tests/actor/gateway/gateway_fixture.hpp"

/// What admins look at: paged, filtered, of the whole cluster, and saying who did not answer.
namespace bpci::gateway {

namespace {

using namespace test;
namespace json = boost::json;
namespace sup = bpci::supervision;

struct fixture : gateway_fixture {
  std::shared_ptr<fake_records::state> database = without_database();

  fixture() { open_all_routes(); }

  reply_ptr get(const std::string& path, std::vector<http::name_value> query = {}) {
    auto what = request("GET", "/api/v1/" + path);
    what.query = std::move(query);
    return call(std::move(what));
  }

  json::object data(const std::string& path, std::vector<http::name_value> query = {}) {
    auto got = get(path, std::move(query));
    CAF_REQUIRE_EQUAL(got->verdict(), "200");
    return got->body().at("data").as_object();
  }

  static cluster::member_status life(const std::string& id, std::uint64_t no,
                                     cluster::member_state state) {
    cluster::member_status out;
    out.member.id = member_id{id};
    out.member.incarnation = incarnation{no};
    out.member.state = state;
    return out;
  }

  /// "alpha-1/1 beta-1/2".
  static std::string lives_of(const json::object& page) {
    std::string out;
    for (const auto& x : page.at("members").as_array())
      out += std::string{out.empty() ? "" : " "} + std::string{x.at("member").at("id").as_string()}
             + "/" + codec::to_text(x.at("member").at("incarnation"));
    return out;
  }

  /// An AGENT with these messages in its quarantine.
  caf::actor agent_with(std::vector<std::string> messages) {
    return playing({[messages](const sup::quarantine_query& x) {
      sup::quarantine_page out;
      for (const auto& id : messages) {
        if (id <= x.after.get()) continue;
        if (out.messages.size() == x.limit) {
          out.next = out.messages.back().id;
          break;
        }
        out.messages.push_back({message_id{id}, {}, {}});
      }
      return out;
    }});
  }

  /// "alpha-1:m1 beta-1:m2".
  static std::string messages_of(const json::object& page) {
    std::string out;
    for (const auto& x : page.at("messages").as_array())
      out += std::string{out.empty() ? "" : " "} + std::string{x.at("member").as_string()} + ":"
             + std::string{x.at("id").as_string()};
    return out;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(gateway_admin_lists_tests, fixture)

CAF_TEST(members come in pages and by state with the view that they belong to) {
  using enum cluster::member_state;
  cluster::member_list all;
  all.view_no = 17;
  all.members = {life("beta-1", 4, up), life("beta-1", 2, dead), life("alpha-1", 1, draining)};
  put("/alpha-1/cluster/members", playing({[all](const cluster::list_members& x) {
        auto out = all;
        if (!x.with_ended)
          std::erase_if(out.members, [](const auto& m) { return m.member.state == dead; });
        return out;
      }}));
  auto live = data("cluster/members");
  CAF_CHECK_EQUAL(lives_of(live), "alpha-1/1 beta-1/4");
  CAF_CHECK_EQUAL(codec::to_text(live.at("view_no")), "17");
  CAF_CHECK_EQUAL(live.at("next").as_string(), "");
  CAF_CHECK_EQUAL(lives_of(data("cluster/members", {{"state", "draining"}})), "alpha-1/1");
  auto page = data("cluster/members", {{"ended", "true"}, {"limit", "2"}});
  CAF_CHECK_EQUAL(lives_of(page), "alpha-1/1 beta-1/2");
  CAF_CHECK_EQUAL(page.at("next").as_string(), "beta-1/2");
  CAF_CHECK_EQUAL(lives_of(data("cluster/members", {{"ended", "true"}, {"after", "beta-1/2"}})),
                  "beta-1/4");
  CAF_CHECK_EQUAL(get("cluster/members", {{"state", "well"}})->verdict(), "422 invalid_argument");
  CAF_CHECK_EQUAL(get("cluster/members", {{"after", "beta-1"}})->verdict(), "422 invalid_argument");
}

CAF_TEST(the quarantine of all members is one list) {
  make_members({{"alpha-1", agent_with({"m1", "m4"})},
                {"beta-1", agent_with({"m1", "m2", "m3"})},
                {"gamma-1", make_inbox().who}},
               {"delta-1"});
  auto got = get("quarantine");
  CAF_CHECK_EQUAL(got->verdict(), "pending");
  pass(1'500ms);
  CAF_REQUIRE_EQUAL(got->verdict(), "200");
  auto all = got->body().at("data").as_object();
  CAF_CHECK_EQUAL(messages_of(all), "alpha-1:m1 alpha-1:m4 beta-1:m1 beta-1:m2 beta-1:m3");
  CAF_CHECK_EQUAL(codec::to_text(all.at("unreachable")), R"(["delta-1","gamma-1"])");
}

CAF_TEST(the pages of the quarantine leave out and repeat nothing) {
  make_members({{"alpha-1", agent_with({"m1", "m4"})}, {"beta-1", agent_with({"m1", "m2", "m3"})}});
  std::string seen;
  std::string cursor;
  auto pages = 0;
  do {
    auto page = data("quarantine", {{"limit", "2"}, {"after", cursor}});
    seen += messages_of(page) + ", ";
    cursor = page.at("next").as_string();
  } while (!cursor.empty() && ++pages < 9);
  CAF_CHECK_EQUAL(seen, "alpha-1:m1 alpha-1:m4, beta-1:m1 beta-1:m2, beta-1:m3, ");
}

CAF_TEST(slots and moves are asked for with their filters) {
  auto asked = std::make_shared<std::string>();
  put("/alpha-1/cluster/slots", playing({[asked](const slots::slot_query& x) {
                                           *asked = codec::to_text(codec::to_json(x));
                                           return slots::slot_page{{}, 0};
                                         },
                                         [asked](const slots::move_query& x) {
                                           *asked = codec::to_text(codec::to_json(x));
                                           return slots::move_page{{}, 5};
                                         }}));
  data("cluster/slots", {{"member", "beta-1"}, {"state", "pinned"}, {"after", "7"}});
  CAF_CHECK_EQUAL(*asked, R"({"member":"beta-1","state":"pinned","after":7,"limit":100})");
  data("cluster/slots", {{"limit", "5000"}});
  CAF_CHECK_EQUAL(*asked, R"({"member":"","state":"","after":0,"limit":1000})");
  auto moves = data("cluster/moves", {{"slot", "12"}, {"limit", "9"}});
  CAF_CHECK_EQUAL(*asked, R"({"slot":12,"member":"","after":0,"limit":9})");
  CAF_CHECK_EQUAL(codec::to_text(moves.at("next")), "5");
  data("cluster/moves");
  CAF_CHECK_EQUAL(*asked, R"({"slot":-1,"member":"","after":0,"limit":100})");
  data("cluster/slots/0/history");
  CAF_CHECK_EQUAL(*asked, R"({"slot":0,"member":"","after":0,"limit":100})");
  CAF_CHECK_EQUAL(get("cluster/slots/1024/history")->verdict(), "422 invalid_argument");
  CAF_CHECK_EQUAL(get("cluster/slots", {{"state", "up"}})->verdict(), "422 invalid_argument");
  CAF_CHECK_EQUAL(get("cluster/slots", {{"after", "x"}})->verdict(), "422 invalid_argument");
}

CAF_TEST(what entities hold and where they are is asked of the router) {
  put("/alpha-1/entities/router",
      playing({[](const entity::show_entity& x) -> caf::result<actor_state> {
                 if (x.what.kind != "mailbox") return to_caf(ec::not_found, "no such kind");
                 return actor_state{R"({"count":3})"};
               },
               [](const entity::find_entity& x) {
                 entity::entity_place out;
                 out.what = x.what;
                 out.slot.owner = member_id{"beta-1"};
                 out.scores = {{member_id{"beta-1"}, 9}, {member_id{"alpha-1"}, 5}};
                 return out;
               }}));
  CAF_CHECK_EQUAL(codec::to_text(data("entities/mailbox/bank-a").at("state")), R"({"count":3})");
  CAF_CHECK_EQUAL(get("entities/letterbox/bank-a")->verdict(), "404 not_found");
  auto place = data("entities/mailbox/bank-a/place");
  CAF_CHECK_EQUAL(codec::to_text(place.at("what")), R"({"kind":"mailbox","id":"bank-a"})");
  CAF_CHECK_EQUAL(place.at("slot").at("owner").as_string(), "beta-1");
  CAF_CHECK_EQUAL(place.at("scores").as_array().size(), 2u);
}

CAF_TEST(the queues of the cluster are asked for with their filters) {
  auto asked = std::make_shared<std::vector<std::string>>();
  auto note = [asked](const auto& x) { asked->push_back(codec::to_text(codec::to_json(x))); };
  put("/alpha-1/entities/host", playing({[note](const entity::outbox_query& x) {
                                           note(x);
                                           return entity::outbox_page{};
                                         },
                                         [note](const entity::inbox_query& x) {
                                           note(x);
                                           return entity::inbox_page{{}, "more"};
                                         },
                                         [note](const entity::timer_query& x) {
                                           note(x);
                                           return entity::timer_page{};
                                         },
                                         [note](const entity::entity_query& x) {
                                           note(x);
                                           return entity::entity_page{};
                                         }}));
  data("outbox", {{"failing", "true"}, {"after", "3"}, {"filter", "bank"}});
  auto inbox = data("inbox", {{"after", "x"}, {"limit", "2"}});
  data("timers");
  data("entities", {{"kind", "mailbox"}, {"filter", "a"}});
  CAF_CHECK_EQUAL(inbox.at("next").as_string(), "more");
  CAF_CHECK(*asked
            == (std::vector<std::string>{
                R"({"filter":"bank","failing":true,"after":3,"limit":100})",
                R"({"filter":"","after":"x","limit":2})", R"({"filter":"","after":"","limit":100})",
                R"({"kind":"mailbox","filter":"a","after":"","limit":100})"}));
}

CAF_TEST(what admins did can be read) {
  database->actions.push_back(
      {1, timestamp_ms{5}, "ada", "kill", "/a", "stuck", correlation_id{"c"}, "done"});
  CAF_CHECK_EQUAL(codec::to_text(data("audit/actions").at("actions")),
                  R"([{"no":1,"at":5,"who":"ada","action":"kill","target":"/a","why":"stuck",)"
                  R"("trace":"c","result":"done"}])");
  database->away = failure{ec::busy, {}};
  CAF_CHECK_EQUAL(get("audit/actions")->verdict(), "503 busy");
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::gateway
