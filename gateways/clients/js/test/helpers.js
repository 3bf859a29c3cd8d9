import { once } from 'node:events';

import { BpiClient } from '../src/client.js';
import { BpiKey } from '../src/keys.js';

const open = [];

/** A client with a key of its own; closeAll() ends it. */
export async function makeClient(server, nodeId, options = {}) {
  const client = new BpiClient({
    urls: [server.url],
    nodeId,
    key: await BpiKey.generate(),
    ...options,
  });
  open.push(client);
  return client;
}

export async function connected(server, nodeId, options) {
  const client = await makeClient(server, nodeId, options);
  await client.connect();
  return client;
}

export function closeAll() {
  open.splice(0).forEach((x) => x.close());
}

/** The detail of the next event of this type. */
export async function next(client, type, timeoutMs = 10_000) {
  const [event] = await once(client, type, { signal: AbortSignal.timeout(timeoutMs) });
  return event.detail;
}

export function sleep(ms) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

export async function until(condition, timeoutMs = 5000) {
  const end = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`did not come true: ${condition}`);
    await sleep(5);
  }
}
