// Proposals and votes against the golden files that the server's own tests write.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { fromBase64, fromHex, toHex } from '../src/bytes.js';
import {
  proposalBytes,
  proposalDigest,
  signProposal,
  signVote,
  voteBytes,
} from '../src/consensus.js';
import { BpiKey, verify } from '../src/keys.js';

const golden = (name) =>
  readFileSync(new URL(`../../../../tests/wire/golden/${name}`, import.meta.url), 'utf8').replace(
    /\s/g,
    '',
  );
const key = await BpiKey.fromSeed(Uint8Array.from({ length: 32 }, (_, i) => i));

const proposal = {
  proposal_id: 'prop-001',
  proposer_node: 'oracle-001',
  proposal_type: 'Custom(fees)',
  content: '{"text": "grüß", "value": 2048}',
  created_at: 1735600000123,
  voting_deadline: 1735689599000,
  minimum_votes: 5,
  required_threshold: 6700,
  minimum_participation: 7500,
};
const vote = {
  proposal_id: 'prop-001',
  voter_node: 'validator-001',
  decision: 'Abstain',
  reasoning: 'Improves scalability ✓',
  timestamp: 1735600001456,
};

test('a proposal has the canonical bytes and the signature of the server', async () => {
  assert.equal(toHex(proposalBytes(proposal)), golden('proposal.signing.hex'));
  const signed = await signProposal(key, proposal);
  assert.equal(toHex(fromBase64(signed.signature)), golden('proposal.signature.hex'));
});

test('a vote has the canonical bytes and the signature of the server', async () => {
  const digest = await proposalDigest(proposal);
  assert.equal(toHex(voteBytes(vote, digest)), golden('vote.signing.hex'));
  for (const on of [proposal, digest, toHex(digest)]) {
    const signed = await signVote(key, vote, on);
    assert.equal(toHex(fromBase64(signed.signature)), golden('vote.signature.hex'));
  }
});

test('a vote counts for no other proposal', async () => {
  const signed = await signVote(key, vote, proposal);
  const other = await proposalDigest({ ...proposal, content: '{"value": 1}' });
  const holds = (digest) =>
    verify(key.publicKey, voteBytes(signed, digest), fromBase64(signed.signature));
  assert.ok(await holds(await proposalDigest(proposal)));
  assert.ok(!(await holds(other)));
});

test('a content that is a value is signed as the text that is sent', async () => {
  const signed = await signProposal(key, { ...proposal, content: { b: 0.5, a: 1 } });
  assert.equal(signed.content, '{"b":0.5,"a":1}');
  assert.ok(await verify(key.publicKey, proposalBytes(signed), fromBase64(signed.signature)));
  assert.throws(() => proposalBytes({ ...proposal, content: { a: 1 } }), TypeError);
});

test('what has not 32 bytes is no digest', async () => {
  await assert.rejects(signVote(key, vote, fromHex('00')), TypeError);
});
