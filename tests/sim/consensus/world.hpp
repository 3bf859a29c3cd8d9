#pragma once

#include "environment.hpp"
#include "network.hpp"
#include "oracle.hpp"
#include "process.hpp"

namespace bpci::consensus::sim {

/// What came out of a run.
struct verdict {
  std::vector<std::string> violations; ///< empty: all is well
  std::vector<std::string> trace;      ///< what happened, with times; only if asked for
  std::uint64_t heights = 0;           ///< that were decided
  std::uint64_t done = 0; ///< transactions that every living honest validator knows as executed
  std::uint64_t steps = 0, sent = 0, persists = 0, restarts = 0, proofs = 0;
  std::uint64_t sent_bytes = 0; ///< of consensus messages, if the plan measures
  std::uint64_t checked = 0;    ///< signatures, by engines
  std::size_t halts = 0;
  std::size_t wronged = 0;      ///< honest validators that halts have named beside liars
  std::size_t engine_bytes = 0; ///< the most that an engine held at the end
  instant recovery{};           ///< from the end of trouble until everybody had decided
  bool disagreed = false;
};

/// A network of validators in one thread under virtual time. The plan decides everything.
class world final : public environment {
public:
  explicit world(plan what, bool tracing = false);

  // environment
  [[nodiscard]] const plan& what() const override { return plan_; }
  [[nodiscard]] instant now() const override { return now_; }
  void later(instant after, std::function<void()> what) override;
  void send(std::size_t from, std::size_t to, const packet& what) override;
  [[nodiscard]] model_ledger& ledger() override { return ledger_; }
  [[nodiscard]] oracle& judge() override { return oracle_; }
  [[nodiscard]] bool tracing() const override { return tracing_; }
  void note(std::size_t process, const std::string& text) override;

  /// Until then, or until something is violated.
  void run_until(instant end);
  /// Runs until the plan ends, and judges.
  verdict run();
  /// Judges what has been so far.
  verdict judged();

  [[nodiscard]] process& at(std::size_t number) { return *processes_[number]; }
  /// A transaction for everybody, now.
  void give(const transaction& x);
  void begin_fault(const fault& x);
  void end_fault(const fault& x);
  void violate(const std::string& text);
  /// The least height that a living honest validator is at.
  [[nodiscard]] std::uint64_t lowest() const;

private:
  struct happening {
    instant at;
    std::uint64_t order;
    std::function<void()> what;
  };

  static bool is_later(const happening& x, const happening& y) {
    return x.at != y.at ? x.at > y.at : x.order > y.order;
  }

  void calm();
  void judge_liveness();
  [[nodiscard]] instant bound() const;
  [[nodiscard]] bool all_have(std::uint64_t height) const;
  [[nodiscard]] bool has_to_decide(const process& x) const;
  [[nodiscard]] bool is_validator_at_top(const process& x) const;
  void note_at(const std::string& text);

  plan plan_;
  bool tracing_;
  instant now_{0};
  std::uint64_t order_ = 0;
  std::vector<happening> queue_; ///< a heap
  model_ledger ledger_;
  oracle oracle_;
  network network_;
  std::vector<std::unique_ptr<process>> processes_;
  bool calm_ = false;
  std::uint64_t target_ = 0; ///< height that all have to reach in time
  instant deadline_{};
  verdict out_;
};

verdict run(const plan& what, bool tracing = false);

/// For a failed run: the plan and its trace.
std::string to_string(const plan& what, const verdict& x);

} // namespace bpci::consensus::sim
