#pragma once

#include "actors/oracle/handshake.hpp"
#include "runtime/crypto/hash.hpp"

/// The two ends of a link, the same in every run, so that a corpus can hold good signatures.
namespace bpci::fuzz {

inline constexpr timestamp_ms known_time{1'800'000'000'000};

inline crypto::key_pair key_of(std::string_view name) {
  return crypto::from_seed(crypto::sha256(crypto::as_bytes(name)));
}

inline node_id known_node() {
  return node_id{"bank-a"};
}

inline const crypto::key_pair& known_client() {
  static const auto out = key_of("client");
  return out;
}

inline oracle::server_identity known_server() {
  return {member_id{"node-1"}, key_of("server"),
          oracle::limits{.max_frame_bytes = 65'536,
                         .max_in_flight = 10,
                         .max_targets = 4,
                         .max_message_age_secs = 300,
                         .rate_limit_per_sec = 100,
                         .handshake_timeout_ms = 5'000,
                         .relay_timeout_secs = 30,
                         .max_batch = 8,
                         .batch_size = 4}};
}

inline oracle::challenge known_challenge() {
  static const auto me = known_server();
  return oracle::make_challenge(me, bytes(32, 7), known_time);
}

} // namespace bpci::fuzz
