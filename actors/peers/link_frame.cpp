#include "actors/peers/link_frame.hpp"

#include "messages/codec/canonical.hpp"

namespace bpci::peers {

namespace {

result<chain::peer_envelope> read(const oracle::peer& x) {
  if (x.body.size() > chain::peer_envelope_bytes_max)
    return fail(ec::too_large, "a peer frame of " + std::to_string(x.body.size()) + " bytes");
  return codec::from_canonical<chain::peer_envelope>(x.body);
}

} // namespace

bytes encode(const chain::peer_envelope& x) {
  // Both sides write the same bytes.
  return oracle::encode(oracle::server_frame{oracle::peer{codec::to_canonical(x)}},
                        oracle::encoding::msgpack);
}

result<chain::peer_envelope> decode(const oracle::raw_frame& x, side here) {
  if (x.how != oracle::encoding::msgpack) return fail(ec::unsupported, "peers speak msgpack");
  const auto other = fail(ec::unsupported, "only peer frames are spoken here");
  if (here == side::server) {
    const auto frame = oracle::decode_client_frame(x.data, x.how);
    if (!frame) return frame.error();
    const auto* found = std::get_if<oracle::peer>(&*frame);
    return found ? read(*found) : other;
  }
  const auto frame = oracle::decode_server_frame(x.data, x.how);
  if (!frame) return frame.error();
  if (const auto* no = std::get_if<oracle::refusal>(&*frame))
    return fail(code_from_name(no->code), no->detail);
  const auto* found = std::get_if<oracle::peer>(&*frame);
  return found ? read(*found) : other;
}

} // namespace bpci::peers
