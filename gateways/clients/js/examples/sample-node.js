// A BPI node for a local cluster: it greets its peer now and then, and prints one line for each
// message sent, acknowledged and received.

import { setTimeout as sleep } from 'node:timers/promises';

import { BpiClient } from '../src/index.js';
import { keyFromFile, narrate, readOptions, say } from './command-line.js';

const options = readOptions(
  'node sample-node.js --url ws://HOST:PORT [--url ...] --id ID --key FILE --peer ID ' +
    '[--interval-ms 2000] | --key FILE --print-public-key',
  {
    url: { type: 'string', multiple: true },
    id: { type: 'string' },
    key: { type: 'string' },
    peer: { type: 'string' },
    'interval-ms': { type: 'string', default: '2000' },
    'print-public-key': { type: 'boolean', default: false },
  },
  process.argv.includes('--print-public-key') ? ['key'] : ['url', 'id', 'key', 'peer'],
);

/** How long to wait for somebody to register this node. */
const registrationRetryMs = 2000;

const key = await keyFromFile(options.key);
if (options['print-public-key']) {
  console.log(key.publicKeyHex);
  process.exit(0);
}

const stopping = new AbortController();
let client;

function onMessage(message) {
  say(`received ${message.id} from ${message.source}: ${new TextDecoder().decode(message.body)}`);
}

/** A client that was refused is closed; the next one tries again. */
async function connect() {
  while (!stopping.signal.aborted) {
    client = new BpiClient({ urls: options.url, nodeId: options.id, key, onMessage });
    narrate(client);
    try {
      await client.connect();
      return;
    } catch (error) {
      if (error.code !== 'unknown_node' && error.code !== 'unavailable') throw error;
      await pause(registrationRetryMs);
    }
  }
}

async function pause(ms) {
  await sleep(ms, undefined, { signal: stopping.signal }).catch(() => {});
}

async function greet(count) {
  const id = `${options.id}:${Date.now()}-${count}`;
  const begun = Date.now();
  say(`sent ${id} to ${options.peer}`);
  try {
    await client.send({
      targets: [options.peer],
      type: 'Greeting',
      body: `greeting ${count} from ${options.id}`,
      id,
    });
    say(`acknowledged ${id} by ${options.peer} after ${Date.now() - begun} ms`);
  } catch (error) {
    say(`failed ${id}: ${error.code}: ${error.message} ${error.nextStep}`);
  }
}

function stop() {
  stopping.abort();
  client?.close();
}
process.on('SIGINT', stop);
process.on('SIGTERM', stop);

try {
  await connect();
  client?.addEventListener('close', stop);
  for (let count = 1; !stopping.signal.aborted; count += 1) {
    await greet(count);
    await pause(Number(options['interval-ms']));
  }
} catch {
  process.exitCode = 1; // The close event has said why.
}
