#pragma once

#include "config/basis_points.hpp"
#include "messages/ids.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What an operator can set on a node. Plain data: a member is the key of the same name in the
/// file (its unit is the type's where the key names one), its initialiser is the default, and
/// the numbers in brackets are the range that `validate` accepts. Keys from `oracle_config`
/// downwards are those of document 2; the others are this program's own. config/keys.hpp
/// assigns keys to members, config/defaults.yaml shows them all.
namespace bpci::config {

using std::chrono::days;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct node_settings {
  std::string id = "node-1";       ///< this member of the cluster; see `is_valid_id`
  std::string data_dir = "./data"; ///< keys, and the private PostgreSQL; from the working directory

  bool operator==(const node_settings&) const = default;
};

/// The one listener for REST, WebSocket and the dashboard.
struct listen_settings {
  std::string host = "127.0.0.1";             ///< an IP address
  std::uint16_t port = 8080;                  ///< 0: any free one
  std::uint32_t max_header_bytes = 16'384;    ///< of one request [1024, 1 MiB]
  std::uint32_t max_body_bytes = 1'048'576;   ///< of one request [1024, 64 MiB]
  seconds idle_timeout{60};                   ///< between requests [1, 3600]
  seconds request_timeout{10};                ///< to read one request and to answer it [1, 600]
  std::uint32_t max_http_connections = 1'000; ///< open at once [1, 100000]
  std::uint32_t io_threads = 1;               ///< [1, 16]

  bool operator==(const listen_settings&) const = default;
};

struct cluster_settings {
  std::string name = "bpci";           ///< nodes of another name are not let in; see `is_valid_id`
  std::string link_host = "127.0.0.1"; ///< where the other members' TLS connections are accepted
  std::uint16_t link_port = 0;         ///< 0: any free one
  std::string link_advertise;          ///< what the others dial; empty: `link_host`
  std::string certificates_dir;        ///< empty: `cluster` in the data directory
  milliseconds heartbeat{300};         ///< between two signs of life [50, 60000]
  milliseconds suspect_after{1'000};   ///< of silence; at least three heartbeats [150, 600000]
  /// A node whose heartbeats fail for this long answers nothing from memory any more [150, 600000];
  /// at most `suspect_after`, so that it has stopped when another one takes over.
  milliseconds lease{900};
  milliseconds dead_after{2'000}; ///< of silence, with votes; above `suspect_after` [150, 600000]

  bool operator==(const cluster_settings&) const = default;
};

/// Durable entities and the way to them.
struct entity_settings {
  seconds idle{60};                  ///< until one without work leaves memory [1, 86400]
  std::uint32_t memory_limit_mb = 0; ///< above which they leave early; 0: 80 % of what is there
  std::uint32_t inbox_retention_days = 7; ///< how long a repeated command is recognised [1, 3650]
  std::uint32_t buffer_per_slot_bytes =
      1'048'576;                           ///< commands for a slot on its way [1 KiB, 64 MiB]
  std::uint32_t buffer_bytes = 67'108'864; ///< of all slots [1 KiB, 1 GiB]
  milliseconds buffer_wait{5'000};         ///< then retry_after [100, 60000]
  std::uint32_t window_messages = 10'000;  ///< in flight to one member [1, 1000000]
  std::uint32_t window_bytes = 16'777'216; ///< likewise [64 KiB, 1 GiB]

  bool operator==(const entity_settings&) const = default;
};

/// The private PostgreSQL that a node without a `dsn` starts and supervises.
struct embedded_settings {
  std::string user = "postgres"; ///< whom it runs as when the node is root; never root
  std::string bin_dir;           ///< where `initdb` is, absolute; empty: found by itself

  bool operator==(const embedded_settings&) const = default;
};

struct storage_settings {
  std::string dsn;                   ///< secret. A libpq connection string; empty: see `embedded`
  std::string dsn_file;              ///< a file that holds the `dsn` instead; see `storage_dsn`
  std::uint32_t pool_size = 4;       ///< connections [1, 64]
  milliseconds query_timeout{2'000}; ///< of one statement [10, 600000]
  std::uint32_t queue_limit = 1'000; ///< statements that wait, then BUSY [1, 1000000]
  embedded_settings embedded;

  bool operator==(const storage_settings&) const = default;
};

/// What a supervisor allows its children unless their table says otherwise.
struct supervision_settings {
  std::uint32_t max_restarts = 5;           ///< within `period`, then it gives up [0, 1000]
  seconds period{60};                       ///< [1, 86400]
  milliseconds backoff_min{50};             ///< before the first restart [1, 60000]
  milliseconds backoff_max{30'000};         ///< at least `backoff_min` [1, 3600000]
  std::uint32_t node_restarts_per_sec = 50; ///< of all supervisors together [1, 10000]

  bool operator==(const supervision_settings&) const = default;
};

struct scheduler_settings {
  std::uint32_t threads = 0; ///< of CAF's scheduler [0, 256]; 0: one per core

  bool operator==(const scheduler_settings&) const = default;
};

struct consensus_bridge_settings {
  bool enable_consensus_bridge = true;
  std::uint32_t min_consensus_nodes = 3; ///< votes without which no proposal passes [1, 1000]
  seconds consensus_timeout{60};         ///< of one round [1, 86400]
  /// Share of the weight that accepts a proposal [5001, 10000]: at half or less, a proposal
  /// and its opposite could both pass.
  basis_points vote_threshold{6'700};

  bool operator==(const consensus_bridge_settings&) const = default;
};

/// Of BPI nodes that break the rules of the protocol.
struct isolation_settings {
  std::uint32_t threshold = 100; ///< points; 0: nobody is isolated automatically [0, 1000000]
  seconds period{60};            ///< in which so many points are forgotten [1, 86400]
  seconds base{60};    ///< the first isolation; each further one lasts twice as long [1, 86400]
  seconds max{86'400}; ///< the longest one; at least `base` [1, 2592000]

  bool operator==(const isolation_settings&) const = default;
};

struct security_settings {
  bool require_signatures = true;          ///< only true: BPI-1.0 has no unsigned mode
  seconds max_message_age{300};            ///< older messages are refused as too_old [1, 86400]
  std::uint32_t rate_limit_per_node = 100; ///< messages per second [1, 1000000]
  bool enable_encryption = true;           ///< asked of the nodes (docs/protocol/encryption.md)
  isolation_settings isolation;

  bool operator==(const security_settings&) const = default;
};

struct performance_settings {
  std::uint32_t batch_size = 50;             ///< messages under one signature, suggested [1, 256]
  std::uint32_t connection_pool_size = 100;  ///< outgoing connections kept open [1, 10000]
  std::uint32_t message_cache_size = 10'000; ///< ids kept against duplicates [1, 10000000]
  bool high_throughput_mode = true;          ///< false: nodes are told to sign each by itself

  bool operator==(const performance_settings&) const = default;
};

/// The bounds of a BPI-1.0 link; the challenge frame tells them to the other side.
struct link_limits {
  std::uint32_t max_frame_bytes = 1'048'576;     ///< [1024, 64 MiB]
  std::uint32_t max_in_flight = 1'000;           ///< credit window per link [1, 100000]
  std::uint32_t max_targets = 64;                ///< of one message [1, 10000]
  std::uint32_t max_pending_per_target = 10'000; ///< undelivered messages [1, 1000000]
  std::uint32_t stored_max_bytes = 67'108'864;   ///< of the stored ones of a target [1 KiB, 1 GiB]
  std::uint32_t stored_max_age_days = 30;        ///< then they are dropped [1, 3650]
  milliseconds handshake_timeout{5'000};         ///< [100, 60000]
  std::uint32_t max_handshakes = 256;            ///< under way at once [1, 100000]
  seconds ping_interval{15};                     ///< [1, 3600]
  seconds idle_timeout{45}; ///< [2, 7200]; at least two pings, so that one may be lost
  seconds write_stall{10};  ///< without progress, then slow_reader [1, 600]
  /// Per link [64 KiB, 1 GiB]; at least one frame.
  std::uint32_t max_write_queue_bytes = 4'194'304;

  bool operator==(const link_limits&) const = default;
};

/// Where document 2's examples expect the API and the relay.
inline constexpr std::uint16_t usual_api_port = 9100;
inline constexpr std::uint16_t usual_ws_port = 9101;

struct oracle_settings {
  std::string node_id; ///< wins over `node.id` when set; see `effective_id`
  /// Set when the file names them [1, 65535]. The program listens on `listen.port`; these
  /// become further listeners, on loopback, under --compat-ports.
  std::optional<std::uint16_t> api_port;
  std::optional<std::uint16_t> ws_port;
  std::uint32_t max_connections = 1'000; ///< BPI nodes at once [1, 100000]
  seconds relay_timeout{30};             ///< to deliver a message, then expired [1, 3600]
  seconds announcement_ttl{3'600};       ///< the longest that one holds [10, 604800]
  consensus_bridge_settings consensus;
  security_settings security;
  performance_settings performance;
  link_limits limits;

  bool operator==(const oracle_settings&) const = default;
};

enum class audit_level : std::uint8_t { basic, standard, detailed, comprehensive };

enum class encryption_level : std::uint8_t { none, standard, high, quantum };

struct interapp_security {
  encryption_level encryption = encryption_level::high;
  bool authentication_required = true;
  bool authorization_required = true;

  bool operator==(const interapp_security&) const = default;
};

struct interapp_settings {
  bool agreement_validation = true;
  audit_level audit = audit_level::comprehensive;
  interapp_security security_requirements;

  bool operator==(const interapp_settings&) const = default;
};

enum class log_level : std::uint8_t { debug, info, warn, error };

enum class log_format : std::uint8_t { json, text };

enum class output_type : std::uint8_t { standard_error, file, elasticsearch };

struct log_output {
  output_type type = output_type::standard_error;
  std::string path;                         ///< of `file`
  std::uint32_t rotate_bytes = 104'857'600; ///< of `file`; 0: never [0, 1 GiB]
  std::uint32_t rotate_keep = 9;            ///< of `file`: those put aside [1, 1000]
  std::string endpoint;                     ///< of `elasticsearch`: an http or https URL
  std::string index = "bpci-logs";          ///< of `elasticsearch`; the date is put behind it
  std::string api_key_file;                 ///< of `elasticsearch`: holds a secret
  std::string api_key_env;                  ///< likewise, the name of a variable
  std::string ca_file;                      ///< of `elasticsearch`; empty: the system's authorities
  /// Of `elasticsearch`: on disk while nobody takes the lines, then the oldest go [1 MiB, 1 GiB].
  std::uint32_t buffer_bytes = 67'108'864;

  bool operator==(const log_output&) const = default;
};

struct audit_log_settings {
  bool enabled = true;
  audit_level level = audit_level::comprehensive;
  days retention{365}; ///< deletes nothing; a warning says why [1, 36500]

  bool operator==(const audit_log_settings&) const = default;
};

/// Another operator's node of the same chain.
struct chain_peer {
  std::string key;               ///< its address: 64 hex digits
  std::vector<std::string> urls; ///< `ws://host:port/bpi/v1`, of each node of its cluster

  bool operator==(const chain_peer&) const = default;
};

struct chain_settings {
  std::string genesis;  ///< the document that begins the chain; empty: this node has no chain
  std::string key_file; ///< of the validator; empty: `validator.key` in the data directory
  std::vector<chain_peer> peers;        ///< at most 64
  std::uint32_t max_followers = 32;     ///< others than validators and `peers` [0, 1000]
  milliseconds round_base{1'000};       ///< of the first round of a height [20, 60000]
  milliseconds round_max{60'000};       ///< of any; at least `round_base` [100, 3600000]
  milliseconds precision{500};          ///< by which the validators' clocks may differ [1, 60000]
  milliseconds message_delay{2'000};    ///< that a proposal may take [10, 600000]
  std::uint32_t snapshot_every = 1'000; ///< blocks [10, 1000000]
  std::uint32_t snapshot_gap =
      2'000; ///< missing blocks, above which a snapshot is fetched [1, 10^9]
  std::chrono::hours trusting_period{168};     ///< of headers that a snapshot rests on [1, 8760]
  std::uint32_t mempool_transactions = 50'000; ///< that wait for a block [1, 10^7]
  std::uint32_t mempool_bytes = 67'108'864;    ///< of these together [1 MiB, 1 GiB]

  bool operator==(const chain_settings&) const = default;
};

struct logging_settings {
  log_level level = log_level::info;
  log_format format = log_format::json;
  std::vector<log_output> outputs; ///< at most 16; none: standard error
  audit_log_settings audit_logging;

  bool operator==(const logging_settings&) const = default;
};

struct metrics_settings {
  bool legacy_names = false; ///< also export document 2's names; see `prometheus_metrics`

  bool operator==(const metrics_settings&) const = default;
};

struct node_config {
  node_settings node;
  listen_settings listen;
  cluster_settings cluster;
  entity_settings entities;
  storage_settings storage;
  supervision_settings supervision;
  scheduler_settings scheduler;
  oracle_settings oracle;     ///< `oracle_config`
  interapp_settings interapp; ///< `inter_app_config`
  chain_settings chain;
  logging_settings logging;
  metrics_settings metrics;
  /// Which of document 2's names `metrics.legacy_names` adds, at most 1000; none: all of them.
  /// This program's own are exported always.
  std::vector<std::string> prometheus_metrics;

  bool operator==(const node_config&) const = default;
};

/// The ports on which document 2's examples expect a node: its API, and its WebSocket.
inline std::vector<std::uint16_t> older_ports(const oracle_settings& x) {
  return {x.api_port.value_or(usual_api_port), x.ws_port.value_or(usual_ws_port)};
}

/// The name of this node: `oracle_config.node_id` if it is set, else `node.id`.
inline member_id effective_id(const node_config& c) {
  return member_id{c.oracle.node_id.empty() ? c.node.id : c.oracle.node_id};
}

} // namespace bpci::config
