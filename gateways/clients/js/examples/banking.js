// A bank's core system enters the register and tells the payment processor of a transaction
// (document 2, "Banking System Integration"). Prints what became of the message as JSON.

import { BpiClient } from '../src/index.js';
import { keyFromFile, readOptions, restOf } from './command-line.js';

const options = readOptions(
  'BPCI_TOKEN=... node banking.js --api http://HOST:PORT --url ws://HOST:PORT --id ID --key FILE --to ID',
  {
    api: { type: 'string' },
    url: { type: 'string', multiple: true },
    id: { type: 'string' },
    key: { type: 'string' },
    to: { type: 'string' },
  },
  ['api', 'url', 'id', 'key', 'to'],
);

const key = await keyFromFile(options.key);
await restOf(options.api)('POST', '/api/v1/oracle/nodes/register', {
  node_id: options.id,
  node_type: 'Banking',
  endpoint: 'ws://banking.internal:8080',
  capabilities: ['consensus', 'encryption'],
  public_key: key.publicKeyHex,
});

const client = new BpiClient({ urls: options.url, nodeId: options.id, key });
await client.connect();
const { outcomes } = await client.send({
  targets: [options.to],
  type: 'DataSync',
  priority: 'High',
  body: JSON.stringify({
    transaction_id: 'txn-12345',
    amount: '1000.00', // Money travels as text: a binary fraction is not what was meant.
    currency: 'USD',
    timestamp: new Date().toISOString(),
  }),
});
client.close();
console.log(JSON.stringify(outcomes.map(({ target, delivered }) => ({ target, delivered }))));
process.exitCode = outcomes.every((x) => x.delivered) ? 0 : 1;
