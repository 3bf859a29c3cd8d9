#include "actors/consensus/sync_actor.hpp"

#include "actors/consensus/set_rules.hpp"
#include "actors/consensus/sync_ask.hpp"
#include "actors/consensus/telemetry.hpp"
#include "messages/codec/canonical.hpp"
#include "messages/codec/json.hpp"
#include "runtime/crypto/hash.hpp"
#include "runtime/log/log.hpp"
#include "runtime/time/clock.hpp"

#include <algorithm>

namespace bpci::consensus {

namespace {

using tick_atom = caf::atom_constant<caf::atom("tick")>;

constexpr auto tick_every = milliseconds{200};

/// What a peer may ask at once; and in how many blocks at once.
constexpr std::size_t serving_max = 4;
constexpr std::uint32_t blocks_max = 256;

sync_rules rules_of(const sync_settings& x) {
  sync_rules out;
  out.snapshot_gap = x.snapshot_gap;
  return out;
}

} // namespace

sync_actor::sync_actor(caf::actor_config& cfg, context_ptr shared)
    : consensus_actor(cfg, std::move(shared)),
      core_(rules_of(shared_->sync), steady_now()),
      check_(shared_->how.chain_id, *shared_->keys) {}

caf::behavior sync_actor::make_behavior() {
  tick();
  return {
      [this](const chain::position& x) { take(x); },
      [this](const chain::peer_seen& x) {
        core_.seen(x.who, x.head.at, steady_now(), x.head.id);
        carry_out();
      },
      [this](const chain::peer_lost& x) {
        core_.lost(x.who);
        carry_out();
      },
      [this](const fell_behind& x) {
        core_.hint(x.ask, x.at, steady_now());
        carry_out();
      },
      [this](const chain::question_arrived& x) { return serve(x); },
      [this](tick_atom) { tick(); },
  };
}

void sync_actor::on_exit() {
  ledger_ = engine_ = nullptr;
  where_ = {};
}

void sync_actor::on_down(const caf::down_msg& what) {
  if (ledger_ && what.source == ledger_.address()) ledger_ = nullptr;
  if (engine_ && what.source == engine_.address()) engine_ = nullptr;
}

void sync_actor::tick() {
  watch();
  core_.tick(steady_now());
  carry_out();
  delayed_send(this, tick_every, tick_atom::value);
}

void sync_actor::watch() {
  if (auto now = shared_->find(chain::path::ledger); now && now != ledger_) {
    ledger_ = now;
    monitor<caf::message_priority::high>(ledger_);
    send(ledger_, chain::watch_position{});
  }
  if (auto now = shared_->find(chain::path::engine); now && now != engine_) {
    engine_ = now;
    monitor<caf::message_priority::high>(engine_);
    send(engine_, told_);
  }
}

void sync_actor::take(const chain::position& x) {
  if (where_.head && x.head->head.at < where_.head->head.at) return;
  where_ = x;
  const auto& set = x.head->validators;
  core_.decides(std::ranges::find(set, shared_->keys->self(), &validator::id) != set.end());
  core_.moved(x.head->head.at, steady_now(), x.head->id);
  carry_out();
}

void sync_actor::tell_engine() {
  auto now = sync_state{core_.is_behind(steady_now()), core_.highest()};
  if (now == told_) return;
  if (now.syncing != told_.syncing)
    log::info(now.syncing ? "sync-began" : "sync-done",
              {{"height", where_.head ? where_.head->head.at.get() : 0}, {"seen", now.seen.get()}});
  told_ = now;
  telemetry::syncing(now.syncing, now.seen);
  if (engine_) send(engine_, told_);
}

void sync_actor::misbehaved(const consensus::address& who, const std::string& why) {
  telemetry::misbehaved();
  log::warn("peer-misbehaved", {{"peer", crypto::to_hex(who)}, {"why", why}});
  tell(chain::path::peers, chain::peer_misbehaved{who, why});
}

// -- blocks ------------------------------------------------------------------------------

void sync_actor::carry_out() {
  if (!where_.head || stopped_) return;
  for (auto all = core_.take(); !all.empty(); all = core_.take())
    for (auto& x : all)
      std::visit([this](auto& effect) { perform(effect); }, x);
  tell_engine();
}

void sync_actor::perform(ask_for_blocks& x) {
  ask_of<chain::some_blocks>(x.who, chain::ask_blocks{x.from, x.limit},
                             [this, x](result<chain::some_blocks> got) {
                               if (got && got->from != x.from)
                                 got = fail(ec::malformed, "blocks of another height");
                               if (!got && got.error().code == ec::malformed)
                                 misbehaved(x.who, got.error().detail);
                               if (got)
                                 core_.answered(x.question, std::move(got->blocks), steady_now());
                               else
                                 core_.answered(x.question, got.error(), steady_now());
                               carry_out();
                             });
}

/// As much as can be seen without executing it: its seals above all. What fails here, no honest
/// node has.
void sync_actor::perform(apply_block& x) {
  auto block = codec::from_canonical<sealed_block>(x.data);
  if (!block) return refuse(x, block.error());
  auto id = check_sealed_block(*block, *where_.head, check_);
  if (!id) {
    // Sealed upon another parent? Then the chain is split, and consensus has to see it.
    if (block->what.head.at.get() == where_.head->head.at.get() + 1
        && block->what.head.parent != where_.head->id)
      tell(chain::path::engine, chain::vote_arrived{x.from, std::move(*block)});
    return refuse(x, id.error());
  }
  auto seals = check_seals_in(block->what, sealed_heights(where_), check_);
  if (!seals) return refuse(x, seals.error());
  auto wanted = heights_of(block->what);
  if (!wanted) return refuse(x, wanted.error());
  auto what = std::make_shared<const sealed_block>(std::move(*block));
  know_heights(where_, *wanted, [this, x, what, id = *id](result<heights_known> known) {
    if (!known) return core_.postponed(x.at);
    check_evidence_of(x, what, id, std::move(*known), false);
  });
}

void sync_actor::check_evidence_of(const apply_block& x, chain::sealed_block_ptr what,
                                   const hash& id, heights_known known, bool is_hearsay) {
  auto verified = check_block_evidence(what->what, known, check_);
  if (verified) return store(x, {what, id, *verified}, is_hearsay);
  if (verified.error().code == ec::not_found)
    return learn_height(x, std::move(what), id, std::move(known));
  refuse(x, verified.error());
  carry_out();
}

/// Of heights below a snapshot it is not known here who the validators were. Whoever has sent the
/// block has to say; if that is not true, executing the block shows it.
void sync_actor::learn_height(const apply_block& x, chain::sealed_block_ptr what, const hash& id,
                              heights_known known) {
  height wanted;
  for (auto at : *heights_of(what->what))
    if (!known.contains(at)) wanted = at;
  ask_of<chain::some_header>(
      x.from, chain::ask_header{wanted},
      [this, x, what, id, known, wanted](const result<chain::some_header>& got) mutable {
        auto told = got && got->what && got->what->head.at == wanted
                    && check_validators(got->what->validators).has_value();
        if (told) {
          const auto& header = *got->what;
          auto set = validator_set{header.validators};
          auto of = block_id(header.head);
          told = set.id() == header.head.validators_hash && header.seals.at == wanted
                 && header.seals.block_id == of
                 && check_certificate(header.seals, set, check_).has_value();
          if (told)
            known.emplace(wanted,
                          chain::past_height{wanted, of, header.head.time, header.validators});
        }
        if (told) return check_evidence_of(x, std::move(what), id, std::move(known), true);
        core_.unusable(x.at, x.from, steady_now());
        carry_out();
      });
}

void sync_actor::refuse(const apply_block& x, const failure& why) {
  core_.refused(x.at, x.from, to_string(why), steady_now());
}

/// A quorum has sealed it: if LEDGER refuses it, it is not the peer that is wrong, unless it was
/// executed with what the peer says of earlier heights.
void sync_actor::store(const apply_block& x, chain::append_block what, bool is_hearsay) {
  auto failed = [this, x, is_hearsay](const failure& why) {
    if (why.code == ec::invalid_argument && is_hearsay) {
      refuse(x, why);
      return carry_out();
    }
    if (why.code == ec::invalid_argument)
      return stop(engine_stopped::kind::diverged,
                  "what the others agree on is not what this node computes: " + why.detail);
    if (why.code == ec::unsupported) return stop(engine_stopped::kind::outdated, to_string(why));
    if (why.code == ec::fenced)
      return stop(engine_stopped::kind::moved_away, "another member holds the chain now");
    core_.postponed(x.at); // again at the next tick
  };
  if (!ledger_) return failed(fail(ec::unavailable));
  ask<chain::position>(
      ledger_, ledger_execute_max, std::move(what),
      [this](const chain::position& now) {
        telemetry::synced(1);
        take(now);
      },
      failed);
}

void sync_actor::stop(engine_stopped::kind what, std::string why) {
  stopped_ = true;
  log::error("sync-stopped", {{"why", why}});
  tell(chain::path::engine, engine_stopped{what, std::move(why)});
}

void sync_actor::perform(compare_head& x) {
  auto block = codec::from_canonical<sealed_block>(x.data);
  if (!block) return misbehaved(x.from, "a block that cannot be read");
  const auto& head = *where_.head;
  auto is_other = block->what.head.at == head.head.at && block_id(block->what.head) != head.id;
  if (is_other) tell(chain::path::engine, chain::vote_arrived{x.from, std::move(*block)});
}

void sync_actor::perform(report_peer& x) {
  misbehaved(x.who, x.why);
}

// -- for others ----------------------------------------------------------------------------

template <class Reply, class Question, class F>
void sync_actor::pass_on(const consensus::address& from, Question what,
                         caf::typed_response_promise<chain::peer_message_ptr> answer, F to_message,
                         chain::peer_message nothing) {
  auto done = [this, from] {
    auto found = serving_.find(from);
    if (found != serving_.end() && --found->second == 0) serving_.erase(found);
  };
  ask<Reply>(
      ledger_, ledger_read_max, std::move(what),
      [answer, to_message, done](const Reply& x) mutable {
        done();
        answer.deliver(std::make_shared<const chain::peer_message>(to_message(x)));
      },
      [answer, nothing, done](const failure& why) mutable {
        done();
        if (why.code == ec::not_found)
          answer.deliver(std::make_shared<const chain::peer_message>(nothing));
        else
          answer.deliver(to_caf(why));
      });
}

caf::result<chain::peer_message_ptr> sync_actor::serve(const chain::question_arrived& x) {
  if (!ledger_) return to_caf(ec::unavailable, "the ledger");
  auto open = serving_.find(x.from);
  if (open != serving_.end() && open->second >= serving_max)
    return to_caf(ec::busy, "too many questions at once");
  auto answer = make_response_promise<chain::peer_message_ptr>();
  if (const auto* q = std::get_if<chain::ask_blocks>(&x.what)) {
    ++serving_[x.from];
    pass_on<chain::block_range>(
        x.from,
        chain::read_blocks{q->from, std::clamp(q->limit, 1u, blocks_max), chain::some_blocks_bytes},
        answer,
        [](const chain::block_range& got) {
          return chain::peer_message{chain::some_blocks{got.from, got.blocks}};
        },
        chain::some_blocks{q->from, {}});
  } else if (const auto* h = std::get_if<chain::ask_header>(&x.what)) {
    ++serving_[x.from];
    pass_on<chain::final_header>(
        x.from, chain::read_header{h->at}, answer,
        [](const chain::final_header& got) { return chain::peer_message{chain::some_header{got}}; },
        chain::some_header{});
  } else if (std::holds_alternative<chain::ask_snapshot>(x.what)) {
    ++serving_[x.from];
    pass_on<chain::snapshot_here>(
        x.from, chain::find_snapshot{}, answer,
        [](const chain::snapshot_here& got) {
          return chain::peer_message{chain::some_snapshot{got.what}};
        },
        chain::some_snapshot{});
  } else if (const auto* c = std::get_if<chain::ask_chunk>(&x.what)) {
    ++serving_[x.from];
    pass_on<chain::chunk_here>(
        x.from, chain::read_chunk{c->of, c->index}, answer,
        [](const chain::chunk_here& got) {
          return chain::peer_message{chain::some_chunk{*got.data}};
        },
        chain::some_chunk{});
  } else {
    return to_caf(ec::unsupported, "no question");
  }
  return answer;
}

std::string sync_actor::describe() const {
  return codec::to_text({{"height", where_.head ? where_.head->head.at.get() : 0},
                         {"syncing", told_.syncing},
                         {"seen", told_.seen.get()},
                         {"serving", serving_.size()},
                         {"snapshot", snapshot_ ? snapshot_->describe() : ""}});
}

} // namespace bpci::consensus
