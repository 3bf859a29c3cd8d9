#pragma once

#include "messages/consensus/block.hpp"
#include "messages/error.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

/// Fetching the blocks that others have and this node has not, pure: it says whom to ask for what,
/// and hands out block after block to be checked and stored.
///
/// Blocks are fetched in batches from several peers at once, and applied in their order. What a
/// peer says of its height is a hint: whoever cannot serve it loses it, whoever is silent is asked
/// less and less, and whoever sends a block that is not right is not asked for a while, and what it
/// has sent is fetched from others. So one honest peer is enough, however many lie or are silent.
namespace bpci::consensus {

using std::chrono::milliseconds;

struct sync_rules {
  using instant = std::chrono::steady_clock::time_point;

  std::uint32_t batch = 64;   ///< blocks a question
  std::size_t window = 4;     ///< batches that are fetched or held at once
  milliseconds grace{500};    ///< that a peer may be one block ahead: it is being decided here, too
  milliseconds quiet{5'000};  ///< without a block for this long, somebody is asked anyway
  milliseconds rest_min{250}; ///< for who did not answer; doubles
  milliseconds rest_max{15'000};
  milliseconds ban_min{60'000}; ///< for who lied; doubles
  milliseconds ban_max{3'600'000};
  milliseconds snapshot_again{600'000}; ///< after an attempt that has failed
  std::uint64_t snapshot_gap = 2'000;
};

// -- what is to be done ------------------------------------------------------------------

/// Answer: sync::answered, always.
struct ask_for_blocks {
  std::uint64_t question = 0;
  address who{};
  height from;
  std::uint32_t limit = 0;
};

/// Check it, and store it: sync::moved; or sync::refused, or sync::postponed. There is one at a
/// time.
struct apply_block {
  height at;
  address from{}; ///< who sent it
  bytes data;
};

/// What `from` has at the height of the head: if it is another block, consensus has to judge.
struct compare_head {
  height at;
  address from{};
  bytes data;
};

struct report_peer {
  address who{};
  std::string why;
};

/// sync::snapshot_over, always.
struct fetch_snapshot {
  std::vector<address> from; ///< those who are said to be far ahead
};

using sync_effect =
    std::variant<ask_for_blocks, apply_block, compare_head, report_peer, fetch_snapshot>;

class sync {
public:
  using instant = sync_rules::instant;

  sync(sync_rules how, instant now) : how_(how), moved_at_(now), asked_anyway_at_(now) {}

  /// The chain here has come to this block, by whatever way.
  void moved(height head, instant now, const hash& id = {});

  /// A peer is linked, and said to be there; again whenever it says so. If that is the height of
  /// the head here and another block, the two are compared at once. An id of zeros is not known.
  void seen(const address& who, height at, instant now, const hash& id = {});
  void lost(const address& who);
  /// Somebody, linked or not, is said to be further on, and consensus waits for it.
  void hint(const address& who, height at, instant now);

  /// Blocks from the height on that was asked for; or why there are none.
  void answered(std::uint64_t question, result<std::vector<bytes>> blocks, instant now);

  /// The block is not right; whose fault that is, is clear.
  void refused(height at, const address& from, const std::string& why, instant now);
  /// It cannot be checked with what its giver says; somebody else is to give it.
  void unusable(height at, const address& from, instant now);
  /// It could not be stored just now.
  void postponed(height at);
  void snapshot_over(instant now);

  void tick(instant now);

  /// Whether the next block is decided here as well: then one that is a little late is no reason to
  /// ask for it.
  void decides(bool x) { patient_ = x; }

  [[nodiscard]] std::vector<sync_effect> take() { return std::exchange(out_, {}); }

  [[nodiscard]] bool is_behind(instant now) const;
  [[nodiscard]] height highest() const; ///< of what peers say, who have not lied

private:
  struct peer {
    bool linked = false;
    height claims;
    height disproved;      ///< it claimed this, and had not what was asked for
    height told, compared; ///< it said that it stands there; was asked for what it has there
    hash told_id{};
    instant ahead_since{}; ///< of this node
    instant rests_until{}, banned_until{};
    std::size_t open = 0;
    std::uint32_t failures = 0, lies = 0;
    std::uint64_t asked = 0; ///< the number of the last question to it
  };

  struct batch {
    std::uint32_t limit = 0;
    std::uint64_t question = 0; ///< 0: not asked for
    address who{};              ///< asked, or sent it
    std::deque<bytes> blocks;   ///< from its height on; empty: not here
    std::set<address> failed;   ///< could not serve it
  };

  void settle(instant now);
  void trim();
  void plan(height target);
  void ask_peers(instant now);
  void hand_out();
  void ask_anyway(instant now);
  void settle_dispute(instant now);
  void rest(peer& who, instant now);
  void fill(std::map<height, batch>::iterator found, const address& who, std::vector<bytes> blocks);
  void compare(const address& who, peer& x, const std::vector<bytes>& blocks);
  void lie(const address& who, const std::string& why, instant now);
  void drop_blocks_of(const address& who);
  [[nodiscard]] bool may_ask(const peer& who, instant now) const;
  [[nodiscard]] height target(instant now) const;
  std::uint64_t ask(const address& who, height from, std::uint32_t limit, bool is_probe);

  sync_rules how_;
  height head_;
  hash head_id_{};
  bool known_ = false; ///< head_ is
  instant moved_at_, asked_anyway_at_;
  bool patient_ = true;
  bool urgent_ = false; ///< consensus waits for the next block
  std::map<address, peer> peers_;
  std::map<height, batch> batches_; ///< by their first height, without gaps
  struct question {
    address who{};
    std::optional<height> batch; ///< empty: asked anyway
  };
  std::map<std::uint64_t, question> questions_;
  std::optional<height> applying_;
  bool in_snapshot_ = false;
  instant snapshot_after_{};
  std::uint64_t last_ = 0; ///< number of a question
  std::vector<sync_effect> out_;
};

} // namespace bpci::consensus
