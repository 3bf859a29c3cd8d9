// The bytes of the protocol against the golden files that the server's own tests write.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

import { fromHex, toHex } from '../src/bytes.js';
import {
  batchBytes,
  envelopeBytes,
  helloBytes,
  leafBytes,
  noticeBytes,
  welcomeBytes,
} from '../src/canonical.js';
import { decodeFrame, encodeFrame } from '../src/frames.js';
import { BpiKey, verify } from '../src/keys.js';
import { openBody, sealBody, sealLevels } from '../src/sealed.js';
import { rootOf, rootOfPart } from '../src/merkle.js';

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

async function signingBytes(frame) {
  if (frame.t === 'hello') return helloBytes(context, frame);
  if (frame.t === 'welcome') return welcomeBytes(context, 'alpha-1', frame);
  if (frame.t === 'notice') return noticeBytes(server.publicKey, frame);
  if (frame.t === 'send_batch') {
    return batchBytes(frame, frame.items.length, await rootOf(frame.items.map(leafBytes)));
  }
  return envelopeBytes(frame);
}

test('there is a golden file for each frame of the protocol', () => {
  const types = new Set(frames.map((x) => decodeFrame(text(`${x}.json`)).t));
  assert.deepEqual([...types].sort(), [
    'ack',
    'ack_batch',
    'challenge',
    'deliver',
    'deliver_batch',
    'hello',
    'notice',
    'peer',
    'receipt',
    'receipt_batch',
    'refusal',
    'send',
    'send_batch',
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

for (const name of frames.filter((x) => /^(hello|welcome|notice|send.*)$/.test(x))) {
  test(`${name}: the canonical bytes and the signature are the same`, async () => {
    const frame = decodeFrame(bytes(`${name}.msgpack.hex`));
    const signer = ['welcome', 'notice'].includes(frame.t) ? server : client;
    const covered = await signingBytes(frame);
    assert.equal(toHex(covered), toHex(bytes(`${name}.signing.hex`)));
    assert.ok(await verify(signer.publicKey, covered, frame.signature));
    assert.equal(toHex(await signer.sign(covered)), toHex(frame.signature));
  });
}

for (const level of sealLevels) {
  const name = `sealed-${level.toLowerCase()}.hex`;
  const where = { source: 'bank-a', target: 'bank-b', id: 'm-1', type: 'DataSync' };
  const body = '{"account":"123","balance":"1000"}';
  const secret = counting(0x80);

  test(`${name}: sealed here it has the same bytes`, async () => {
    const sealed = await sealBody({
      ...where,
      level,
      key: client,
      targetKey: server.publicKey,
      body,
      preSharedKey: { id: '2026-a', secret },
      drawn: { nonce: counting(0x40), ephemeralSecret: counting(0x60) },
    });
    assert.equal(toHex(sealed), toHex(bytes(name)));
  });

  test(`${name}: what the other client has sealed is opened`, async () => {
    const opened = await openBody({
      ...where,
      key: server,
      sourceKey: client.publicKey,
      body: bytes(name),
      least: level,
      preSharedKey: (id) => (id === '2026-a' ? secret : undefined),
    });
    assert.equal(opened.level, level);
    assert.equal(new TextDecoder().decode(opened.body), body);
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

for (const name of ['deliver_batch', 'deliver_batch-all']) {
  test(`${name}: its items and its proof amount to what the source has signed`, async () => {
    const frame = decodeFrame(text(`${name}.json`));
    const holds = async (x) => {
      const indexes = x.indexes ?? [...x.items.keys()];
      const proof = x.proof ?? new Uint8Array();
      const root = await rootOfPart(x.count, indexes, x.items.map(leafBytes), proof);
      return root && verify(x.source_key, batchBytes(x, x.count, root), x.signature);
    };
    assert.ok(await holds(frame));
    assert.ok(!(await holds({ ...frame, items: frame.items.slice(1) })));
    assert.ok(!(await holds({ ...frame, count: frame.count + 1 })));
    const [first, ...others] = frame.items;
    assert.ok(!(await holds({ ...frame, items: [{ ...first, target: 'node-x' }, ...others] })));
  });
}
