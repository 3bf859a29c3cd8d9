#pragma once

#include "actors/consensus/certificates.hpp"
#include "messages/chain/blocks.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// Coming to a chain late, pure: whose snapshot, why its header is believed, whom to ask for which
/// chunk, and the last blocks before it. Nobody is trusted: the header is believed because of the
/// one that is here (light_block), the state because its root is the header's, and the blocks
/// because their hashes lead up to it.
namespace bpci::consensus {

/// How many of the last blocks a restored node needs (chain::finish_restore).
inline constexpr std::uint64_t last_blocks_wanted = 103;

class snapshot_fetch {
public:
  /// `from` are the peers who are far ahead, `base` is the head here.
  snapshot_fetch(std::vector<address> from, trusted_header base)
      : peers_(std::move(from)), base_(std::move(base)) {}

  // -- whose

  /// The next peer to ask for its snapshot; empty: there is nobody left.
  [[nodiscard]] std::optional<address> next_author();
  [[nodiscard]] const address& author() const noexcept { return author_; }

  /// Errors: invalid_argument (of another chain, not ahead of here, or not a manifest at all).
  result<> take_manifest(const ledger::snapshot_manifest& x, const std::string& chain_id);
  [[nodiscard]] const ledger::snapshot_manifest& manifest() const noexcept { return manifest_; }

  // -- its header

  /// The height whose header is wanted next; empty: that of the snapshot is believed.
  [[nodiscard]] std::optional<height> next_header() const;

  /// Errors: those of check_light_block. Where too few of those who are trusted have sealed it, it
  /// is no error yet: one half way there is wanted first.
  result<> take_header(const chain::final_header& x, timestamp_ms now, const light_rules& rules,
                       verifier& check);
  [[nodiscard]] const chain::final_header& header() const noexcept { return header_; }

  // -- its chunks

  struct chunk_question {
    std::uint64_t index = 0;
    address who{};
  };
  /// A question to each peer that has none open, as long as chunks are wanting.
  [[nodiscard]] std::vector<chunk_question> next_chunks();
  void chunk_added(std::uint64_t index);
  /// It has none, does not answer, or sent another than the manifest says; which may be the
  /// manifest's fault, so that it is not held against anybody.
  void chunk_failed(std::uint64_t index);
  [[nodiscard]] bool has_all_chunks() const noexcept { return wanted_.empty(); }
  /// Nobody is left who could have them.
  [[nodiscard]] bool is_stuck() const;

  // -- the blocks before it

  struct block_question {
    height from;
    std::uint32_t limit = 0;
    address who{};
  };
  /// The newest that are not here yet, to one peer after the other; empty: all are here.
  [[nodiscard]] std::optional<block_question> next_blocks();
  /// Errors: invalid_argument (not the blocks that lead up to the header).
  result<> take_blocks(const block_question& asked, std::vector<sealed_block> blocks);
  /// Oldest first. Their seals are those that the block behind each commits to.
  [[nodiscard]] std::vector<chain::sealed_block_ptr> last_blocks() const;

  [[nodiscard]] std::string describe() const;

private:
  [[nodiscard]] height lowest() const;

  std::vector<address> peers_;
  std::size_t asked_authors_ = 0;
  trusted_header base_;
  address author_{};
  ledger::snapshot_manifest manifest_;
  std::vector<height> path_; ///< headers that are wanted, the next one last
  chain::final_header header_;
  std::set<std::uint64_t> wanted_; ///< chunks that nobody was asked for
  std::map<std::uint64_t, address> asked_;
  std::set<std::uint64_t> open_; ///< neither added nor given up
  std::set<address> useless_;    ///< for chunks of this snapshot
  std::map<height, sealed_block> last_;
  hash next_id_{}; ///< of the newest block that is wanting
  height next_at_;
  certificate next_seals_;
  std::size_t turn_ = 0;
  std::uint32_t limit_ = 32;
};

} // namespace bpci::consensus
