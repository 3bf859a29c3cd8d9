#pragma once

#include "actors/consensus/context.hpp"
#include "actors/ledger/context.hpp"
#include "runtime/storage/embedded_postgres.hpp"

#include <caf/actor_system.hpp>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace bpci::bench {

/// One PostgreSQL that writes durably, with a database for each validator.
class chain_databases {
public:
  /// Throws std::runtime_error.
  explicit chain_databases(const std::filesystem::path& folder);

  struct place {
    std::string conninfo;
    chain::hold hold;
  };
  /// A new database of the present schema, whose one member holds the chain.
  place fresh();

private:
  std::unique_ptr<storage::embedded_postgres> server_;
  int made_ = 0;
};

/// Keys that a number names: of the validators, and of those who send transactions.
crypto::key_pair validator_keys(std::size_t number);
crypto::key_pair sender_keys(std::size_t number);

/// A transfer of one unit to the next sender, signed. Senders are `senders` in number.
bytes transfer_of(std::size_t sender, std::uint64_t nonce, std::size_t senders);

/// What is checked of a transfer: for measuring what that costs.
struct signed_transfer {
  crypto::public_key by;
  bytes message;
  crypto::signature signature;
};
signed_transfer to_check(const bytes& encoded);

/// Where all validators of a stage stand, and since when. Thread-safe.
class progress {
public:
  using instant = std::chrono::steady_clock::time_point;

  explicit progress(std::size_t validators) : all_(validators) {}

  void note(std::size_t who, const chain::position& x, instant when);

  /// False: not within `longest`.
  bool wait_for_height(height at, std::chrono::milliseconds longest);
  bool wait_for_transactions(std::uint64_t count, std::chrono::milliseconds longest);

  /// When each of them had that block; call after wait_for_height.
  [[nodiscard]] std::vector<instant> arrivals(height at) const;
  [[nodiscard]] std::shared_ptr<const consensus::chain_head> head() const; ///< of the first
  [[nodiscard]] std::uint64_t transactions() const; ///< that all of them have

private:
  struct one {
    std::shared_ptr<const consensus::chain_head> head;
    std::vector<instant> since; ///< by height
    std::uint64_t transactions = 0;
  };

  mutable std::mutex mutex_;
  std::condition_variable moved_;
  std::vector<one> all_;
};

/// Signatures of consensus, of one stage: made and checked.
struct signature_counts {
  std::atomic<std::uint64_t> made{0}, checked{0};
};

enum class deciding {
  by_engine, ///< ENGINE, INSTANCEs, EVIDENCE and SYNC, as a node has them
  by_nobody  ///< null_consensus.hpp
};

/// A network of validators in one process, put together as actors/chain_service.cpp does: each has
/// its own directory, database, LEDGER, MEMPOOL and PEERS, and its links to the others are
/// WebSockets over loopback, from DIALLER to DOORMAN.
class chain_stage {
public:
  struct how {
    std::size_t validators = 4;
    std::size_t senders = 1;
    deciding by{};
    std::filesystem::path folder; ///< for markers
    std::string name;             ///< the first word of each validator's path
  };

  /// Returns when everybody is linked with everybody. Throws std::runtime_error.
  chain_stage(caf::actor_system& system, chain_databases& where, how x);
  ~chain_stage();
  chain_stage(const chain_stage&) = delete;
  chain_stage& operator=(const chain_stage&) = delete;

  [[nodiscard]] std::size_t size() const { return how_.validators; }
  [[nodiscard]] caf::actor mempool(std::size_t who) const;
  /// Whose turn it is now.
  [[nodiscard]] std::size_t proposer() const;
  [[nodiscard]] std::size_t quorum() const;
  [[nodiscard]] progress& seen() { return *progress_; }
  [[nodiscard]] const signature_counts& signatures() const { return *counts_; }

private:
  class validator;

  how how_;
  std::shared_ptr<progress> progress_;
  std::shared_ptr<signature_counts> counts_ = std::make_shared<signature_counts>();
  std::vector<std::unique_ptr<validator>> all_;
};

} // namespace bpci::bench
