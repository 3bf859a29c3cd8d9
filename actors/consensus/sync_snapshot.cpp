#include "actors/consensus/sync_actor.hpp"
#include "actors/consensus/sync_ask.hpp"
#include "messages/codec/canonical.hpp"
#include "runtime/log/log.hpp"
#include "runtime/time/clock.hpp"

/// How SYNC takes over a snapshot: one peer's after the other, until one is right. Whoever is not
/// in time, or has not what is asked for, costs the attempt with its snapshot, not more: behind the
/// last of them blocks are fetched.
namespace bpci::consensus {

namespace {

/// Questions for the last blocks, before the attempt is given up.
constexpr int block_tries = 32;

} // namespace

void sync_actor::perform(fetch_snapshot& x) {
  ++attempts_;
  const auto& head = *where_.head;
  auto age = wall_now().get() - head.head.time.get();
  snapshot_.emplace(std::move(x.from), trusted_header{head.head, head.validators});
  // What is trusted is too old to be: only block after block shows what became of it.
  if (age >= shared_->sync.trusting_period.count()) return end_snapshot();
  find_snapshot();
}

void sync_actor::find_snapshot() {
  auto who = snapshot_->next_author();
  if (!who) return end_snapshot();
  ask_of<chain::some_snapshot>(
      *who, chain::ask_snapshot{}, [this, attempt = attempts_](result<chain::some_snapshot> got) {
        if (attempt != attempts_ || !snapshot_) return;
        if (!got) return give_up(to_string(got.error()), false);
        if (!got->what) return give_up("it has no snapshot", false);
        if (auto ok = snapshot_->take_manifest(*got->what, shared_->how.chain_id); !ok)
          return give_up(to_string(ok.error()), ok.error().code != ec::unsupported);
        believe(*snapshot_->next_header());
      });
}

void sync_actor::believe(height at) {
  ask_of<chain::some_header>(snapshot_->author(), chain::ask_header{at},
                             [this, attempt = attempts_](result<chain::some_header> got) {
                               if (attempt != attempts_ || !snapshot_) return;
                               if (!got) return give_up(to_string(got.error()), false);
                               if (!got->what)
                                 return give_up("it has not the header of its snapshot", false);
                               believed(*got->what);
                             });
}

void sync_actor::believed(const chain::final_header& x) {
  auto rules = light_rules{shared_->sync.trusting_period, shared_->sync.clock_drift};
  auto ok = snapshot_->take_header(x, wall_now(), rules, check_);
  if (!ok) return give_up(to_string(ok.error()), true);
  if (auto next = snapshot_->next_header()) return believe(*next);
  restore();
}

void sync_actor::restore() {
  if (!ledger_) return give_up("the ledger", false);
  log::info("snapshot-restore-began", {{"height", snapshot_->manifest().at.get()},
                                       {"chunks", snapshot_->manifest().chunks.size()}});
  ask<chain::restore_progress>(
      ledger_, ledger_execute_max, chain::begin_restore{snapshot_->header(), snapshot_->manifest()},
      [this, attempt = attempts_](const chain::restore_progress&) {
        if (attempt == attempts_ && snapshot_) fetch_chunks();
      },
      [this, attempt = attempts_](const failure& why) {
        if (attempt == attempts_ && snapshot_) give_up(to_string(why), why.code == ec::malformed);
      });
}

void sync_actor::fetch_chunks() {
  if (snapshot_->is_stuck()) return give_up("nobody has its chunks", false);
  for (const auto& q : snapshot_->next_chunks()) {
    auto failed = [this, q, attempt = attempts_](const failure& why) {
      if (attempt != attempts_ || !snapshot_) return;
      if (why.code == ec::malformed && q.who == snapshot_->author())
        return give_up("a chunk: " + to_string(why), true);
      snapshot_->chunk_failed(q.index);
      fetch_chunks();
    };
    ask_of<chain::some_chunk>(
        q.who, chain::ask_chunk{snapshot_->manifest().at, q.index},
        [this, q, failed, attempt = attempts_](result<chain::some_chunk> got) {
          if (attempt != attempts_ || !snapshot_) return;
          if (!got) return failed(fail(ec::timeout, to_string(got.error())));
          if (!got->data) return failed(fail(ec::not_found));
          if (!ledger_) return give_up("the ledger", false);
          ask<chain::restore_progress>(
              ledger_, ledger_execute_max,
              chain::add_chunk{q.index, std::make_shared<const bytes>(std::move(*got->data))},
              [this, q, attempt](const chain::restore_progress& x) {
                if (attempt != attempts_ || !snapshot_) return;
                snapshot_->chunk_added(q.index);
                if (x.missing) return fetch_chunks();
                fetch_last_blocks(block_tries);
              },
              failed);
        });
  }
}

void sync_actor::fetch_last_blocks(int tries) {
  auto q = snapshot_->next_blocks();
  if (!q) return finish_snapshot();
  if (tries == 0) return give_up("the blocks before it", false);
  ask_of<chain::some_blocks>(
      q->who, chain::ask_blocks{q->from, q->limit},
      [this, q = *q, tries, attempt = attempts_](result<chain::some_blocks> got) {
        if (attempt != attempts_ || !snapshot_) return;
        if (got && !got->blocks.empty()) {
          std::vector<sealed_block> blocks;
          for (const auto& raw : got->blocks)
            if (auto read = codec::from_canonical<sealed_block>(raw))
              blocks.push_back(std::move(*read));
          auto ok = snapshot_->take_blocks(q, std::move(blocks));
          if (!ok) misbehaved(q.who, to_string(ok.error()));
        }
        fetch_last_blocks(tries - 1);
      });
}

void sync_actor::finish_snapshot() {
  if (!ledger_) return give_up("the ledger", false);
  ask<chain::position>(
      ledger_, ledger_execute_max, chain::finish_restore{snapshot_->last_blocks()},
      [this, attempt = attempts_](const chain::position& x) {
        if (attempt != attempts_ || !snapshot_) return;
        log::info("snapshot-restored", {{"height", x.head->head.at.get()}});
        take(x);
        end_snapshot();
      },
      [this, attempt = attempts_](const failure& why) {
        if (attempt == attempts_ && snapshot_) give_up(to_string(why), why.code == ec::malformed);
      });
}

/// The next peer's, if there is one.
void sync_actor::give_up(const std::string& why, bool is_a_lie) {
  log::warn("snapshot-not-taken", {{"why", why}});
  if (is_a_lie) misbehaved(snapshot_->author(), "its snapshot: " + why);
  ++attempts_;
  find_snapshot();
}

void sync_actor::end_snapshot() {
  ++attempts_;
  snapshot_.reset();
  core_.snapshot_over(steady_now());
  carry_out();
}

} // namespace bpci::consensus
