#include "messages/governance/signing.hpp"

#include "messages/codec/protocol_bytes.hpp"

namespace bpci::governance {

bytes signing_bytes(const proposal& x) {
  codec::protocol_bytes out{"BPI-1.0/proposal"};
  out.s(x.proposal_id).s(x.proposer_node).s(x.proposal_type).s(x.content);
  out.n(x.created_at).n(x.voting_deadline).n(x.minimum_votes);
  out.n(x.required_threshold).n(x.minimum_participation);
  return out.take();
}

bytes signing_bytes(const vote& x, std::span<const std::uint8_t> digest) {
  codec::protocol_bytes out{"BPI-1.0/vote"};
  out.s(x.proposal_id).s(digest).s(x.voter_node).word(x.decision);
  out.s(x.reasoning).n(x.timestamp);
  return out.take();
}

} // namespace bpci::governance
