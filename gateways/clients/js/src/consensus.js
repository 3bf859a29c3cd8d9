// Proposals and votes of a BPI node (docs/governance.md): they are signed here and sent as JSON to
// POST /api/v1/consensus/proposals and /votes of any node of the cluster.

import { fromHex, toBase64 } from './bytes.js';
import { joined, n, s } from './canonical.js';
import { webcrypto } from './platform.js';

/** The canonical bytes of a proposal. `content` is text: its signer and its voters see the same. */
export function proposalBytes(x) {
  if (typeof x.content !== 'string') throw new TypeError('content has to be the text of the JSON');
  return joined(
    s('BPI-1.0/proposal'),
    s(x.proposal_id),
    s(x.proposer_node ?? ''),
    s(x.proposal_type),
    s(x.content),
    n(x.created_at),
    n(x.voting_deadline),
    n(x.minimum_votes),
    n(x.required_threshold),
    n(x.minimum_participation ?? 0),
  );
}

/** @param {Uint8Array} digest of the proposal */
export function voteBytes(x, digest) {
  return joined(
    s('BPI-1.0/vote'),
    s(x.proposal_id),
    s(digest),
    s(x.voter_node),
    s(x.decision),
    s(x.reasoning ?? ''),
    n(x.timestamp),
  );
}

/** SHA-256 of the canonical bytes: what voters sign, and results name. */
export async function proposalDigest(proposal) {
  return new Uint8Array(await webcrypto.subtle.digest('SHA-256', proposalBytes(proposal)));
}

/**
 * The body of POST /api/v1/consensus/proposals. Shares are basis points, times are milliseconds.
 * `content` may be a value: it becomes its JSON text, which is what is signed.
 */
export async function signProposal(key, proposal) {
  const { content } = proposal;
  const whole = {
    minimum_participation: 0,
    created_at: Date.now(),
    ...proposal,
    content: typeof content === 'string' ? content : JSON.stringify(content),
  };
  const signature = toBase64(await key.sign(proposalBytes(whole)));
  return { ...whole, signature };
}

/**
 * The body of POST /api/v1/consensus/votes. `on` is the proposal as it was read (the member `what`
 * of a round), or its digest as bytes or hex.
 */
export async function signVote(key, vote, on) {
  let digest = on;
  if (typeof on === 'string') digest = fromHex(on);
  else if (!(on instanceof Uint8Array)) digest = await proposalDigest(on);
  if (digest.length !== 32) throw new TypeError('a digest has 32 bytes');
  const whole = { reasoning: '', timestamp: Date.now(), ...vote };
  return { ...whole, signature: toBase64(await key.sign(voteBytes(whole, digest))) };
}
