#pragma once

#include "actors/ledger/transaction.hpp"
#include "messages/ledger/coins.hpp"
#include "tests/chaos/tcp_proxy.hpp"
#include "tests/e2e/cluster_of_processes.hpp"

#include <map>
#include <set>

namespace bpci::e2e {

/// Operators with one node each, every one a validator with its own database: real processes that
/// reach each other through proxies, so that the network between them can be cut.
class validator_network {
public:
  /// `settings`: YAML for every node, but for `node`, `logging` and `chain`.
  explicit validator_network(std::size_t count, const std::string& chain_settings = {});
  ~validator_network(); ///< Kills them, and removes the folder.
  validator_network(const validator_network&) = delete;
  validator_network& operator=(const validator_network&) = delete;

  [[nodiscard]] std::size_t size() const noexcept { return nodes_.size(); }

  /// From 1.
  void start(std::size_t number);
  void kill(std::size_t number);
  void stop(std::size_t number, int signal);
  /// Thread-safe, as is all that asks.
  [[nodiscard]] bool running(std::size_t number) const;
  cluster_node& node(std::size_t number) { return *nodes_.at(number - 1); }
  [[nodiscard]] const ledger::account& address(std::size_t number) const {
    return addresses_.at(number - 1);
  }

  [[nodiscard]] std::string genesis_file() const { return (folder_ / "genesis.json").string(); }

  /// A node that is stopped forgets all that its database held. Its key stays.
  void wipe_database(std::size_t number);

  /// Nothing goes between these and the rest, and nobody is told.
  void part(const std::set<std::size_t>& some);
  void heal();

  // -- asking one ------------------------------------------------------------------------------

  result<http::response> call(std::size_t number, const std::string& method,
                              const std::string& path, const bytes& body = {});
  /// The `data` of an answer of 200; null for any other.
  boost::json::value get(std::size_t number, const std::string& path);

  /// 0 when it does not answer.
  std::uint64_t height_of(std::size_t number);
  /// Empty when it does not answer.
  std::string block_id(std::size_t number, std::uint64_t at);
  /// "why is it stuck?", in its words.
  std::string summary(std::size_t number);

  /// Everybody who runs is at this height or beyond.
  bool all_reach(std::uint64_t at, milliseconds within);

  /// Heights that all who run have, at which they differ; empty: there is no fork.
  std::vector<std::uint64_t> forks();

  /// The command line of an admin of this node.
  command_outcome cli(std::size_t number, std::vector<std::string> words);

  // -- people ----------------------------------------------------------------------------------

  /// One of those who have coins from the start.
  static crypto::key_pair person(std::size_t number);
  static constexpr std::size_t people = 4;

  static bytes transfer(const crypto::key_pair& from, std::uint64_t nonce,
                        const ledger::account& to, std::uint64_t units);

private:
  [[nodiscard]] std::string chain_section(std::size_t number, const std::string& more) const;
  chaos::tcp_proxy& proxy(std::size_t from, std::size_t to) { return *proxies_.at({from, to}); }

  /// How a node is asked.
  struct way_in {
    bool up = false;
    std::string url;
    std::string token;
  };
  [[nodiscard]] way_in way_to(std::size_t number) const;

  std::filesystem::path folder_;
  std::vector<std::unique_ptr<cluster_node>> nodes_;
  std::vector<ledger::account> addresses_;
  mutable std::mutex mutex_;
  std::vector<way_in> ways_; // guarded by mutex_
  std::map<std::pair<std::size_t, std::size_t>, std::unique_ptr<chaos::tcp_proxy>> proxies_;
};

/// Somebody who pays somebody else, one transaction after the other, each until it is in a block.
class payer {
public:
  payer(validator_network& network, std::size_t person);
  ~payer();

  /// Done after at most one more.
  void finish();

  [[nodiscard]] std::uint64_t paid() const noexcept { return paid_; }

private:
  void run();
  bool pay(std::uint64_t nonce);

  validator_network& network_;
  std::size_t person_;
  std::atomic<bool> ending_{false};
  std::atomic<std::uint64_t> paid_{0};
  std::thread thread_;
};

} // namespace bpci::e2e
