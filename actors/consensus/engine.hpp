#pragma once

#include "messages/consensus/head.hpp"
#include "messages/consensus/standing.hpp"
#include "messages/consensus/votes.hpp"
#include "messages/error.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

/// QBFT (arXiv 2002.03613; Dafny specification of ConsenSys, 2023) of one validator, from height to
/// height, pure: `step(input)` returns what is to be done, in the order in which it is to be done.
/// It knows no clock, no randomness, no disk and no network; the simulator and the actor drive the
/// same code.
///
/// What makes it safe, beside the paper's rules:
///
/// - *Persist before send.* Whatever binds this validator stands in its journal before anybody
///   sees it; effects are carried out one by one, and nothing behind a `persist` before it is on
///   the disk.
/// - *Own votes come back.* A broadcast goes to oneself as well, as the last of its receivers. A
///   vote of one's own counts when it comes back like everybody else's, so never before it was
///   persisted and sent.
/// - *Gated timers.* The timer of a round above 0 starts only when a quorum is known to be there.
namespace bpci::consensus {

using std::chrono::milliseconds;

class verifier;

/// Signs and checks. The node's is Ed25519; the simulator's is cheap. Outlives the engine.
class signer {
public:
  virtual ~signer() = default;
  [[nodiscard]] virtual address self() const = 0;
  [[nodiscard]] virtual signature sign(std::span<const std::uint8_t> what) const = 0;
  [[nodiscard]] virtual bool verify(const address& by, std::span<const std::uint8_t> what,
                                    const signature& sig) const = 0;
};

struct engine_settings {
  std::string chain_id;
  milliseconds round_base{1'000}; ///< round r has base * 2^r, at most `round_max`
  milliseconds round_max{60'000};
  milliseconds precision{500};       ///< by which the validators' clocks may differ
  milliseconds message_delay{2'000}; ///< that a proposal may take; grows with the round
  std::uint32_t heights_ahead = 10;  ///< messages of later heights that are kept
  std::uint32_t kept_messages = 1'000;
};

// -- what is on the disk ---------------------------------------------------------------

/// All that binds this validator at one height. Written whole; the last one that is complete
/// counts.
struct safety_record {
  height at;
  round_no round;                           ///< the highest in which anything was signed
  std::optional<proposal_message> proposed; ///< in that round, byte by byte as it was sent
  std::optional<prepare> prepared_vote;
  std::optional<commit> commit_vote;
  std::optional<round_change> change_vote;
  std::optional<block> prepared_block; ///< the prepared certificate: block, round and prepares
  round_no prepared_round;
  std::vector<prepare> prepares;

  bool operator==(const safety_record&) const = default;
};
BPCI_MESSAGE(safety_record, at, round, proposed, prepared_vote, commit_vote, change_vote,
             prepared_block, prepared_round, prepares)

/// What was found at the start.
enum class journal_state : std::uint8_t {
  fresh,  ///< a new validator: there never was a record
  intact, ///< a torn tail, which nobody was told of, has been cut off
  lost    ///< damaged, or gone although there was one: it may have signed what it does not know
};

// -- what happens ----------------------------------------------------------------------

/// First input. `lost` only watches, until blocks have been decided without it beyond anything that
/// it may have signed.
struct begin {
  chain_head head;
  journal_state journal = journal_state::fresh;
  std::optional<safety_record> record;
};

/// A message from a validator, or one of one's own that comes back. Its signatures are not checked
/// yet.
struct arrived {
  address from{}; ///< whose connection it came over; who signed it is another matter
  consensus_message what;
};

/// There is something to decide: transactions, evidence, or a change that is due. Sent again while
/// it is so; an engine without work makes no blocks.
struct work_due {};

struct timer_expired {
  enum class kind : std::uint8_t { round, resend };
  kind what{};
  height at;
  round_no round;
};

/// Answer to `make_block`.
struct block_made {
  height at;
  round_no round;
  block what;
};

/// Answer to `check_block`: whether it is valid upon the parent. Its time is the engine's to judge.
struct block_checked {
  height at;
  hash block_id{};
  bool valid = false;
};

/// Answer to `finalize`, or a block that came by synchronisation: it is executed and on the disk.
struct advanced {
  chain_head head;
};

using event =
    std::variant<begin, arrived, work_due, timer_expired, block_made, block_checked, advanced>;

struct input {
  timestamp_ms now; ///< this validator's wall clock
  event what;
};

// -- what is to be done ----------------------------------------------------------------

/// On the disk before anything behind it is done. If that fails: stop, and start again from
/// `begin`.
struct persist {
  safety_record what;
};
/// To every validator of the height but oneself, and then to oneself (`arrived`).
struct broadcast {
  consensus_message what;
};
struct send_to {
  address to{};
  consensus_message what;
};
/// A timer of the same kind, height and round that runs already is left alone; others of this
/// kind are void: their expiry is ignored.
struct start_timer {
  timer_expired what;
  milliseconds after{};
};
struct make_block {
  height at;
  round_no round;
};
struct check_block {
  block what;
  hash block_id{};
};
/// Final: execute it, store it with its seals, then `advanced`. One that synchronisation has stored
/// meanwhile is left alone.
struct finalize {
  sealed_block what;
};
/// For a later block.
struct report_evidence {
  evidence what;
};
/// Others are further on.
struct fall_behind {
  address ask{};
  height at; ///< that `ask` is said to be at: a hint
};
/// Two certificates for different blocks of one height: more than a third of the weight lies. The
/// engine does nothing any more.
struct halt {
  std::string why;
  certificate ours;
  certificate theirs;
  std::vector<address> culprits; ///< a third of the weight at least (certificates.hpp)
};

using effect = std::variant<persist, broadcast, send_to, start_timer, make_block, check_block,
                            finalize, report_evidence, fall_behind, halt>;
using effects = std::vector<effect>;

/// Whether this validator has a voice now.
struct voice {
  bool is_validator = false; ///< of the height that is being decided
  bool signs = false;
  std::string why_not; ///< a validator that does not sign: why
};

class engine {
public:
  engine(engine_settings how, const signer& keys);
  ~engine();
  engine(engine&&) noexcept;
  engine& operator=(engine&&) noexcept;

  [[nodiscard]] effects step(const input& what);

  [[nodiscard]] standing where() const;
  [[nodiscard]] voice has_voice() const;

  /// For whoever checks blocks for it: knows the signatures that the engine has checked already.
  [[nodiscard]] verifier& signatures() noexcept;

  /// Seals that came after their certificates, of the two heights before the parent of the next
  /// block, as far as no block that was decided here holds them: what `chain_head::late` is made
  /// of. Ask when a block is to be made.
  [[nodiscard]] std::vector<certificate> late_seals() const;

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace bpci::consensus
