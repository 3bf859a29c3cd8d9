#include "gateways/api/admin_action.hpp"
#include "gateways/api/slot_ranges.hpp"
#include "gateways/routes/asking.hpp"
#include "gateways/routes/body.hpp"
#include "gateways/routes/described.hpp"
#include "gateways/routes/routes.hpp"
#include "messages/runtime/slots.hpp"

namespace bpci::gateway {

namespace {

using http::permission;

void list(api_actor& self, const call_ptr& what) {
  auto limit = page_limit(*what);
  if (!limit) return what->fail(limit.error());
  auto after = what->number("after");
  if (!after) return what->fail(after.error());
  auto state = what->parameter("state");
  if (!state.empty() && state != "draining" && state != "pinned")
    return what->fail({ec::invalid_argument, "state: draining or pinned"});
  self.forward<slots::slot_page>(
      what, path::slots,
      slots::slot_query{what->parameter("member"), std::move(state), *after, *limit}, answer_max,
      as_json);
}

// -- why slots are where they are ---------------------------------------------------------

void show_moves(api_actor& self, const call_ptr& what, std::int64_t slot) {
  auto limit = page_limit(*what);
  if (!limit) return what->fail(limit.error());
  auto after = what->number("after");
  if (!after) return what->fail(after.error());
  self.forward<slots::move_page>(what, path::slots,
                                 slots::move_query{slot, what->parameter("member"), *after, *limit},
                                 answer_max, as_json);
}

/// One slot by its number.
result<std::int64_t> to_slot(std::string_view text) {
  auto found = parse_slots(text);
  if (found && found->size() == 1) return std::int64_t{found->front().get()};
  return fail(ec::invalid_argument, "slot: expected a number below 1024");
}

void moves(api_actor& self, const call_ptr& what) {
  auto text = what->parameter("slot");
  if (text.empty()) return show_moves(self, what, -1);
  auto slot = to_slot(text);
  if (!slot) return what->fail(slot.error());
  show_moves(self, what, *slot);
}

void history(api_actor& self, const call_ptr& what) {
  auto slot = to_slot(what->parameters.get("slot"));
  if (!slot) return what->fail(slot.error());
  show_moves(self, what, *slot);
}

// -- moving them ----------------------------------------------------------------------------

struct move_body {
  member_id to; ///< empty: wherever the hash puts them
  std::string reason;

  bool operator==(const move_body&) const = default;
};
BPCI_MESSAGE(move_body, to, reason)

std::string target_of(const std::vector<slots::slot_no>& which, const member_id& to) {
  auto out = "slots " + format_slots(which);
  return to.get().empty() ? out + " unpinned" : out + " to " + to.get();
}

void move(api_actor& self, const call_ptr& what) {
  auto body = codec::parse_json(what->request.body);
  if (!body) return what->fail(body.error());
  auto in = codec::from_json<move_body>(*body);
  if (!in) return what->fail(in.error());
  const auto* named = body->as_object().if_contains("slots");
  auto which = named ? read_slots(*named) : fail(ec::invalid_argument, "slots");
  if (!which) return what->fail(which.error());
  auto perform = [&self, which = *which, to = in->to](const admin_action_ptr& deed) {
    ask_here<slots::slots_pinned>(
        self, path::slots, slots::pin_slots{which, to, deed->who(), deed->why()},
        [deed](const slots::slots_pinned& x) { deed->done(codec::to_json(x)); },
        [deed](const failure& why) { deed->failed(why); });
  };
  carry_out(self, what, {"move", target_of(*which, in->to), in->reason}, without_record::refuse,
            std::move(perform));
}

} // namespace

std::vector<route> slot_routes() {
  return {
      {{.method = "GET",
        .pattern = "/api/v1/cluster/slots",
        .need = permission::read,
        .summary = "Which member owns which slot, and where it should be",
        .gives = schema_of<slots::slot_page>,
        .query = page_query(
            {{"member", "Only those of this member"}, {"state", "Only slots in this state"}})},
       list},
      {{.method = "GET",
        .pattern = "/api/v1/cluster/slots/{slot}/history",
        .need = permission::read,
        .summary = "The owners of a slot, newest first, with reasons",
        .gives = schema_of<slots::move_page>,
        .query = page_query({{"member", "Only moves from or to this member"}})},
       history},
      {{.method = "GET",
        .pattern = "/api/v1/cluster/moves",
        .need = permission::read,
        .summary = "Which slots changed hands, newest first, with reasons",
        .gives = schema_of<slots::move_page>,
        .query = page_query({{"member", "Only moves from or to this member"}})},
       moves},
      {{.method = "POST",
        .pattern = "/api/v1/cluster/slots/move",
        .need = permission::admin,
        .summary = "Put slots on a member and keep them there"},
       move},
  };
}

} // namespace bpci::gateway
