#pragma once

#include "messages/oracle/codec.hpp"
#include "messages/oracle/signing.hpp"
#include "tests/unit/oracle/helpers.hpp"

/// Batches for the tests of LINK and RELAY.
namespace bpci::oracle::testing {

/// "x1 to bob".
inline batch_item item(const std::string& id, const std::string& target,
                       std::string_view body = "body") {
  return {message_id{id}, node_id{target}, "DataSync", to_bytes(body)};
}

inline std::vector<crypto::digest> leaves_of(const std::vector<batch_item>& items) {
  std::vector<crypto::digest> out;
  bytes leaf;
  for (const auto& x : items) {
    write_leaf(x, leaf);
    out.push_back(crypto::leaf_hash(leaf));
  }
  return out;
}

inline send_batch sign(send_batch x, const crypto::key_pair& by) {
  crypto::sealed_tree tree;
  tree.seal(leaves_of(x.items));
  const batch_head head{x.id.get(), x.sequence,      x.source.get(),
                        x.priority, x.sent_at.get(), x.items.size()};
  x.signature = to_bytes(crypto::sign(by.secret, signing_bytes(head, tree.root())).bytes);
  return x;
}

/// A batch of alice's that passes every check, not yet signed.
inline send_batch batch(const std::string& id, std::uint64_t sequence,
                        std::vector<batch_item> items, timestamp_ms sent_at = at(0ms).wall) {
  return {.id = message_id{id},
          .sequence = sequence,
          .source = node_id{"alice"},
          .priority = priority::Normal,
          .sent_at = sent_at,
          .items = std::move(items),
          .signature = {}};
}

/// What a target gets is what the source has signed.
inline bool holds(const deliver_batch& x, const crypto::public_key& by) {
  std::vector<std::uint64_t> indexes;
  for (std::uint64_t i = 0; !x.indexes && i < x.count; ++i)
    indexes.push_back(i);
  auto root = crypto::root_of_part(x.count, x.indexes.value_or(indexes), leaves_of(x.items),
                                   x.proof.value_or(bytes{}));
  auto signature = crypto::signature_from_bytes(x.signature);
  const batch_head head{x.id.get(), x.sequence,      x.source.get(),
                        x.priority, x.sent_at.get(), x.count};
  return root && signature && crypto::verify(by, signing_bytes(head, *root), *signature);
}

/// "b/x1 b/x3": the items that a frame brings.
inline std::string items_of(const frame_ptr& frame) {
  auto read = decode_server_frame(*frame, encoding::msgpack);
  const auto* part = read ? std::get_if<deliver_batch>(&*read) : nullptr;
  if (!part) return "no batch";
  std::string out;
  for (const auto& x : part->items)
    out += (out.empty() ? "" : " ") + part->id.get() + "/" + x.id.get();
  return out;
}

} // namespace bpci::oracle::testing
