#include "actors/ledger/mempool_actor.hpp"

#include "actors/ledger/coins/balances.hpp"
#include "actors/ledger/telemetry.hpp"
#include "messages/chain/paths.hpp"
#include "messages/codec/json.hpp"
#include "runtime/crypto/hash.hpp"

#include <algorithm>
#include <array>

namespace bpci::ledger {

namespace {

using tick_atom = caf::atom_constant<caf::atom("mptick")>;
using flush_atom = caf::atom_constant<caf::atom("mpflush")>;
using watch_atom = caf::atom_constant<caf::atom("mpwatch")>;

/// How often watchers are told that there is work (messages/chain/pool.hpp).
constexpr auto tick_every = std::chrono::milliseconds{1'000};

/// How soon LEDGER is looked for again.
constexpr auto watch_again = std::chrono::milliseconds{100};

/// How long transactions are gathered for the peers.
constexpr auto share_after = std::chrono::milliseconds{20};
constexpr std::size_t share_bytes = 65'536;

/// Of one message of a peer nothing beyond this is looked at: an honest one has less.
constexpr std::size_t taken_bytes = share_bytes + transaction_bytes_max;

/// Behind so many messages nothing more of what peers share is looked at: they are not asked to
/// wait, and a transaction that is lost here reaches the proposer by another.
constexpr std::uint64_t backlog_max = 1'000;

/// What no honest node passes on, since it has checked the same.
constexpr std::array rubbish{
    std::string_view{"transaction_too_large"}, std::string_view{"transaction_malformed"},
    std::string_view{"chain_differs"}, std::string_view{"signature_wrong"}};

bool is_rubbish(const refusal& why) {
  return std::ranges::find(rubbish, why.name) != rubbish.end();
}

failure to_failure(const refusal& why) {
  return fail(why.code, why.detail.empty() ? why.name : why.name + ": " + why.detail);
}

/// Whose holdings differ.
std::vector<account> changed_accounts(const state_trie& before, const state_trie& now) {
  std::vector<account> out;
  now.for_each_changed(before, [&](auto key, auto) {
    if (auto who = coins::account_of_key(key)) out.push_back(*who);
  });
  return out;
}

bool fees_differ(const terms& x, const terms& y) {
  return x.how[fee_base] != y.how[fee_base] || x.how[fee_per_byte] != y.how[fee_per_byte];
}

failure not_loaded() {
  return fail(ec::unavailable, "LEDGER has not loaded the chain yet");
}

} // namespace

mempool_actor::mempool_actor(caf::actor_config& cfg, ledger_options_ptr how, mempool_limits limits)
    : actor_base(cfg), how_(std::move(how)), rules_{how_->modules, how_->verify}, pool_(limits) {}

caf::behavior mempool_actor::make_behavior() {
  watch_ledger();
  delayed_send(this, tick_every, tick_atom::value);
  return {
      [this](const chain::submit_transaction& x) { return submit(x); },
      [this](const chain::transactions_shared& x) { take_in(x); },
      [this](const chain::offer_transactions& x) {
        return chain::transactions_offered{pool_.offer(x.count_max, x.bytes_max)};
      },
      [this](const chain::watch_work&) { watch(caf::actor_cast<caf::actor>(current_sender())); },
      [this](const chain::find_nonce& x) -> caf::result<chain::nonce_free> {
        if (!view_) return to_caf(not_loaded());
        return pool_.next_nonce(x.sender, coins::get_holdings(view_->now.state, x.sender).nonce);
      },
      [this](const chain::get_pool&) { return pool_.status(); },
      [this](const find_waiting& x) -> caf::result<waiting_transaction> {
        const auto* found = pool_.find(x.id);
        if (!found) return to_caf(ec::not_found, "the transaction does not wait here");
        return waiting_transaction{*found};
      },
      [this](const state_now& x) { follow(x); },
      [this](tick_atom) { tick(); },
      [this](flush_atom) { flush(); },
      [this](watch_atom) { watch_ledger(); },
  };
}

// -- the state -----------------------------------------------------------------------------

void mempool_actor::watch_ledger() {
  if (ledger_) return;
  ledger_ = how_->find(chain::path::ledger);
  if (!ledger_) {
    delayed_send(this, watch_again, watch_atom::value);
    return;
  }
  monitor<caf::message_priority::high>(ledger_);
  send(ledger_, watch_state{});
}

void mempool_actor::follow(const state_now& x) {
  auto next = terms_at(x.state, height{x.at.get() + 1});
  if (!view_ || fees_differ(view_->next, next))
    pool_.check_all(next, x.state);
  else
    pool_.check(next, x.state, changed_accounts(view_->now.state, x.state));
  view_ = view{x, std::move(next)};
  had_work_ = false; // what waited upon the head before is told of anew
  tell_work();
}

void mempool_actor::on_down(const caf::down_msg& what) {
  if (ledger_ && ledger_.address() == what.source) {
    ledger_ = nullptr;
    delayed_send(this, watch_again, watch_atom::value);
  }
  std::erase_if(watchers_, [&](const auto& x) { return x.address() == what.source; });
}

void mempool_actor::on_exit() {
  ledger_ = nullptr;
  watchers_.clear();
}

// -- transactions ---------------------------------------------------------------------------

caf::result<chain::transaction_taken> mempool_actor::submit(const chain::submit_transaction& x) {
  if (!view_) return to_caf(not_loaded());
  auto done = pool_.add(rules_, view_->next, view_->now.state, x.encoded);
  if (!done) {
    telemetry::refused(done.error().name);
    return to_caf(to_failure(done.error()));
  }
  if (!done->known) share({}, x.encoded);
  tell_work();
  return chain::transaction_taken{done->id, done->known};
}

void mempool_actor::take_in(const chain::transactions_shared& x) {
  if (!view_ || life()->mailbox_depth() > backlog_max) return;
  std::size_t seen = 0;
  for (const auto& encoded : x.encoded) {
    if ((seen += encoded.size()) > taken_bytes) break;
    auto done = pool_.add(rules_, view_->next, view_->now.state, encoded);
    if (done && !done->known) share(x.from, encoded);
    if (done) continue;
    telemetry::refused(done.error().name);
    if (!is_rubbish(done.error())) continue;
    // The rest of it is not worth a look.
    if (auto peers = how_->find(chain::path::peers))
      send(peers, chain::peer_misbehaved{x.from, "shares transactions that it can't have checked: "
                                                     + done.error().name});
    break;
  }
  tell_work();
}

void mempool_actor::share(const consensus::address& from, const bytes& encoded) {
  telemetry::taken();
  if (to_share_.empty()) delayed_send(this, share_after, flush_atom::value);
  to_share_[from].push_back(encoded);
  bytes_to_share_ += encoded.size();
  if (bytes_to_share_ >= share_bytes) flush();
}

void mempool_actor::flush() {
  auto peers = how_->find(chain::path::peers);
  for (auto& [from, all] : to_share_)
    if (peers)
      send(peers, chain::tell_peers{{},
                                    std::make_shared<const chain::peer_message>(
                                        chain::share_transactions{std::move(all)}),
                                    from});
  to_share_.clear();
  bytes_to_share_ = 0;
}

// -- work --------------------------------------------------------------------------------------

void mempool_actor::watch(const caf::actor& who) {
  if (!who) return;
  if (watchers_.insert(who).second) monitor<caf::message_priority::high>(who);
  if (pool_.has_work()) send(who, chain::work_waiting{view_->now.at});
}

/// When there comes to be some.
void mempool_actor::tell_work() {
  const auto has = pool_.has_work();
  if (has && !had_work_)
    for (const auto& x : watchers_)
      send(x, chain::work_waiting{view_->now.at});
  had_work_ = has;
}

void mempool_actor::tick() {
  delayed_send(this, tick_every, tick_atom::value);
  had_work_ = false;
  tell_work();
  telemetry::pool_is(pool_.status());
}

std::string mempool_actor::describe() const {
  return codec::to_text(codec::to_json(pool_.status()));
}

} // namespace bpci::ledger
