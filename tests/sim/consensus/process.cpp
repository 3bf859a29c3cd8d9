#include "process.hpp"

#include "heap.hpp"
#include "oracle.hpp"
#include "text.hpp"
#include "words.hpp"

#include <algorithm>

namespace bpci::consensus::sim {

namespace {

/// When the run begins, by clocks that are right: some day of 2025.
constexpr std::int64_t epoch_ms = 1'750'000'000'000;

} // namespace

process::process(environment& around, std::size_t number)
    : around_(around),
      number_(number),
      signer_(around.what().key(number)),
      luck_(around.what().seed, 1'000 + number),
      honest_(!around.what().is_guilty(around.what().key(number))),
      conduct_(make_conduct(around.what().conduct(number), *this)),
      disk_(scatter(around.what().seed, number)),
      state_(around.ledger().genesis()) {}

// -- a life ------------------------------------------------------------------------------

void process::start() {
  if (alive() || kept_down_) return;
  ++life_;
  to_do_.clear();
  inbox_.clear();
  timers_.clear();
  pool_.clear();
  proofs_.clear();
  proofs_seen_.clear();
  waiting_ = halted_ = ticking_ = false;
  doom_.reset();
  asked_ = 0;
  liars_.clear();
  heads_.clear();
  compared_.clear();
  auto how = engine_settings{};
  how.chain_id = chain_name;
  how.round_base = around_.what().base;
  how.round_max = around_.what().cap;
  engine_.emplace(how, signer_);
  state_ = disk_.blocks.empty()
               ? around_.ledger().genesis()
               : around_.ledger().find(block_id(disk_.blocks.rbegin()->second.what.head));
  auto found = disk_.recover(head());
  lost_ = found.journal == journal_state::lost;
  if (around_.tracing())
    around_.note(number_, "starts at height " + std::to_string(at().get()) + ", journal "
                              + (lost_          ? "lost"
                                 : found.record ? "intact"
                                                : "fresh"));
  feed(std::move(found));
  greet();
  watch();
}

void process::crash_soon(const fault& x) {
  if (!alive()) return;
  if (x.steps == 0)
    die(x.tail, x.disk, x.lasts);
  else
    doom_ = x;
}

/// Whether the process dies here.
bool process::strikes() {
  if (!doom_ || --doom_->steps > 0) return false;
  die(doom_->tail, doom_->disk, doom_->lasts);
  return true;
}

void process::die(torn tail, disk_fate fate, instant back_in) {
  ++life_;
  ++counts_.restarts;
  if (around_.tracing()) around_.note(number_, "dies");
  engine_.reset();
  to_do_.clear();
  inbox_.clear();
  disk_.crash(tail, fate);
  around_.later(back_in, [this] { start(); });
}

std::size_t process::end_engine() {
  auto before = heap_bytes();
  engine_.reset();
  ++life_;
  return before - heap_bytes();
}

/// Within this life.
void process::later(instant after, std::function<void()> what) {
  around_.later(after, [this, life = life_, what = std::move(what)] {
    if (life_ == life) what();
  });
}

void process::receive(std::size_t from, const packet& what) {
  if (!alive()) return;
  if (const auto* message = std::get_if<message_ptr>(&what)) {
    if (conduct_) conduct_->hears(**message);
    feed(arrived{key_of(around_.what().key(from)), **message});
  } else if (const auto* question = std::get_if<fetch>(&what)) {
    answer(from, question->from);
  } else if (const auto* blocks = std::get_if<fetched>(&what)) {
    take(from, blocks->blocks);
  } else if (const auto* head = std::get_if<peer_head>(&what)) {
    take(from, *head);
  } else {
    take(from, std::get<gossip>(what));
  }
}

timestamp_ms process::clock() const {
  auto passed = std::chrono::duration_cast<milliseconds>(around_.now());
  return timestamp_ms{epoch_ms + (passed + skew_).count()};
}

instant process::timer_left() const {
  auto found = timers_.find(timer_expired::kind::round);
  return found == timers_.end() || found->second.token == 0
             ? instant{0}
             : std::max(found->second.due - around_.now(), instant{0});
}

// -- the loop ----------------------------------------------------------------------------

void process::feed(event what) {
  inbox_.push_back(std::move(what));
  pump();
}

/// One effect after the other. While the disk is awaited nothing behind it is done; a pipelined
/// host goes on thinking meanwhile, another one does not.
void process::pump() {
  if (std::exchange(pumping_, true)) return;
  auto life = life_;
  while (life_ == life) {
    if (!waiting_ && !to_do_.empty()) {
      auto next = std::move(to_do_.front());
      to_do_.pop_front();
      if (!std::holds_alternative<persist>(next) && strikes()) break;
      std::visit([this](const auto& x) { perform(x); }, next);
    } else if (!inbox_.empty() && (!waiting_ || around_.what().pipelined)) {
      auto next = std::move(inbox_.front());
      inbox_.pop_front();
      step(next);
    } else {
      break;
    }
  }
  pumping_ = false;
}

void process::step(const event& what) {
  ++counts_.steps;
  auto before = usage().checked;
  for (auto& x : engine_->step({clock(), what}))
    to_do_.push_back(std::move(x));
  counts_.checked += usage().checked - before;
}

// -- effects -----------------------------------------------------------------------------

void process::perform(const persist& x) {
  ++counts_.persists;
  if (around_.tracing()) around_.note(number_, "persists " + text_of(x.what));
  disk_.write(x.what);
  if (strikes()) return;
  auto takes_time = takes(around_.what().fsync_max) + slow_disk_;
  if (around_.what().mistakes.careless_disk) {
    later(takes_time, [this] { disk_.sync(); });
    return;
  }
  waiting_ = true;
  later(takes_time, [this] {
    disk_.sync();
    waiting_ = false;
    pump();
  });
}

void process::say(const address& to, const message_ptr& what) {
  for (std::size_t i = 0; i < around_.what().processes(); ++i)
    if (around_.what().key(i) == number_of(to)) {
      ++counts_.sent;
      if (around_.what().measures) counts_.sent_bytes += codec::to_canonical(*what).size();
      around_.send(number_, i, what);
    }
}

void process::send_as_traitor(const address& to, const consensus_message& what) {
  if (around_.tracing())
    around_.note(number_, "tells " + name_of(to) + ", as a traitor: " + text_of(what));
  say(to, std::make_shared<consensus_message>(what));
}

void process::perform(const broadcast& x) {
  if (around_.tracing()) around_.note(number_, "tells all: " + text_of(x.what));
  if (conduct_) {
    conduct_->says(x.what);
  } else {
    auto what = std::make_shared<consensus_message>(x.what);
    if (honest_) around_.judge().said(number_, x.what);
    auto life = life_;
    for (const auto& who : state_->validators)
      if (who.id != signer_.self()) {
        say(who.id, what);
        if (strikes() || life_ != life) return;
      }
  }
  // Its own pump is running: it comes after all that is to be done now.
  inbox_.push_back(arrived{signer_.self(), x.what});
}

void process::perform(const send_to& x) {
  if (around_.tracing()) around_.note(number_, "tells " + name_of(x.to) + ": " + text_of(x.what));
  if (honest_) around_.judge().said(number_, x.what);
  if (conduct_ && around_.what().conduct(number_) == conduct_kind::mute) return;
  say(x.to, std::make_shared<consensus_message>(x.what));
}

void process::perform(const start_timer& x) {
  auto& now = timers_[x.what.what];
  if (now.token != 0 && now.what.at == x.what.at && now.what.round == x.what.round) return;
  if (around_.tracing() && x.what.what == timer_expired::kind::round)
    around_.note(number_, "timer of round " + std::to_string(x.what.round.get()) + ": "
                              + std::to_string(x.after.count()) + " ms");
  now = {x.what, ++tokens_, around_.now() + x.after};
  later(x.after, [this, kind = x.what.what, token = now.token] {
    auto& running = timers_[kind];
    if (running.token != token) return;
    running.token = 0;
    feed(running.what);
  });
}

void process::perform(const make_block& x) {
  later(takes(around_.what().execute_max), [this, x] { made(x.at, x.round); });
}

void process::made(height at, round_no round) {
  if (state_->head.at.get() + 1 != at.get()) return;
  draft what;
  what.proposer = signer_.self();
  what.time = timestamp_ms{std::max(clock().get(), state_->head.time.get() + 1)};
  for (const auto& [id, x] : pool_)
    if (what.transactions.size() < 10) what.transactions.push_back(x);
  std::set<address> named;
  for (const auto& x : proofs_)
    if (is_worth_a_block(*state_, x) && named.insert(*accused_by(x)).second)
      what.misbehaviour.push_back(x);
  auto top = head();
  what.parent_seals = top.seals;
  what.late_seals = engine_->late_seals();
  auto out = around_.ledger().make(*state_, what);
  if (divergent_) out.head.state_root[0] ^= 1;
  feed(block_made{at, round, std::move(out)});
}

void process::perform(const check_block& x) {
  later(takes(around_.what().execute_max), [this, x] {
    if (state_->head.at.get() + 1 != x.what.head.at.get()) return;
    auto valid = around_.ledger().execute(state_, x.what, x.block_id) != nullptr;
    if (!valid || divergent_) {
      ++counts_.refused_blocks;
      if (around_.tracing())
        around_.note(number_, "refuses block " + brief(x.block_id) + ": "
                                  + (valid ? "another state" : around_.ledger().refusal()));
    }
    feed(block_checked{x.what.head.at, x.block_id, valid && !divergent_});
  });
}

void process::perform(const finalize& x) {
  ++counts_.finalized;
  auto id = block_id(x.what.what.head);
  if (around_.tracing())
    around_.note(number_, "DECIDES block " + brief(id) + " at height "
                              + std::to_string(x.what.what.head.at.get()));
  if (honest_) around_.judge().decided(number_, x.what);
  later(takes(around_.what().execute_max), [this, x, id] {
    if (state_->head.at.get() + 1 != x.what.what.head.at.get()) return;
    auto after = around_.ledger().execute(state_, x.what.what, id);
    if (!after || divergent_) {
      // It cannot go on: what a quorum has decided is not what it computes.
      if (honest_ && !divergent_)
        around_.judge().accuse(number_,
                               "decides a block that is not valid: " + around_.ledger().refusal());
      kept_down_ = true;
      die(torn::nothing, disk_fate::intact, instant{0});
      return;
    }
    adopt(x.what, after);
  });
}

void process::perform(const report_evidence& x) {
  if (around_.tracing()) around_.note(number_, "has proof: " + text_of(x.what));
  if (honest_) around_.judge().reported(number_, x.what);
  take(number_, gossip{{}, {x.what}});
}

void process::perform(const halt& x) {
  halted_ = true;
  if (around_.tracing()) around_.note(number_, "HALTS: " + x.why);
  if (honest_) around_.judge().halted(number_, x);
}

// -- the chain ---------------------------------------------------------------------------

chain_head process::head() const {
  chain_head out;
  out.head = state_->head;
  out.id = state_->id;
  auto found = disk_.blocks.find(state_->head.at.get());
  if (found != disk_.blocks.end()) out.seals = found->second.seals;
  out.validators = state_->validators;
  out.next = state_->next;
  return out;
}

bool process::is_validator() const {
  return std::ranges::find(state_->validators, signer_.self(), &validator::id)
         != state_->validators.end();
}

void process::adopt(const sealed_block& what, const state_ptr& after) {
  disk_.blocks.emplace(what.what.head.at.get(), what);
  state_ = after;
  forget_done();
  if (around_.tracing())
    around_.note(number_,
                 "stored block " + brief(after->id) + " of height " + std::to_string(at().get()));
  around_.judge().stored(number_, *after);
  tell_head_if_new();
  feed(advanced{head()});
}

void process::forget_done() {
  std::erase_if(pool_,
                [&](const auto& x) { return std::ranges::binary_search(state_->done, x.first); });
  std::erase_if(proofs_, [&](const evidence& x) { return !is_worth_a_block(*state_, x); });
}

} // namespace bpci::consensus::sim
