#include "oracle.hpp"
#include "process.hpp"
#include "text.hpp"
#include "words.hpp"

#include <algorithm>

/// What surrounds consensus in a process: fetching blocks from peers of whom some lie, and
/// spreading what is waiting for a block.
namespace bpci::consensus::sim {

namespace {

constexpr auto tick_every = milliseconds{100};
constexpr auto watch_every = milliseconds{500};
constexpr auto head_every = milliseconds{500};
/// That another may be one block ahead of a validator: it is being decided here, too.
constexpr auto grace = milliseconds{100};
constexpr std::size_t blocks_max = 8;
constexpr std::uint64_t tries_max = 10;

} // namespace

// -- blocks of others --------------------------------------------------------------------

void process::ask(std::size_t whom, height from) {
  asked_ = ++tokens_;
  if (around_.tracing())
    around_.note(number_, "asks p" + std::to_string(whom) + " for the blocks from "
                              + std::to_string(from.get()));
  around_.send(number_, whom, fetch{from});
  later(answer_max, [this, whom, token = asked_] {
    if (asked_ != token) return;
    asked_ = 0;
    compared_.erase(whom);
    if (auto head = heads_.find(whom); head != heads_.end() && head->second.at > at())
      heads_.erase(head); // it has not what it said
    compare_heads();
    if (at() < wanted_ && tries_ > 0) ask_somebody();
    tries_ -= tries_ > 0;
  });
}

/// Of those who say that they have it; if there are none, of all.
void process::ask_somebody(height from) {
  std::vector<std::size_t> whom;
  for (const auto& [who, head] : heads_)
    if (head.at >= from) whom.push_back(who);
  const auto is_known = !whom.empty();
  for (std::size_t i = 0; i < around_.what().processes() && !is_known; ++i)
    if (i != number_ && !liars_.contains(i)) whom.push_back(i);
  if (asked_ == 0 && !whom.empty()) ask(whom[luck_.below(whom.size())], from);
}

void process::ask_somebody() {
  ask_somebody(height{at().get() + 1});
}

/// Who said it may lie, or be gone when it is asked: then anybody will do. The engine says it once.
void process::perform(const fall_behind& x) {
  want(height{at().get() + 1});
  auto& of = around_.what();
  auto first = number_;
  for (std::size_t i = 0; i < of.processes() && first == number_; ++i)
    if (i != number_ && of.key(i) == number_of(x.ask) && !liars_.contains(i)) first = i;
  if (first == number_ || luck_.percent(25))
    ask_somebody();
  else if (asked_ == 0)
    ask(first, height{at().get() + 1});
}

void process::answer(std::size_t whom, height from) {
  fetched out;
  auto found = disk_.blocks.lower_bound(from.get());
  for (; found != disk_.blocks.end() && out.blocks.size() < blocks_max; ++found)
    out.blocks.push_back(found->second);
  if (conduct_) conduct_->serves(out.blocks);
  if (!out.blocks.empty()) around_.send(number_, whom, out);
}

void process::take(std::size_t from, const std::vector<sealed_block>& blocks) {
  if (liars_.contains(from) || halted_) return;
  asked_ = 0;
  auto before = at();
  for (const auto& x : blocks) {
    const auto& head = x.what.head;
    if (head.at == at()) {
      // Another chain than ours? The engine judges, by its own certificate and theirs.
      if (block_id(head) != state_->id) feed(arrived{key_of(around_.what().key(from)), x});
      return;
    }
    if (head.at.get() != at().get() + 1) continue;
    auto sealed = around_.what().mistakes.careless_sync || is_sealed(x, state_->validators);
    if (!sealed) return drop_peer(from, "a block without its seals");
    if (head.parent != state_->id) {
      ask(from, at());
      return;
    }
    auto after = around_.ledger().execute(state_, x.what, block_id(head));
    if (!after) return drop_peer(from, around_.ledger().refusal());
    if (honest_) around_.judge().decided(number_, x);
    adopt(x, after);
    if (!alive() || halted_) return;
  }
  if (at() > before && blocks.size() == blocks_max && asked_ == 0)
    ask(from, height{at().get() + 1});
}

void process::drop_peer(std::size_t who, const std::string& why) {
  ++counts_.dropped_peers;
  if (around_.tracing()) around_.note(number_, "drops p" + std::to_string(who) + ": " + why);
  liars_.insert(who);
  heads_.erase(who);
  ask_somebody();
}

/// Whoever is not a validator is told nothing, and so has to ask. And where nothing is decided for
/// long, the chain may be split: round changes do not say upon which block, so heads are compared.
void process::watch() {
  later(watch_every, [this] { watch(); });
  tell_head_if_new();
  compare_heads();
  if (!is_validator() || lost_)
    ask_somebody();
  else if (at() != watched_ || pool_.empty())
    stuck_ = 0;
  else if (++stuck_ % 5 == 0)
    ask_somebody(at());
  watched_ = at();
}

// -- heads ---------------------------------------------------------------------------------

void process::tell_head(bool asks) {
  told_ = at();
  told_at_ = around_.now();
  auto says = peer_head{at(), state_->id, asks};
  if (!honest_ && luck_.percent(20)) says = {height{at().get() + 1 + luck_.below(3)}, {}, asks};
  for (std::size_t i = 0; i < around_.what().processes(); ++i)
    if (i != number_) around_.send(number_, i, says);
}

void process::tell_head_if_new() {
  if (told_ != at() && around_.now() - told_at_ >= head_every) tell_head(false);
}

void process::take(std::size_t from, const peer_head& x) {
  if (x.asks) around_.send(number_, from, peer_head{at(), state_->id});
  if (liars_.contains(from)) return;
  heads_[from] = x;
  if (x.at <= at()) return compare_heads();
  auto patience = is_validator() && x.at.get() == at().get() + 1 ? instant{grace} : instant{0};
  later(patience, [this, there = x.at] {
    if (at() >= there) return;
    want(height{at().get() + 1});
    ask_somebody();
  });
}

/// Another block where this one stands: what the other has is for the engine to judge.
void process::compare_heads() {
  for (const auto& [who, head] : heads_) {
    if (asked_ != 0) return;
    if (head.at != at() || head.id == hash{} || head.id == state_->id) continue;
    if (std::exchange(compared_[who], at()) != at()) ask(who, at());
  }
}

void process::want(height x) {
  wanted_ = x;
  tries_ = tries_max;
}

// -- what is waiting for a block -----------------------------------------------------------

void process::learn(const transaction& x) {
  if (std::ranges::binary_search(state_->done, x.id)) return;
  if (pool_.emplace(x.id, x).second && alive()) busy();
}

void process::take(std::size_t, const gossip& what) {
  for (const auto& x : what.transactions)
    learn(x);
  for (const auto& x : what.misbehaviour) {
    if (std::ranges::find(proofs_seen_, x) != proofs_seen_.end()) continue;
    proofs_seen_.push_back(x);
    if (is_worth_a_block(*state_, x)) proofs_.push_back(x);
    busy();
  }
}

void process::busy() {
  if (std::exchange(ticking_, true)) return;
  tick();
}

void process::tick() {
  if (pool_.empty() && proofs_.empty()) {
    ticking_ = false;
    return;
  }
  later(tick_every, [this] { tick(); });
  if (conduct_) conduct_->idles();
  if (ticks_++ % 3 == 0) {
    auto what = gossip{{}, proofs_};
    for (const auto& [id, x] : pool_)
      what.transactions.push_back(x);
    for (std::size_t i = 0; i < around_.what().processes(); ++i)
      if (i != number_) around_.send(number_, i, what);
  }
  feed(work_due{});
}

} // namespace bpci::consensus::sim
