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
  fromBody,
  interAppBytes,
  makeInterAppMessage,
  openInterAppMessage,
  revocationBytes,
  signAgreement,
  signRevocation,
  toJson,
  toOutgoing,
} from '../src/inter-app.js';
import { BpiKey, verify } from '../src/keys.js';
import { webcrypto } from '../src/platform.js';
import { readSealedHeader, sealLevels } from '../src/sealed.js';

const folder = new URL('../../../../tests/wire/golden/inter-app/', import.meta.url);
const text = (name) => readFileSync(new URL(name, folder), 'utf8').trimEnd();
const golden = (name) => text(name).replace(/\s/g, '');
const counting = (first) => Uint8Array.from({ length: 32 }, (_, i) => first + i);

const id = 'agreement-001';
const terms = JSON.parse(text('agreement.json'));
const agreement = { agreement_id: id, terms };
const asking = (level) => ({
  agreement_id: id,
  terms: { ...terms, security_requirements: { encryption_level: level } },
});
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
  const received = fromBody(out.body);
  assert.deepEqual(received, message);
  assert.deepEqual(await openInterAppMessage(payments, asking('High'), received), payload);
  await assert.rejects(makeInterAppMessage(stranger, agreement, { payload }), TypeError);
  assert.throws(() => toOutgoing(agreement, { ...message, to_app: 'other' }), TypeError);
});

test('a payload is sealed for the other app and says how', async () => {
  const secret = new Uint8Array(32).fill(7);
  const make = (encryptionLevel, payload = 'hi') =>
    makeInterAppMessage(bank, agreement, {
      permission: 'Execute(transfer)',
      encryptionLevel,
      payload,
      preSharedKey: { id: 'k1', secret },
    });
  const open = (message, least) =>
    openInterAppMessage(payments, asking(least), message, () => secret);
  for (const level of sealLevels) {
    const message = await make(level);
    assert.equal(readSealedHeader(message.payload).level, level);
    assert.equal(new TextDecoder().decode(await open(message, level)), 'hi');
  }
  assert.equal(new TextDecoder().decode((await make('None')).payload), 'hi');
  const looksSealed = await make('None', 'BPIE');
  assert.equal(new TextDecoder().decode(await open(looksSealed, 'None')), 'BPIE');
  const refused = (code) => (error) => error.code === code;
  const weak = await make('Standard');
  await assert.rejects(open(weak, 'High'), refused('not_permitted'));
  const changed = { ...weak, permission: 'Execute(refund)' };
  await assert.rejects(open(changed, 'Standard'), refused('bad_signature'));
  await assert.rejects(open({ ...changed, signature: new Uint8Array() }, 'Standard'), {
    code: 'bad_signature',
  });
  const back = { ...weak, from_app: weak.to_app, to_app: weak.from_app };
  await assert.rejects(open(back, 'Standard'), refused('invalid_argument'));
});

test('a body that is no message is refused as such', () => {
  const message = JSON.parse(text('message.json'));
  assert.deepEqual(toJson(fromBody(new TextEncoder().encode(JSON.stringify(message)))), message);
  for (const body of ['{', '{"payload":7}']) {
    assert.throws(() => fromBody(new TextEncoder().encode(body)), { code: 'malformed' });
  }
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
