#pragma once

#include "actors/consensus/engine.hpp"
#include "model_ledger.hpp"
#include "plan.hpp"

#include <functional>
#include <map>

namespace bpci::consensus::sim {

/// Watches all that honest validators say and decide. It counts for itself: nothing of the core
/// decides whether the core is right, but for the bytes that are signed and hashed.
class oracle {
public:
  using on_violation = std::function<void(const std::string&)>;

  oracle(const plan& what, const model_ledger& ledger, on_violation tell);

  // -- what honest processes do
  void said(std::size_t process, const consensus_message& what);
  void decided(std::size_t process, const sealed_block& what);
  void stored(std::size_t process, const chain_state& after);
  void reported(std::size_t process, const evidence& what);
  void halted(std::size_t process, const halt& what);
  void accuse(std::size_t process, const std::string& what);

  /// The highest height that anybody has decided.
  [[nodiscard]] std::uint64_t top() const { return first_.empty() ? 0 : first_.rbegin()->first; }
  /// The block that was decided there first.
  [[nodiscard]] const hash* at(std::uint64_t h) const;
  /// In which round, by the certificate that was seen first.
  [[nodiscard]] round_no round_at(std::uint64_t h) const { return rounds_.at(h); }

  [[nodiscard]] bool hopeless() const noexcept { return hopeless_; }
  [[nodiscard]] bool disagreed() const noexcept { return disagreed_; }
  [[nodiscard]] std::size_t proofs() const noexcept { return proofs_; }
  [[nodiscard]] const std::map<address, std::vector<evidence::kind>>& accused() const {
    return accused_;
  }
  [[nodiscard]] std::size_t halts() const noexcept { return halts_; }
  /// Honest validators that a halt across rounds has named beside liars.
  [[nodiscard]] std::size_t wronged() const noexcept { return wronged_; }

private:
  struct round_said {
    std::optional<hash> proposal, prepare, commit;
    std::optional<round_change> change;
  };
  using height_said = std::map<std::uint32_t, round_said>;

  void once(std::size_t process, const address& by, const char* what, std::optional<hash>& before,
            const hash& now, height_said& all, std::uint32_t round);
  void said_change(std::size_t process, const round_change& x, height_said& all);
  height_said& of(const address& by, height at);
  /// Of that height; null: its parent is not known.
  [[nodiscard]] const std::vector<validator>* validators_of(height at) const;
  /// The weight of those of whom that holds, and of all who may say anything.
  template <class Has>
  [[nodiscard]] bool may_be_quorum(height at, Has has) const;
  void watch_vote(std::size_t process, height at, std::uint32_t round, const hash& id);
  void watch_commit(std::size_t process, const commit& x);
  void watch_haste(std::size_t process, const round_change& x);
  void check_seals(std::size_t process, const sealed_block& what, const chain_state& parent);
  void check_block(std::size_t process, const sealed_block& what, const chain_state& parent);

  const plan& plan_;
  const model_ledger& ledger_;
  on_violation tell_;
  bool hopeless_; ///< a third of the weight lies: anything may be decided
  std::map<std::uint64_t, hash> first_;
  std::map<std::uint64_t, round_no> rounds_;
  std::map<std::size_t, std::map<std::uint64_t, height_said>> said_; ///< by key
  std::map<address, std::vector<evidence::kind>> accused_;
  struct sealable {
    std::uint32_t round = 0;
    hash id{};
  };
  std::map<std::uint64_t, sealable> sealable_; ///< by height
  bool disagreed_ = false;
  std::size_t proofs_ = 0, halts_ = 0, wronged_ = 0;
};

} // namespace bpci::consensus::sim
