#include "gateways/api/admin_action.hpp"
#include "gateways/routes/asking.hpp"
#include "gateways/routes/body.hpp"
#include "gateways/routes/described.hpp"
#include "gateways/routes/routes.hpp"
#include "messages/runtime/supervision.hpp"

namespace bpci::gateway {

namespace {

using http::permission;
namespace json = boost::json;
namespace sup = bpci::supervision;

// -- the list ---------------------------------------------------------------------------

/// Where a page begins: "node-2/tx-0042", a member and a message of it.
struct place {
  member_id member;
  message_id message;
};

place to_place(const std::string& cursor) {
  auto slash = cursor.find('/');
  if (slash == std::string::npos) return {member_id{cursor}, {}};
  return {member_id{cursor.substr(0, slash)}, message_id{cursor.substr(slash + 1)}};
}

void show(const call_ptr& what, std::uint64_t limit, const gathered<sup::quarantine_page>& all) {
  auto more = false;
  json::array messages;
  std::string next;
  for (const auto& [member, message] :
       merge_pages(all.pages, &sup::quarantine_page::messages, limit, more)) {
    auto row = codec::to_json(message).as_object();
    row["member"] = member.get();
    messages.push_back(std::move(row));
    next = member.get() + "/" + message.id.get();
  }
  what->ok({{"messages", std::move(messages)},
            {"next", more ? next : ""},
            {"unreachable", codec::to_json(all.unreachable)}});
}

/// A message is set aside on the node where it did harm.
void list(api_actor& self, const call_ptr& what) {
  auto limit = page_limit(*what);
  if (!limit) return what->fail(limit.error());
  auto from = to_place(what->parameter("after"));
  gather<sup::quarantine_page>(
      self, what, from.member,
      [from, limit = *limit](const member_id& of) {
        return sup::quarantine_query{of == from.member ? from.message : message_id{}, limit};
      },
      [what, limit = *limit](const gathered<sup::quarantine_page>& all) {
        show(what, limit, all);
      });
}

// -- releasing one ------------------------------------------------------------------------

struct release_body {
  message_id id;
  member_id member; ///< empty: wherever it is set aside
  std::string reason;

  bool operator==(const release_body&) const = default;
};
BPCI_MESSAGE(release_body, id, member, reason)

/// What the members said that were asked to release a message.
struct releasing {
  admin_action_ptr deed;
  message_id id;
  std::size_t open = 1; ///< until all have been asked
  std::vector<member_id> released;
  failure worst{ec::not_found, {}};

  void refused(const failure& why) {
    if (why.code != ec::not_found) worst = why;
    done();
  }

  void done() {
    if (--open > 0) return;
    if (released.empty()) return deed->failed(worst);
    deed->done({{"id", id.get()}, {"members", codec::to_json(released)}});
  }
};

void release_on(api_actor& self, const reachable& all, const release_body& in,
                const admin_action_ptr& deed) {
  auto state = std::make_shared<releasing>();
  state->deed = deed;
  state->id = in.id;
  state->worst.detail = in.id.get();
  auto meant = [&](const member_id& x) { return in.member.get().empty() || x == in.member; };
  for (const auto& x : all.away)
    if (meant(x)) state->worst = {ec::unavailable, x.get() + " cannot be reached"};
  for (const auto& x : all.agents) {
    if (!meant(x.id)) continue;
    ++state->open;
    self.ask<sup::message_released>(
        x.agent, answer_max, sup::release_message{in.id, deed->who(), deed->why()},
        [state, id = x.id](const sup::message_released&) {
          state->released.push_back(id);
          state->done();
        },
        [state](const failure& why) { state->refused(why); });
  }
  state->done();
}

void release(api_actor& self, const call_ptr& what) {
  auto in = read_body<release_body>(*what);
  if (!in) return what->fail(in.error());
  if (!is_valid_id(in->id.get())) return what->fail({ec::invalid_argument, "id"});
  auto perform = [&self, in = *in](const admin_action_ptr& deed) {
    find_agents(
        self, [&self, in, deed](const reachable& all) { release_on(self, all, in, deed); },
        [deed](const failure& why) { deed->failed(why); });
  };
  carry_out(self, what, {"release", in->id.get(), in->reason}, without_record::refuse,
            std::move(perform));
}

} // namespace

std::vector<route> quarantine_routes() {
  return {
      {{.method = "GET",
        .pattern = "/api/v1/quarantine",
        .need = permission::read,
        .summary = "Messages that were set aside, of all members",
        .query = page_query()},
       list},
      {{.method = "POST",
        .pattern = "/api/v1/quarantine/release",
        .need = permission::admin,
        .summary = "Let a message that was set aside through again",
        .takes = schema_of<release_body>},
       release},
  };
}

} // namespace bpci::gateway
