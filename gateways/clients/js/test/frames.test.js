import assert from 'node:assert/strict';
import { test } from 'node:test';

import { encode } from '@msgpack/msgpack';

import { fromBase64, fromHex, toBase64 } from '../src/bytes.js';
import { decodeFrame, isId } from '../src/frames.js';
import { BpiKey, verify } from '../src/keys.js';

const ack = { t: 'ack', source: 'a', id: 'm' };

test('a frame that is cut off anywhere is malformed', () => {
  const whole = encode(ack);
  for (let size = 0; size < whole.length; size += 1) {
    assert.throws(() => decodeFrame(whole.subarray(0, size)), { code: 'malformed' });
  }
});

test('a member that is missing or of the wrong type is named', () => {
  assert.throws(() => decodeFrame(encode({ t: 'ack', source: 'a' })), /id is missing/);
  assert.throws(() => decodeFrame('{"t":"ack","source":7,"id":"m"}'), /source: expected str/);
  assert.throws(() => decodeFrame('{"t":"welcome","session":1.5}'), /session: expected int/);
  assert.throws(() => decodeFrame(encode({ t: 'challenge' })), /versions is missing/);
});

test('unknown members are ignored and unknown types are unsupported', () => {
  assert.deepEqual(decodeFrame(encode({ ...ack, more: [1] })), ack);
  assert.throws(() => decodeFrame('{"t":"greet"}'), { code: 'unsupported' });
  assert.throws(() => decodeFrame('{"t":"toString"}'), { code: 'unsupported' });
});

test('what is no map is malformed', () => {
  for (const bad of ['', '[]', '7', 'null', '{}', '{"t":7}']) {
    assert.throws(() => decodeFrame(bad), { code: 'malformed' });
  }
});

test('base64 has one spelling for each value', () => {
  for (const bad of ['A', 'AA', 'AB==', 'AA ==', '-_8=', 'AA==AA==']) {
    assert.throws(() => fromBase64(bad), TypeError);
  }
  const long = new Uint8Array(100_000).fill(0xa5);
  assert.deepEqual(fromBase64(toBase64(long)), long);
});

test('an id has 1 to 64 of the allowed characters', () => {
  assert.ok(isId('a') && isId('A.b_c:d-9') && isId('x'.repeat(64)));
  assert.ok(!isId('') && !isId('x'.repeat(65)) && !isId('a b') && !isId('ä') && !isId('a\n'));
});

test('a key comes back from its seed, and only an extractable one gives it', async () => {
  const key = await BpiKey.generate({ extractable: true });
  const again = await BpiKey.fromSeed(await key.exportSeed());
  assert.equal(again.publicKeyHex, key.publicKeyHex);
  await assert.rejects(again.exportSeed());
});

test('the first test vector of RFC 8032 holds', async () => {
  const key = await BpiKey.fromSeed(
    '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
  );
  assert.equal(
    key.publicKeyHex,
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
  );
  const signature = await key.sign(new Uint8Array());
  assert.ok(await verify(key.publicKey, new Uint8Array(), signature));
  assert.ok(!(await verify(key.publicKey, fromHex('00'), signature)));
  assert.ok(!(await verify(new Uint8Array(3), new Uint8Array(), signature)));
});
