#pragma once

#include "actors/peers/link_frame.hpp"
#include "messages/oracle/signing.hpp"
#include "runtime/crypto/keys.hpp"

#include <memory>
#include <optional>

/// How a link between two operators' nodes opens (docs/protocol/chain.md, section 2), without a
/// socket, for both sides:
///
///     server                                   client
///       |---- challenge ------------------------>|
///       |<----------------------------- hello ---|   by the client's key
///       |---- welcome -------------------------->|   by the key of the cluster node
///       |---- prove_address -------------------->|   by the server's key
///       |<--------------------- prove_address ---|   for that server only
///       |---- peer_head ------------------------>|   open on the server's side
///       |<------------------------- peer_head ---|   open on both
///
/// The challenge, the hello and the welcome are DOORMAN's on the server's side.
namespace bpci::peers {

using chain::peer_head;
using consensus::address;

/// What this node says of itself.
struct identity {
  std::string chain_id;
  std::shared_ptr<const crypto::key_pair> keys; ///< never null

  [[nodiscard]] const address& self() const noexcept { return keys->pub.bytes; }
};

/// What the two sides of one link are, and what makes it another than all others.
struct link_parties {
  address server{};
  address client{};
  oracle::handshake_context with;
};

/// What a proof is the signature of. `by`: whose proof it is.
[[nodiscard]] bytes proof_bytes(const std::string& chain_id, const link_parties& who, side by);

class link_opening {
public:
  /// This node has dialled `expected`. `nonce`: 32 random bytes, never used before.
  static link_opening dialled(identity me, const address& expected, bytes nonce);

  /// `client` has said hello to this node's DOORMAN.
  static link_opening accepted(identity me, const address& client, oracle::handshake_context with);

  struct step {
    std::vector<bytes> write;      ///< frames, in this order
    bool proved = false;           ///< the other side is who it should be: larger frames may come
    bool open = false;             ///< what comes from now on is not for this class
    std::optional<peer_head> head; ///< of the other side, if it has said so already
  };

  /// What this side says before it has heard anything.
  [[nodiscard]] step begin() const;

  /// `mine`: where this node's chain stands. Errors: what the server refused with; unsupported,
  /// malformed, handshake_required (another frame than the one that is due), bad_signature,
  /// wrong_source (it holds another key than the one that was dialled), not_permitted (another
  /// chain, or it is this node itself). The link is to be closed with them.
  [[nodiscard]] result<step> on_frame(const oracle::raw_frame& x, const peer_head& mine);

  [[nodiscard]] side here() const noexcept { return here_; }

private:
  enum class stage : std::uint8_t { challenge, welcome, proof, head, open };

  link_opening(identity me, side here, stage at) : me_(std::move(me)), here_(here), at_(at) {}

  result<step> on_challenge(const oracle::server_frame& x);
  result<step> on_welcome(const oracle::server_frame& x);
  result<step> on_proof(const chain::prove_address& x, const peer_head& mine);
  [[nodiscard]] result<void> check(const chain::prove_address& x) const;
  [[nodiscard]] bytes proof() const;
  [[nodiscard]] const address& other() const noexcept {
    return here_ == side::server ? who_.client : who_.server;
  }

  identity me_;
  side here_;
  stage at_;
  bytes nonce_;
  member_id member_;
  link_parties who_;
};

} // namespace bpci::peers
