#include "world.hpp"

#include <algorithm>

namespace bpci::consensus::sim {

namespace {

/// Has not been given by any plan.
constexpr std::uint64_t last_transaction = 1'000'000;
/// Once everybody has decided, a run goes on for so long.
constexpr auto aftermath = milliseconds{500};
/// Evidence and memory are bounded, whatever was sent: validators of a height times rounds that
/// are kept, a thousand messages of later heights, and blocks of a few kilobytes.
constexpr std::size_t engine_bytes_max = 16U << 20;

} // namespace

world::world(plan what, bool tracing)
    : plan_(std::move(what)),
      tracing_(tracing),
      ledger_(plan_),
      oracle_(plan_, ledger_, [this](const std::string& text) { violate(text); }),
      network_(plan_, [this](instant after, network::delivery x) { later(after, std::move(x)); }) {
  for (std::size_t i = 0; i < plan_.processes(); ++i)
    processes_.push_back(std::make_unique<process>(*this, i));
  for (auto& x : processes_)
    later(instant{0}, [&x] { x->start(); });
  for (const auto& x : plan_.faults) {
    later(x.at, [this, &x] { begin_fault(x); });
    if (x.what != trouble::crash) later(x.at + x.lasts, [this, &x] { end_fault(x); });
  }
  for (const auto& x : plan_.works)
    later(x.at, [this, &x] {
      for (auto& one : processes_)
        if ((x.mask >> one->number() & 1) && one->alive())
          one->learn({x.id, x.sets_weight, key_of(x.who), x.weight});
    });
  if (plan_.live) later(plan_.trouble_ends, [this] { calm(); });
}

void world::later(instant after, std::function<void()> what) {
  queue_.push_back({now_ + after, ++order_, std::move(what)});
  std::ranges::push_heap(queue_, is_later);
}

void world::send(std::size_t from, std::size_t to, const packet& what) {
  network_.send(from, to, [this, from, to, what] { processes_[to]->receive(from, what); });
}

void world::note_at(const std::string& text) {
  auto us = now_.count();
  auto ms = std::to_string(us / 1'000);
  out_.trace.push_back(std::string(ms.size() < 7 ? 7 - ms.size() : 0, ' ') + ms + "."
                       + std::to_string(1'000 + us % 1'000).substr(1) + " ms  " + text);
}

void world::note(std::size_t process, const std::string& text) {
  note_at("p" + std::to_string(process) + "  " + text);
}

void world::violate(const std::string& text) {
  if (tracing_) note_at("VIOLATION " + text);
  out_.violations.push_back(text);
}

void world::give(const transaction& x) {
  for (auto& one : processes_)
    if (one->alive()) one->learn(x);
}

// -- faults ------------------------------------------------------------------------------

void world::begin_fault(const fault& x) {
  if (calm_) return;
  if (tracing_) note_at("-- " + to_string(x));
  if (x.what == trouble::crash)
    processes_[x.who]->crash_soon(x);
  else if (x.what == trouble::skew)
    processes_[x.who]->set_skew(milliseconds{x.amount});
  else if (x.what == trouble::slow_disk)
    processes_[x.who]->set_slow_disk(milliseconds{x.amount});
  else
    network_.begin(x);
}

void world::end_fault(const fault& x) {
  if (calm_) return;
  if (tracing_) note_at("-- over: " + to_string(x));
  if (x.what == trouble::skew)
    processes_[x.who]->set_skew(milliseconds{0});
  else if (x.what == trouble::slow_disk)
    processes_[x.who]->set_slow_disk(milliseconds{0});
  else
    network_.end(x);
}

// -- the run -----------------------------------------------------------------------------

void world::run_until(instant end) {
  while (!queue_.empty() && queue_.front().at <= std::min(end, plan_.ends)
         && out_.violations.empty()) {
    std::ranges::pop_heap(queue_, is_later);
    auto next = std::move(queue_.back());
    queue_.pop_back();
    now_ = next.at;
    next.what();
    if (target_ != 0) judge_liveness();
  }
  if (out_.violations.empty()) now_ = std::max(now_, std::min(end, plan_.ends));
}

verdict world::run() {
  run_until(plan_.ends);
  return judged();
}

verdict world::judged() {
  if (oracle_.disagreed() && plan_.live && oracle_.halts() == 0 && out_.violations.empty())
    violate("two blocks of one height are final, and nobody has noticed");
  out_.heights = oracle_.top();
  out_.proofs = oracle_.proofs();
  out_.halts = oracle_.halts();
  out_.wronged = oracle_.wronged();
  out_.disagreed = oracle_.disagreed();
  out_.done = UINT64_MAX;
  for (auto& x : processes_) {
    if (has_to_decide(*x)) out_.done = std::min<std::uint64_t>(out_.done, x->chain().done.size());
    out_.steps += x->counted().steps;
    out_.sent += x->counted().sent;
    out_.sent_bytes += x->counted().sent_bytes;
    out_.checked += x->counted().checked;
    out_.persists += x->counted().persists;
    out_.restarts += x->counted().restarts;
    if (!x->alive() || !x->honest()) continue;
    out_.engine_bytes = std::max(out_.engine_bytes, x->end_engine());
  }
  if (out_.engine_bytes > engine_bytes_max)
    violate("an engine holds " + std::to_string(out_.engine_bytes) + " bytes");
  return std::move(out_);
}

// -- after the trouble -------------------------------------------------------------------

bool world::has_to_decide(const process& x) const {
  return x.alive() && x.honest() && !x.lost() && !x.halted() && is_validator_at_top(x);
}

/// Of the height behind the last one that anybody has decided, and it knows that it is one; whoever
/// only watches is told nothing, and asks when its host gets round to it.
bool world::is_validator_at_top(const process& x) const {
  const auto* last = oracle_.at(oracle_.top());
  auto state = last ? ledger_.find(*last) : ledger_.genesis();
  auto drives = [&](const validator& v) { return x.drives(v.id); };
  return state && std::ranges::any_of(state->validators, drives)
         && std::ranges::any_of(x.chain().validators, drives);
}

std::uint64_t world::lowest() const {
  auto out = UINT64_MAX;
  for (const auto& x : processes_)
    if (has_to_decide(*x)) out = std::min(out, x->at().get());
  return out;
}

bool world::all_have(std::uint64_t height) const {
  return std::ranges::all_of(
      processes_, [&](const auto& x) { return !has_to_decide(*x) || x->at().get() >= height; });
}

/// The faults end, and there is something to decide.
void world::calm() {
  if (tracing_) note_at("-- all faults end");
  for (const auto& x : plan_.faults)
    if (x.what != trouble::crash && x.at <= now_ && x.at + x.lasts > now_) end_fault(x);
  calm_ = true;
  for (auto& x : processes_) {
    x->spare();
    x->start();
    x->greet();
  }
  give({last_transaction, false, {}, 0});
  // Where a third lies nobody can promise that.
  if (oracle_.hopeless()) return;
  target_ = oracle_.top() + 1;
  deadline_ = now_ + bound();
  if (tracing_)
    note_at("-- everybody has to reach height " + std::to_string(target_) + " by "
            + std::to_string(deadline_.count() / 1'000) + " ms");
}

/// Everybody's timer of now runs out, and whoever lies may be asked for blocks first, in vain; then
/// come rounds whose proposers may all be traitors or only watch, and one of an honest one.
instant world::bound() const {
  instant timers{0};
  std::uint32_t round = 0;
  std::size_t liars = 0;
  instant asking{0};
  for (const auto& x : processes_) {
    if (!x->honest()) asking += process::answer_max;
    if (!is_validator_at_top(*x)) continue;
    if (!has_to_decide(*x)) {
      ++liars;
      continue;
    }
    timers = std::max(timers, x->timer_left());
    round = std::max(round, x->where().round.get());
  }
  auto delta = plan_.delay_max + plan_.fsync_max + plan_.execute_max;
  auto sum = timers + asking + 2 * plan_.base + 12 * delta;
  for (std::size_t i = 0; i <= liars; ++i, ++round) {
    auto lasts = round < 20 ? std::min(plan_.cap, plan_.base * (1 << round)) : plan_.cap;
    sum += lasts + 6 * delta;
  }
  return sum;
}

void world::judge_liveness() {
  if (all_have(target_)) {
    out_.recovery = now_ - plan_.trouble_ends;
    target_ = 0;
    plan_.ends = std::min(plan_.ends, now_ + aftermath);
  } else if (now_ > deadline_) {
    std::string who;
    for (const auto& x : processes_)
      if (has_to_decide(*x) && x->at().get() < target_)
        who += " p" + std::to_string(x->number()) + " (height " + std::to_string(x->at().get())
               + ", " + x->where().doing + ")";
    target_ = 0;
    violate("not decided in time:" + who);
  }
}

verdict run(const plan& what, bool tracing) {
  return world{what, tracing}.run();
}

std::string to_string(const plan& what, const verdict& x) {
  auto text = to_string(what);
  for (const auto& line : x.violations)
    text += "  violated: " + line + "\n";
  for (const auto& line : x.trace)
    text += "  " + line + "\n";
  return text;
}

} // namespace bpci::consensus::sim
