#include "gateways/clients/cpp/sealing.hpp"

#include "messages/oracle/signing.hpp"

namespace bpci::client {

namespace {

/// 128 random bits, as the client itself gives.
constexpr std::size_t id_bytes = 16;

std::string signature_of(const crypto::key_pair& keys, const bytes& over) {
  return crypto::to_hex(crypto::sign(keys.secret, over));
}

} // namespace

result<outgoing> seal(outgoing what, crypto::seal_level level, const node_id& self,
                      const crypto::key_pair& keys, const crypto::public_key& target_key,
                      const std::optional<crypto::pre_shared_key>& shared) {
  if (what.targets.size() != 1)
    return fail(ec::invalid_argument, "targets: a sealed body has one; send it once for each");
  if (!what.id) what.id = message_id{crypto::random_token(id_bytes)};
  const auto bound_to =
      crypto::seal_context{self.get(), what.targets.front().get(), what.id->get(), what.type};
  auto body = crypto::seal(level, bound_to, keys, target_key, what.body, shared);
  if (!body) return body.error();
  what.body = std::move(*body);
  return what;
}

result<crypto::opened_body> open(const oracle::envelope& what, const node_id& self,
                                 const crypto::key_pair& keys, const crypto::public_key& source_key,
                                 crypto::seal_level least,
                                 const crypto::find_pre_shared_key& find_shared) {
  const auto bound_to =
      crypto::seal_context{what.source.get(), self.get(), what.id.get(), what.type};
  return crypto::open(bound_to, keys, source_key, what.body, least, find_shared);
}

oracle::key_rotation sign_rotation(const node_id& self, const crypto::key_pair& old_keys,
                                   const crypto::key_pair& new_keys, timestamp_ms issued_at) {
  oracle::key_rotation out{
      self, crypto::to_hex(old_keys.pub), crypto::to_hex(new_keys.pub), issued_at, {}, {}};
  const auto over = oracle::signing_bytes(out);
  out.old_signature = signature_of(old_keys, over);
  out.new_signature = signature_of(new_keys, over);
  return out;
}

oracle::announcement sign(oracle::announcement what, const crypto::key_pair& keys) {
  what.public_key = crypto::to_hex(keys.pub);
  what.signature = signature_of(keys, oracle::signing_bytes(what));
  return what;
}

} // namespace bpci::client
