#pragma once

#include "database_server.hpp"
#include "gateways/http/client.hpp"
#include "history.hpp"
#include "network.hpp"
#include "tcp_proxy.hpp"
#include "tests/e2e/process.hpp"
#include "timeline.hpp"

#include <boost/json/value.hpp>

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

/// A real cluster of processes, its database, the ways between them, and an operating system that
/// starts what has ended. Of the main thread, except where something else is said: processes die
/// with the thread that made them.
namespace bpci::chaos {

struct world_options {
  std::filesystem::path program; ///< bpci
  std::size_t nodes = 3;
  bool with_network = false;      ///< a network namespace for each node
  std::uint64_t disk_bytes = 0;   ///< of the database's own small disk; 0: as large as there is
  std::filesystem::path faketime; ///< libfaketime, loaded by every node; empty: not
  bool keep_files = false;
  /// More variables for a node, by its number.
  std::map<std::size_t, std::map<std::string, std::string>> environment = {};
};

/// One node of the cluster: a process that comes and goes.
struct node {
  std::string id;
  std::string address; ///< host:port of its HTTP server
  std::map<std::string, std::string> environment;
  std::unique_ptr<tcp_proxy> database;
  std::unique_ptr<e2e::process> process;
  bool wanted = false; ///< whether it is to be started again when it ends
  bool ready = false;
  bool frozen = false;
  unsigned early_ends = 0;   ///< one after another, before it was ready
  instant start_at{};        ///< not before, if it is wanted and does not run
  instant seen_at{};         ///< when it was surely there: it may have ended just behind
  std::atomic<pid_t> pid{0}; ///< for the memory samples; 0: it does not run

  [[nodiscard]] std::string http_url() const { return "http://" + address; }
  [[nodiscard]] std::string socket_url() const { return "ws://" + address + "/bpi/v1"; }
};

/// Makes SIGINT and SIGTERM end the run by an exception out of `tend`, so that everything that was
/// made is removed.
void end_runs_on_signals();
/// Whether one has come.
bool was_signalled();

class world {
public:
  /// Everything is up when it returns. Throws std::runtime_error if that takes too long.
  world(world_options how, timeline& says);
  ~world();
  world(const world&) = delete;
  world& operator=(const world&) = delete;

  [[nodiscard]] std::size_t size() const noexcept { return nodes_.size(); }
  /// From 1, as their names.
  chaos::node& node(std::size_t number) { return *nodes_.at(number - 1); }
  database_server& database() { return *database_; }
  chaos::network* network() { return network_.get(); }
  [[nodiscard]] const std::string& token() const noexcept { return token_; }
  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }
  timeline& says() { return says_; }

  // -- processes ---------------------------------------------------------------------

  /// Starts it and does not wait.
  void launch(std::size_t number);
  /// Until every node that is wanted says that it is ready.
  bool wait_until_ready(milliseconds deadline);
  /// Sends the signal and waits for the end. It stays down until `launch`.
  void end(std::size_t number, int signal);
  /// SIGSTOP, SIGCONT.
  void freeze(std::size_t number);
  void thaw(std::size_t number);
  /// Starts again what has ended by itself, and notices what is ready. To be called often; `sleep`
  /// and the waits do. Throws std::runtime_error for a node that ends again and again at its start,
  /// and after a signal.
  void tend();
  void sleep(milliseconds x);
  bool wait_for(milliseconds deadline, const std::function<bool()>& holds);

  // -- the state of things ------------------------------------------------------------

  /// Every node is ready, and every slot has an owner that is up.
  bool is_whole();
  bool wait_until_whole(milliseconds deadline);

  /// The number of the node that owns the slot of this entity; 0: nobody does, or nobody knows.
  std::size_t owner_of(const std::string& kind, const std::string& id);

  /// A value out of the database; nothing if it does not answer.
  std::optional<std::int64_t> number_from_database(const std::string& sql);

  /// With the admin token. Thread-safe.
  result<http::response> call(std::size_t number, const std::string& method,
                              const std::string& path, const std::string& body = {},
                              milliseconds deadline = milliseconds{5'000});

  // -- for the checker; thread-safe ---------------------------------------------------

  /// From now on, or until now, clients may get no answer from it.
  void begin_absence(std::size_t number);
  void end_absence(std::size_t number);
  std::vector<absence> absences();
  std::vector<memory_sample> memory();
  /// What is wrong already: a node that crashed, say.
  void add_finding(finding x);
  std::vector<finding> findings();

  /// Of the hours that a node's clock is wrong by.
  void shift_clock(std::size_t number, int hours);

private:
  void make_certificates();
  void write_config(std::size_t number) const;
  void start_all();
  void notice_ready(std::size_t number);
  void notice_end(std::size_t number, int code);
  void sample_memory();
  [[nodiscard]] std::filesystem::path clock_file(std::size_t number) const;
  e2e::process_spec spec(std::size_t number) const;

  world_options how_;
  timeline& says_;
  std::filesystem::path folder_;
  std::unique_ptr<chaos::network> network_;
  std::unique_ptr<database_server> database_;
  std::vector<std::unique_ptr<chaos::node>> nodes_;
  std::string token_;

  std::mutex mutex_; ///< of what follows
  std::vector<absence> absences_;
  std::vector<memory_sample> memory_;
  std::vector<finding> findings_;
  std::atomic<bool> ending_{false};
  std::thread sampler_;
};

} // namespace bpci::chaos
