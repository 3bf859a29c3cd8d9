#pragma once

#include "actors/consensus/engine.hpp"
#include "plan.hpp"

#include <map>
#include <memory>
#include <set>

namespace bpci::consensus::sim {

/// What the blocks of the model consist of.
struct transaction {
  std::uint64_t id = 0;
  bool sets_weight = false;
  address who{};
  std::uint64_t weight = 0; ///< 0: no longer a validator

  bool operator==(const transaction&) const = default;
};
BPCI_MESSAGE(transaction, id, sets_weight, who, weight)

/// What a block has led to. The same on every node, so it is computed once and shared.
struct chain_state {
  header head;
  hash id{};
  std::vector<validator> sealed_by;  ///< whose seals the block has
  std::vector<validator> validators; ///< of the next height
  std::vector<validator> next;       ///< of the height after that
  hash state_root{};
  std::vector<std::uint64_t> done;   ///< transactions, sorted
  std::vector<std::uint64_t> failed; ///< of those, changes of the validators that were refused
  std::vector<address> slashed;      ///< sorted
};
using state_ptr = std::shared_ptr<const chain_state>;

/// What a proposer puts into a block.
struct draft {
  address proposer{};
  timestamp_ms time;
  std::vector<transaction> transactions;
  std::vector<evidence> misbehaviour;
  certificate parent_seals;
  std::vector<certificate> late_seals;
};

/// Executes blocks. A counter of transactions would do for agreement; that blocks can change the
/// validators and slash them is what makes it a chain.
class model_ledger {
public:
  explicit model_ledger(const plan& what);

  [[nodiscard]] const state_ptr& genesis() const noexcept { return genesis_; }

  [[nodiscard]] block make(const chain_state& parent, const draft& what) const;

  /// Null: not valid upon that parent; `refusal()` says why.
  [[nodiscard]] state_ptr execute(const state_ptr& parent, const block& what, const hash& id);
  [[nodiscard]] const std::string& refusal() const noexcept { return refusal_; }

  /// Null: never executed.
  [[nodiscard]] state_ptr find(const hash& id) const;

private:
  [[nodiscard]] bool is_late(const certificate& x, const chain_state& parent) const;
  [[nodiscard]] std::string fault_of(const chain_state& parent, const block& what) const;

  std::map<hash, state_ptr> known_;
  state_ptr genesis_;
  std::string refusal_;
};

extern const std::string chain_name;

/// Whether such a set may govern: not empty, no weight of zero, no overflow.
bool is_sound(const std::vector<validator>& set);

bytes to_bytes(const transaction& x);

/// Whether it proves something that was not punished yet, and not too long ago.
bool is_worth_a_block(const chain_state& chain, const evidence& x);

} // namespace bpci::consensus::sim
