#pragma once

#include "messages/governance/rounds.hpp"
#include "messages/ids.hpp"
#include "runtime/actor/actor_base.hpp"
#include "runtime/crypto/keys.hpp"
#include "runtime/supervision/node_context.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace bpci::governance {

struct anchor_options {
  supervision::node_context_ptr node;
  std::string root; ///< The path of the root supervisor: "/node-1".
  /// Of the cluster's validator, whose account pays the fees.
  std::shared_ptr<const crypto::key_pair> keys;
  std::chrono::milliseconds look_every{5'000};

  [[nodiscard]] caf::actor find(std::string_view where) const {
    return node->directory.find(root + std::string{where});
  }
};

/// ANCHORER: states the results of rounds that have ended on the ledger, one after the other, in
/// the order in which they ended. One on each member; the one beside the chain's LEDGER works, so
/// there is one at a time, and it moves with the chain.
///
/// Each turn begins with what the ledger says, so nothing depends on its memory: a transaction that
/// was lost is made anew, one that is in a block is found there, and the ledger takes only one
/// anchor of a proposal. Whatever fails is tried again after 5 s to 5 min.
class anchor_actor : public actor_base {
public:
  anchor_actor(caf::actor_config& cfg, anchor_options how);

  const char* name() const override { return "anchorer"; }

protected:
  caf::behavior make_behavior() override;
  std::string describe() const override;

private:
  using round_ptr = std::shared_ptr<round_record>;

  void look();
  void again_soon();
  void failed(const failure& why);
  void gather(const round_ptr& round, std::string after,
              const std::shared_ptr<std::vector<ballot>>& ballots);
  void compare(const round_ptr& round, const anchoring& what);
  void found(const round_ptr& round, anchoring what, const bytes& answer);
  void send(const round_ptr& round, anchoring what);
  void send_from(const round_ptr& round, anchoring what, std::string chain_id, height at);
  void submit(const round_ptr& round, anchoring what, bytes encoded);

  template <class Reply, class Question, class Ok>
  void ask_chain(Question what, Ok ok);
  template <class Answer, class Command, class Ok>
  void ask_round(const std::string& id, std::string key, const Command& what, Ok ok);

  anchor_options how_;
  std::chrono::milliseconds pause_;
  std::vector<std::string> differing_; ///< The ledger has another root: left alone.
  std::string sent_;                   ///< The proposal whose transaction was sent last, and when.
  std::chrono::steady_clock::time_point sent_at_;
  std::uint32_t fee_doublings_ = 0;
  std::uint64_t anchored_ = 0;
  std::string last_failure_;
};

} // namespace bpci::governance
