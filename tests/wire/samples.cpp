#include "tests/wire/samples.hpp"

#include "runtime/crypto/keys.hpp"
#include "runtime/crypto/merkle.hpp"

#include <algorithm>
#include <array>
#include <numeric>

namespace bpci::wire {

using namespace oracle;

namespace {

/// 32 bytes that count up from `first`.
std::array<std::uint8_t, 32> counting(std::uint8_t first) {
  std::array<std::uint8_t, 32> out{};
  std::iota(out.begin(), out.end(), first);
  return out;
}

bytes as_bytes(const auto& x) {
  return {x.begin(), x.end()};
}

const crypto::key_pair& client() {
  static const auto pair = crypto::from_seed(counting(0x00));
  return pair;
}

const crypto::key_pair& server() {
  static const auto pair = crypto::from_seed(counting(0x20));
  return pair;
}

bytes signed_with(const crypto::key_pair& who, const bytes& message) {
  return as_bytes(crypto::sign(who.secret, message).bytes);
}

/// Every byte value that text encodings trip over: not UTF-8, zeros, both ends.
bytes telling_body() {
  return {0x00, 0x01, 0x7f, 0x80, 0xc3, 0xa4, 0xff, 0xfe,
          'G',  'r',  0xc3, 0xbc, 0xc3, 0x9f, 'e',  0x00};
}

refusal full_refusal() {
  return {.code = "busy",
          .message = "A queue on the way is full.",
          .next_step = "Wait for the time that the answer names, then send again.",
          .detail = "the queue of n\u00f6de-b holds 1,024 messages",
          .id = message_id{"m-000042"},
          .target = node_id{"node-b"},
          .retry_after_ms = 1500};
}

refusal bare_refusal() {
  return {.code = "malformed",
          .message = "The input could not be decoded.",
          .next_step = "Check the encoding against the protocol document and send it again.",
          .detail = "",
          .id = std::nullopt,
          .target = std::nullopt,
          .retry_after_ms = std::nullopt};
}

} // namespace

bytes client_key() {
  return as_bytes(client().pub.bytes);
}

bytes server_key() {
  return as_bytes(server().pub.bytes);
}

bool signed_by(const bytes& key, const bytes& message, const bytes& signature) {
  auto by = crypto::public_key_from_bytes(key);
  auto x = crypto::signature_from_bytes(signature);
  return by && x && crypto::verify(*by, message, *x);
}

handshake_context sample_handshake() {
  return {.server_key = server_key(),
          .client_key = client_key(),
          .server_nonce = as_bytes(counting(0x40)),
          .client_nonce = as_bytes(counting(0x60))};
}

challenge sample_challenge() {
  return {.versions = {"1.0", "1.1"},
          .member = member_id{"alpha-1"},
          .server_key = server_key(),
          .nonce = as_bytes(counting(0x40)),
          .time = timestamp_ms{1'767'225'600'123},
          .limits = {.max_frame_bytes = 1'048'576,
                     .max_in_flight = 256,
                     .max_targets = 64,
                     .max_message_age_secs = 300,
                     .rate_limit_per_sec = 1'000,
                     .handshake_timeout_ms = 5'000,
                     .relay_timeout_secs = 30,
                     .max_batch = 256,
                     .batch_size = 50}};
}

hello sample_hello() {
  auto x = hello{.version = "1.0",
                 .node_id = node_id{"bank.eu:node_a-1"},
                 .key = client_key(),
                 .nonce = as_bytes(counting(0x60)),
                 .last_session = 6,
                 .last_sequence = 1'767'225'600'041,
                 .signature = {}};
  x.signature = signed_with(client(), signing_bytes(sample_handshake(), x));
  return x;
}

welcome sample_welcome() {
  auto x = welcome{.session = session_no{7},
                   .resume_from = 1'767'225'600'040,
                   .time = timestamp_ms{1'767'225'600'124},
                   .signature = {}};
  x.signature = signed_with(server(), signing_bytes(sample_handshake(), member_id{"alpha-1"}, x));
  return x;
}

envelope sample_envelope(priority priority) {
  auto x = envelope{.id = message_id{"m-000042"},
                    .sequence = 1'767'225'600'200 + static_cast<std::uint64_t>(priority),
                    .source = node_id{"bank.eu:node_a-1"},
                    .targets = {node_id{"node-b"}, node_id{"node-c"}, node_id{"N.d_4:x"}},
                    .type = "DataSync",
                    .priority = priority,
                    .sent_at = timestamp_ms{1'767'225'600'125},
                    .body = telling_body(),
                    .signature = {}};
  if (priority == priority::Low) {
    x.targets.resize(1);
    x.body.clear();
  }
  x.signature = signed_with(client(), signing_bytes(x));
  return x;
}

envelope stored_envelope() {
  auto x = sample_envelope(priority::Normal);
  x.delivery = delivery_mode::stored;
  x.signature = signed_with(client(), signing_bytes(x));
  return x;
}

send_batch sample_batch() {
  const auto item = [](std::string_view id, std::string_view target, bytes body) {
    return batch_item{message_id{std::string{id}}, node_id{std::string{target}}, "DataSync",
                      std::move(body)};
  };
  auto x = send_batch{.id = message_id{"b-000007"},
                      .sequence = 1'767'225'600'300,
                      .source = node_id{"bank.eu:node_a-1"},
                      .priority = priority::High,
                      .sent_at = timestamp_ms{1'767'225'600'126},
                      .items = {item("m-000043", "node-b", telling_body()),
                                item("m-000044", "node-c", {}), item("m-000045", "node-b", {'a'}),
                                item("m-000046", "N.d_4:x", {'b', 'c'}),
                                item("m-000047", "node-c", {'d'})},
                      .signature = {}};
  x.signature = signed_with(client(), batch_signing_bytes(x));
  return x;
}

namespace {

std::vector<crypto::digest> leaves_of(const std::vector<batch_item>& items) {
  std::vector<crypto::digest> out;
  bytes leaf;
  for (const auto& x : items) {
    write_leaf(x, leaf);
    out.push_back(crypto::leaf_hash(leaf));
  }
  return out;
}

/// What these items of the sample say to their target; none: all of them.
deliver_batch part_of_sample(const std::vector<std::uint32_t>& indexes) {
  const auto all = sample_batch();
  deliver_batch out{.id = all.id,
                    .sequence = all.sequence,
                    .source = all.source,
                    .priority = all.priority,
                    .sent_at = all.sent_at,
                    .count = all.items.size(),
                    .signature = all.signature,
                    .source_key = client_key(),
                    .items = {}};
  if (indexes.empty()) {
    out.items = all.items;
    return out;
  }
  crypto::sealed_tree tree;
  tree.seal(leaves_of(all.items));
  out.indexes.emplace(indexes.begin(), indexes.end());
  for (auto i : indexes)
    out.items.push_back(all.items[i]);
  out.proof = tree.proof(indexes);
  return out;
}

notice sample_notice() {
  auto x = notice{.topic = "governance",
                  .id = message_id{"n-000001"},
                  .time = timestamp_ms{1'767'225'600'127},
                  .body = telling_body(),
                  .signature = {}};
  x.signature = signed_with(server(), signing_bytes(server_key(), x));
  return x;
}

} // namespace

bytes batch_signing_bytes(const send_batch& x) {
  crypto::sealed_tree tree;
  tree.seal(leaves_of(x.items));
  return signing_bytes(batch_head{x.id.get(), x.sequence, x.source.get(), x.priority,
                                  x.sent_at.get(), x.items.size()},
                       tree.root());
}

std::vector<named<client_frame>> client_samples() {
  return {
      {"hello", sample_hello()},
      {"send-low", send{sample_envelope(priority::Low)}},
      {"send-normal", send{sample_envelope(priority::Normal)}},
      {"send-high", send{sample_envelope(priority::High)}},
      {"send", send{sample_envelope(priority::Critical)}},
      {"send-stored", send{stored_envelope()}},
      {"ack", ack{.source = node_id{"bank.eu:node_a-1"}, .id = message_id{"m-000042"}}},
      {"peer", peer{telling_body()}},
      {"send_batch", sample_batch()},
      {"ack_batch", ack_batch{{{node_id{"bank.eu:node_a-1"}, message_id{"b-000007"}},
                               {node_id{"node-b"}, message_id{"m-000042"}}}}},
  };
}

std::vector<named<server_frame>> server_samples() {
  return {
      {"challenge", sample_challenge()},
      {"welcome", sample_welcome()},
      {"deliver", deliver{sample_envelope(priority::Critical), client_key()}},
      {"deliver-stored", deliver{stored_envelope(), client_key()}},
      {"receipt", receipt{.id = message_id{"m-000042"}, .target = node_id{"node-b"}}},
      {"receipt-stored",
       receipt{.id = message_id{"m-000042"}, .target = node_id{"node-b"}, .stored = true}},
      {"refusal", full_refusal()},
      {"refusal-bare", bare_refusal()},
      {"peer", peer{telling_body()}},
      {"deliver_batch", part_of_sample({0, 2})},
      {"deliver_batch-all", part_of_sample({})},
      {"receipt_batch",
       receipt_batch{message_id{"b-000007"}, {node_id{"node-b"}, node_id{"N.d_4:x"}}}},
      {"notice", sample_notice()},
  };
}

} // namespace bpci::wire
