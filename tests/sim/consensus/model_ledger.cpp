#include "model_ledger.hpp"

#include "keys.hpp"
#include "words.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace bpci::consensus::sim {

const std::string chain_name = "model";

namespace {

constexpr std::uint64_t evidence_age_max = 20; ///< heights

/// The root of a counter machine: what it was, and each transaction.
void fold(hash& root, std::uint64_t id) {
  std::uint64_t state = 0;
  std::memcpy(&state, root.data(), 8);
  for (std::size_t i = 0; i < root.size(); i += 8) {
    state = scatter(state, id);
    std::memcpy(root.data() + i, &state, 8);
  }
}

void insert_sorted(std::vector<std::uint64_t>& into, std::uint64_t x) {
  into.insert(std::ranges::lower_bound(into, x), x);
}

std::vector<validator> changed(std::vector<validator> set, const transaction& x) {
  std::erase_if(set, [&](const validator& v) { return v.id == x.who; });
  if (x.weight > 0) set.push_back({x.who, x.weight});
  std::ranges::sort(set, {}, &validator::id);
  return set;
}

void apply(chain_state& to, const transaction& x) {
  insert_sorted(to.done, x.id);
  fold(to.state_root, x.id);
  if (!x.sets_weight) return;
  auto set = changed(to.next, x);
  if (is_sound(set))
    to.next = std::move(set);
  else
    insert_sorted(to.failed, x.id);
}

} // namespace

bool is_sound(const std::vector<validator>& set) {
  std::uint64_t sum = 0;
  for (const auto& x : set) {
    if (x.weight == 0 || x.weight > std::numeric_limits<std::uint64_t>::max() - sum) return false;
    sum += x.weight;
  }
  return !set.empty();
}

bytes to_bytes(const transaction& x) {
  return codec::to_canonical(x);
}

bool is_worth_a_block(const chain_state& chain, const evidence& x) {
  auto who = accused_by(x);
  if (!who || std::ranges::binary_search(chain.slashed, *who)) return false;
  if (place_of(x).get() + evidence_age_max < chain.head.at.get()) return false;
  return is_proven(x, chain.validators) || is_proven(x, chain.sealed_by);
}

model_ledger::model_ledger(const plan& what) {
  auto first = std::make_shared<chain_state>();
  for (std::size_t i = 0; i < what.weights.size(); ++i)
    if (what.weights[i] > 0) first->validators.push_back({key_of(i), what.weights[i]});
  first->sealed_by = first->next = first->validators;
  first->head.chain_id = chain_name;
  first->head.time = timestamp_ms{1'700'000'000'000};
  first->head.validators_hash = validators_hash(first->validators);
  first->head.next_validators_hash = first->head.validators_hash;
  first->id = block_id(first->head);
  genesis_ = first;
  known_.emplace(first->id, first);
}

state_ptr model_ledger::find(const hash& id) const {
  auto found = known_.find(id);
  return found == known_.end() ? nullptr : found->second;
}

block model_ledger::make(const chain_state& parent, const draft& what) const {
  block out;
  out.misbehaviour = what.misbehaviour;
  out.parent_seals = what.parent_seals;
  out.late_seals = what.late_seals;
  auto root = parent.state_root;
  for (const auto& x : what.transactions) {
    out.transactions.push_back(to_bytes(x));
    fold(root, x.id);
  }
  auto& head = out.head;
  head.chain_id = chain_name;
  head.at = height{parent.head.at.get() + 1};
  head.parent = parent.id;
  head.time = what.time;
  head.proposer = what.proposer;
  head.state_root = root;
  head.validators_hash = validators_hash(parent.validators);
  head.next_validators_hash = validators_hash(parent.next);
  fix_roots(out);
  return out;
}

/// Seals of one of the two blocks before the parent, by those who could give them.
bool model_ledger::is_late(const certificate& x, const chain_state& parent) const {
  auto of = find(parent.head.parent);
  if (of && x.at < of->head.at) of = find(of->head.parent);
  if (!of || of->id != x.block_id || of->head.at != x.at || of->head.at == height{0}) return false;
  return std::ranges::all_of(x.seals, [&](const seal& s) {
    return std::ranges::find(of->sealed_by, s.by, &validator::id) != of->sealed_by.end()
           && is_signed(commit_of(x, s));
  });
}

/// Empty: none.
std::string model_ledger::fault_of(const chain_state& parent, const block& what) const {
  const auto& head = what.head;
  if (head.chain_id != chain_name) return "of another chain";
  if (head.parent != parent.id || head.at.get() != parent.head.at.get() + 1)
    return "another parent";
  if (head.time <= parent.head.time) return "not after its parent";
  if (head.validators_hash != validators_hash(parent.validators)
      || head.next_validators_hash != validators_hash(parent.next))
    return "other validators";
  if (!roots_match(what)) return "its body is not what its header says";
  if (head.at.get() > 1
      && !is_sealed(what.parent_seals, parent.head.at, parent.id, parent.sealed_by))
    return "its parent is not sealed";
  for (const auto& late : what.late_seals)
    if (!is_late(late, parent)) return "late seals that are none";
  std::set<std::uint64_t> here;
  for (const auto& raw : what.transactions) {
    auto x = codec::from_canonical<transaction>(raw);
    if (!x) return "a transaction that is none";
    if (std::ranges::binary_search(parent.done, x->id) || !here.insert(x->id).second)
      return "a transaction for the second time";
  }
  std::set<address> named;
  for (const auto& x : what.misbehaviour)
    if (!is_worth_a_block(parent, x) || !named.insert(*accused_by(x)).second)
      return "evidence that proves nothing new";
  return {};
}

state_ptr model_ledger::execute(const state_ptr& parent, const block& what, const hash& id) {
  // The id covers the header only: the same one may come with another body.
  if (auto known = find(id); known && what.head.parent == parent->id && roots_match(what))
    return known;
  refusal_ = fault_of(*parent, what);
  if (!refusal_.empty()) return nullptr;
  auto out = std::make_shared<chain_state>(*parent);
  out->head = what.head;
  out->id = id;
  out->sealed_by = parent->validators;
  out->validators = parent->next;
  for (const auto& raw : what.transactions)
    apply(*out, *codec::from_canonical<transaction>(raw));
  for (const auto& x : what.misbehaviour) {
    auto who = *accused_by(x);
    out->slashed.insert(std::ranges::lower_bound(out->slashed, who), who);
  }
  if (out->state_root != what.head.state_root) {
    refusal_ = "another state";
    return nullptr;
  }
  known_.emplace(id, out);
  return out;
}

} // namespace bpci::consensus::sim
