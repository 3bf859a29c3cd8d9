#include "gateways/clients/cpp/delivery_check.hpp"

#include "messages/oracle/signing.hpp"
#include "runtime/crypto/merkle.hpp"

#include <algorithm>
#include <numeric>

namespace bpci::client {

namespace {

constexpr std::size_t examined_max = 4'096;

/// The root that the items, and the proof for the rest, amount to.
std::optional<crypto::digest> root_of(const oracle::deliver_batch& x) {
  if (x.count > oracle::batch_items_max || x.items.size() > x.count) return {};
  std::vector<crypto::digest> leaves;
  bytes leaf;
  for (const auto& item : x.items) {
    oracle::write_leaf(item, leaf);
    leaves.push_back(crypto::leaf_hash(leaf));
  }
  std::vector<std::uint64_t> all(x.indexes ? 0 : x.count);
  std::iota(all.begin(), all.end(), 0);
  return crypto::root_of_part(x.count, x.indexes ? *x.indexes : all, leaves,
                              x.proof.value_or(bytes{}));
}

} // namespace

bool delivery_check::verified(const oracle::deliver& x) {
  const auto* key = key_of(x.envelope.source, x.source_key);
  const auto signature = crypto::signature_from_bytes(x.envelope.signature);
  return key && signature && crypto::verify(*key, oracle::signing_bytes(x.envelope), *signature);
}

bool delivery_check::verified(const oracle::deliver_batch& x) {
  const auto root = root_of(x);
  const auto* key = key_of(x.source, x.source_key);
  const auto signature = crypto::signature_from_bytes(x.signature);
  if (!root || !key || !signature) return false;
  const oracle::batch_head head{x.id.get(), x.sequence,      x.source.get(),
                                x.priority, x.sent_at.get(), x.count};
  return crypto::verify(*key, oracle::signing_bytes(head, *root), *signature);
}

const crypto::public_key* delivery_check::key_of(const node_id& source, const bytes& source_key) {
  const auto same = [&](const crypto::public_key& y) {
    return std::ranges::equal(y.bytes, source_key);
  };
  if (const auto found = known_.find(source); found != known_.end())
    return same(found->second) ? &found->second : nullptr;
  if (const auto found = examined_.find(source); found != examined_.end() && same(found->second))
    return &found->second;
  const auto key = crypto::public_key_from_bytes(source_key);
  if (!key) return nullptr;
  if (examined_.size() >= examined_max) examined_.clear();
  return &examined_.insert_or_assign(source, *key).first->second;
}

} // namespace bpci::client
