#include "gateways/cli/list_view.hpp"
#include "gateways/cli/options.hpp"
#include "gateways/cli/text.hpp"

#include <memory>

namespace bpci::cli {

namespace {

namespace json = boost::json;

const list_view slots_view{
    "/api/v1/cluster/slots",
    "slots",
    {{"SLOT", "slot", cell::number},
     {"OWNER", "owner"},
     {"EPOCH", "epoch"},
     {"DRAINING", "draining", cell::flag},
     {"WANTED", "wanted"},
     {"PINNED", "pinned"},
     {"MOVED", "moved_at", cell::since},
     {"REASON", "reason"}},
    "No slot is like that.",
};

const list_view moves_view{
    "/api/v1/cluster/moves",
    "moves",
    {{"MOVED", "at", cell::since},
     {"SLOT", "slot", cell::number},
     {"FROM", "from"},
     {"TO", "to"},
     {"EPOCH", "epoch"},
     {"VIEW", "view", cell::number},
     {"REASON", "reason"}},
    "No slot has moved.",
};

const columns place_columns{
    {"kind", "what.kind"},
    {"id", "what.id"},
    {"exists", "exists", cell::flag},
    {"version", "version"},
    {"active", "active", cell::flag},
    {"actor", "path"},
    {"slot", "slot.slot"},
    {"owner", "slot.owner"},
    {"epoch", "slot.epoch"},
    {"wanted", "slot.wanted"},
    {"pinned", "slot.pinned"},
    {"moved", "slot.moved_at", cell::since},
    {"because", "slot.reason"},
};

const columns score_columns{
    {"MEMBER", "member"},
    {"SCORE", "score", cell::number},
};

// -- lists --------------------------------------------------------------------------------

struct slots_options {
  page_options page;
  std::string member;
  std::string state;
};

void add_slots(CLI::App& to, command_line& line) {
  const auto given = std::make_shared<slots_options>();
  auto& app = add_command(to, "slots", "Which member owns which slot",
                          "bpci cluster slots --member node-2", line, [given](const context& with) {
                            return show_list(with, slots_view,
                                             {{"member", given->member}, {"state", given->state}},
                                             given->page);
                          });
  add_option(app, "--member", given->member, "only those of this member; - for those of nobody");
  add_option(app, "--state", given->state, "only those in this state")
      .one_of({"draining", "pinned"});
  add_page_options(app, given->page);
}

struct moves_options {
  page_options page;
  std::string slot;
  std::string member;
};

void add_moves(CLI::App& to, command_line& line) {
  const auto given = std::make_shared<moves_options>();
  auto& app = add_command(to, "moves", "Which slots changed hands, and why; newest first",
                          "bpci cluster moves --slot 17", line, [given](const context& with) {
                            return show_list(with, moves_view,
                                             {{"slot", given->slot}, {"member", given->member}},
                                             given->page);
                          });
  add_option(app, "--slot", given->slot, "only this one").type_name("N");
  add_option(app, "--member", given->member, "only from or to this member");
  add_page_options(app, given->page);
}

// -- why ----------------------------------------------------------------------------------

struct why_options {
  std::string kind;
  std::string id;
};

std::string render_place(const json::value& place, const style& how) {
  std::string out;
  if (const auto* record = place.if_object()) out += render_record(place_columns, *record, how);
  out += '\n' + render_table(score_columns, list_at(place, "scores"), how);
  const auto history = list_at(place, "history");
  if (!history.empty()) out += '\n' + render_table(moves_view.shown, history, how);
  return out;
}

exit_code why(const context& with, const why_options& given) {
  auto node = with.node();
  if (!node) return with.show(node.error());
  const auto data = node->get("/api/v1/entities/" + percent_encode(given.kind) + '/'
                              + percent_encode(given.id) + "/place");
  if (!data) return with.show(data.error());
  return with.show(*data, [&] { return render_place(*data, with.table_style()); });
}

void add_why(CLI::App& to, command_line& line) {
  const auto given = std::make_shared<why_options>();
  auto& app =
      add_command(to, "why", "Why an entity is where it is", "bpci cluster why mailbox bank-a",
                  line, [given](const context& with) { return why(with, *given); });
  add_option(app, "kind", given->kind, "of the entity").required().type_name("KIND");
  add_option(app, "id", given->id, "of the entity").required().type_name("ID");
}

// -- moving -------------------------------------------------------------------------------

struct move_options {
  std::string slots;
  std::string to;
  bool unpin = false;
  std::string reason;
};

exit_code move(const context& with, const move_options& given) {
  if (given.to.empty() != given.unpin)
    return with.show(usage_fault("neither a member nor --unpin, or both",
                                 "Say --to MEMBER, or --unpin to leave it to the hash."));
  auto node = with.node();
  if (!node) return with.show(node.error());
  const auto data =
      node->post("/api/v1/cluster/slots/move",
                 {{"slots", given.slots}, {"to", given.to}, {"reason", given.reason}});
  if (!data) return with.show(data.error());
  return with.show(*data, [&] {
    return "slots " + given.slots + (given.unpin ? " are unpinned" : " are pinned to " + given.to)
           + "; bpci cluster moves tells how it goes.\n";
  });
}

void add_move(CLI::App& to, command_line& line) {
  const auto given = std::make_shared<move_options>();
  auto& app = add_command(to, "move", "Put slots on a member and keep them there",
                          "bpci cluster move 12,40-60 --to node-2 --reason \"hot spot\"", line,
                          [given](const context& with) { return move(with, *given); });
  add_option(app, "slots", given->slots, "as in 12,40-60").required().type_name("SLOTS");
  add_option(app, "--to", given->to, "the member that shall own them").type_name("MEMBER");
  add_flag(app, "--unpin", given->unpin, "put them wherever the hash says");
  add_option(app, "--reason", given->reason, "for the audit log").required();
}

} // namespace

void add_slot_commands(CLI::App& cluster, command_line& line) {
  add_slots(cluster, line);
  add_moves(cluster, line);
  add_why(cluster, line);
  add_move(cluster, line);
}

} // namespace bpci::cli
