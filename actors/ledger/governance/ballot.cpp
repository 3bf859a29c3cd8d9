#include "actors/ledger/governance/ballot.hpp"

#include "actors/ledger/governance/account.hpp"
#include "actors/ledger/governance/refusals.hpp"
#include "actors/ledger/keys.hpp"
#include "actors/ledger/modules.hpp"
#include "actors/ledger/wide.hpp"

#include <algorithm>
#include <numeric>

namespace bpci::ledger::governance {

namespace {

constexpr std::string_view agenda_key = "governance/agenda";

std::string proposal_key(std::uint64_t number) {
  return key_with("governance/proposal/", number);
}
std::string electorate_key(std::uint64_t number) {
  return key_with("governance/electorate/", number);
}
std::string vote_key(std::uint64_t number, const account& by) {
  return key_with(key_with("governance/vote/", number), by);
}

bool calls_halt(const propose& x) {
  return x.module == module_name && x.kind == "halt";
}

std::uint64_t weight_in(const electorate& all, const account& who) {
  auto found = std::ranges::find(all.who, who, &consensus::validator::id);
  return found == all.who.end() ? 0 : found->weight;
}

void close(context& c, proposal& x, standing as) {
  x.now = as;
  c.state.store(proposal_key(x.number), x);
  for (const auto& v : load_or_new<electorate>(c.state, electorate_key(x.number)).who)
    if (auto key = vote_key(x.number, v.id); c.state.find(key)) c.state.erase(key);
  c.state.erase(electorate_key(x.number));
  auto all = read_agenda(c.state);
  std::erase_if(all.open, [&](const auto& o) { return o.number == x.number; });
  c.state.store(agenda_key, all);
  c.emit(module_name, closed{x.number, as, x.refusal});
}

/// A call that is refused has no effect but its proposal's standing.
void execute(context& c, proposal& x) {
  auto in_its_name = c.on_behalf_of(own_account());
  const auto* target = c.modules.find(x.what.module);
  auto done = in_its_name.attempt([&]() -> verdict {
    if (!target) return refuse(call_unknown);
    return target->run(in_its_name, x.what.kind, x.what.body);
  });
  if (!done) x.refusal = done.error().name;
  close(c, x, done ? standing::executed : standing::failed);
}

} // namespace

bool enough(std::uint64_t yes, std::uint64_t total, bool is_halt) {
  if (is_halt) return wide{3} * yes >= total;
  return wide{100} * yes >= wide{67} * total;
}

bool possible(std::uint64_t no, std::uint64_t total, bool is_halt) {
  return enough(total - no, total, is_halt);
}

std::optional<proposal> find_proposal(const reader& state, std::uint64_t number) {
  return load<proposal>(state, proposal_key(number));
}

agenda read_agenda(const reader& state) {
  return load_or_new<agenda>(state, agenda_key);
}

verdict open_proposal_for(context& c, const propose& x) {
  const electorate all{c.block.validators};
  if (weight_in(all, c.sender) == 0) return refuse(not_a_validator);
  if (x.title.empty() || x.title.size() > title_bytes_max)
    return refuse(title_not_allowed, "1 to 256 bytes");
  if (x.body.size() > call_bytes_max) return refuse(call_too_large);
  const auto* target = c.modules.find(x.module);
  if (!target || !target->has_kind(x.kind)) return refuse(call_unknown, x.module + "." + x.kind);
  auto open = read_agenda(c.state);
  auto own = std::ranges::count_if(open.open, [&](const auto& o) {
    return load_or_new<proposal>(c.state, proposal_key(o.number)).by == c.sender;
  });
  if (open.open.size() >= open_max || own >= static_cast<std::ptrdiff_t>(open_per_validator_max))
    return refuse(too_many_proposals);

  const auto fast = x.fast || calls_halt(x);
  proposal made;
  made.number = ++open.count;
  made.by = c.sender;
  made.what = x;
  made.made = c.block.at;
  made.deadline = height{c.block.at.get() + c.value(fast ? fast_voting_heights : voting_heights)};
  made.total = std::accumulate(all.who.begin(), all.who.end(), std::uint64_t{0},
                               [](auto sum, const auto& v) { return sum + v.weight; });
  open.open.push_back({made.number, made.deadline});
  c.state.store(agenda_key, open);
  c.state.store(proposal_key(made.number), made);
  c.state.store(electorate_key(made.number), all);
  c.emit(module_name, proposed{made.number, made.deadline});
  return cast(c, {made.number, true});
}

verdict cast(context& c, const vote& x) {
  auto found = find_proposal(c.state, x.proposal);
  if (!found) return refuse(proposal_unknown);
  if (found->now != standing::open) return refuse(proposal_closed);
  auto weight = weight_in(load_or_new<electorate>(c.state, electorate_key(x.proposal)), c.sender);
  if (weight == 0) return refuse(not_in_electorate);
  auto key = vote_key(x.proposal, c.sender);
  if (c.state.find(key)) return refuse(already_voted);

  const voted entry{x.proposal, c.sender, x.yes, weight};
  c.state.store(key, entry);
  c.emit(module_name, entry);
  (x.yes ? found->yes : found->no) += weight;
  c.state.store(proposal_key(found->number), *found);
  const auto halt = calls_halt(found->what);
  if (enough(found->yes, found->total, halt))
    execute(c, *found);
  else if (!possible(found->no, found->total, halt))
    close(c, *found, standing::rejected);
  return {};
}

void close_expired(context& c) {
  for (const auto& x : read_agenda(c.state).open) {
    if (c.block.at < x.deadline) continue;
    auto found = find_proposal(c.state, x.number);
    if (found) close(c, *found, standing::expired);
  }
}

} // namespace bpci::ledger::governance
