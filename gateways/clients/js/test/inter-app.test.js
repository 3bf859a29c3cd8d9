// What apps sign, against the golden files of tests/wire, and what they make of it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { decode, encode } from '@msgpack/msgpack';

import { fromBase64, fromHex, toHex } from '../src/bytes.js';
import {
  agreementBytes,
  auditBytes,
  auditRoot,
  checkAudit,
  interAppBytes,
  makeInterAppMessage,
  revocationBytes,
  signAgreement,
  signRevocation,
  toJson,
  toOutgoing,
} from '../src/inter-app.js';
import { BpiKey, verify } from '../src/keys.js';
import { webcrypto } from '../src/platform.js';

const folder = new URL('../../../../tests/wire/golden/inter-app/', import.meta.url);
const text = (name) => readFileSync(new URL(name, folder), 'utf8').trimEnd();
const golden = (name) => text(name).replace(/\s/g, '');
const counting = (first) => Uint8Array.from({ length: 32 }, (_, i) => first + i);

const id = 'agreement-001';
const terms = JSON.parse(text('agreement.json'));
const agreement = { agreement_id: id, terms };
const bank = await BpiKey.fromSeed(counting(0x00));
const payments = await BpiKey.fromSeed(counting(0x20));
const stranger = await BpiKey.generate();

test('the bytes that are signed and hashed are those of the golden files', () => {
  assert.equal(toHex(agreementBytes(id, terms)), golden('agreement.signing.hex'));
  assert.equal(
    toHex(revocationBytes(id, 'banking-app', 'the contract has ended')),
    golden('agreement-revocation.signing.hex'),
  );
  const message = JSON.parse(text('message.json'));
  message.payload = fromBase64(message.payload);
  assert.equal(toHex(interAppBytes(message)), golden('message.signing.hex'));
  const entry = JSON.parse(text('audit-entry.json'));
  assert.equal(toHex(auditBytes(id, entry)), golden('audit-entry.hashed.hex'));
});

test('a message has the encoding of the golden file', () => {
  const message = decode(fromHex(golden('message.msgpack.hex')));
  const json = JSON.parse(text('message.json'));
  assert.deepEqual(toJson(message), json);
  assert.equal(toHex(encode(message)), golden('message.msgpack.hex'));
});

test('each app signs for itself, and a stranger for neither', async () => {
  for (const key of [bank, payments]) {
    const { app_id: app, signature } = await signAgreement(key, agreement);
    assert.equal(app, key === bank ? 'banking-app' : 'payment-processor');
    assert.ok(await verify(key.publicKey, agreementBytes(id, terms), fromHex(signature)));
  }
  await assert.rejects(signAgreement(stranger, agreement), TypeError);
  const end = await signRevocation(payments, agreement, 'over');
  const bytes = revocationBytes(id, 'payment-processor', 'over');
  assert.ok(await verify(payments.publicKey, bytes, fromHex(end.signature)));
});

test('a message goes from the app of the key to the host of the other', async () => {
  const payload = new Uint8Array([1, 2]);
  const message = await makeInterAppMessage(bank, agreement, {
    permission: 'Execute(transfer)',
    encryptionLevel: 'High',
    payload,
  });
  assert.equal(message.from_app, 'banking-app');
  assert.equal(message.to_app, 'payment-processor');
  assert.ok(await verify(bank.publicKey, interAppBytes(message), message.signature));
  const out = toOutgoing(agreement, message);
  assert.deepEqual(out.targets, ['pay-node']);
  assert.equal(out.type, 'inter-app');
  assert.equal(out.id, message.message_id);
  assert.deepEqual(decode(out.body).payload, payload);
  await assert.rejects(makeInterAppMessage(stranger, agreement, { payload }), TypeError);
  assert.throws(() => toOutgoing(agreement, { ...message, to_app: 'other' }), TypeError);
});

test('an audit is checked by whoever reads it', async () => {
  const entries = [];
  const root = await auditRoot(agreement);
  let previous = root;
  for (let seq = 1; seq <= 3; ++seq) {
    const x = { ...JSON.parse(text('audit-entry.json')), seq, previous };
    const digest = await webcrypto.subtle.digest('SHA-256', auditBytes(id, x));
    x.hash = toHex(new Uint8Array(digest));
    previous = x.hash;
    entries.push(x);
  }
  assert.deepEqual(await checkAudit(id, entries, root), []);
  assert.deepEqual(await checkAudit(id, entries.slice(1)), []);
  const changed = entries.map((x) => ({ ...x }));
  changed[1].who = 'somebody else';
  assert.deepEqual(await checkAudit(id, changed, root), [{ seq: 2, code: 'audit_changed' }]);
  assert.deepEqual(await checkAudit(id, [entries[0], entries[2]], root), [
    { seq: 2, code: 'audit_missing' },
  ]);
});
