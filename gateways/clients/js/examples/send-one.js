// Sends one message, and says what became of it.

import { BpiClient } from '../src/index.js';
import { keyFromFile, readOptions } from './command-line.js';

const options = readOptions(
  'node send-one.js --url ws://HOST:PORT --id ID --key FILE --to ID [--to ID] [--type T] TEXT',
  {
    url: { type: 'string', multiple: true },
    id: { type: 'string' },
    key: { type: 'string' },
    to: { type: 'string', multiple: true },
    type: { type: 'string', default: 'Note' },
    priority: { type: 'string', default: 'Normal' },
  },
  ['url', 'id', 'key', 'to'],
);

const client = new BpiClient({
  urls: options.url,
  nodeId: options.id,
  key: await keyFromFile(options.key),
  onMessage: ({ source, type, body }) => {
    console.log(`${source} answers (${type}): ${new TextDecoder().decode(body)}`);
  },
});

try {
  await client.connect();
  const { outcomes } = await client.send({
    targets: options.to,
    type: options.type,
    priority: options.priority,
    body: options.positionals.join(' '),
  });
  for (const { target, delivered, error } of outcomes) {
    console.log(`${target}: ${delivered ? 'acknowledged' : `${error.code}: ${error.message}`}`);
  }
} catch (error) {
  console.error(`${error.code}: ${error.message} ${error.nextStep}`);
  process.exitCode = 1;
} finally {
  client.close();
}
