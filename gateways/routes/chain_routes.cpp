#include "gateways/api/admin_action.hpp"
#include "gateways/chain/chain_json.hpp"
#include "gateways/chain/stuck.hpp"
#include "gateways/routes/asking_chain.hpp"
#include "gateways/routes/body.hpp"
#include "gateways/routes/routes.hpp"
#include "messages/chain/peers.hpp"
#include "messages/chain/pool.hpp"
#include "messages/ledger/chain.hpp"
#include "messages/ledger/coins.hpp"
#include "messages/ledger/treasury.hpp"
#include "messages/ledger/validators.hpp"

#include <charconv>

namespace bpci::gateway {

namespace {

using http::permission;
namespace json = boost::json;

constexpr std::uint64_t proposals_default = 20;
constexpr std::uint64_t proposals_max = 50;

result<std::optional<height>> height_parameter(const call& what, std::string_view name) {
  if (what.parameter(name).empty()) return std::optional<height>{};
  auto number = what.number(name);
  if (!number) return number.error();
  return std::optional<height>{height{*number}};
}

// -- why is it stuck? ----------------------------------------------------------------------

json::object engine_json(const chain::engine_status& x) {
  auto out = shown(x).as_object();
  // What stands in a sentence also stands beside each name.
  json::array missing;
  for (const auto& who : x.where.missing)
    missing.push_back({{"who", crypto::to_hex(who)}, {"why", excuse_of(x, who)}});
  out["missing"] = std::move(missing);
  return out;
}

/// The parts of one answer that several actors give. What one of them does not say is left out, and
/// named: a node that is in trouble must still tell what it can.
struct state_answer {
  json::object out{{"summary", nullptr}};
  json::array unanswered;
  std::size_t open = 3;
  call_ptr what;

  void part(const char* name, json::value x) {
    out[name] = std::move(x);
    done();
  }

  void no_part(const char* name, const failure& why) {
    unanswered.push_back({{"part", name}, {"code", bpci::name(why.code)}, {"detail", why.detail}});
    done();
  }

  void done() {
    if (--open > 0) return;
    if (!out.contains("engine") && !out.contains("chain"))
      return refuse_chain(what)({ec::unavailable, "the chain does not answer"});
    if (!out.contains("engine")) out["summary"] = "The engine does not answer.";
    out["unanswered"] = std::move(unanswered);
    what->ok(std::move(out));
  }
};

template <class Reply, class Message, class Show>
void ask_part(api_actor& self, const std::shared_ptr<state_answer>& all, const char* name,
              const caf::actor& keeper, Message question, Show show) {
  self.ask<Reply>(
      keeper, answer_max, std::move(question),
      [all, name, show](const Reply& x) { all->part(name, show(x)); },
      [all, name](const failure& why) { all->no_part(name, why); });
}

void show_state(api_actor& self, const call_ptr& what) {
  auto keeper = self.shared().find(chain::path::keeper);
  if (!keeper) return refuse_without_chain(what);
  auto all = std::make_shared<state_answer>();
  all->what = what;
  ask_part<chain::engine_status>(self, all, "engine", keeper, chain::get_engine{},
                                 [all](const chain::engine_status& x) {
                                   all->out["summary"] = summary_of(x);
                                   return engine_json(x);
                                 });
  ask_part<chain::chain_overview>(self, all, "chain", keeper, chain::get_overview{},
                                  [](const chain::chain_overview& x) { return shown(x); });
  ask_part<chain::peer_list>(self, all, "peers", keeper, chain::get_peers{},
                             [](const chain::peer_list& x) { return shown(x.peers); });
}

void propose(api_actor& self, const call_ptr& what) {
  ask_chain<chain::engine_status>(
      self, what, chain::propose_now{}, [what](const chain::engine_status& x) {
        what->ok({{"summary", summary_of(x)}, {"engine", engine_json(x)}});
      });
}

struct lift_body {
  std::string reason;

  bool operator==(const lift_body&) const = default;
};
BPCI_MESSAGE(lift_body, reason)

void lift_halt(api_actor& self, const call_ptr& what) {
  auto in = read_body<lift_body>(*what);
  if (!in) return what->fail(in.error());
  if (!self.shared().find(chain::path::keeper)) return refuse_without_chain(what);
  auto perform = [&self, what](const admin_action_ptr& deed) {
    ask_chain<chain::engine_status>(
        self, what, chain::lift_halt{},
        [deed](const chain::engine_status& x) { deed->done(engine_json(x)); },
        [deed](const failure& why) { deed->failed(why); });
  };
  carry_out(self, what, {"lift-halt", "the validator of this cluster", in->reason},
            without_record::refuse, std::move(perform));
}

// -- blocks --------------------------------------------------------------------------------

void list_blocks(api_actor& self, const call_ptr& what) {
  auto before = height_parameter(*what, "before");
  if (!before) return what->fail(before.error());
  // `after`, as in all lists, takes the `next` of the page before.
  auto after = height_parameter(*what, "after");
  if (!after) return what->fail(after.error());
  auto limit = what->number("limit");
  if (!limit) return what->fail(limit.error());
  ask_chain<chain::block_page>(self, what, chain::list_blocks{*after ? *after : *before, *limit},
                               [what](const chain::block_page& x) {
                                 json::value next{""};
                                 if (x.next) next = std::to_string(x.next->get());
                                 what->ok({{"blocks", shown(x.blocks)}, {"next", std::move(next)}});
                               });
}

/// A height, or an id.
result<chain::get_block> which_block(const call& what) {
  const auto text = what.parameters.get("block");
  chain::get_block out;
  std::uint64_t number = 0;
  if (text.size() == 64) {
    auto id = read_hash(text, "block");
    if (!id) return id.error();
    out.id = *id;
    return out;
  }
  const auto [end, why] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (why != std::errc{} || end != text.data() + text.size())
    return fail(ec::invalid_argument, "block: expected a height, or an id of 64 hex digits");
  out.at = height{number};
  return out;
}

template <class Show>
void ask_block(api_actor& self, const call_ptr& what, Show show) {
  auto which = which_block(*what);
  if (!which) return what->fail(which.error());
  ask_chain<chain::block_shown>(self, what, *which,
                                [what, show](const chain::block_shown& x) { show(*what, x); });
}

void show_block(api_actor& self, const call_ptr& what) {
  ask_block(self, what, [](const call& to, const chain::block_shown& x) { to.ok(block_json(x)); });
}

/// For whoever checks the chain: what was hashed and signed.
void raw_block(api_actor& self, const call_ptr& what) {
  ask_block(self, what, [](const call& to, const chain::block_shown& x) {
    const auto raw = codec::to_canonical(x.what);
    to.reply(http::text_response({raw.begin(), raw.end()}, "application/octet-stream"));
  });
}

// -- the state ------------------------------------------------------------------------------

void show_value(api_actor& self, const call_ptr& what) {
  auto key = state_key(what->parameter("key"));
  if (!key) return what->fail(key.error());
  ask_chain<chain::state_proven>(
      self, what, chain::prove_state{*key}, [what](const chain::state_proven& x) {
        json::object out{{"key", "0x" + crypto::to_hex(crypto::as_bytes(x.key))},
                         {"present", x.value.has_value()}};
        if (x.value) {
          out["value"] = state_value_json(x.key, *x.value);
          out["value_hex"] = crypto::to_hex(*x.value);
        }
        out["header"] = shown(x.head);
        out["seals"] = shown(x.seals);
        out["proof"] = shown(x.proof);
        what->ok(std::move(out));
      });
}

void list_validators(api_actor& self, const call_ptr& what) {
  using namespace ledger::validators;
  ask_ledger<validator_sets>(
      self, what, "validators", get_sets{}, [&self, what](const validator_sets& sets, height at) {
        ask_ledger<waiting_list>(self, what, "validators", get_waiting{},
                                 [what, sets, at](const waiting_list& waiting, height) {
                                   what->ok({{"height", shown(at)},
                                             {"validators", shown(sets.now)},
                                             {"before", shown(sets.before)},
                                             {"changed", shown(sets.changed)},
                                             {"waiting", shown(waiting.who)}});
                                 });
      });
}

void show_validator(api_actor& self, const call_ptr& what) {
  auto who = read_address(what->parameters.get("address"), "address");
  if (!who) return what->fail(who.error());
  ask_ledger<ledger::validators::member>(
      self, what, "validators", ledger::validators::get_member{*who},
      [what, who = *who](const ledger::validators::member& x, height at) {
        auto out = shown(x).as_object();
        out["address"] = crypto::to_hex(who);
        out["height"] = shown(at);
        what->ok(std::move(out));
      });
}

void list_evidence(api_actor& self, const call_ptr& what) {
  auto limit = what->number("limit");
  if (!limit) return what->fail(limit.error());
  ask_chain<chain::evidence_page>(self, what, chain::list_evidence{*limit},
                                  [what](const chain::evidence_page& x) {
                                    what->ok({{"evidence", shown(x.evidence)}});
                                  });
}

/// Every parameter with its bounds: what was set stands in the state, the rest in the program.
void list_parameters(api_actor& self, const call_ptr& what) {
  ask_chain<chain::state_proven>(
      self, what, chain::prove_state{"ledger/parameters"},
      [&self, what](const chain::state_proven& x) {
        ledger::parameter_values set;
        if (x.value) {
          auto read = codec::from_canonical<ledger::parameter_values>(*x.value);
          if (!read) return what->fail({ec::internal, read.error().detail});
          set = std::move(*read);
        }
        json::array rows;
        for (const auto& known : self.shared().parameters) {
          auto row = shown(known).as_object();
          row["unless_set"] = row["value"];
          for (const auto& one : set.set)
            if (one.name == known.name) row["value"] = shown(one.value);
          row["set"] = row["value"] != row["unless_set"];
          rows.push_back(std::move(row));
        }
        what->ok({{"height", shown(x.head.at)}, {"parameters", std::move(rows)}});
      });
}

void show_supply(api_actor& self, const call_ptr& what) {
  using namespace ledger;
  ask_ledger<coins::supply>(
      self, what, "coins", coins::get_supply{}, [what](const coins::supply& x, height at) {
        what->ok({{"height", shown(at)},
                  {"supply", {shown(x.gen), shown(x.nex), shown(x.flx), shown(x.aur)}}});
      });
}

void show_fund(api_actor& self, const call_ptr& what) {
  using namespace ledger::treasury;
  get_fund question;
  const auto name = std::string{what->parameters.get("fund")};
  if (!boost::describe::enum_from_string(name.c_str(), question.which))
    return what->fail({ec::invalid_argument, "fund: main, community or roundtable"});
  ask_ledger<fund_answer>(self, what, "treasury", question,
                          [what, name](const fund_answer& x, height at) {
                            what->ok({{"height", shown(at)},
                                      {"fund", name},
                                      {"address", crypto::to_hex(x.where)},
                                      {"balances", shown(x.has)}});
                          });
}

// -- governance -------------------------------------------------------------------------------

/// The proposals of a page as they come in, newest first.
struct proposals_answer {
  call_ptr what;
  ledger::governance::agenda agenda;
  std::map<std::uint64_t, json::value, std::greater<>> rows;
  std::size_t open = 1; ///< until all have been asked for
  std::uint64_t next = 0;

  void done() {
    if (--open > 0) return;
    json::array all;
    for (auto& [number, row] : rows)
      all.push_back(std::move(row));
    what->ok({{"count", agenda.count},
              {"open", shown(agenda.open)},
              {"proposals", std::move(all)},
              {"next", next == 0 ? "" : std::to_string(next)}});
  }
};

void ask_proposals(api_actor& self, const std::shared_ptr<proposals_answer>& all,
                   std::uint64_t before, std::uint64_t limit) {
  using namespace ledger::governance;
  auto number = before == 0 ? all->agenda.count : std::min(before - 1, all->agenda.count);
  for (; number > 0 && limit > 0; --number, --limit) {
    ++all->open;
    ask_ledger<proposal>(self, all->what, "governance", get_proposal{number},
                         [all, number](const proposal& x, height) {
                           all->rows.emplace(number, shown(x));
                           all->done();
                         });
  }
  if (number > 0) all->next = number + 1;
  all->done();
}

void list_proposals(api_actor& self, const call_ptr& what) {
  using namespace ledger::governance;
  auto before = what->number(what->parameter("before").empty() ? "after" : "before");
  if (!before) return what->fail(before.error());
  auto limit = what->number("limit");
  if (!limit) return what->fail(limit.error());
  const auto rows = *limit == 0 ? proposals_default : std::min(*limit, proposals_max);
  ask_ledger<agenda>(self, what, "governance", get_agenda{},
                     [&self, what, before = *before, rows](const agenda& x, height) {
                       auto all = std::make_shared<proposals_answer>();
                       all->what = what;
                       all->agenda = x;
                       ask_proposals(self, all, before, rows);
                     });
}

// -- what waits, and who is there ----------------------------------------------------------------

void show_pool(api_actor& self, const call_ptr& what) {
  ask_chain<chain::pool_status>(self, what, chain::get_pool{},
                                [what](const chain::pool_status& x) { what->ok(shown(x)); });
}

void list_peers(api_actor& self, const call_ptr& what) {
  ask_chain<chain::peer_list>(self, what, chain::get_peers{}, [what](const chain::peer_list& x) {
    what->ok({{"peers", shown(x.peers)}});
  });
}

} // namespace

std::vector<route> chain_routes() {
  auto get = [](std::string pattern, std::string summary) {
    return http::route_info{.method = "GET",
                            .pattern = std::move(pattern),
                            .need = permission::read,
                            .summary = std::move(summary)};
  };
  return {
      {get("/api/v1/consensus/state", "Where the chain stands, and why it waits"), show_state},
      {{.method = "POST",
        .pattern = "/api/v1/consensus/propose",
        .need = permission::write,
        .summary = "Make a block now, if there is anything to decide"},
       propose},
      {{.method = "POST",
        .pattern = "/api/v1/consensus/lift-halt",
        .need = permission::admin,
        .summary = "Lift the halt of this cluster's validator, once a person has looked"},
       lift_halt},
      {get("/api/v1/chain/blocks", "Final blocks, newest first"), list_blocks},
      {get("/api/v1/chain/blocks/{block}", "A block by height or id"), show_block},
      {{.method = "GET",
        .pattern = "/api/v1/chain/blocks/{block}/raw",
        .need = permission::read,
        .summary = "The canonical bytes of a sealed block",
        .produces = "application/octet-stream"},
       raw_block},
      {get("/api/v1/chain/state", "A value of the state, with its proof"), show_value},
      {get("/api/v1/chain/validators", "Who decides, and who waits to"), list_validators},
      {get("/api/v1/chain/validators/{address}", "A validator's bond and standing"),
       show_validator},
      {get("/api/v1/chain/evidence", "Evidence of misbehaviour"), list_evidence},
      {get("/api/v1/chain/parameters", "What governance can set, as it stands"), list_parameters},
      {get("/api/v1/chain/supply", "How much there is of each token"), show_supply},
      {get("/api/v1/chain/funds/{fund}", "What a fund of the treasury has"), show_fund},
      {get("/api/v1/chain/governance", "Proposals, newest first"), list_proposals},
      {get("/api/v1/chain/mempool", "What waits for a block"), show_pool},
      {get("/api/v1/chain/peers", "The other operators' nodes"), list_peers},
  };
}

} // namespace bpci::gateway
