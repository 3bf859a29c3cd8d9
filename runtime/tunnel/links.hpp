#pragma once

#include "messages/error.hpp"
#include "runtime/tunnel/admission.hpp"
#include "runtime/tunnel/tls_session.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>

/// The connections between this node and the others, and the thread that serves them. A link is
/// mutual TLS 1.3 over TCP on one side, and half of a socket pair on the other, which is given to
/// CAF: so CAF's protocol has no address that anybody could connect to.
namespace bpci::tunnel {

struct links_options {
  /// From the connection to the end of the handshake, of TLS and of ours.
  std::chrono::milliseconds handshake_max{3'000};
  /// What TUNNEL gets to admit a link.
  std::chrono::milliseconds verdict_max{6'000};
  /// An open link on which nothing came in, or nothing went out that should, is cut. CAF sends a
  /// sign of life several times a second.
  std::chrono::milliseconds silence_max{5'000};
  /// A link of a peer that has not been heard for this long gives way to a new one.
  std::chrono::milliseconds stale_after{600};
  /// Accepted and not yet admitted. The oldest makes room: a flood costs a true member nothing as
  /// long as its handshake is faster than this many others.
  std::size_t handshakes_max = 64;
};

/// A file descriptor that somebody owns.
class local_end {
public:
  explicit local_end(int descriptor) noexcept : descriptor_(descriptor) {}
  ~local_end();
  local_end(const local_end&) = delete;
  local_end& operator=(const local_end&) = delete;

  /// It is the caller's now.
  [[nodiscard]] int release() noexcept { return std::exchange(descriptor_, -1); }

private:
  int descriptor_;
};

/// The other side has shown a certificate of the cluster: `admit` or `refuse` it.
struct link_shaken {
  link_id link = 0;
  link_side side = link_side::accepted;
  peer_identity who;
  std::string certificate; ///< the fingerprint of ours
};

/// Both sides have admitted each other. `local` is for CAF; the link ends when it is closed.
struct link_open {
  link_id link = 0;
  link_side side = link_side::accepted;
  std::shared_ptr<local_end> local;
};

/// The last event of a link; of a dial that fails, the only one. `why`: not_found (nobody listens
/// there), timeout, not_permitted, malformed, unavailable (the connection is gone).
struct link_ended {
  link_id link = 0;
  failure why;
};

using link_event = std::variant<link_shaken, link_open, link_ended>;

/// All functions may be called by any one thread at a time, and none waits for the network.
class links {
public:
  virtual ~links() = default; ///< Cuts all links and ends the thread; no event comes after.

  /// For connections that begin from now on.
  virtual void use(tls_context_ptr context) = 0;

  /// The port; 0 as `port` lets the system choose. Errors: address_in_use, invalid_argument.
  virtual result<std::uint16_t> listen(const std::string& host, std::uint16_t port) = 0;

  virtual void dial(link_id link, const std::string& host, std::uint16_t port) = 0;
  virtual void admit(link_id link) = 0;
  virtual void refuse(link_id link, const failure& why) = 0;
  virtual void cut(link_id link, const failure& why) = 0;
};

/// Links that others dial have odd numbers; the caller numbers its dials evenly. `tell` is called
/// on the links' own thread.
std::unique_ptr<links> make_links(links_options how, std::function<void(link_event)> tell);

} // namespace bpci::tunnel
