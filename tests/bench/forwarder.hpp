#pragma once

namespace bpci::bench {

/// The least that a WebSocket relay can do with Boost.Beast, on one thread: one frame in, the same
/// frame out on the connection that its first four bytes name; no signatures, no state. Every
/// connection is told its own number first. Prints its port, and runs until SIGTERM.
int run_forwarder();

} // namespace bpci::bench
