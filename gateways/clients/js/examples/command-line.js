// What the examples share: options, and a key in a file.

import { link, readFile, unlink, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { BpiKey, toHex } from '../src/index.js';

/** Options of a command line; prints `usage` and ends when one of `required` is missing. */
export function readOptions(usage, options, required) {
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const missing = required.filter((x) => values[x] === undefined);
    if (missing.length > 0) throw new Error(`missing: --${missing.join(', --')}`);
    return { ...values, positionals };
  } catch (error) {
    console.error(`${error.message}\nusage: ${usage}`);
    process.exit(2);
  }
}

/** Complete or not at all; of two processes that do so at once, one makes the file. */
async function createKeyFile(path) {
  const key = await BpiKey.generate({ extractable: true });
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, `${toHex(await key.exportSeed())}\n`, { mode: 0o600, flag: 'wx' });
  try {
    await link(draft, path);
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  } finally {
    await unlink(draft);
  }
}

async function readSeed(path) {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}

/** The key whose seed stands in the file as 64 hex digits; the file is made when it is missing. */
export async function keyFromFile(path) {
  if ((await readSeed(path)) === null) await createKeyFile(path);
  return BpiKey.fromSeed(await readSeed(path));
}

export function say(text) {
  console.log(`${new Date().toISOString()} ${text}`);
}

/** Prints what happens to the link. */
export function narrate(client) {
  client.addEventListener('open', ({ detail }) => {
    say(`connected to ${detail.member} at ${detail.url}, session ${detail.session}`);
  });
  client.addEventListener('reconnecting', ({ detail }) => {
    say(`not connected (${detail.error.message}); next attempt in ${detail.delayMs} ms`);
  });
  client.addEventListener('refusal', ({ detail: { error } }) => {
    say(`refused: ${error.code}: ${error.message} ${error.nextStep}`);
  });
  client.addEventListener('close', ({ detail: { error } }) => {
    if (error) say(`closed: ${error.code}: ${error.message} ${error.nextStep}`);
  });
}

/**
 * Calls of a cluster node's REST interface, which resolve to the `data` of the answer. The token is
 * that of $BPCI_TOKEN; what needs none is called without one.
 */
export function restOf(url) {
  const token = process.env.BPCI_TOKEN;
  return async (method, path, body) => {
    const headers = { 'content-type': 'application/json' };
    if (token) headers.authorization = `Bearer ${token}`;
    const answer = await fetch(url + path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
    const said = await answer.json();
    if (!answer.ok) throw new Error(`${method} ${path}: ${said.error.code}: ${said.detail}`);
    return said.data;
  };
}
