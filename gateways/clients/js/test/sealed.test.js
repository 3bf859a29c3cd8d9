// Bodies that only their target can read. Their bytes are compared in golden.test.js.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fromHex, fromText } from '../src/bytes.js';
import { announcementBytes, rotationBytes } from '../src/canonical.js';
import { BpiKey, verify } from '../src/keys.js';
import { toMontgomery } from '../src/montgomery.js';
import { rotateKey, signAnnouncement } from '../src/register.js';
import { openBody, readSealedHeader, sealBody } from '../src/sealed.js';

const alice = await BpiKey.generate();
const bob = await BpiKey.generate();
const eve = await BpiKey.generate();
const where = { source: 'alice', target: 'bob', id: 'm1', type: 'DataSync' };
const secret = new Uint8Array(32).fill(7);
const sealing = ['Standard', 'High', 'Quantum'];

const seal = (level, more = {}) =>
  sealBody({
    ...where,
    level,
    key: alice,
    targetKey: bob.publicKey,
    body: 'the balance is 1,000',
    preSharedKey: { id: 'k1', secret },
    ...more,
  });

const open = (body, more = {}) =>
  openBody({
    ...where,
    key: bob,
    sourceKey: alice.publicKey,
    body,
    least: 'Standard',
    preSharedKey: () => secret,
    ...more,
  });

const refused = (code) => (error) => error.code === code;

for (const level of sealing) {
  test(`${level}: the target reads it and nobody else`, async () => {
    const body = await seal(level);
    assert.equal(new TextDecoder().decode((await open(body)).body), 'the balance is 1,000');
    await assert.rejects(open(body, { key: eve }), refused('bad_signature'));
    await assert.rejects(open(body, { sourceKey: eve.publicKey }), refused('bad_signature'));
  });

  test(`${level}: it is bound to source, target, id and type`, async () => {
    const body = await seal(level);
    for (const name of ['source', 'target', 'id', 'type']) {
      await assert.rejects(open(body, { [name]: 'other' }), refused('bad_signature'));
    }
  });

  test(`${level}: no byte of it can be changed`, async () => {
    const body = await seal(level);
    for (let i = 4; i < body.length; i += 1) {
      const changed = Uint8Array.from(body);
      changed[i] ^= 1;
      await assert.rejects(open(changed));
    }
  });
}

test('the level Quantum needs the shared key on both sides', async () => {
  await assert.rejects(seal('Quantum', { preSharedKey: undefined }), refused('invalid_argument'));
  const body = await seal('Quantum');
  await assert.rejects(open(body, { preSharedKey: () => undefined }), refused('not_found'));
});

test('a readable body does not pass where a sealed one is asked for', async () => {
  await assert.rejects(open(fromText('{"a":1}')), refused('not_permitted'));
  await assert.rejects(open(await seal('Standard'), { least: 'High' }), refused('not_permitted'));
});

test('anybody sees the level and nothing else', async () => {
  assert.deepEqual(readSealedHeader(fromText('{}')), { level: 'None', size: 0 });
  const header = readSealedHeader(await seal('Quantum'));
  assert.equal(header.level, 'Quantum');
  assert.equal(header.preSharedKey, 'k1');
});

test('a key that is no point of the curve is refused', () => {
  assert.throws(() => toMontgomery(new Uint8Array(32).fill(2)), refused('invalid_argument'));
  assert.throws(() => toMontgomery(new Uint8Array(31)), refused('invalid_argument'));
});

test('a rotation is signed by both keys', async () => {
  const x = await rotateKey('bank-a', alice, bob, 5);
  const over = rotationBytes('bank-a', alice.publicKey, bob.publicKey, 5);
  assert.ok(await verify(alice.publicKey, over, fromHex(x.old_signature)));
  assert.ok(await verify(bob.publicKey, over, fromHex(x.new_signature)));
});

test('an announcement is signed by its node', async () => {
  const x = await signAnnouncement(
    { nodeId: 'bank-a', nodeType: 'Banking', endpoint: 'ws://a:1', capabilities: ['relay'] },
    alice,
  );
  const over = announcementBytes(x, alice.publicKey);
  assert.ok(await verify(alice.publicKey, over, fromHex(x.signature)));
});
