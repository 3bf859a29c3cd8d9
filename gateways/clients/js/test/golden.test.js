// The bytes of the protocol against the golden files that the server's own tests write.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

import { fromHex, toHex } from '../src/bytes.js';
import { envelopeBytes, helloBytes, welcomeBytes } from '../src/canonical.js';
import { decodeFrame, encodeFrame } from '../src/frames.js';
import { BpiKey, verify } from '../src/keys.js';

const folder = new URL('../../../../tests/wire/golden/', import.meta.url);
const frames = readdirSync(folder)
  .filter((x) => x.endsWith('.json'))
  .map((x) => x.replace('.json', ''));

const text = (name) => readFileSync(new URL(name, folder), 'utf8').trimEnd();
const bytes = (name) => fromHex(text(name).replace(/\s/g, ''));
const counting = (first) => Uint8Array.from({ length: 32 }, (_, i) => first + i);

const client = await BpiKey.fromSeed(counting(0x00));
const server = await BpiKey.fromSeed(counting(0x20));
const context = {
  serverKey: server.publicKey,
  clientKey: client.publicKey,
  serverNonce: counting(0x40),
  clientNonce: counting(0x60),
};

function signingBytes(frame) {
  if (frame.t === 'hello') return helloBytes(context, frame);
  if (frame.t === 'welcome') return welcomeBytes(context, 'alpha-1', frame);
  return envelopeBytes(frame);
}

test('there is a golden file for each frame of the protocol', () => {
  const types = new Set(frames.map((x) => decodeFrame(text(`${x}.json`)).t));
  assert.deepEqual([...types].sort(), [
    'ack',
    'challenge',
    'deliver',
    'hello',
    'peer',
    'receipt',
    'refusal',
    'send',
    'welcome',
  ]);
});

for (const name of frames) {
  test(`${name}: both encodings are the same frame`, () => {
    assert.deepEqual(decodeFrame(bytes(`${name}.msgpack.hex`)), decodeFrame(text(`${name}.json`)));
  });

  test(`${name}: encoded here it has the same bytes`, () => {
    const frame = decodeFrame(bytes(`${name}.msgpack.hex`));
    assert.equal(toHex(encodeFrame(frame)), toHex(bytes(`${name}.msgpack.hex`)));
    assert.equal(encodeFrame(frame, 'json'), text(`${name}.json`));
  });
}

for (const name of frames.filter((x) => /^(hello|welcome|send.*)$/.test(x))) {
  test(`${name}: the canonical bytes and the signature are the same`, async () => {
    const frame = decodeFrame(bytes(`${name}.msgpack.hex`));
    const signer = frame.t === 'welcome' ? server : client;
    const covered = signingBytes(frame);
    assert.equal(toHex(covered), toHex(bytes(`${name}.signing.hex`)));
    assert.ok(await verify(signer.publicKey, covered, frame.signature));
    assert.equal(toHex(await signer.sign(covered)), toHex(frame.signature));
  });
}

test('whether a message is stored can be neither stripped nor added', async () => {
  const stored = decodeFrame(text('send-stored.json'));
  const live = decodeFrame(text('send.json'));
  const holds = (x) => verify(client.publicKey, envelopeBytes(x), x.signature);
  assert.equal(stored.delivery, 'stored');
  assert.ok(await holds(stored));
  assert.ok(await holds({ ...live, delivery: 'live' }));
  assert.ok(!(await holds({ ...stored, delivery: 'live' })));
  assert.ok(!(await holds({ ...stored, delivery: undefined })));
  assert.ok(!(await holds({ ...live, delivery: 'stored' })));
  assert.throws(() => decodeFrame(text('send-stored.json').replace('"stored"', '"Stored"')), {
    code: 'malformed',
  });
});

test('a delivery carries the signature of its source', async () => {
  const frame = decodeFrame(text('deliver.json'));
  assert.deepEqual(frame.source_key, client.publicKey);
  assert.ok(await verify(frame.source_key, envelopeBytes(frame), frame.signature));
  frame.targets.push('one-more');
  assert.ok(!(await verify(frame.source_key, envelopeBytes(frame), frame.signature)));
});
