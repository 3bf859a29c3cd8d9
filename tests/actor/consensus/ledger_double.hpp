#pragma once

#include "actors/consensus/body.hpp"
#include "messages/chain/blocks.hpp"
#include "messages/chain/pool.hpp"
#include "messages/chain/position.hpp"
#include "messages/chain/wire.hpp"
#include "messages/codec/canonical.hpp"
#include "runtime/actor/actor_base.hpp"
#include "runtime/crypto/hash.hpp"

#include <atomic>
#include <map>
#include <mutex>
#include <set>

namespace bpci::consensus::test {

/// What outlives the actor: the blocks of one node, and what is in them. Thread-safe.
class model_chain {
public:
  model_chain(const std::string& chain_id, std::vector<validator> set) {
    auto genesis = std::make_shared<chain_head>();
    genesis->head.chain_id = chain_id;
    genesis->head.time = timestamp_ms{1'700'000'000'000};
    genesis->validators = genesis->next = std::move(set);
    genesis->head.validators_hash = validators_hash(genesis->validators);
    genesis->head.next_validators_hash = genesis->head.validators_hash;
    genesis->id = block_id(genesis->head);
    heads_.emplace(0, genesis);
  }

  [[nodiscard]] std::uint64_t height_now() const {
    auto lock = std::scoped_lock{mutex_};
    return heads_.rbegin()->first;
  }
  [[nodiscard]] chain::position position() const {
    auto lock = std::scoped_lock{mutex_};
    chain::position out;
    const auto at = heads_.rbegin()->first;
    out.head = heads_.rbegin()->second;
    if (auto found = blocks_.find(at); found != blocks_.end()) out.last = found->second;
    for (auto i = at > 2 ? at - 2 : 0; i <= at; ++i)
      if (heads_.contains(i)) out.recent.push_back(past(i));
    return out;
  }
  [[nodiscard]] chain::sealed_block_ptr block_at(std::uint64_t at) const {
    auto lock = std::scoped_lock{mutex_};
    auto found = blocks_.find(at);
    return found == blocks_.end() ? nullptr : found->second;
  }
  [[nodiscard]] std::optional<chain::past_height> past_at(std::uint64_t at) const {
    auto lock = std::scoped_lock{mutex_};
    if (!heads_.contains(at)) return std::nullopt;
    return past(at);
  }
  [[nodiscard]] bool has(const bytes& transaction) const {
    auto lock = std::scoped_lock{mutex_};
    return done_.contains(transaction);
  }

  /// Of the state behind this block.
  [[nodiscard]] static hash root_after(const hash& before, const std::vector<bytes>& all) {
    auto out = before;
    for (const auto& x : all)
      out = crypto::sha256_joined({out, x});
    return out;
  }
  [[nodiscard]] std::string fault_of(const block& x) const {
    auto lock = std::scoped_lock{mutex_};
    const auto& parent = *heads_.rbegin()->second;
    if (x.head.parent != parent.id) return "upon another head";
    if (x.head.state_root != root_after(parent.head.state_root, x.transactions))
      return "another state";
    for (const auto& t : x.transactions)
      if (done_.contains(t)) return "a transaction again";
    return {};
  }
  void append(const chain::sealed_block_ptr& x, const hash& id) {
    auto lock = std::scoped_lock{mutex_};
    auto next = std::make_shared<chain_head>(*heads_.rbegin()->second);
    next->head = x->what.head;
    next->id = id;
    next->seals = x->seals;
    heads_.emplace(next->head.at.get(), next);
    blocks_.emplace(next->head.at.get(), x);
    done_.insert(x->what.transactions.begin(), x->what.transactions.end());
  }

  // -- snapshots: all transactions up to a height, a few a chunk

  static constexpr std::size_t chunk_size = 4;

  [[nodiscard]] std::optional<chain::final_header> header_at(std::uint64_t at) const {
    auto lock = std::scoped_lock{mutex_};
    auto found = heads_.find(at);
    if (found == heads_.end()) return std::nullopt;
    const auto& x = *found->second;
    return chain::final_header{x.head, x.seals, x.validators, x.validators};
  }
  [[nodiscard]] std::vector<bytes> chunks_at(std::uint64_t at) const {
    auto lock = std::scoped_lock{mutex_};
    std::vector<bytes> all, out;
    for (const auto& [of, x] : blocks_)
      if (of <= at) all.insert(all.end(), x->what.transactions.begin(), x->what.transactions.end());
    for (std::size_t i = 0; i < all.size(); i += chunk_size)
      out.push_back(codec::to_canonical(chain::share_transactions{
          {all.begin() + static_cast<std::ptrdiff_t>(i),
           all.begin() + static_cast<std::ptrdiff_t>(std::min(i + chunk_size, all.size()))}}));
    return out;
  }
  /// Whether the chunks are the state of the header.
  bool restore(const chain::final_header& to, const std::vector<bytes>& chunks,
               const std::vector<chain::sealed_block_ptr>& before) {
    std::vector<bytes> all;
    for (const auto& raw : chunks) {
      auto some = codec::from_canonical<chain::share_transactions>(raw);
      if (!some) return false;
      all.insert(all.end(), some->encoded.begin(), some->encoded.end());
    }
    if (root_after({}, all) != to.head.state_root) return false;
    auto lock = std::scoped_lock{mutex_};
    auto genesis = heads_.begin()->second;
    for (const auto& x : before) {
      auto next = std::make_shared<chain_head>(*genesis);
      next->head = x->what.head;
      next->id = x->seals.block_id;
      next->seals = x->seals;
      // As few as a ledger may know.
      if (next->head.at.get() + 3 > to.head.at.get()) heads_[next->head.at.get()] = next;
      blocks_[next->head.at.get()] = x;
    }
    done_ = {all.begin(), all.end()};
    was_restored = true;
    return true;
  }

  std::atomic<bool> was_restored = false;

private:
  [[nodiscard]] chain::past_height past(std::uint64_t at) const {
    const auto& x = *heads_.at(at);
    return {height{at}, x.id, x.head.time, x.validators};
  }

  mutable std::mutex mutex_;
  std::map<std::uint64_t, std::shared_ptr<const chain_head>> heads_;
  std::map<std::uint64_t, chain::sealed_block_ptr> blocks_;
  std::set<bytes> done_;
};

using model_chain_ptr = std::shared_ptr<model_chain>;

/// "This is to be decided." To the double, in its part of MEMPOOL.
struct new_transaction {
  bytes what;
};

/// Stands in for LEDGER and MEMPOOL: a state that is a hash, and transactions that are any bytes.
class ledger_double final : public actor_base {
public:
  ledger_double(caf::actor_config& cfg, model_chain_ptr chain)
      : actor_base(cfg), chain_(std::move(chain)) {}

  const char* name() const override { return "ledger-double"; }

protected:
  caf::behavior make_behavior() override {
    tick();
    return {
        [this](const chain::watch_position&) {
          auto who = caf::actor_cast<caf::actor>(current_sender());
          watchers_.insert(who);
          send(who, chain_->position());
        },
        [this](const chain::get_position&) { return chain_->position(); },
        [this](const chain::fill_block& x) -> caf::result<chain::block_filled> {
          auto out = std::make_shared<block>(*x.skeleton);
          if (out->head.parent != chain_->position().head->id) return to_caf(ec::conflict);
          for (const auto& t : pool_)
            if (out->transactions.size() < 3) out->transactions.push_back(t);
          out->head.state_root = model_chain::root_after(out->head.state_root, out->transactions);
          return chain::block_filled{out, 7};
        },
        [this](const chain::validate_block& x) {
          auto why = chain_->fault_of(*x.what);
          return chain::block_valid{x.id, why.empty(), why};
        },
        [this](const chain::append_block& x) { return append(x); },
        [this](const chain::get_past& x) -> caf::result<chain::past_height> {
          auto found = chain_->past_at(x.at.get());
          if (!found) return to_caf(ec::not_found);
          return *found;
        },
        [this](const chain::read_blocks& x) -> caf::result<chain::block_range> {
          chain::block_range out{x.from, {}};
          for (auto at = x.from.get(); out.blocks.size() < x.limit; ++at) {
            auto found = at == 0 ? nullptr : chain_->block_at(at);
            if (!found) break;
            out.blocks.push_back(codec::to_canonical(*found));
          }
          if (out.blocks.empty()) return to_caf(ec::not_found);
          return out;
        },
        [this](const chain::read_header& x) -> caf::result<chain::final_header> {
          auto found = chain_->header_at(x.at.get());
          if (!found) return to_caf(ec::not_found);
          return *found;
        },
        [this](const chain::find_snapshot&) -> caf::result<chain::snapshot_here> {
          // A little behind the head, as snapshots are.
          const auto at = chain_->height_now();
          if (at < 5) return to_caf(ec::not_found);
          return chain::snapshot_here{manifest_at(at - 2)};
        },
        [this](const chain::read_chunk& x) -> caf::result<chain::chunk_here> {
          auto all = chain_->chunks_at(x.of.get());
          if (x.index >= all.size()) return to_caf(ec::not_found);
          return chain::chunk_here{std::make_shared<const bytes>(all[x.index])};
        },
        [this](const chain::begin_restore& x) {
          restoring_ = x;
          chunks_.clear();
          return progress();
        },
        [this](const chain::add_chunk& x) -> caf::result<chain::restore_progress> {
          if (!restoring_) return to_caf(ec::not_found);
          if (crypto::sha256(*x.data) != restoring_->manifest.chunks.at(x.index))
            return to_caf(ec::malformed);
          chunks_[x.index] = *x.data;
          return progress();
        },
        [this](const chain::finish_restore& x) -> caf::result<chain::position> {
          std::vector<bytes> all;
          for (const auto& [index, data] : chunks_)
            all.push_back(data);
          if (!chain_->restore(restoring_->at, all, x.before)) return to_caf(ec::malformed);
          auto now = chain_->position();
          for (const auto& who : watchers_)
            send(who, now);
          return now;
        },
        [this](const new_transaction& x) {
          if (!chain_->has(x.what)) pool_.insert(x.what);
          say_work();
        },
        [this](const chain::watch_work&) {
          workers_.insert(caf::actor_cast<caf::actor>(current_sender()));
          say_work();
        },
        [this](caf::atom_constant<caf::atom("tick")>) { tick(); },
    };
  }
  void on_exit() override {
    watchers_.clear();
    workers_.clear();
  }

private:
  using tick_atom = caf::atom_constant<caf::atom("tick")>;

  caf::result<chain::position> append(const chain::append_block& x) {
    const auto at = x.what->what.head.at.get();
    if (at <= chain_->height_now()) return chain_->position();
    if (x.what->what.head.parent != chain_->position().head->id) return to_caf(ec::conflict);
    auto why = chain_->fault_of(x.what->what);
    if (!why.empty()) return to_caf(ec::invalid_argument, why);
    chain_->append(x.what, x.id);
    for (const auto& t : x.what->what.transactions)
      pool_.erase(t);
    auto now = chain_->position();
    for (const auto& who : watchers_)
      send(who, now);
    return now;
  }
  [[nodiscard]] ledger::snapshot_manifest manifest_at(std::uint64_t at) const {
    ledger::snapshot_manifest out;
    out.chain_id = chain_->position().head->head.chain_id;
    out.at = height{at};
    out.state_root = chain_->header_at(at)->head.state_root;
    for (const auto& x : chain_->chunks_at(at))
      out.chunks.push_back(crypto::sha256(x));
    return out;
  }
  [[nodiscard]] chain::restore_progress progress() const {
    for (std::uint64_t i = 0; i < restoring_->manifest.chunks.size(); ++i)
      if (!chunks_.contains(i)) return {i};
    return {};
  }
  void say_work() {
    if (pool_.empty()) return;
    for (const auto& who : workers_)
      send(who, chain::work_waiting{height{chain_->height_now()}});
  }
  void tick() {
    say_work();
    delayed_send(this, std::chrono::milliseconds{500}, tick_atom::value);
  }

  model_chain_ptr chain_;
  std::set<bytes> pool_;
  std::set<caf::actor> watchers_, workers_;
  std::optional<chain::begin_restore> restoring_;
  std::map<std::uint64_t, bytes> chunks_;
};

} // namespace bpci::consensus::test

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::consensus::test::new_transaction)
