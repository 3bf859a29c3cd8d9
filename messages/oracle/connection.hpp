#pragma once

#include "messages/boxes.hpp"
#include "messages/error.hpp"
#include "messages/oracle/codec.hpp"

#include <caf/actor.hpp>

#include <memory>

/// The one thing of the WebSocket gateway that the oracle's actors hold. Local to a node.
namespace bpci::oracle {

/// A frame as it came, not looked into.
struct raw_frame {
  bytes data;
  encoding how = encoding::msgpack;
};

/// One WebSocket of a BPI node. Every function may be called from any thread and returns at once.
class connection {
public:
  virtual ~connection() = default;

  /// Queues a frame in this connection's encoding. False when the write queue is full; then
  /// nothing was queued.
  virtual bool write(bytes frame) = 0;

  /// The same for bytes that go to many; they are not copied.
  virtual bool write(std::shared_ptr<const bytes> frame) { return write(bytes{*frame}); }

  /// From now on frames of this size may come in, and so much may wait to be sent: for a link that
  /// has proved whose it is. What is written later goes out behind the change.
  virtual void allow(std::size_t frame_bytes_max, std::size_t queue_bytes_max) {
    static_cast<void>(frame_bytes_max);
    static_cast<void>(queue_bytes_max);
  }

  /// The encoding that the client asked for.
  [[nodiscard]] virtual encoding how() const = 0;

  /// Allows `frames` more to be read. Whoever handles frames grants as many as it has finished
  /// with; a connection without credit is not read from.
  virtual void grant(std::size_t frames) = 0;

  /// Writes what is queued, then closes with the code and its sentence.
  virtual void close(ec why, std::string detail) = 0;

  /// Who gets `frames_received` and `connection_closed` from now on.
  virtual void set_owner(caf::actor owner) = 0;

  [[nodiscard]] virtual std::string remote_address() const = 0;
};

using connection_ptr = std::shared_ptr<connection>;

// -- what a connection tells its owner ----------------------------------------

/// A client has connected; it waits for the challenge. To: the DOORMAN.
struct connection_opened {
  connection_ptr from;
};

/// All frames of one read.
struct frames_received {
  connection_ptr from;
  std::vector<raw_frame> frames;
};

/// After a refused `write`: there is room again.
struct connection_writable {
  connection_ptr from;
};

/// The connection is gone; nothing more comes from it.
struct connection_closed {
  connection_ptr from;
  failure why;
};

} // namespace bpci::oracle

// Pointers: these never leave the node.
BPCI_LOCAL_MESSAGE(bpci::oracle::connection_opened)
BPCI_LOCAL_MESSAGE(bpci::oracle::frames_received)
BPCI_LOCAL_MESSAGE(bpci::oracle::connection_writable)
BPCI_LOCAL_MESSAGE(bpci::oracle::connection_closed)
