#pragma once

#include "conduct.hpp"

#include <set>
#include <tuple>

namespace bpci::consensus::sim {

/// Votes for every block that it hears of.
class double_voter : public conduct {
public:
  using conduct::conduct;
  void says(const consensus_message& what) override;
  void hears(const consensus_message& what) override;

protected:
  void vote_for(height at, round_no round, const hash& id);

private:
  std::set<std::tuple<std::uint64_t, std::uint32_t, hash>> voted_;
};

/// Proposes two blocks, each to some, and votes for both.
class equivocator final : public double_voter {
public:
  using double_voter::double_voter;
  void says(const consensus_message& what) override;
};

/// Its round changes claim what was never prepared; its proposals leave out what would bind them.
class false_claimer final : public conduct {
public:
  using conduct::conduct;
  void says(const consensus_message& what) override;
  void hears(const consensus_message& what) override;

private:
  [[nodiscard]] round_change_message false_change(round_change_message x);
  [[nodiscard]] proposal_message false_proposal(proposal_message x);
  void usurp(height at);

  std::vector<prepare> heard_;
  std::optional<block> block_;
  height usurped_;
};

class mute final : public conduct {
public:
  using conduct::conduct;
  void says(const consensus_message&) override {}
};

/// Says each thing to some only.
class half_mute final : public conduct {
public:
  using conduct::conduct;
  void says(const consensus_message& what) override;
};

/// Says again what was said, also as if it were of another height or chain.
class replayer final : public conduct {
public:
  using conduct::conduct;
  void hears(const consensus_message& what) override;
  void idles() override;

private:
  [[nodiscard]] consensus_message disguised(consensus_message x);

  std::vector<consensus_message> heard_;
};

/// Names rounds and heights up to the highest.
class bomber final : public conduct {
public:
  using conduct::conduct;
  void idles() override;
};

/// Answers with blocks that nobody sealed.
class seal_forger final : public conduct {
public:
  using conduct::conduct;
  void serves(std::vector<sealed_block>& blocks) override;
  void idles() override;
  void hears(const consensus_message& what) override;

private:
  void lure();

  std::vector<block> proposed_;
};

/// Forgets in a round change what it has committed to.
class amnesiac final : public conduct {
public:
  using conduct::conduct;
  void says(const consensus_message& what) override;
};

/// The ways in which seals can be wrong.
enum class forgery : std::uint8_t {
  same_signer_again,
  mixed_rounds,
  one_too_few,
  strangers,
  another_block,
  nothing
};
/// `x` with such seals; `luck` decides where there is a choice.
sealed_block forged(sealed_block x, forgery how, const signer& by);

} // namespace bpci::consensus::sim
