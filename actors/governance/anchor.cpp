#include "actors/governance/anchor.hpp"

#include "messages/codec/canonical.hpp"
#include "messages/ledger/anchors.hpp"
#include "runtime/crypto/merkle.hpp"

#include <algorithm>

namespace bpci::governance {

namespace {

constexpr std::uint64_t valid_for = 100; ///< heights

} // namespace

std::vector<bytes> anchor_leaves(const round_record& ended, const std::vector<ballot>& ballots) {
  std::vector<bytes> out;
  codec::canonical_writer head;
  head(std::string_view{"BPI-1.0/round"})(ended.digest)(ended.standing);
  head(ended.closed_at.value_or(timestamp_ms{}))(ended.electorate_version)(ended.tally);
  out.push_back(head.take());
  for (const auto& one : ballots) {
    if (!one.vote) continue;
    codec::canonical_writer leaf;
    leaf(one.who.key)(one.who.weight)(*one.vote);
    out.push_back(leaf.take());
  }
  return out;
}

anchoring anchor_of(const round_record& ended, const std::vector<ballot>& ballots) {
  const auto leaves = anchor_leaves(ended, ballots);
  auto out = ended.anchor.value_or(anchoring{});
  out.root = crypto::to_hex(crypto::root(leaves));
  out.leaves = leaves.size();
  return out;
}

ledger::transaction make_anchor(const std::string& proposal_id, const anchoring& what,
                                const chain_outlook& at, const crypto::key_pair& keys,
                                std::uint32_t fee_doublings) {
  const ledger::anchors::anchor body{ledger::anchors::subject::audit, proposal_id,
                                     crypto::digest_from_hex(what.root).value(), what.leaves};
  ledger::transaction out;
  out.chain_id = at.chain_id;
  out.sender = keys.pub.bytes;
  out.nonce = at.nonce;
  out.valid_until = height{at.at.get() + valid_for};
  out.module = "anchors";
  out.kind = message_name(&body);
  out.body = codec::to_canonical(body);
  // A fee has one size, whatever it is.
  const auto least = fee_base + fee_per_byte * codec::to_canonical(out).size();
  out.fee = amount<flx>{least << std::min(fee_doublings, fee_doublings_max)};
  out.sig = crypto::sign(keys.secret, ledger::signing_bytes(out)).bytes;
  return out;
}

crypto::digest id_of(const bytes& encoded_transaction) {
  return crypto::sha256_joined(
      {crypto::as_bytes(ledger::transaction_id_domain), encoded_transaction});
}

} // namespace bpci::governance
