#include "messages/governance/signing.hpp"

#include "messages/codec/canonical.hpp"

#include <boost/describe/enum_to_string.hpp>

namespace bpci::governance {

namespace {

std::uint64_t number(timestamp_ms x) {
  return static_cast<std::uint64_t>(x.get());
}

} // namespace

bytes signing_bytes(const proposal& x) {
  codec::canonical_writer out;
  out(std::string_view{"BPI-1.0/proposal"})(x.proposal_id)(x.proposer_node)(x.proposal_type);
  out(x.content)(number(x.created_at))(number(x.voting_deadline));
  out(x.minimum_votes)(x.required_threshold)(x.minimum_participation);
  return out.take();
}

bytes signing_bytes(const vote& x, std::span<const std::uint8_t> digest) {
  codec::canonical_writer out;
  out(std::string_view{"BPI-1.0/vote"})(x.proposal_id)(digest)(x.voter_node);
  out(std::string_view{boost::describe::enum_to_string(x.decision, "")});
  out(x.reasoning)(number(x.timestamp));
  return out.take();
}

} // namespace bpci::governance
