#include "actors/ledger/tip.hpp"

#include "actors/ledger/chain.hpp"
#include "actors/ledger/receipts.hpp"
#include "actors/ledger/validators/set.hpp"
#include "messages/codec/canonical.hpp"
#include "runtime/crypto/hash.hpp"

#include <algorithm>

namespace bpci::ledger {

namespace {

/// Own proposals and those of others, of some rounds.
constexpr std::size_t executed_max = 8;

constexpr std::size_t recent_max = 3;

/// All that its execution depends on; roots may still be wanting in one of them.
bool executes_alike(const consensus::block& x, const consensus::block& y) {
  return x.head.at == y.head.at && x.head.parent == y.head.parent && x.head.time == y.head.time
         && x.head.proposer == y.head.proposer && x.parent_seals == y.parent_seals
         && x.late_seals == y.late_seals && x.transactions == y.transactions;
}

std::string number(height x) {
  return std::to_string(x.get());
}

std::string roots_differ(const hash& ours, const hash& theirs) {
  return "its state root is " + crypto::to_hex(theirs) + ", here it is " + crypto::to_hex(ours);
}

} // namespace

tip::tip(rules by, tip_start start)
    : by_(std::move(by)), state_(std::move(start.state)), keys_(start.keys) {
  for (const auto& x : start.before)
    attendance_.note(x);
  position_.recent = std::move(start.recent);
  tell(start.head, start.id, start.seals, std::move(start.last));
}

void tip::tell(const consensus::header& head, const hash& id, const consensus::certificate& seals,
               chain::sealed_block_ptr last) {
  auto coming = validators::coming_after(state_, head.at);
  position_.head = std::make_shared<const consensus::chain_head>(consensus::chain_head{
      head, id, seals, {}, std::move(coming.next), std::move(coming.after_next)});
  position_.change_due = validators::change_due(state_);
  position_.last = std::move(last);
  auto& recent = position_.recent;
  if (recent.size() > recent_max)
    recent.erase(recent.begin(), recent.end() - static_cast<std::ptrdiff_t>(recent_max));
}

bool tip::is_next(const consensus::block& x) const {
  return x.head.at.get() == head().head.at.get() + 1 && x.head.parent == head().id;
}

block_context tip::context_of(const consensus::block& x,
                              const chain::evidence_list& evidence) const {
  return {.chain_id = x.head.chain_id,
          .at = x.head.at,
          .time = x.head.time,
          .proposer = x.head.proposer,
          .validators = head().validators,
          .sealed = attendance_.window(x),
          .evidence = evidence};
}

const tip::executed* tip::find(const hash& id) const {
  auto found = std::ranges::find_if(executed_, [&](const auto& x) { return x.id == id; });
  return found == executed_.end() ? nullptr : &*found;
}

const tip::executed* tip::find(const chain::validate_block& x) const {
  if (const auto* known = find(x.id)) return known;
  if (x.ticket == 0) return nullptr;
  auto found = std::ranges::find_if(executed_, [&](const auto& y) { return y.ticket == x.ticket; });
  auto same = found != executed_.end() && found->evidence == x.evidence
              && executes_alike(*found->what, *x.what);
  return same ? &*found : nullptr;
}

/// A proposer may have filled it and never asked whether it is valid.
const tip::executed* tip::find(const chain::append_block& x) const {
  if (const auto* known = find(x.id)) return known;
  auto found = std::ranges::find_if(executed_, [&](const auto& y) {
    return y.evidence == x.evidence && executes_alike(*y.what, x.what->what);
  });
  return found == executed_.end() ? nullptr : &*found;
}

void tip::remember(executed x) {
  if (executed_.size() >= executed_max) executed_.pop_front();
  executed_.push_back(std::move(x));
}

result<chain::block_filled> tip::fill(const chain::fill_block& x, std::span<const bytes> offered) {
  if (!is_next(*x.skeleton))
    return fail(ec::conflict, "the head is block " + number(head().head.at));
  auto made = make_block(by_, state_, context_of(*x.skeleton, x.evidence), offered);
  if (!made) return made.error();
  auto block = *x.skeleton;
  block.transactions = std::move(made->transactions);
  block.head.state_root = made->done.root;
  auto what = std::make_shared<const consensus::block>(std::move(block));
  remember({++last_ticket_,
            {},
            what,
            x.evidence,
            std::make_shared<const execution>(std::move(made->done))});
  return chain::block_filled{what, last_ticket_};
}

result<chain::block_valid> tip::validate(const chain::validate_block& x) {
  if (!is_next(*x.what))
    return fail(ec::unavailable, "the head is block " + number(head().head.at));
  chain::block_valid out{x.id, false, {}};
  std::shared_ptr<const execution> done;
  if (const auto* known = find(x)) {
    done = known->done;
    if (known->id != x.id) remember({0, x.id, x.what, x.evidence, done});
  } else {
    auto fresh = execute(by_, state_, context_of(*x.what, x.evidence), x.what->transactions);
    if (!fresh && fresh.error().code == ec::unsupported
        && version_at(state_, x.what->head.at) > version_supported)
      return fresh.error();
    if (!fresh) {
      out.why = to_string(fresh.error());
      return out;
    }
    done = std::make_shared<const execution>(std::move(*fresh));
    remember({0, x.id, x.what, x.evidence, done});
  }
  out.valid = done->root == x.what->head.state_root;
  if (!out.valid) out.why = roots_differ(done->root, x.what->head.state_root);
  return out;
}

result<bool> tip::is_stored(const chain::append_block& x) const {
  const auto at = x.what->what.head.at;
  if (at > head().head.at) return false;
  for (const auto& known : position_.recent)
    if (known.at == at && known.id != x.id)
      return fail(ec::conflict, "block " + number(at) + " is another one here");
  return true;
}

result<tip::step> tip::prepare(const chain::append_block& x) {
  const auto& block = x.what->what;
  if (!is_next(block))
    return fail(ec::conflict, "block " + number(block.head.at) + " does not stand upon the head, "
                                  + "block " + number(head().head.at));
  step out;
  out.what = x.what;
  out.id = x.id;
  if (const auto* known = find(x)) {
    out.done = known->done;
  } else {
    auto fresh = execute(by_, state_, context_of(block, x.evidence), block.transactions);
    if (!fresh && version_at(state_, block.head.at) > version_supported) return fresh.error();
    if (!fresh)
      return fail(ec::invalid_argument,
                  "block " + number(block.head.at)
                      + " is final and invalid here: " + to_string(fresh.error()));
    out.done = std::make_shared<const execution>(std::move(*fresh));
    remember({0, x.id, std::make_shared<const consensus::block>(block), x.evidence, out.done});
  }
  if (out.done->root != block.head.state_root)
    return fail(ec::invalid_argument, "block " + number(block.head.at) + ": "
                                          + roots_differ(out.done->root, block.head.state_root));
  std::vector<hash> ids;
  ids.reserve(out.done->receipts.size());
  for (const auto& receipt : out.done->receipts)
    ids.push_back(receipt.transaction);
  bytes proof;
  if (!ids.empty()) proof = codec::to_canonical(prove_receipts(out.done->state));
  out.row = std::make_shared<const block_row>(
      to_row(*x.what, x.id, head().validators, ids, out.done->receipts, std::move(proof)));
  out.changes = std::make_shared<const state_rows>(changes_between(state_, out.done->state));
  return out;
}

void tip::advance(const step& x) {
  const auto& block = x.what->what;
  position_.recent.push_back({block.head.at, x.id, block.head.time, head().validators});
  state_ = x.done->state;
  keys_ += static_cast<std::uint64_t>(x.changes->keys_more);
  attendance_.note(block);
  executed_.clear();
  tell(block.head, x.id, x.what->seals, x.what);
}

} // namespace bpci::ledger
