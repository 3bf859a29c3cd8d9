#include "gateways/api/admin_action.hpp"
#include "gateways/routes/asking.hpp"
#include "gateways/routes/body.hpp"
#include "gateways/routes/described.hpp"
#include "gateways/routes/routes.hpp"
#include "messages/runtime/entities.hpp"
#include "messages/runtime/introspection.hpp"

namespace bpci::gateway {

namespace {

using http::permission;
namespace json = boost::json;

constexpr std::size_t retry_max = 1'000;

// -- the entities -------------------------------------------------------------------------

void list(api_actor& self, const call_ptr& what) {
  auto limit = page_limit(*what);
  if (!limit) return what->fail(limit.error());
  self.forward<entity::entity_page>(what, path::entities,
                                    entity::entity_query{what->parameter("kind"),
                                                         what->parameter("filter"),
                                                         what->parameter("after"), *limit},
                                    answer_max, as_json);
}

entity::entity_ref named(const call& what) {
  return {std::string{what.parameters.get("kind")}, std::string{what.parameters.get("id")}};
}

/// The state is JSON inside of the answer.
json::value state_of(const actor_state& x) {
  auto state = codec::parse_json(x.json);
  return {{"state", state ? std::move(*state) : json::value(x.json)}};
}

void show(api_actor& self, const call_ptr& what) {
  self.forward<actor_state>(what, path::router, entity::show_entity{named(*what)}, answer_max,
                            state_of);
}

void place(api_actor& self, const call_ptr& what) {
  self.forward<entity::entity_place>(what, path::router, entity::find_entity{named(*what)},
                                     answer_max, as_json);
}

// -- what waits -----------------------------------------------------------------------------

// The rows of the whole cluster stand in one database: any ENTITIES reads them all.

void outbox(api_actor& self, const call_ptr& what) {
  auto limit = page_limit(*what);
  if (!limit) return what->fail(limit.error());
  auto after = what->number("after");
  if (!after) return what->fail(after.error());
  self.forward<entity::outbox_page>(what, path::entities,
                                    entity::outbox_query{what->parameter("filter"),
                                                         what->parameter("failing") == "true",
                                                         *after, *limit},
                                    answer_max, as_json);
}

template <class Page, class Query>
void texts(api_actor& self, const call_ptr& what) {
  auto limit = page_limit(*what);
  if (!limit) return what->fail(limit.error());
  self.forward<Page>(what, path::entities,
                     Query{what->parameter("filter"), what->parameter("after"), *limit}, answer_max,
                     as_json);
}

struct retry_body {
  std::vector<std::uint64_t> rows; ///< empty: all that fail
  std::string reason;

  bool operator==(const retry_body&) const = default;
};
BPCI_MESSAGE(retry_body, rows, reason)

std::string target_of(const std::vector<std::uint64_t>& rows) {
  constexpr std::size_t named_max = 20;
  if (rows.empty()) return "outbox: all that fail";
  std::string out = "outbox";
  for (std::size_t i = 0; i < std::min(rows.size(), named_max); ++i)
    out += (i == 0 ? " " : ",") + std::to_string(rows[i]);
  if (rows.size() > named_max) out += " and " + std::to_string(rows.size() - named_max) + " more";
  return out;
}

void retry(api_actor& self, const call_ptr& what) {
  auto in = read_body<retry_body>(*what);
  if (!in) return what->fail(in.error());
  if (in->rows.size() > retry_max)
    return what->fail({ec::invalid_argument, "rows: at most 1,000 at once"});
  auto perform = [&self, rows = in->rows](const admin_action_ptr& deed) {
    ask_here<entity::outbox_retried>(
        self, path::entities, entity::retry_outbox{rows, deed->who(), deed->why()},
        [deed](const entity::outbox_retried& x) { deed->done(codec::to_json(x)); },
        [deed](const failure& why) { deed->failed(why); });
  };
  carry_out(self, what, {"retry", target_of(in->rows), in->reason}, without_record::refuse,
            std::move(perform));
}

} // namespace

std::vector<route> entity_routes() {
  return {
      {{.method = "GET",
        .pattern = "/api/v1/entities",
        .need = permission::read,
        .summary = "Durable entities, by kind",
        .gives = schema_of<entity::entity_page>,
        .query =
            page_query({{"kind", "Only entities of this kind"}, {"filter", "Part of the name"}})},
       list},
      {{.method = "GET",
        .pattern = "/api/v1/entities/{kind}/{id}",
        .need = permission::read,
        .summary = "What an entity holds"},
       show},
      {{.method = "GET",
        .pattern = "/api/v1/entities/{kind}/{id}/place",
        .need = permission::read,
        .summary = "Why an entity is where it is: its slot, owner, scores and history",
        .gives = schema_of<entity::entity_place>},
       place},
      {{.method = "GET",
        .pattern = "/api/v1/outbox",
        .need = permission::read,
        .summary = "Effects of entities that were not yet delivered",
        .gives = schema_of<entity::outbox_page>,
        .query = page_query(
            {{"filter", "Part of the name"}, {"failing", "true: only those that were refused"}})},
       outbox},
      {{.method = "GET",
        .pattern = "/api/v1/inbox",
        .need = permission::read,
        .summary = "Commands that entities have carried out, by key",
        .gives = schema_of<entity::inbox_page>,
        .query = page_query({{"filter", "Part of the name"}})},
       texts<entity::inbox_page, entity::inbox_query>},
      {{.method = "GET",
        .pattern = "/api/v1/timers",
        .need = permission::read,
        .summary = "When entities want to be woken",
        .gives = schema_of<entity::timer_page>,
        .query = page_query({{"filter", "Part of the name"}})},
       texts<entity::timer_page, entity::timer_query>},
      {{.method = "POST",
        .pattern = "/api/v1/outbox/retry",
        .need = permission::admin,
        .summary = "Try effects again now",
        .takes = schema_of<retry_body>},
       retry},
  };
}

} // namespace bpci::gateway
