#pragma once

#include "messages/oracle/frames.hpp"
#include "messages/oracle/signing.hpp"

/// One value of each BPI-1.0 frame, the same in every run: keys of the seeds 00..1f (client) and
/// 20..3f (server), nonces 40..5f (server) and 60..7f (client). The values are chosen so that a
/// mistake shows: no two fields are equal, and integers need all widths.
namespace bpci::wire {

template <class Frame>
struct named {
  std::string_view name; ///< Of the golden files.
  Frame frame;
};

/// Signed; those called `send...` and `hello` have a file of canonical bytes too.
std::vector<named<oracle::client_frame>> client_samples();
std::vector<named<oracle::server_frame>> server_samples();

oracle::envelope sample_envelope(oracle::priority priority);
oracle::envelope stored_envelope();
oracle::send_batch sample_batch();
oracle::hello sample_hello();
oracle::challenge sample_challenge();
oracle::welcome sample_welcome();

oracle::handshake_context sample_handshake();

/// What a batch is signed over.
bytes batch_signing_bytes(const oracle::send_batch& x);

/// The public keys of the two seeds.
bytes client_key();
bytes server_key();

bool signed_by(const bytes& key, const bytes& message, const bytes& signature);

} // namespace bpci::wire
