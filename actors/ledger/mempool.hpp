#pragma once

#include "actors/ledger/check.hpp"
#include "messages/chain/pool.hpp"
#include "runtime/crypto/keyed_hash.hpp"

#include <map>
#include <optional>
#include <set>
#include <unordered_map>

/// Transactions that wait for a block. In memory only.
namespace bpci::ledger {

struct mempool_limits {
  std::size_t count_max = 50'000;
  std::size_t bytes_max = 64 << 20;
  std::size_t per_sender = nonces_ahead_max;
};

/// Each sender has a line, by nonce; who stands in it without a gap behind what is in the chain is
/// *ready*. Lines are served by what their first pays for a byte. All takes logarithmic time, but
/// for `offer`, which takes that for each transaction that it offers, and `check_all`.
class mempool {
public:
  explicit mempool(mempool_limits how = {}) : how_(how) {}
  mempool(mempool&&) = default; // its parts know each other's places: it moves, and is not copied
  mempool& operator=(mempool&&) = default;

  struct taken {
    hash id{};
    bool known = false; ///< it was there already

    bool operator==(const taken&) const = default;
  };

  /// `at` and `state` are those of the next block. One of the same sender and nonce gives way to
  /// another that pays a tenth more. When the pool is full the worst paid for a byte goes, and with
  /// it those of its sender that stand behind it.
  /// Refuses: what check_transaction does; replacement_pays_too_little, pool_full, sender_full.
  boost::system::result<taken, refusal> add(const rules& by, const terms& at, const reader& state,
                                            std::span<const std::uint8_t> encoded);

  /// A block has changed the holdings of these accounts. Drops what is in the chain now, can't pay
  /// any more, or has expired.
  void check(const terms& at, const reader& state, std::span<const account> changed);

  /// The same for every sender: after the first state, or a change of what fees there are.
  void check_all(const terms& at, const reader& state);

  /// For a block, in the order in which they may stand.
  [[nodiscard]] std::vector<bytes> offer(std::size_t count_max, std::size_t bytes_max) const;

  /// Whether anything is ready.
  [[nodiscard]] bool has_work() const;

  /// Null: it does not wait here. Until the next change.
  [[nodiscard]] const bytes* find(const hash& id) const;

  /// `in_chain` is how many of the sender's are in the chain.
  [[nodiscard]] chain::nonce_free next_nonce(const account& sender, std::uint64_t in_chain) const;

  [[nodiscard]] chain::pool_status status() const;

private:
  /// Where one stands, and how well it pays.
  struct rank {
    std::uint64_t fee = 0, size = 0, arrival = 0;
    account who{};
    std::uint64_t nonce = 0;
  };
  /// The better paid for a byte; of two alike, who came first.
  struct better {
    bool operator()(const rank& x, const rank& y) const;
  };
  using order = std::set<rank, better>;
  using expiries = std::multimap<height, std::pair<account, std::uint64_t>>;
  struct entry {
    hash id{};
    bytes encoded;
    bool is_governance = false;
    order::iterator place; ///< in all_
    expiries::iterator expiry;
  };
  struct line {
    std::uint64_t next = 0; ///< how many are in the chain
    std::map<std::uint64_t, entry> waiting;
    std::optional<order::iterator> first; ///< in firsts_
  };
  /// Senders choose their keys, and ids are chosen by trying: neither tells where it goes.
  using lines = std::unordered_map<account, line, crypto::keyed_hash>;
  using ids = std::unordered_map<hash, const entry*, crypto::keyed_hash>;

  [[nodiscard]] verdict check_place(const checked_transaction& x) const;
  [[nodiscard]] verdict check_room(const checked_transaction& x) const;
  void make_room(const account& sender, std::uint64_t nonce, std::size_t size);
  void put(const checked_transaction& x, std::span<const std::uint8_t> encoded);
  void remove(const account& who, std::uint64_t nonce);
  void remove_from(const account& who, std::uint64_t nonce);
  void check_line(const terms& at, const reader& state, const account& who);
  void take_out(line& from, std::map<std::uint64_t, entry>::iterator which);
  void refresh(lines::iterator it);
  void drop_expired(const terms& at);
  [[nodiscard]] bool may_go(const rank& x) const;
  [[nodiscard]] const entry& entry_of(const rank& x) const;

  mempool_limits how_;
  lines lines_;
  order all_;
  order firsts_; ///< the first of each line, if it is ready
  expiries expiries_;
  ids by_id_;
  std::size_t bytes_ = 0;
  std::uint64_t arrivals_ = 0;
  bool halted_ = false; ///< governance alone is served
  std::uint64_t refused_ = 0, replaced_ = 0, expired_ = 0;
};

} // namespace bpci::ledger
