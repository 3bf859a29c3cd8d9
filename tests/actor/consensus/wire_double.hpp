#pragma once

#include "actors/consensus/context.hpp"
#include "actors/consensus/evidence.hpp"
#include "messages/chain/peers.hpp"
#include "messages/chain/pool.hpp"
#include "tests/actor/consensus/ledger_double.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <mutex>

namespace bpci::consensus::test {

/// Between the validators of a test: who can reach whom, and whatever was said by anybody. An
/// honest validator never contradicts itself, however often its actors die. Thread-safe.
class wire {
public:
  struct station {
    context_ptr shared;
    model_chain_ptr chain;
  };

  void add(const address& who, station x) {
    auto lock = std::scoped_lock{mutex_};
    stations_[who] = std::move(x);
  }
  void clear() {
    auto lock = std::scoped_lock{mutex_};
    stations_.clear();
  }
  void cut(const address& who, bool is_cut) {
    auto lock = std::scoped_lock{mutex_};
    if (is_cut)
      cut_.insert(who);
    else
      cut_.erase(who);
  }
  /// Everybody that `who` is linked with.
  [[nodiscard]] std::map<address, station> linked_with(const address& who) const {
    auto lock = std::scoped_lock{mutex_};
    std::map<address, station> out;
    if (cut_.contains(who)) return out;
    for (const auto& [id, x] : stations_)
      if (id != who && !cut_.contains(id)) out.emplace(id, x);
    return out;
  }

  void said(const address& by, const chain::peer_message& what) {
    auto lock = std::scoped_lock{mutex_};
    if (const auto* m = std::get_if<proposal_message>(&what)) note(by, m->what, proposals_);
    if (const auto* m = std::get_if<prepare>(&what)) note(by, *m, prepares_);
    if (const auto* m = std::get_if<commit>(&what)) {
      note(by, *m, commits_);
      for (const auto& change : changes_)
        if (contradict(*m, change)) contradictions = true;
    }
    if (const auto* m = std::get_if<round_change_message>(&what)) {
      note(by, m->what, changes_);
      for (const auto& vote : commits_)
        if (contradict(vote, m->what)) contradictions = true;
    }
  }
  [[nodiscard]] std::size_t votes_of(const address& who) const {
    auto lock = std::scoped_lock{mutex_};
    auto count = [&](const auto& all) {
      return static_cast<std::size_t>(
          std::ranges::count_if(all, [&](const auto& x) { return x.by == who; }));
    };
    return count(proposals_) + count(prepares_) + count(commits_) + count(changes_);
  }
  [[nodiscard]] std::size_t changes() const {
    auto lock = std::scoped_lock{mutex_};
    return changes_.size();
  }

  std::atomic<bool> contradictions = false;
  std::mutex liars_mutex;
  std::set<address> liars; ///< who answers questions with blocks that are not right
  std::set<address> accused;

private:
  template <class Vote>
  void note(const address& by, const Vote& x, std::vector<Vote>& all) {
    if (x.by != by || std::ranges::find(all, x) != all.end()) return;
    for (const auto& known : all)
      if (contradict(known, x)) contradictions = true;
    all.push_back(x);
  }

  mutable std::mutex mutex_;
  std::map<address, station> stations_;
  std::set<address> cut_;
  std::vector<proposal> proposals_;
  std::vector<prepare> prepares_;
  std::vector<commit> commits_;
  std::vector<round_change> changes_;
};

/// Stands in for PEERS.
class peers_double final : public actor_base {
public:
  peers_double(caf::actor_config& cfg, std::shared_ptr<wire> net, context_ptr shared)
      : actor_base(cfg),
        net_(std::move(net)),
        shared_(std::move(shared)),
        self_(shared_->keys->self()) {}

  const char* name() const override { return "peers-double"; }

protected:
  caf::behavior make_behavior() override {
    tick();
    return {
        [this](const chain::tell_peers& x) { tell(x); },
        [this](const chain::ask_peer& x) { return ask_one(x); },
        [this](const chain::peer_misbehaved& x) {
          auto lock = std::scoped_lock{net_->liars_mutex};
          net_->accused.insert(x.who);
        },
        [this](const chain::get_peers&) {
          chain::peer_list out;
          for (const auto& [who, x] : net_->linked_with(self_)) {
            chain::peer_status one;
            one.who = who;
            one.linked = true;
            out.peers.push_back(one);
          }
          return out;
        },
        [this](caf::atom_constant<caf::atom("tick")>) { tick(); },
    };
  }

private:
  using tick_atom = caf::atom_constant<caf::atom("tick")>;

  void tell(const chain::tell_peers& x) {
    net_->said(self_, *x.what);
    for (const auto& [who, there] : net_->linked_with(self_))
      if (x.to.empty() || std::ranges::find(x.to, who) != x.to.end()) pass(*x.what, *there.shared);
  }
  void pass(const chain::peer_message& what, const consensus::context& there) {
    std::visit(
        [&](const auto& m) {
          using type = std::decay_t<decltype(m)>;
          if constexpr (std::is_constructible_v<consensus_message, type>) {
            if (auto engine = there.find(chain::path::engine))
              send(engine, chain::vote_arrived{self_, m});
          } else if constexpr (std::is_same_v<type, chain::share_evidence>) {
            if (auto evidence = there.find(chain::path::evidence))
              send(evidence, chain::evidence_found{m.what});
          }
        },
        what);
  }
  caf::result<chain::peer_answer> ask_one(const chain::ask_peer& x) {
    auto all = net_->linked_with(self_);
    auto found = all.find(x.who);
    auto sync = found == all.end() ? caf::actor{} : found->second.shared->find(chain::path::sync);
    if (!sync) return to_caf(ec::not_found);
    auto answer = make_response_promise<chain::peer_answer>();
    ask<chain::peer_message_ptr>(
        sync, x.within, chain::question_arrived{self_, x.what},
        [this, answer, who = x.who](const chain::peer_message_ptr& got) mutable {
          answer.deliver(chain::peer_answer{who, twisted(who, got)});
        },
        [answer](const failure& why) mutable { answer.deliver(to_caf(why)); });
    return answer;
  }
  /// What a liar makes of it.
  chain::peer_message_ptr twisted(const consensus::address& who, const chain::peer_message_ptr& x) {
    auto lock = std::scoped_lock{net_->liars_mutex};
    if (!net_->liars.contains(who)) return x;
    auto out = *x;
    if (auto* some = std::get_if<chain::some_blocks>(&out))
      for (auto& raw : some->blocks) {
        auto block = codec::from_canonical<sealed_block>(raw).value();
        block.what.transactions.push_back({6, 6, 6});
        raw = codec::to_canonical(block);
      }
    if (auto* some = std::get_if<chain::some_snapshot>(&out); some && some->what)
      for (auto& chunk : some->what->chunks)
        chunk[0] ^= 1;
    if (auto* some = std::get_if<chain::some_chunk>(&out); some && some->data)
      some->data->push_back(0);
    return std::make_shared<const chain::peer_message>(std::move(out));
  }
  void tick() {
    if (auto sync = shared_->find(chain::path::sync)) {
      auto now = net_->linked_with(self_);
      for (const auto& [who, there] : now)
        send(sync, chain::peer_seen{who, {height{there.chain->height_now()}, {}}});
      for (const auto& who : seen_)
        if (!now.contains(who)) send(sync, chain::peer_lost{who});
      seen_.clear();
      for (const auto& [who, there] : now)
        seen_.insert(who);
    }
    delayed_send(this, std::chrono::milliseconds{100}, tick_atom::value);
  }

  std::shared_ptr<wire> net_;
  context_ptr shared_;
  consensus::address self_;
  std::set<consensus::address> seen_;
};

} // namespace bpci::consensus::test
