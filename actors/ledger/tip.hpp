#pragma once

#include "actors/ledger/attendance.hpp"
#include "actors/ledger/block_rows.hpp"
#include "actors/ledger/executor.hpp"
#include "messages/chain/blocks.hpp"

#include <deque>

/// The end of the chain: its head, the state after it, and the blocks that were executed upon it.
namespace bpci::ledger {

/// What a tip begins with: out of the store, or of the genesis document.
struct tip_start {
  consensus::header head;
  hash id{};
  consensus::certificate seals; ///< empty for the genesis block
  state_trie state;
  std::uint64_t keys = 0;                 ///< of the state
  std::vector<chain::past_height> recent; ///< up to the head's own, oldest first
  std::vector<consensus::block> before;   ///< for attendance: the last 103, oldest first
  chain::sealed_block_ptr last;           ///< the head's, if it is at hand
};

class tip {
public:
  tip(rules by, tip_start start);

  [[nodiscard]] const consensus::chain_head& head() const noexcept { return *position_.head; }
  [[nodiscard]] const chain::position& position() const noexcept { return position_; }
  [[nodiscard]] const state_trie& state() const noexcept { return state_; }
  [[nodiscard]] std::uint64_t keys() const noexcept { return keys_; }

  /// Errors: conflict (upon another head), and those of make_block.
  result<chain::block_filled> fill(const chain::fill_block& x, std::span<const bytes> offered);

  /// Errors: unavailable (upon another head), unsupported.
  result<chain::block_valid> validate(const chain::validate_block& x);

  /// A block that can be put upon the head, and what there is to be stored for it.
  struct step {
    chain::sealed_block_ptr what;
    hash id{};
    std::shared_ptr<const execution> done;
    std::shared_ptr<const block_row> row;
    std::shared_ptr<const state_rows> changes;
  };

  /// Whether it is in the chain already, as far as the last heights tell. Errors: conflict (another
  /// block of its height is).
  [[nodiscard]] result<bool> is_stored(const chain::append_block& x) const;

  /// Executes it if that was not done already. Errors: conflict (not upon the head),
  /// invalid_argument (it is invalid, or has another state root), unsupported.
  result<step> prepare(const chain::append_block& x);

  /// It is on the disk.
  void advance(const step& x);

private:
  struct executed {
    std::uint64_t ticket = 0;
    std::optional<hash> id;
    chain::block_ptr what;
    chain::evidence_list evidence;
    std::shared_ptr<const execution> done;
  };

  [[nodiscard]] bool is_next(const consensus::block& x) const;
  [[nodiscard]] block_context context_of(const consensus::block& x,
                                         const chain::evidence_list& evidence) const;
  [[nodiscard]] const executed* find(const hash& id) const;
  [[nodiscard]] const executed* find(const chain::validate_block& x) const;
  [[nodiscard]] const executed* find(const chain::append_block& x) const;
  void remember(executed x);
  void tell(const consensus::header& head, const hash& id, const consensus::certificate& seals,
            chain::sealed_block_ptr last);

  rules by_;
  state_trie state_;
  std::uint64_t keys_ = 0;
  attendance attendance_;
  chain::position position_;
  std::deque<executed> executed_; ///< upon the head; the last few
  std::uint64_t last_ticket_ = 0;
};

} // namespace bpci::ledger
