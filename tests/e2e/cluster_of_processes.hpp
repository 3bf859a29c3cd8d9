#pragma once

#include "gateways/clients/cpp/bpi_client.hpp"
#include "gateways/http/client.hpp"
#include "process.hpp"

#include <boost/json/value.hpp>

#include <array>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// A real cluster: `bpci` processes on free ports of this machine, in a folder of their own.
namespace bpci::e2e {

/// One node of the cluster. Its PostgreSQL is its own, or that of the first node.
class cluster_node {
public:
  cluster_node(std::filesystem::path folder, std::string id, std::string settings);

  /// Returns when the node has said that it is ready; always on the same port.
  void start();

  /// Sends the signal and waits for the end; the exit code as in `process::wait_for_exit`.
  int stop(int signal);

  [[nodiscard]] const std::string& id() const noexcept { return id_; }
  [[nodiscard]] std::string http_url() const { return "http://" + address(); }
  [[nodiscard]] std::string socket_url() const { return "ws://" + address() + "/bpi/v1"; }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::filesystem::path data_dir() const { return folder_ / id_; }
  [[nodiscard]] pid_t pid() const { return process_->pid(); }
  [[nodiscard]] bool running() const { return process_ && process_->running(); }

  /// What the latest start printed as the token of the first admin; empty: nothing.
  [[nodiscard]] std::string token_shown() const;

  /// Lines of the log that hold every one of these words.
  [[nodiscard]] std::vector<std::string> log_lines(const std::vector<std::string>& words) const;

  /// Of the PostgreSQL below this node; 0 when there is none.
  [[nodiscard]] pid_t postmaster() const;

  [[nodiscard]] std::size_t resident_bytes() const;

private:
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  void write_config() const;

  std::filesystem::path folder_;
  std::string id_;
  std::string settings_;
  std::uint16_t port_;
  std::unique_ptr<process> process_;
};

/// A BPI node's name and key.
struct identity {
  std::string id;
  std::array<std::uint8_t, 32> seed{};
  std::string public_key = {}; ///< in hex

  [[nodiscard]] crypto::key_pair keys() const { return crypto::from_seed(seed); }
};

/// An identity of a name that no other test uses; nobody has registered it.
identity make_identity(const std::string& name);

class cluster_of_processes {
public:
  /// `settings`: YAML for every node, but for `node`, `logging` and `storage`.
  cluster_of_processes(std::size_t nodes, const std::string& settings);
  ~cluster_of_processes(); ///< Stops the nodes in good order, and removes the folder.
  cluster_of_processes(const cluster_of_processes&) = delete;
  cluster_of_processes& operator=(const cluster_of_processes&) = delete;

  /// From 1, as their names.
  cluster_node& node(std::size_t number) { return *nodes_.at(number - 1); }
  [[nodiscard]] std::size_t size() const noexcept { return nodes_.size(); }
  [[nodiscard]] const std::string& token() const noexcept { return token_; }

  /// Whether every node is ready, and reaches every other.
  bool complete();

  /// A call of the API of a node, with the token unless the headers name one.
  result<http::response> call(std::size_t number, const std::string& method,
                              const std::string& path, const std::string& body = {},
                              http::header_list headers = {});

  /// The `data` of an answer of 200; null for any other.
  boost::json::value get(std::size_t number, const std::string& path);

  /// A fresh identity, registered.
  identity registered(const std::string& name);

  /// The command line of a user who has the token and a home of their own.
  command_outcome cli(std::size_t number, std::vector<std::string> words,
                      std::map<std::string, std::string> environment = {});

  /// The row of a member as another one lists it; null if there is none.
  boost::json::value member_seen(std::size_t by, const std::string& id);

  /// The rows of the tree that hold the word.
  boost::json::array tree(std::size_t by, const std::string& filter);

private:
  std::filesystem::path folder_;
  std::vector<std::unique_ptr<cluster_node>> nodes_;
  std::string token_;
};

/// What a fixture asks for: the cluster of this kind, made by the first test that needs it and kept
/// for the next. A first start of PostgreSQL costs several seconds.
struct cluster_kind {
  std::size_t nodes = 1;
  std::string settings;

  bool operator==(const cluster_kind&) const = default;
};

cluster_of_processes& shared_cluster(const cluster_kind& kind);

/// Ends the test program with what the nodes have logged.
[[noreturn]] void give_up(const std::string& why);

/// Base of the fixtures: shows what the nodes logged during a test that failed.
class shows_logs {
public:
  shows_logs();
  ~shows_logs();
  shows_logs(const shows_logs&) = delete;
  shows_logs& operator=(const shows_logs&) = delete;

private:
  std::size_t failures_before_;
};

} // namespace bpci::e2e
