// A BPI node puts a proposal to the vote, or votes on one (document 2, "Consensus Participation").
// Prints the round, or the receipt of the vote, as JSON.

import { signProposal, signVote } from '../src/consensus.js';
import { keyFromFile, readOptions, restOf } from './command-line.js';

const options = readOptions(
  'BPCI_TOKEN=... node vote.js --api http://HOST:PORT --id ID --key FILE --proposal ID ' +
    '[--propose] [--decision Approve|Reject|Abstain]',
  {
    api: { type: 'string' },
    id: { type: 'string' },
    key: { type: 'string' },
    proposal: { type: 'string' },
    propose: { type: 'boolean', default: false },
    decision: { type: 'string', default: 'Approve' },
  },
  ['api', 'id', 'key', 'proposal'],
);

const day = 24 * 60 * 60 * 1000;
const rest = restOf(options.api);
const key = await keyFromFile(options.key);

async function propose() {
  const proposal = await signProposal(key, {
    proposal_id: options.proposal,
    proposer_node: options.id,
    proposal_type: 'NetworkParameter',
    content: {
      parameter: 'max_transaction_size',
      current_value: 1024,
      proposed_value: 2048,
      rationale: 'Increase throughput for large transactions',
    },
    voting_deadline: Date.now() + day,
    minimum_votes: 3,
    required_threshold: 6700,
  });
  return rest('POST', '/api/v1/consensus/proposals', proposal);
}

async function vote() {
  const round = await rest('GET', `/api/v1/consensus/rounds/${options.proposal}`);
  const signed = await signVote(
    key,
    {
      proposal_id: options.proposal,
      voter_node: options.id,
      decision: options.decision,
      reasoning: 'Improves network performance',
    },
    round.what,
  );
  return rest('POST', '/api/v1/consensus/votes', signed);
}

console.log(JSON.stringify(await (options.propose ? propose() : vote())));
