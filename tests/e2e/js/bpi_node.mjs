// A BPI node that a test commands by lines of JSON on standard input, and that tells by such lines
// on standard output what happens to it.
//
//   in    {"do": "connect", "urls": [...], "id": "a", "seed": "hex", "known_keys": {"b": "hex"}}
//         {"do": "send", "id": "m-1", "targets": ["b"], "type": "Note", "body": "text"}
//   out   {"event": "open" | "reconnecting" | "received" | "sent" | "closed", ...}

import { createInterface } from 'node:readline';

import { BpiClient, BpiKey, fromHex } from '../../../gateways/clients/js/src/index.js';

let client;

function say(event, what = {}) {
  process.stdout.write(`${JSON.stringify({ event, ...what })}\n`);
}

/** Deliveries that the library cannot verify never get here. */
function onMessage({ id, source, type, body }) {
  say('received', { id, source, type, body: new TextDecoder().decode(body) });
}

async function connect({ urls, id, seed, known_keys: knownKeys = {} }) {
  client = new BpiClient({
    urls,
    nodeId: id,
    key: await BpiKey.fromSeed(seed),
    onMessage,
    knownKey: (source) => (knownKeys[source] ? fromHex(knownKeys[source]) : undefined),
  });
  client.addEventListener('open', ({ detail }) => {
    say('open', { member: detail.member, session: detail.session, url: detail.url });
  });
  client.addEventListener('reconnecting', ({ detail }) => {
    say('reconnecting', { code: detail.error.code, url: detail.url });
  });
  client.addEventListener('close', ({ detail }) => {
    say('closed', { code: detail.error?.code ?? 'none' });
  });
  // The close event says why when it fails.
  await client.connect().catch(() => {});
}

async function send({ id, targets, type, body }) {
  try {
    const { outcomes } = await client.send({ id, targets, type, body });
    const answers = outcomes.map((x) => [x.target, x.delivered ? 'none' : x.error.code]);
    say('sent', { id, outcomes: Object.fromEntries(answers) });
  } catch (error) {
    say('sent', { id, outcomes: Object.fromEntries(targets.map((x) => [x, error.code])) });
  }
}

const actions = { connect, send };

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  actions[command.do](command);
}
client?.close();
