import type { BpiKey, Id } from './index.js';

/** Times are milliseconds since 1970, shares are basis points: 6700 is 67 %. */
export interface Proposal {
  proposal_id: Id;
  /** The registered node that signs. */
  proposer_node: Id;
  /** `NetworkParameter`, ..., or `Custom(id)`. */
  proposal_type: string;
  /** The text of a JSON object. */
  content: string;
  created_at: number;
  voting_deadline: number;
  minimum_votes: number;
  /** Above 2/3. */
  required_threshold: number;
  minimum_participation?: number;
}

export interface Vote {
  proposal_id: Id;
  voter_node: Id;
  decision: 'Approve' | 'Reject' | 'Abstain';
  /** Default: empty. */
  reasoning?: string;
  /** Default: now. */
  timestamp?: number;
}

/** Base64. */
export interface Signed {
  signature: string;
}

/** The bytes under the signature. */
export function proposalBytes(proposal: Proposal): Uint8Array;
export function voteBytes(vote: Vote & { timestamp: number }, digest: Uint8Array): Uint8Array;

/** SHA-256 of the proposal's bytes: what voters sign, and results name. */
export function proposalDigest(proposal: Proposal): Promise<Uint8Array>;

/** The body of POST /api/v1/consensus/proposals. A `content` that is a value becomes its text. */
export function signProposal(
  key: BpiKey,
  proposal: Omit<Proposal, 'content' | 'created_at'> & { content: unknown; created_at?: number },
): Promise<Proposal & Signed>;

/**
 * The body of POST /api/v1/consensus/votes. `on`: the proposal as it was read (the member `what` of a
 * round), or its digest, as bytes or hex.
 */
export function signVote(
  key: BpiKey,
  vote: Vote,
  on: Proposal | Uint8Array | string,
): Promise<Required<Vote> & Signed>;
