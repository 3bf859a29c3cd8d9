#pragma once

#include "gateways/clients/cpp/backoff.hpp"
#include "gateways/clients/cpp/delivery_check.hpp"
#include "gateways/clients/cpp/message.hpp"
#include "runtime/crypto/keys.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

/// The C++ client of BPI-1.0 (docs/protocol/bpi-1.0.md): what a BPI node links.
namespace bpci::client {

enum class link_state : std::uint8_t {
  connecting,
  connected,
  waiting, ///< until the next attempt
  ended    ///< for good: `close`, or a refusal that no further attempt can change
};

struct state_change {
  link_state state = link_state::connecting;
  std::string url;           ///< of the node that it is about
  std::uint64_t session = 0; ///< of `connected`
  failure why;               ///< of `waiting` and `ended`
};

/// A message from another BPI node.
struct delivery {
  oracle::envelope message;
  bytes source_key;      ///< the key under which the source is registered
  bool verified = false; ///< The signature is the source's, see `delivery_check`.
  /// The batch that it came in. Sequence, time and signature of `message` are then the batch's, and
  /// its only target is this node.
  std::optional<message_id> batch = std::nullopt;
};

/// News of the cluster, signed by the node that this client is connected to.
struct notice {
  std::string topic;
  message_id id;
  timestamp_ms time;
  bytes body;
};

/// Whether the message is safe and shall be acknowledged. One that is not comes again after a
/// reconnect, and expires at its sender. An exception counts as false. A batch is acknowledged as a
/// whole: while one of its messages is not safe, it comes again, without those that were.
using message_handler = std::function<bool(const delivery&)>;

struct options {
  /// `ws://host:port` of nodes of one cluster, with `/bpi/v1` where there is no path. They are
  /// tried in turn.
  std::vector<std::string> urls;
  bpci::node_id node_id; ///< as registered
  crypto::key_pair keys; ///< as registered
  /// The cluster nodes that are trusted; empty: whichever answers.
  std::vector<crypto::public_key> server_keys = {};
  peer_keys known_peers = {};
  /// All handlers are called on the client's one thread, one at a time: while one runs, nothing is
  /// received. They may call `send`, but neither `connect` nor `close`.
  message_handler on_message = {};
  std::function<void(const state_change&)> on_state = {};
  /// A target has acknowledged a message that has been reported already, as stored. Comes only if
  /// this client is connected then.
  std::function<void(const message_id&, const bpci::node_id& target)> on_acknowledged = {};
  /// News of the cluster. Whoever is not connected, or reads slowly, misses some.
  std::function<void(const notice&)> on_notice = {};
  /// How many messages may go under one signature when they wait behind each other: live ones to
  /// one target each, of one priority. 0: as many as the server suggests. The cost of a message
  /// falls to a tenth and less; the messages to one target of a batch are answered together.
  std::size_t batch_max = 1;
  /// Deliveries whose signature does not match are dropped unless this is set; then they come with
  /// `verified` false.
  bool accept_unverified = false;
  backoff reconnect = {};
  /// Of a message that names none of its own. While there is no connection, it may be noticed
  /// some seconds late.
  std::chrono::milliseconds deadline{60'000};
  std::size_t queue_max = 10'000;     ///< messages without an answer; beyond it `send` says `busy`
  std::size_t dedupe_window = 10'000; ///< not less (section 5)
  std::size_t max_frame_bytes = 2 * 1024 * 1024; ///< larger frames end the connection
};

/// Counters since the construction.
struct client_stats {
  std::uint64_t connections = 0; ///< handshakes that succeeded
  std::uint64_t transmitted = 0; ///< envelopes and batches, retries included
  std::uint64_t batches = 0;     ///< of those
  std::uint64_t received = 0;    ///< messages delivered, each kind below included
  std::uint64_t duplicates = 0;
  std::uint64_t unverified = 0;
  std::uint64_t unacknowledged = 0; ///< The handler did not want them.
  std::uint64_t waiting = 0;        ///< messages without all their answers, now

  bool operator==(const client_stats&) const = default;
};

/// One BPI node's link to a cluster. Connects, stays connected, and sends again what has no answer,
/// until it is closed. Every method may be called from any thread.
class bpi_client {
public:
  explicit bpi_client(options how);
  ~bpi_client(); ///< As `close`.
  bpi_client(const bpi_client&) = delete;
  bpi_client& operator=(const bpi_client&) = delete;

  /// Begins, and waits for the first handshake. Errors: `unknown_node`, `bad_signature`,
  /// `superseded`, `unsupported`, `invalid_argument` (no url, a bad id): the client has ended. At
  /// the deadline, why the last attempt failed, or `timeout`: the client goes on trying.
  result<void> connect(std::chrono::milliseconds deadline);

  /// Takes a message, also while there is no connection, and returns its id at once; `tell` is
  /// called when every target has answered, or at the deadline. Errors: `invalid_argument`,
  /// `busy` (the queue is full), `conflict` (the id is under way), `shutting_down`, or what ended
  /// the client; then `tell` is not called.
  result<message_id> send(outgoing x, report_handler tell);

  /// Takes many at once, so that they can go in batches (see `options::batch_max`); `tell` is
  /// called for each that was taken. The results are in the order of the messages.
  std::vector<result<message_id>> send_batch(std::vector<outgoing> all, const report_handler& tell);

  /// As the first; what could not be taken is in the report. Never throws.
  std::future<report> send(outgoing x);

  /// Ends the connection. Messages without an answer are reported as `shutting_down`. Waits for the
  /// client's thread: at most the time of one attempt to connect.
  void close();

  [[nodiscard]] client_stats stats() const;
  [[nodiscard]] link_state state() const;

private:
  class worker;
  std::unique_ptr<worker> worker_;
};

} // namespace bpci::client
