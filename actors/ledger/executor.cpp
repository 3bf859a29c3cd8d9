#include "actors/ledger/executor.hpp"

#include "actors/ledger/chain.hpp"
#include "actors/ledger/coins/balances.hpp"
#include "actors/ledger/receipts.hpp"
#include "actors/ledger/treasury/funds.hpp"
#include "actors/ledger/validators/set.hpp"

namespace bpci::ledger {

namespace {

/// A block on its way to be executed.
class run {
public:
  run(const rules& by, const state_trie& before, const block_context& block)
      : by_(by), block_(block), draft_(before), terms_(terms_at(draft_, block.at)) {}

  [[nodiscard]] result<void> check_block() const {
    if (version_at(draft_, block_.at) > version_supported)
      return fail(ec::unsupported, "from height " + std::to_string(block_.at.get())
                                       + " on the chain has the rules of version "
                                       + std::to_string(version_at(draft_, block_.at))
                                       + ", this program knows "
                                       + std::to_string(version_supported));
    if (block_.chain_id != terms_.chain_id)
      return fail(ec::invalid_argument,
                  "a block of " + block_.chain_id + " upon a state of " + terms_.chain_id);
    auto known = validators::coming_after(draft_, height{block_.at.get() - 1}).next;
    if (block_.validators != known)
      return fail(ec::invalid_argument, "other validators than the state has for this height");
    return {};
  }

  void begin() {
    auto c = context_for(events_);
    for (const auto& x : by_.modules.all())
      x->begin_block(c);
  }

  void end() {
    auto c = context_for(events_);
    for (const auto& x : by_.modules.all())
      x->end_block(c);
    if (!receipts_.empty()) draft_.store(receipts_key, root_of(block_.at, receipts_));
  }

  /// Whether there is room for it.
  [[nodiscard]] bool fits(std::size_t size) const {
    return receipts_.size() < terms_.how[block_transactions]
           && size_ + size <= terms_.how[block_bytes];
  }

  /// Refuses, with nothing changed, what may not be in the block.
  verdict add(std::span<const std::uint8_t> encoded) {
    auto x = check_transaction(by_, terms_, draft_, encoded, admission::block);
    if (!x) return x.error();
    coins::charge(draft_, x->what.sender, treasury::fund_account(treasury::fund::main),
                  x->what.fee);
    receipt out{x->id, std::string{name(ec::none)}, {}, {}, x->what.fee, {}};
    auto c = context_for(out.events);
    c.sender = x->what.sender;
    auto done = c.attempt(
        [&] { return by_.modules.find(x->what.module)->run(c, x->what.kind, x->what.body); });
    if (!done) {
      out.code = name(done.error().code);
      out.refusal = done.error().name;
      out.detail = done.error().detail;
    }
    receipts_.push_back(std::move(out));
    size_ += encoded.size();
    return {};
  }

  execution finish() {
    execution out;
    out.state = draft_.finish();
    out.root = out.state.root();
    out.receipts = std::move(receipts_);
    out.events = std::move(events_);
    auto coming = validators::coming_after(draft_, block_.at);
    out.next = std::move(coming.next);
    out.after_next = std::move(coming.after_next);
    out.change_due = validators::change_due(draft_);
    return out;
  }

private:
  context context_for(std::vector<event>& told) {
    return {block_, draft_, terms_.how, by_.modules, told};
  }

  const rules& by_;
  const block_context& block_;
  draft draft_;
  terms terms_;
  std::vector<receipt> receipts_;
  std::vector<event> events_;
  std::size_t size_ = 0;
};

} // namespace

result<execution> execute(const rules& by, const state_trie& before, const block_context& block,
                          std::span<const bytes> transactions) {
  run now{by, before, block};
  if (auto good = now.check_block(); !good) return good.error();
  now.begin();
  for (std::size_t i = 0; i < transactions.size(); ++i) {
    if (!now.fits(transactions[i].size()))
      return fail(ec::too_large, "the block has more transactions or bytes than allowed");
    if (auto added = now.add(transactions[i]); !added)
      return fail(added.error().code, "transaction " + std::to_string(i) + ": " + added.error().name
                                          + ": " + added.error().detail);
  }
  now.end();
  return now.finish();
}

result<made_block> make_block(const rules& by, const state_trie& before, const block_context& block,
                              std::span<const bytes> offered) {
  run now{by, before, block};
  if (auto good = now.check_block(); !good) return good.error();
  made_block out;
  now.begin();
  for (const auto& x : offered)
    if (now.fits(x.size()) && now.add(x)) out.transactions.push_back(x);
  now.end();
  out.done = now.finish();
  return out;
}

std::vector<bytes> select_transactions(const rules& by, const state_trie& before,
                                       const block_context& block, std::span<const bytes> offered) {
  auto made = make_block(by, before, block, offered);
  return made ? std::move(made->transactions) : std::vector<bytes>{};
}

result<bytes> query(const module_table& modules, const reader& state, std::string_view module,
                    std::string_view kind, std::span<const std::uint8_t> body) {
  const auto* target = modules.find(module);
  if (!target)
    return fail(ec::unsupported, "no module '" + std::string{module.substr(0, 64)} + "'");
  return target->query(state, kind, body);
}

} // namespace bpci::ledger
