#pragma once

#include "messages/error.hpp"
#include "messages/runtime/cluster.hpp"
#include "runtime/tunnel/tls_session.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <variant>
#include <vector>

/// Which connections between members may carry messages, pure. TLS has shown that the other side
/// has a certificate of the cluster; here it is decided whether it is one that a live member may
/// show now, and which of two connections goes first when two members dial each other at once.
///
/// CAF cannot cope with two handshakes between the same two nodes that cross each other: each side
/// would use the connection that the other one does not. So the dial of the lower member id goes
/// first, and the other one waits until it is over.
namespace bpci::tunnel {

/// Of this process; given by TUNNEL.
using link_id = std::uint64_t;

enum class link_side : std::uint8_t { dialled, accepted };

struct admit_link {
  link_id link = 0;

  bool operator==(const admit_link&) const = default;
};

struct refuse_link {
  link_id link = 0;
  failure why;

  bool operator==(const refuse_link&) const = default;
};

/// Read the table of members, then say so with `on_read`: there are certificates that it may know.
struct read_table {
  bool operator==(const read_table&) const = default;
};

using admission_effect = std::variant<admit_link, refuse_link, read_table>;
using admission_effects = std::vector<admission_effect>;

class admission {
public:
  explicit admission(member_id self) : self_(std::move(self)) {}

  /// The live members, by their rows.
  void on_view(const std::vector<cluster::member>& live);

  /// This node begins to dial; what the row of `who` says counts too.
  void on_dial(link_id link, const cluster::member& who);

  /// A connection has been authenticated by TLS.
  void on_shaken(link_id link, link_side side, const peer_identity& who, admission_effects& out);

  /// The table has been read, and `on_view` been called, or it could not be read.
  void on_read(admission_effects& out);

  /// CAF has the answer to a dial of ours, or it has failed; or any connection has ended.
  void on_over(link_id link, admission_effects& out);

private:
  struct asking {
    link_side side = link_side::accepted;
    peer_identity who;
  };

  struct dialling {
    member_id to;
    std::set<std::string> certificates;
  };

  [[nodiscard]] bool knows(link_id link, const asking& x) const;
  [[nodiscard]] bool goes_second(const asking& x) const;
  void settle(link_id link, const asking& x, admission_effects& out);

  member_id self_;
  std::map<member_id, std::set<std::string>> certificates_; ///< of the live members
  std::map<link_id, dialling> dials_;                       ///< of this node, under way
  std::map<link_id, asking> unknown_;                       ///< waiting for the table
  std::map<link_id, asking> second_;                        ///< waiting for a dial of ours
};

} // namespace bpci::tunnel
