#include "gateways/clients/cpp/delivery_check.hpp"

#include "messages/oracle/signing.hpp"

#include <algorithm>

namespace bpci::client {

namespace {

constexpr std::size_t examined_max = 4'096;

} // namespace

bool delivery_check::verified(const oracle::deliver& x) {
  const auto* key = key_of(x);
  const auto signature = crypto::signature_from_bytes(x.envelope.signature);
  return key && signature && crypto::verify(*key, oracle::signing_bytes(x.envelope), *signature);
}

const crypto::public_key* delivery_check::key_of(const oracle::deliver& x) {
  const auto same = [&](const crypto::public_key& y) {
    return std::ranges::equal(y.bytes, x.source_key);
  };
  const auto& source = x.envelope.source;
  if (const auto found = known_.find(source); found != known_.end())
    return same(found->second) ? &found->second : nullptr;
  if (const auto found = examined_.find(source); found != examined_.end() && same(found->second))
    return &found->second;
  const auto key = crypto::public_key_from_bytes(x.source_key);
  if (!key) return nullptr;
  if (examined_.size() >= examined_max) examined_.clear();
  return &examined_.insert_or_assign(source, *key).first->second;
}

} // namespace bpci::client
