#include "config/validate.hpp"

#include "config/addresses.hpp"
#include "config/keys.hpp"

#include <algorithm>
#include <arpa/inet.h>

namespace bpci::config {

namespace {

constexpr int heartbeats_before_suspect = 3;
constexpr int pings_before_idle = 2;
constexpr std::size_t user_name_max = 32;

bool has_control_character(std::string_view text) {
  return std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

/// The visitor of keys.hpp for whatever a single key can tell.
class single_keys {
public:
  std::vector<problem> problems;

  template <class Body>
  void section(std::string_view name, const Body& body) {
    under(join(path_, name), body);
  }

  template <class T, class Body>
  void list(std::string_view name, const std::vector<T>& members, const Body& body) {
    for (std::size_t i = 0; i < members.size(); ++i)
      under(entry_path(join(path_, name), i), [&] { body(members[i]); });
  }

  template <counted T>
  void key(std::string_view name, const T& x, const range& allowed) {
    check(name, count_of(x), allowed, "a whole number");
  }

  void key(std::string_view name, const std::optional<std::uint16_t>& x, const range& allowed) {
    if (x) check(name, *x, allowed, "a whole number");
  }

  void key(std::string_view name, const basis_points& x, const range& allowed) {
    check(name, x.get(), allowed, "basis points");
  }

  void key(std::string_view name, const std::string& x) { check_text(join(path_, name), x); }

  void key(std::string_view name, const std::vector<std::string>& x) {
    for (std::size_t i = 0; i < x.size(); ++i)
      check_text(entry_path(join(path_, name), i), x[i]);
  }

  void key(std::string_view, const bool&) {}

  template <class Enum>
  void key(std::string_view, const Enum&, words<Enum>) {}

private:
  template <class Body>
  void under(std::string path, const Body& body) {
    std::swap(path_, path);
    body();
    std::swap(path_, path);
  }

  void check(std::string_view name, std::int64_t x, const range& allowed, std::string_view noun) {
    if (allowed.holds(x)) return;
    problems.push_back(
        {{}, 0, 0, join(path_, name), outside(x, allowed), choose_within(noun, allowed)});
  }

  void check_text(std::string path, const std::string& x) {
    if (!has_control_character(x)) return;
    problems.push_back({{},
                        0,
                        0,
                        std::move(path),
                        "holds a line break or another control character",
                        "Write it on one line, without escapes."});
  }

  std::string path_;
};

class rules {
public:
  explicit rules(std::vector<problem>& out) : out_(out) {}

  void require(bool holds, std::string path, std::string what, std::string remedy) {
    if (!holds) out_.push_back({{}, 0, 0, std::move(path), std::move(what), std::move(remedy)});
  }

private:
  std::vector<problem>& out_;
};

bool is_ipv4(const std::string& text) {
  in_addr ignored{};
  return inet_pton(AF_INET, text.c_str(), &ignored) == 1;
}

bool is_ipv6(const std::string& text) {
  in6_addr ignored{};
  return inet_pton(AF_INET6, text.c_str(), &ignored) == 1;
}

/// The portable user names of POSIX, in lower case as useradd(8) wants them.
bool is_user_name(std::string_view text) {
  constexpr std::string_view first = "abcdefghijklmnopqrstuvwxyz_";
  constexpr std::string_view others = "abcdefghijklmnopqrstuvwxyz_0123456789-";
  return !text.empty() && text.size() <= user_name_max
         && first.find(text.front()) != std::string_view::npos
         && text.find_first_not_of(others) == std::string_view::npos;
}

/// Prometheus, "Data model": metric names.
bool is_metric_name(std::string_view text) {
  constexpr std::string_view allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_:0123456789";
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos
         && !(text.front() >= '0' && text.front() <= '9');
}

bool is_web_address(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"})
    if (text.starts_with(scheme) && text.size() > scheme.size()) return true;
  return false;
}

constexpr auto id_remedy = "Use 1 to 64 of A-Z a-z 0-9 . _ : -";

void check_names(rules& r, const node_config& c) {
  r.require(is_valid_id(c.node.id), "node.id", "is not a valid id", id_remedy);
  r.require(c.oracle.node_id.empty() || is_valid_id(c.oracle.node_id), "oracle_config.node_id",
            "is not a valid id", id_remedy);
  r.require(is_valid_id(c.cluster.name), "cluster.name", "is not a valid id", id_remedy);
  r.require(!c.node.data_dir.empty(), "node.data_dir", "is empty",
            "Name a folder that this node alone may write to.");
  for (std::size_t i = 0; i < c.prometheus_metrics.size(); ++i)
    r.require(is_metric_name(c.prometheus_metrics[i]), entry_path("prometheus_metrics", i),
              "is not the name of a metric",
              "Use letters, digits, underscores and colons; a digit cannot come first.");
}

void check_addresses(rules& r, const node_config& c) {
  r.require(is_ipv4(c.listen.host) || is_ipv6(c.listen.host), "listen.host", "is not an IP address",
            "Write 127.0.0.1 for this machine only, or 0.0.0.0 or \"::\" for every interface.");
  r.require(is_ipv4(c.cluster.link_host) || is_ipv6(c.cluster.link_host), "cluster.link_host",
            "is not an IP address",
            "Write 127.0.0.1 for this machine only, or the address that the other members reach.");
  r.require(!is_every_interface(c.cluster.link_host) || !c.cluster.link_advertise.empty(),
            "cluster.link_advertise", "is missing, and link_host is " + c.cluster.link_host,
            "Name the address at which the other members reach this node.");
  const auto& o = c.oracle;
  r.require(!o.api_port || o.api_port != o.ws_port, "oracle_config.ws_port",
            "is the same as api_port", "Give it another number; the usual one is 9101.");
}

void check_order(rules& r, std::string key, milliseconds x, std::string_view than,
                 milliseconds least, std::string why) {
  r.require(x >= least, std::move(key),
            "is " + std::to_string(x.count()) + ", less than " + std::string{than} + " ("
                + std::to_string(least.count()) + " ms)",
            std::move(why));
}

void check_cluster(rules& r, const cluster_settings& c) {
  check_order(r, "cluster.suspect_after_ms", c.suspect_after, "three heartbeats",
              heartbeats_before_suspect * c.heartbeat,
              "Raise it, or lower heartbeat_ms: one late heartbeat must not make a suspect.");
  check_order(r, "cluster.dead_after_ms", c.dead_after, "suspect_after_ms", c.suspect_after,
              "Raise it: nobody is dead before being suspected.");
  check_order(r, "cluster.suspect_after_ms", c.suspect_after, "lease_ms", c.lease,
              "Raise it, or lower lease_ms: a node must fall silent before another takes over.");
  check_order(r, "cluster.lease_ms", c.lease, "two heartbeats", 2 * c.heartbeat,
              "Raise it, or lower heartbeat_ms: one late heartbeat must not silence a node.");
}

void check_storage(rules& r, const storage_settings& s) {
  r.require(s.dsn.empty() || s.dsn_file.empty(), "storage.dsn_file",
            "is given together with storage.dsn", "Keep one of the two; the file is the safer.");
  r.require(s.dsn.empty() || is_postgres_address(s.dsn), "storage.dsn",
            "is not the address of a PostgreSQL database",
            "Write postgresql://user@host:5432/database, or remove it to use a private one.");
  r.require(is_user_name(s.embedded.user), "storage.embedded.user", "is not the name of a user",
            "Name an unprivileged user of this machine, such as postgres.");
  r.require(s.embedded.user != "root", "storage.embedded.user", "is root",
            "PostgreSQL refuses to run as root; name an unprivileged user, such as postgres.");
  r.require(s.embedded.bin_dir.empty() || s.embedded.bin_dir.starts_with('/'),
            "storage.embedded.bin_dir", "is not an absolute path",
            "Write it from the root, such as /usr/lib/postgresql/15/bin, or leave it empty.");
}

void check_supervision(rules& r, const supervision_settings& s) {
  r.require(s.backoff_min <= s.backoff_max, "supervision.backoff_max_ms",
            "is " + std::to_string(s.backoff_max.count()) + ", less than backoff_min_ms ("
                + std::to_string(s.backoff_min.count()) + ")",
            "Raise it, or lower backoff_min_ms.");
}

void check_oracle(rules& r, const oracle_settings& o) {
  const auto& limits = o.limits;
  r.require(o.security.require_signatures, "oracle_config.security_config.require_signatures",
            "cannot be false", "Remove the line: BPI-1.0 has no unsigned mode.");
  check_order(r, "oracle_config.security_config.isolation.max_secs", o.security.isolation.max,
              "base_secs", o.security.isolation.base,
              "Raise it, or lower base_secs: no isolation is shorter than the first.");
  r.require(o.performance.batch_size <= limits.max_in_flight,
            "oracle_config.performance_config.batch_size",
            "is " + std::to_string(o.performance.batch_size) + ", more than limits.max_in_flight ("
                + std::to_string(limits.max_in_flight) + ")",
            "Lower it, or raise max_in_flight: a batch that exceeds the window is never sent.");
  r.require(limits.idle_timeout >= pings_before_idle * limits.ping_interval,
            "oracle_config.limits.idle_timeout_secs",
            "is " + std::to_string(limits.idle_timeout.count()) + ", less than two pings of "
                + std::to_string(limits.ping_interval.count()) + " s",
            "Raise it, or lower ping_interval_secs: one lost ping must not end a link.");
  r.require(limits.max_write_queue_bytes >= limits.max_frame_bytes,
            "oracle_config.limits.max_write_queue_bytes",
            "is " + std::to_string(limits.max_write_queue_bytes) + ", less than max_frame_bytes ("
                + std::to_string(limits.max_frame_bytes) + ")",
            "Raise it, or lower max_frame_bytes: the queue must hold one frame.");
}

bool is_address_key(std::string_view text) {
  constexpr std::size_t digits = 64;
  return text.size() == digits
         && text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

bool is_link_address(std::string_view text) {
  constexpr std::string_view scheme = "ws://";
  return text.starts_with(scheme) && text.size() > scheme.size();
}

void check_peer(rules& r, const chain_peer& x, const std::string& path) {
  r.require(is_address_key(x.key), path + ".key", "is not the address of a validator",
            "Write its 64 hex digits, as bpci chain init shows them.");
  r.require(!x.urls.empty(), path + ".urls", "is empty",
            "Name where its nodes are dialled, such as ws://host:8080/bpi/v1.");
  for (std::size_t i = 0; i < x.urls.size(); ++i)
    r.require(is_link_address(x.urls[i]), entry_path(path + ".urls", i), "is not a ws:// address",
              "Write an address such as ws://host:8080/bpi/v1; TLS belongs to a proxy.");
}

void check_chain(rules& r, const chain_settings& c) {
  constexpr std::size_t peers_max = 64;
  r.require(c.peers.size() <= peers_max, "chain.peers",
            "has " + std::to_string(c.peers.size()) + " entries, more than 64",
            "Leave some out: nodes that dial this one need no entry.");
  for (std::size_t i = 0; i < c.peers.size(); ++i)
    check_peer(r, c.peers[i], entry_path("chain.peers", i));
  check_order(r, "chain.round_max_ms", c.round_max, "round_base_ms", c.round_base,
              "Raise it, or lower round_base_ms: later rounds are not shorter.");
}

/// What Elasticsearch takes in the name of an index ("Create index API"), and no more.
bool is_index_prefix(std::string_view text) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
  constexpr std::size_t length_max = 100;
  return !text.empty() && text.size() <= length_max
         && text.find_first_not_of(allowed) == std::string_view::npos
         && (text.front() >= 'a' && text.front() <= 'z');
}

bool is_variable_name(std::string_view text) {
  constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
  return text.find_first_not_of(std::string{allowed} + "0123456789") == std::string_view::npos
         && allowed.find(text.front()) != std::string_view::npos;
}

void check_elasticsearch(rules& r, const log_output& x, const std::string& path) {
  const auto is_address = is_web_address(x.endpoint);
  r.require(is_address, path + ".endpoint",
            x.endpoint.empty() ? "is missing" : "is not an http or https address",
            "Write an address such as http://elasticsearch:9200.");
  r.require(!is_address || x.endpoint.find_first_of("@?# ") == std::string::npos,
            path + ".endpoint", "holds more than scheme, host, port and path",
            "Write an address such as https://elasticsearch:9200; a key goes to api_key_file.");
  r.require(is_index_prefix(x.index), path + ".index", "is not the beginning of an index",
            "Use a-z 0-9 - _ . and begin with a letter.");
  r.require(x.api_key_file.empty() || x.api_key_env.empty(), path + ".api_key_env",
            "is given together with api_key_file", "Keep one of the two; the file is the safer.");
  r.require(x.api_key_env.empty() || is_variable_name(x.api_key_env), path + ".api_key_env",
            "is not the name of a variable",
            "Name the variable; the key itself stays out of here.");
}

/// Keys that have no meaning for an output of this type.
void check_strangers(rules& r, const log_output& x, const std::string& path) {
  const log_output usual;
  const auto only = [&](output_type type, std::string_view word, std::string_view key, bool given) {
    r.require(x.type == type || !given, path + '.' + std::string{key},
              "is used only by an output of type " + std::string{word},
              "Remove it, or change the type.");
  };
  constexpr std::string_view elastic = "elasticsearch";
  only(output_type::file, "file", "path", !x.path.empty());
  only(output_type::file, "file", "rotate_bytes", x.rotate_bytes != usual.rotate_bytes);
  only(output_type::file, "file", "rotate_keep", x.rotate_keep != usual.rotate_keep);
  only(output_type::elasticsearch, elastic, "endpoint", !x.endpoint.empty());
  only(output_type::elasticsearch, elastic, "index", x.index != usual.index);
  only(output_type::elasticsearch, elastic, "api_key_file", !x.api_key_file.empty());
  only(output_type::elasticsearch, elastic, "api_key_env", !x.api_key_env.empty());
  only(output_type::elasticsearch, elastic, "ca_file", !x.ca_file.empty());
  only(output_type::elasticsearch, elastic, "buffer_bytes", x.buffer_bytes != usual.buffer_bytes);
}

void check_output(rules& r, const log_output& x, const std::string& path) {
  r.require(x.type != output_type::file || !x.path.empty(), path + ".path", "is missing",
            "Name the file to write to, such as /var/log/bpci/oracle.log.");
  check_strangers(r, x, path);
  if (x.type == output_type::elasticsearch) check_elasticsearch(r, x, path);
}

} // namespace

bool is_postgres_address(std::string_view text) {
  for (const std::string_view scheme : {"postgresql://", "postgres://"})
    if (text.starts_with(scheme)) return text.size() > scheme.size();
  const auto equals = text.find('=');
  return equals != std::string_view::npos && equals > 0;
}

std::vector<problem> validate(const node_config& c) {
  single_keys single;
  visit_keys(single, c);
  auto problems = std::move(single.problems);
  rules r{problems};
  check_names(r, c);
  check_addresses(r, c);
  check_cluster(r, c.cluster);
  check_storage(r, c.storage);
  check_supervision(r, c.supervision);
  check_oracle(r, c.oracle);
  check_chain(r, c.chain);
  for (std::size_t i = 0; i < c.logging.outputs.size(); ++i)
    check_output(r, c.logging.outputs[i], entry_path("logging.outputs", i));
  return problems;
}

} // namespace bpci::config
