#include "actors/consensus/evidence_actor.hpp"

#include "actors/consensus/ed25519_signer.hpp"
#include "actors/consensus/telemetry.hpp"
#include "messages/chain/peers.hpp"
#include "messages/codec/canonical.hpp"
#include "messages/codec/json.hpp"
#include "runtime/crypto/hash.hpp"
#include "runtime/log/log.hpp"
#include "runtime/storage/sql.hpp"
#include "runtime/time/clock.hpp"

#include <algorithm>

namespace bpci::consensus {

namespace {

using tick_atom = caf::atom_constant<caf::atom("tick")>;

constexpr auto tick_every = milliseconds{1'000};
constexpr auto query_max = milliseconds{2'000};

/// A validator is punished once, and there are a few hundred of them at most.
constexpr std::size_t waiting_max = 1'000;
constexpr std::size_t suspected_max = 256;
constexpr std::size_t punished_max = 1'000;

/// How far ahead of the chain an offence may be for its evidence to be kept until it is final.
constexpr std::uint64_t ahead_max = 16;

constexpr std::uint64_t page_default = 100;
constexpr std::uint64_t page_max = 1'000;

/// Blocks that are looked through after a start, a batch at a time.
constexpr std::uint32_t batch_max = 64;
constexpr std::size_t batch_bytes_max = 4 * 1'024 * 1'024;

} // namespace

evidence_actor::evidence_actor(caf::actor_config& cfg, context_ptr shared)
    : consensus_actor(cfg, std::move(shared)) {}

caf::behavior evidence_actor::make_behavior() {
  tick();
  return {
      [this](const chain::position& x) { take(x); },
      [this](const chain::evidence_found& x) { take(x.what); },
      [this](const chain::offer_evidence&) {
        chain::evidence_offered out;
        for (const auto& [key, x] : waiting_)
          if (out.what.size() < evidence_in_block_max) out.what.push_back(x.line.what);
        return out;
      },
      [this](const chain::watch_work&) {
        auto who = caf::actor_cast<caf::actor>(current_sender());
        if (watchers_.insert(who).second) monitor<caf::message_priority::high>(who);
        if (!waiting_.empty() && where_.head) send(who, chain::work_waiting{where_.head->head.at});
      },
      [this](const chain::list_evidence& x) { return list(x); },
      [this](tick_atom) { tick(); },
  };
}

void evidence_actor::on_exit() {
  watchers_.clear();
  ledger_ = nullptr;
  where_ = {};
}

void evidence_actor::on_down(const caf::down_msg& what) {
  if (ledger_ && what.source == ledger_.address()) ledger_ = nullptr;
  std::erase_if(watchers_, [&](const auto& x) { return x.address() == what.source; });
}

void evidence_actor::tick() {
  if (auto now = shared_->find(chain::path::ledger); now && now != ledger_) {
    ledger_ = now;
    monitor<caf::message_priority::high>(ledger_);
    send(ledger_, chain::watch_position{});
  }
  if (!loaded_)
    load();
  else
    check_next();
  say_work();
  telemetry::evidence_waiting(waiting_.size());
  delayed_send(this, tick_every, tick_atom::value);
}

/// What a former life has kept.
void evidence_actor::load() {
  auto pool = shared_->find(path::pool);
  if (!pool) return;
  storage::run<std::vector<store::kept_evidence>>(
      this, pool, query_max,
      [chain_id = shared_->how.chain_id](pqxx::work& tx) {
        return store::waiting_evidence(tx, chain_id, waiting_max);
      })
      .then(
          [this](std::vector<store::kept_evidence> found) {
            if (std::exchange(loaded_, true)) return;
            auto oldest = height{~std::uint64_t{0}};
            for (auto& x : found) {
              oldest = std::min(oldest, x.upon);
              waiting_.emplace(x.key, std::move(x));
            }
            // Blocks that came while nobody was here may have some of it.
            looked_to_ = waiting_.empty() && where_.head ? where_.head->head.at : oldest;
            if (where_.head) look_back(height{looked_to_.get() + 1});
          },
          [](const failure& why) {
            log::warn("evidence-not-loaded", {{"code", bpci::name(why.code)}});
          });
}

// -- what blocks have ----------------------------------------------------------------------

void evidence_actor::take(const chain::position& x) {
  if (where_.head && x.head->head.at < where_.head->head.at) return;
  where_ = x;
  if (!loaded_) return;
  auto at = x.head->head.at;
  if (waiting_.empty() || (x.last && at.get() == looked_to_.get() + 1)) {
    if (x.last) look_through(x.last->what);
    looked_to_ = at;
  } else if (at > looked_to_) {
    look_back(height{looked_to_.get() + 1});
  }
  check_next();
}

void evidence_actor::look_through(const block& x) {
  std::vector<hash> found;
  for (const auto& one : x.misbehaviour) {
    auto what = offence_of(one);
    if (!what) continue;
    auto key = store::key_of(*what);
    suspected_.erase(key);
    if (punished_.size() >= punished_max) punished_.erase(punished_.begin());
    punished_[key] = x.head.at;
    if (waiting_.erase(key) > 0) found.push_back(key);
  }
  auto pool = shared_->find(path::pool);
  if (found.empty() || !pool) return;
  storage::run<void>(this, pool, query_max,
                     [by = shared_->hold, chain_id = shared_->how.chain_id, found,
                      at = x.head.at](pqxx::work& tx) {
                       return store::mark_evidence(tx, by, chain_id, found, at);
                     })
      .then([] {},
            [](const failure& why) {
              // It is found in its block again after the next start.
              log::warn("evidence-not-marked", {{"code", bpci::name(why.code)}});
            });
}

/// The blocks from there on, as far as there are some; the rest with the next position.
void evidence_actor::look_back(height from) {
  if (!ledger_ || from > where_.head->head.at) return;
  ask<chain::block_range>(
      ledger_, ledger_read_max, chain::read_blocks{from, batch_max, batch_bytes_max},
      [this](const chain::block_range& x) {
        auto next = x.from;
        for (const auto& raw : x.blocks) {
          if (auto read = codec::from_canonical<sealed_block>(raw)) look_through(read->what);
          next = height{next.get() + 1};
        }
        if (next == x.from || next.get() <= looked_to_.get()) return;
        looked_to_ = height{next.get() - 1};
        look_back(next);
      },
      [this](const failure& why) {
        // A snapshot was restored: what is older is not here.
        if (why.code == ec::not_found) looked_to_ = where_.head->head.at;
      });
}

// -- what is new ---------------------------------------------------------------------------

void evidence_actor::take(const evidence& x) {
  auto about = offence_of(x);
  if (!about) return;
  auto key = store::key_of(*about);
  auto is_far = where_.head && about->at.get() > where_.head->head.at.get() + ahead_max;
  if (is_far || suspected_.size() >= suspected_max || waiting_.size() >= waiting_max
      || waiting_.contains(key) || punished_.contains(key))
    return;
  suspected_.try_emplace(key, suspicion{x, *about});
  check_next();
}

/// One after the other: who floods this with lies does not flood LEDGER.
void evidence_actor::check_next() {
  if (checking_ || !loaded_ || !where_.head) return;
  auto next = std::ranges::find_if(
      suspected_, [&](const auto& x) { return x.second.about.at <= where_.head->head.at; });
  if (next == suspected_.end()) return;
  checking_ = next->first;
  know_heights(where_, {next->second.about.at},
               [this, key = next->first](const result<heights_known>& x) {
                 checking_.reset();
                 if (!x) return; // again at the next tick
                 auto found = suspected_.extract(key);
                 if (!found) return check_next();
                 const auto& [what, about] = found.mapped();
                 verifier check{shared_->how.chain_id, *shared_->keys};
                 auto then = x->find(about.at);
                 if (then != x->end() && verify(what, then->second, check)) keep(what, about);
                 check_next();
               });
}

void evidence_actor::keep(const evidence& what, const offence& about) {
  auto pool = shared_->find(path::pool);
  if (!pool) return;
  auto key = store::key_of(about);
  auto one = store::kept_evidence{
      key, {what, about.by, about.at, wall_now(), std::nullopt}, where_.head->head.at};
  storage::run<bool>(this, pool, query_max,
                     [by = shared_->hold, chain_id = shared_->how.chain_id, one](pqxx::work& tx) {
                       return store::keep_evidence(tx, by, chain_id, one);
                     })
      .then([this, one](bool is_new) { kept(one, is_new); },
            [this, key, what, about](const failure& why) {
              log::warn("evidence-not-kept", {{"code", bpci::name(why.code)}});
              // INSTANCE says it once: it is tried again at a later tick.
              if (suspected_.size() < suspected_max)
                suspected_.try_emplace(key, suspicion{what, about});
            });
}

void evidence_actor::kept(const store::kept_evidence& x, bool is_new) {
  // Known, and not waiting: it was punished before the last start.
  if (!is_new || punished_.contains(x.key)) return;
  waiting_.emplace(x.key, x);
  telemetry::evidence_found();
  log::warn("validator-contradicts-itself",
            {{"by", crypto::to_hex(x.line.by)},
             {"height", x.line.at.get()},
             {"kind", std::to_string(static_cast<int>(x.line.what.what))}});
  tell(
      chain::path::peers,
      chain::tell_peers{
          {}, std::make_shared<const chain::peer_message>(chain::share_evidence{x.line.what}), {}});
  say_work();
}

void evidence_actor::say_work() {
  if (waiting_.empty() || !where_.head) return;
  for (const auto& who : watchers_)
    send(who, chain::work_waiting{where_.head->head.at});
}

// -- questions -----------------------------------------------------------------------------

caf::result<chain::evidence_page> evidence_actor::list(const chain::list_evidence& x) {
  auto pool = shared_->find(path::pool);
  if (!pool) return to_caf(ec::unavailable, "the database");
  auto limit = x.limit == 0 ? page_default : std::min(x.limit, page_max);
  auto answer = make_response_promise<chain::evidence_page>();
  storage::run<std::vector<chain::evidence_line>>(
      this, pool, query_max,
      [chain_id = shared_->how.chain_id, limit](pqxx::work& tx) {
        return store::list_evidence(tx, chain_id, limit);
      })
      .then(
          [answer](std::vector<chain::evidence_line> all) mutable {
            answer.deliver(chain::evidence_page{std::move(all)});
          },
          [answer](const failure& why) mutable { answer.deliver(to_caf(why)); });
  return answer;
}

std::string evidence_actor::describe() const {
  return codec::to_text({{"loaded", loaded_},
                         {"suspected", suspected_.size()},
                         {"waiting", waiting_.size()},
                         {"watchers", watchers_.size()}});
}

} // namespace bpci::consensus
