#include "actors/verify_chain.hpp"

#include "actors/consensus/body.hpp"
#include "actors/consensus/certificates.hpp"
#include "actors/consensus/downtime.hpp"
#include "actors/consensus/evidence.hpp"
#include "actors/ledger/attendance.hpp"
#include "messages/codec/canonical.hpp"
#include "runtime/crypto/hash.hpp"

#include <algorithm>

namespace bpci {

namespace {

/// Late seals are of the parent and of the two blocks before.
constexpr std::size_t sealed_heights_kept = 3;

/// A chain as far as it has been checked.
class checked_chain {
public:
  checked_chain(const chain_judges& by, const ledger::genesis& start)
      : by_(by), check_(start.chain_id, by.keys), state_(start.state), head_(genesis_head(start)) {
    note_validators();
    times_.push_back(start.time);
    out_.chain_id = start.chain_id;
    out_.genesis = out_.id = head_.id;
    out_.state_root = start.root;
  }

  result<void> add(const consensus::sealed_block& x) {
    const auto id = consensus::check_sealed_block(x, head_, check_);
    if (!id) return wrong("header and seals", id.error());
    if (auto ok = consensus::check_seals_in(x.what, sealed_, check_); !ok)
      return wrong("earlier seals", ok.error());
    auto evidence = check_evidence_of(x.what);
    if (!evidence) return wrong("evidence", evidence.error());
    const auto done = ledger::execute(by_.ledger, state_, context_of(x.what, std::move(*evidence)),
                                      x.what.transactions);
    if (!done) return wrong("transactions", done.error());
    if (done->root != x.what.head.state_root)
      return wrong("state root",
                   fail(ec::conflict, "the header has " + crypto::to_hex(x.what.head.state_root)
                                          + ", executing it gives " + crypto::to_hex(done->root)));
    advance(x, *id, *done);
    return {};
  }

  [[nodiscard]] const verified_chain& report() const noexcept { return out_; }

private:
  static failure wrong(std::string_view what, const failure& why) {
    return fail(why.code, std::string{what} + ": " + why.detail);
  }

  /// The validators of a height that is final, or is the next.
  [[nodiscard]] const consensus::validator_set* validators_of(height at) const {
    const consensus::validator_set* out = nullptr;
    for (const auto& [from, set] : sets_)
      if (from <= at) out = &set;
    return out;
  }

  result<std::vector<ledger::verified_evidence>> check_evidence_of(const consensus::block& x) {
    std::vector<ledger::verified_evidence> out;
    for (const auto& one : x.misbehaviour) {
      const auto about = consensus::offence_of(one);
      if (!about) return about.error();
      if (about->at == height{0} || about->at >= x.head.at)
        return fail(ec::invalid_argument, "of a height that was not decided before");
      const auto ok = consensus::check_evidence(one, *validators_of(about->at), check_);
      if (!ok) return ok.error();
      out.push_back({about->by, about->at, times_[about->at.get()], about->what});
    }
    return out;
  }

  ledger::block_context context_of(const consensus::block& x,
                                   std::vector<ledger::verified_evidence> evidence) const {
    return {out_.chain_id,    x.head.at,       x.head.time,        x.head.proposer,
            head_.validators, seen_.window(x), std::move(evidence)};
  }

  void note_validators() {
    const auto next = height{head_.head.at.get() + 1};
    auto set = consensus::validator_set{head_.validators};
    if (sets_.empty() || sets_.back().second.id() != set.id())
      sets_.emplace_back(next, std::move(set));
  }

  void advance(const consensus::sealed_block& x, const consensus::hash& id,
               const ledger::execution& done) {
    sealed_.push_back({x.what.head.at, id, consensus::validator_set{head_.validators}});
    if (sealed_.size() > sealed_heights_kept) sealed_.erase(sealed_.begin());
    seen_.note(x.what);
    times_.push_back(x.what.head.time);
    state_ = done.state;
    head_ = {x.what.head, id, x.seals, {}, done.next, done.after_next};
    note_validators();
    out_.at = x.what.head.at;
    out_.id = id;
    out_.state_root = done.root;
    out_.transactions += x.what.transactions.size();
    out_.seals += x.seals.seals.size();
  }

  const chain_judges& by_;
  consensus::verifier check_;
  ledger::state_trie state_;
  consensus::chain_head head_;
  ledger::attendance seen_;
  std::vector<consensus::sealed_height> sealed_;
  /// Whose time it was from which height on, and when each height was: evidence may be old.
  std::vector<std::pair<height, consensus::validator_set>> sets_;
  std::vector<timestamp_ms> times_;
  verified_chain out_;
};

failure at_block(height at, const failure& why) {
  return fail(why.code, "block " + std::to_string(at.get()) + ": " + why.detail);
}

} // namespace

result<verified_chain> verify_chain(const chain_judges& by, std::string_view genesis_text,
                                    height to, const block_source& source,
                                    const std::function<void(height)>& progress) {
  const auto start = ledger::read_genesis(by.ledger.modules, genesis_text);
  if (!start) return start.error();
  checked_chain chain{by, *start};
  for (height at{1}; at <= to; at = height{at.get() + 1}) {
    const auto raw = source(at);
    if (!raw) return at_block(at, raw.error());
    const auto block = codec::from_canonical<consensus::sealed_block>(*raw);
    if (!block) return at_block(at, fail(ec::malformed, "its bytes are " + block.error().detail));
    if (auto ok = chain.add(*block); !ok) return at_block(at, ok.error());
    progress(at);
  }
  return chain.report();
}

} // namespace bpci
