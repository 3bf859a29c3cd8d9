// Answers every message whose type begins with Echo: the same body goes back as an EchoReply.

import { BpiClient } from '../src/index.js';
import { keyFromFile, narrate, readOptions, say } from './command-line.js';

const options = readOptions(
  'node echo-node.js --url ws://HOST:PORT [--url ...] --id ID --key FILE',
  {
    url: { type: 'string', multiple: true },
    id: { type: 'string' },
    key: { type: 'string' },
  },
  ['url', 'id', 'key'],
);

const replyType = 'EchoReply';

/** An id of its own for each question: asked twice, the answer is the same message. */
function replyId(message) {
  return `re:${message.source}:${message.id}`.slice(0, 64);
}

async function reply(message) {
  try {
    await client.send({
      targets: [message.source],
      type: replyType,
      priority: message.priority,
      body: message.body,
      id: replyId(message),
    });
    say(`answered ${message.source}`);
  } catch (error) {
    say(`could not answer ${message.source}: ${error.code}: ${error.message}`);
  }
}

function onMessage(message) {
  say(`got ${message.type} ${message.id} from ${message.source}`);
  // Not awaited: the question is acknowledged whether or not anybody wants the answer. Two nodes
  // that each wait for the other's acknowledgement before giving their own would wait in vain.
  if (message.type.startsWith('Echo') && message.type !== replyType) reply(message);
}

const client = new BpiClient({
  urls: options.url,
  nodeId: options.id,
  key: await keyFromFile(options.key),
  onMessage,
});
narrate(client);
process.on('SIGINT', () => client.close());
process.on('SIGTERM', () => client.close());

client.connect().catch(() => {
  process.exitCode = 1; // The close event has said why.
});
