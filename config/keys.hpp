#pragma once

#include "config/node_config.hpp"

#include <array>
#include <chrono>
#include <concepts>
#include <limits>
#include <span>
#include <string_view>
#include <type_traits>

/// The one table of all keys: which word of the file is which member, and what it may hold.
/// The reader, the validator and `all_keys` each walk it as a visitor, so none can forget a
/// key that another one knows. Internal to this folder, but for gateways/api/running_config.cpp,
/// which shows a whole configuration.
///
/// A visitor has
///     section(name, body)         the keys that `body` visits stand below `name`
///     key(name, member)           text, yes-or-no, a list of texts
///     key(name, member, range)    a number, a duration in its own unit, a share
///     key(name, member, words)    one of several words
///     list(name, members, body)   `body(member)` visits the keys of one entry
namespace bpci::config {

/// Both ends belong to it.
struct range {
  std::int64_t least;
  std::int64_t most;

  [[nodiscard]] constexpr bool holds(std::int64_t x) const noexcept {
    return least <= x && x <= most;
  }
};

template <class Enum>
struct word {
  std::string_view text; ///< as this project writes it; read without regard to case
  Enum value;
};

template <class Enum>
using words = std::span<const word<Enum>>;

template <class T>
struct is_duration : std::false_type {};
template <class Rep, class Period>
struct is_duration<std::chrono::duration<Rep, Period>> : std::true_type {};

/// What the file writes as a whole number.
template <class T>
concept counted = (std::integral<T> && !std::same_as<T, bool>) || is_duration<T>::value;

template <counted T>
constexpr std::int64_t count_of(const T& x) {
  if constexpr (is_duration<T>::value) {
    return static_cast<std::int64_t>(x.count());
  } else {
    return static_cast<std::int64_t>(x);
  }
}

inline constexpr range any_port{0, 65'535};
inline constexpr range fixed_port{1, 65'535};
inline constexpr range more_than_half{5'001, whole_in_basis_points};

inline constexpr std::int64_t kib = 1'024;
inline constexpr std::int64_t mib = 1'024 * kib;

inline constexpr auto audit_levels = std::to_array<word<audit_level>>({
    {"Basic", audit_level::basic},
    {"Standard", audit_level::standard},
    {"Detailed", audit_level::detailed},
    {"Comprehensive", audit_level::comprehensive},
});

inline constexpr auto encryption_levels = std::to_array<word<encryption_level>>({
    {"None", encryption_level::none},
    {"Standard", encryption_level::standard},
    {"High", encryption_level::high},
    {"Quantum", encryption_level::quantum},
});

inline constexpr auto log_levels = std::to_array<word<log_level>>({
    {"debug", log_level::debug},
    {"info", log_level::info},
    {"warn", log_level::warn},
    {"error", log_level::error},
});

inline constexpr auto log_formats = std::to_array<word<log_format>>({
    {"json", log_format::json},
    {"text", log_format::text},
});

inline constexpr auto output_types = std::to_array<word<output_type>>({
    {"stderr", output_type::standard_error},
    {"file", output_type::file},
    {"elasticsearch", output_type::elasticsearch},
});

void visit_base(auto& v, auto& c) {
  v.section("node", [&] {
    v.key("id", c.node.id);
    v.key("data_dir", c.node.data_dir);
  });
  v.section("listen", [&, &x = c.listen] {
    v.key("host", x.host);
    v.key("port", x.port, any_port);
    v.key("max_header_bytes", x.max_header_bytes, range{kib, mib});
    v.key("max_body_bytes", x.max_body_bytes, range{kib, 64 * mib});
    v.key("idle_timeout_secs", x.idle_timeout, range{1, 3'600});
    v.key("request_timeout_secs", x.request_timeout, range{1, 600});
    v.key("max_http_connections", x.max_http_connections, range{1, 100'000});
    v.key("io_threads", x.io_threads, range{1, 16});
  });
  v.section("cluster", [&, &x = c.cluster] {
    v.key("name", x.name);
    v.key("link_host", x.link_host);
    v.key("link_port", x.link_port, any_port);
    v.key("link_advertise", x.link_advertise);
    v.key("certificates_dir", x.certificates_dir);
    v.key("heartbeat_ms", x.heartbeat, range{50, 60'000});
    v.key("suspect_after_ms", x.suspect_after, range{150, 600'000});
    v.key("lease_ms", x.lease, range{150, 600'000});
    v.key("dead_after_ms", x.dead_after, range{150, 600'000});
  });
}

void visit_runtime(auto& v, auto& c) {
  v.section("entities", [&, &x = c.entities] {
    v.key("idle_secs", x.idle, range{1, 86'400});
    v.key("memory_limit_mb", x.memory_limit_mb, range{0, 16 * mib});
    v.key("inbox_retention_days", x.inbox_retention_days, range{1, 3'650});
    v.key("buffer_per_slot_bytes", x.buffer_per_slot_bytes, range{kib, 64 * mib});
    v.key("buffer_bytes", x.buffer_bytes, range{kib, 1'024 * mib});
    v.key("buffer_wait_ms", x.buffer_wait, range{100, 60'000});
    v.key("window_messages", x.window_messages, range{1, 1'000'000});
    v.key("window_bytes", x.window_bytes, range{64 * kib, 1'024 * mib});
  });
  v.section("storage", [&, &x = c.storage] {
    v.key("dsn", x.dsn);
    v.key("dsn_file", x.dsn_file);
    v.key("pool_size", x.pool_size, range{1, 64});
    v.key("query_timeout_ms", x.query_timeout, range{10, 600'000});
    v.key("queue_limit", x.queue_limit, range{1, 1'000'000});
    v.section("embedded", [&] {
      v.key("user", x.embedded.user);
      v.key("bin_dir", x.embedded.bin_dir);
    });
  });
  v.section("supervision", [&, &x = c.supervision] {
    v.key("max_restarts", x.max_restarts, range{0, 1'000});
    v.key("period_secs", x.period, range{1, 86'400});
    v.key("backoff_min_ms", x.backoff_min, range{1, 60'000});
    v.key("backoff_max_ms", x.backoff_max, range{1, 3'600'000});
    v.key("node_restarts_per_sec", x.node_restarts_per_sec, range{1, 10'000});
  });
  v.section("scheduler", [&] { v.key("threads", c.scheduler.threads, range{0, 256}); });
}

void visit_limits(auto& v, auto& x) {
  v.key("max_frame_bytes", x.max_frame_bytes, range{kib, 64 * mib});
  v.key("max_in_flight", x.max_in_flight, range{1, 100'000});
  v.key("max_targets", x.max_targets, range{1, 10'000});
  v.key("max_pending_per_target", x.max_pending_per_target, range{1, 1'000'000});
  v.key("stored_max_bytes", x.stored_max_bytes, range{kib, 1'024 * mib});
  v.key("stored_max_age_days", x.stored_max_age_days, range{1, 3'650});
  v.key("handshake_timeout_ms", x.handshake_timeout, range{100, 60'000});
  v.key("max_handshakes", x.max_handshakes, range{1, 100'000});
  v.key("ping_interval_secs", x.ping_interval, range{1, 3'600});
  v.key("idle_timeout_secs", x.idle_timeout, range{2, 7'200});
  v.key("write_stall_secs", x.write_stall, range{1, 600});
  v.key("max_write_queue_bytes", x.max_write_queue_bytes, range{64 * kib, 1'024 * mib});
}

void visit_oracle(auto& v, auto& c) {
  v.section("oracle_config", [&, &x = c.oracle] {
    v.key("node_id", x.node_id);
    v.key("api_port", x.api_port, fixed_port);
    v.key("ws_port", x.ws_port, fixed_port);
    v.key("max_connections", x.max_connections, range{1, 100'000});
    v.key("relay_timeout_secs", x.relay_timeout, range{1, 3'600});
    v.key("announcement_ttl_secs", x.announcement_ttl, range{10, 604'800});
    v.section("consensus_config", [&, &y = x.consensus] {
      v.key("enable_consensus_bridge", y.enable_consensus_bridge);
      v.key("min_consensus_nodes", y.min_consensus_nodes, range{1, 1'000});
      v.key("consensus_timeout_secs", y.consensus_timeout, range{1, 86'400});
      v.key("vote_threshold", y.vote_threshold, more_than_half);
    });
    v.section("security_config", [&, &y = x.security] {
      v.key("require_signatures", y.require_signatures);
      v.key("max_message_age_secs", y.max_message_age, range{1, 86'400});
      v.key("rate_limit_per_node", y.rate_limit_per_node, range{1, 1'000'000});
      v.key("enable_encryption", y.enable_encryption);
      v.section("isolation", [&, &z = y.isolation] {
        v.key("threshold", z.threshold, range{0, 1'000'000});
        v.key("period_secs", z.period, range{1, 86'400});
        v.key("base_secs", z.base, range{1, 86'400});
        v.key("max_secs", z.max, range{1, 2'592'000});
      });
    });
    v.section("performance_config", [&, &y = x.performance] {
      v.key("batch_size", y.batch_size, range{1, 256});
      v.key("connection_pool_size", y.connection_pool_size, range{1, 10'000});
      v.key("message_cache_size", y.message_cache_size, range{1, 10'000'000});
      v.key("high_throughput_mode", y.high_throughput_mode);
    });
    v.section("limits", [&] { visit_limits(v, x.limits); });
  });
}

void visit_interapp(auto& v, auto& c) {
  v.section("inter_app_config", [&, &x = c.interapp] {
    v.key("agreement_validation", x.agreement_validation);
    v.key("audit_level", x.audit, words<audit_level>{audit_levels});
    v.section("security_requirements", [&, &y = x.security_requirements] {
      v.key("encryption_level", y.encryption, words<encryption_level>{encryption_levels});
      v.key("authentication_required", y.authentication_required);
      v.key("authorization_required", y.authorization_required);
    });
  });
}

void visit_chain(auto& v, auto& c) {
  v.section("chain", [&, &x = c.chain] {
    v.key("genesis", x.genesis);
    v.key("key_file", x.key_file);
    v.list("peers", x.peers, [&](auto& y) {
      v.key("key", y.key);
      v.key("urls", y.urls);
    });
    v.key("max_followers", x.max_followers, range{0, 1'000});
    v.key("round_base_ms", x.round_base, range{20, 60'000});
    v.key("round_max_ms", x.round_max, range{100, 3'600'000});
    v.key("precision_ms", x.precision, range{1, 60'000});
    v.key("message_delay_ms", x.message_delay, range{10, 600'000});
    v.key("snapshot_every", x.snapshot_every, range{10, 1'000'000});
    v.key("snapshot_gap", x.snapshot_gap, range{1, 1'000'000'000});
    v.key("trusting_period_hours", x.trusting_period, range{1, 8'760});
    v.key("mempool_transactions", x.mempool_transactions, range{1, 10'000'000});
    v.key("mempool_bytes", x.mempool_bytes, range{mib, 1'024 * mib});
  });
}

void visit_logging(auto& v, auto& c) {
  v.section("logging", [&, &x = c.logging] {
    v.key("level", x.level, words<log_level>{log_levels});
    v.key("format", x.format, words<log_format>{log_formats});
    v.list("outputs", x.outputs, [&](auto& y) {
      v.key("type", y.type, words<output_type>{output_types});
      v.key("path", y.path);
      v.key("rotate_bytes", y.rotate_bytes, range{0, 1'024 * mib});
      v.key("rotate_keep", y.rotate_keep, range{1, 1'000});
      v.key("endpoint", y.endpoint);
      v.key("index", y.index);
      v.key("api_key_file", y.api_key_file);
      v.key("api_key_env", y.api_key_env);
      v.key("ca_file", y.ca_file);
      v.key("buffer_bytes", y.buffer_bytes, range{mib, 1'024 * mib});
    });
    v.section("audit_logging", [&, &y = x.audit_logging] {
      v.key("enabled", y.enabled);
      v.key("level", y.level, words<audit_level>{audit_levels});
      v.key("retention_days", y.retention, range{1, 36'500});
    });
  });
  v.section("metrics", [&] { v.key("legacy_names", c.metrics.legacy_names); });
  v.key("prometheus_metrics", c.prometheus_metrics);
}

/// Shows every key of `c` to `v`, in the order of defaults.yaml.
template <class Visitor, class Config>
requires std::same_as<std::remove_const_t<Config>, node_config>
void visit_keys(Visitor& v, Config& c) {
  visit_base(v, c);
  visit_runtime(v, c);
  visit_oracle(v, c);
  visit_interapp(v, c);
  visit_chain(v, c);
  visit_logging(v, c);
}

/// "a.b" from "a" and "b"; "b" at the top.
inline std::string join(std::string_view path, std::string_view name) {
  return path.empty() ? std::string{name} : std::string{path} + '.' + std::string{name};
}

/// "a[2]": how a path names an entry of a list.
inline std::string entry_path(std::string_view path, std::size_t index) {
  return std::string{path} + '[' + std::to_string(index) + ']';
}

/// The two halves of every complaint about a number, wherever it is found.
inline std::string outside(std::int64_t x, const range& allowed) {
  return "is " + std::to_string(x) + ", outside " + std::to_string(allowed.least) + " to "
         + std::to_string(allowed.most);
}

inline std::string choose_within(std::string_view noun, const range& allowed) {
  return "Choose " + std::string{noun} + " from " + std::to_string(allowed.least) + " to "
         + std::to_string(allowed.most) + ".";
}

} // namespace bpci::config
