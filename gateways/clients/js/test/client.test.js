// The client against a server in the same process.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { toHex } from '../src/bytes.js';
import { envelopeBytes } from '../src/canonical.js';
import { BpiKey } from '../src/keys.js';
import { FakeServer } from './fake-server.js';
import { closeAll, connected, makeClient, next, sleep, until } from './helpers.js';

let server;

beforeEach(async () => {
  server = await FakeServer.start();
});

afterEach(async () => {
  closeAll();
  await server.stop();
});

/** A message signed by a node that is not connected. */
async function strangersMessage(more = {}) {
  const key = await BpiKey.generate();
  const envelope = {
    id: 'm-1',
    sequence: 1,
    source: 'stranger',
    targets: ['bob'],
    type: 'Note',
    priority: 'Normal',
    sent_at: Date.now(),
    body: new Uint8Array([1, 2, 3]),
    ...more,
  };
  envelope.signature = await key.sign(envelopeBytes(envelope));
  return { key, envelope };
}

test('a message reaches its target, and its source is told', async () => {
  const got = [];
  await connected(server, 'bob', { onMessage: (x) => got.push(x) });
  const ada = await connected(server, 'ada');
  const result = await ada.send({
    targets: ['bob'],
    type: 'Note',
    body: 'Grüße',
    priority: 'High',
  });
  assert.ok(result.complete);
  assert.deepEqual(result.outcomes, [{ target: 'bob', delivered: true }]);
  assert.equal(new TextDecoder().decode(got[0].body), 'Grüße');
  assert.equal(got[0].source, 'ada');
  assert.equal(got[0].priority, 'High');
});

test('the same in JSON', async () => {
  const got = [];
  await connected(server, 'bob', { encoding: 'json', onMessage: (x) => got.push(x) });
  const ada = await connected(server, 'ada', { encoding: 'json' });
  await ada.send({ targets: 'bob', type: 'Note', body: new Uint8Array([0, 255]) });
  assert.deepEqual(got[0].body, new Uint8Array([0, 255]));
});

test('a stored message is safe at once and acknowledged when its target comes', async () => {
  const ada = await connected(server, 'ada');
  const note = { targets: 'bob', type: 'Note', body: 'later', delivery: 'stored' };
  const result = await ada.send(note);
  assert.ok(result.complete);
  assert.deepEqual(result.outcomes, [{ target: 'bob', delivered: true, stored: true }]);
  const acknowledged = next(ada, 'acknowledged');
  const got = [];
  await connected(server, 'bob', { onMessage: (x) => got.push(x) });
  assert.deepEqual(await acknowledged, { id: result.id, target: 'bob' });
  assert.equal(got[0].delivery, 'stored');
  assert.equal(new TextDecoder().decode(got[0].body), 'later');
});

test('some targets may be reached and others not', async () => {
  await connected(server, 'bob', { onMessage: () => {} });
  const ada = await connected(server, 'ada');
  const result = await ada.send({ targets: ['bob', 'eve'], type: 'Note' });
  assert.ok(!result.complete);
  assert.equal(result.outcomes[1].error.code, 'unknown_target');
  await assert.rejects(ada.send({ targets: ['eve'], type: 'Note' }), {
    code: 'unknown_target',
    target: 'eve',
    nextStep: 'Next.',
  });
});

test('what the client can see to be wrong is not sent', async () => {
  const ada = await connected(server, 'ada');
  const wrong = { code: 'invalid_argument' };
  await assert.rejects(ada.send({ targets: [], type: 'Note' }), wrong);
  await assert.rejects(ada.send({ targets: ['a', 'a'], type: 'Note' }), wrong);
  await assert.rejects(ada.send({ targets: ['a b'], type: 'Note' }), wrong);
  await assert.rejects(ada.send({ targets: ['a'], type: '' }), wrong);
  await assert.rejects(ada.send({ targets: ['a'], type: 'Note', priority: 'Urgent' }), wrong);
  await assert.rejects(ada.send({ targets: ['a'], type: 'Note', delivery: 'kept' }), wrong);
  await assert.rejects(ada.send({ targets: ['a'], type: 'Note', body: 7 }), wrong);
  await assert.rejects(ada.send({ targets: ['a', 'b', 'c', 'd', 'e'], type: 'Note' }), wrong);
  await assert.rejects(ada.send({ targets: ['a'], type: 'Note', body: new Uint8Array(65_536) }), {
    code: 'too_large',
  });
  assert.equal(server.received.length, 0);
});

test('sequences begin above all that was used and rise by one', async () => {
  const far = Date.now() + 1_000_000;
  server.resumeFrom.set('ada', far);
  await connected(server, 'bob', { onMessage: () => {} });
  const ada = await connected(server, 'ada');
  const note = { targets: ['bob'], type: 'Note' };
  await Promise.all([ada.send(note), ada.send(note), ada.send(note)]);
  assert.deepEqual(
    server.accepted.map((x) => x.sequence - far),
    [1, 2, 3],
  );
  server.connections.get('ada').socket.terminate();
  await next(ada, 'open');
  assert.equal(server.hellos.at(-1).last_sequence, far + 3);
  assert.equal(server.hellos.at(-1).last_session, 2);
});

test('no more than max_in_flight messages are unanswered, and order is kept', async () => {
  const release = [];
  const got = [];
  await connected(server, 'bob', {
    onMessage: (x) => {
      got.push(Number(x.id));
      return new Promise((resolve) => {
        release.push(resolve);
      });
    },
  });
  const ada = await connected(server, 'ada', { queueMax: 100 });
  const ids = Array.from({ length: 30 }, (_, i) => i);
  const all = ids.map((i) => ada.send({ targets: ['bob'], type: 'Note', id: String(i) }));
  await until(() => server.received.length === 8);
  await sleep(50);
  assert.equal(server.received.length, 8);
  const freeing = setInterval(() => release.splice(0).forEach((x) => x()), 1);
  await Promise.all(all);
  clearInterval(freeing);
  assert.deepEqual(got, ids);
});

test('the queue behind the credit is bounded', async () => {
  const ada = await makeClient(server, 'ada', { queueMax: 2 });
  const note = { targets: ['bob'], type: 'Note' };
  const waiting = [ada.send(note), ada.send(note)];
  await assert.rejects(ada.send(note), { code: 'busy' });
  ada.close();
  for (const x of waiting) await assert.rejects(x, { code: 'shutting_down' });
  await assert.rejects(ada.send(note), { code: 'shutting_down' });
});

test('after a lost connection the unanswered are sent again, signed anew', async () => {
  const got = [];
  const ada = await connected(server, 'ada');
  server.silent.add('answers');
  const sent = ['1', '2', '3'].map((id) => ada.send({ targets: ['bob'], type: 'Note', id }));
  await until(() => server.received.length === 3);
  await server.stop();
  server.silent.clear();
  await sleep(300);
  await server.listen();
  const begun = Date.now();
  await connected(server, 'bob', { onMessage: (x) => got.push(x.id) });
  await Promise.all(sent);
  assert.ok(Date.now() - begun < 5000);
  assert.deepEqual(got, ['1', '2', '3']);
  const again = server.received.slice(3);
  assert.deepEqual(
    again.map((x) => x.id),
    ['1', '2', '3'],
  );
  assert.ok(again[0].sequence > server.received[2].sequence);
  assert.notEqual(toHex(again[0].signature), toHex(server.received[0].signature));
});

test('busy and its kin are asked again after the time that they name', async () => {
  let refusals = 0;
  server.refuse = () => (refusals++ < 2 ? { code: 'busy', retry_after_ms: 60 } : undefined);
  await connected(server, 'bob', { onMessage: () => {} });
  const ada = await connected(server, 'ada');
  const begun = Date.now();
  await ada.send({ targets: ['bob'], type: 'Note', id: 'x' });
  assert.ok(Date.now() - begun >= 115);
  assert.deepEqual(
    server.received.map((x) => x.id),
    ['x', 'x', 'x'],
  );
});

test('other refusals are final', async () => {
  server.refuse = () => ({ code: 'not_permitted' });
  const ada = await connected(server, 'ada');
  const told = next(ada, 'refusal');
  await assert.rejects(ada.send({ targets: ['bob'], type: 'Note' }), { code: 'not_permitted' });
  assert.equal((await told).error.code, 'not_permitted');
  assert.equal(server.received.length, 1);
});

test('at the deadline a message expires, with the last answer', async () => {
  server.refuse = () => ({ code: 'unavailable', retry_after_ms: 20 });
  const ada = await connected(server, 'ada', { deadlineMs: 150 });
  await assert.rejects(ada.send({ targets: ['bob'], type: 'Note' }), (error) => {
    assert.equal(error.code, 'expired');
    assert.match(error.message, /unavailable/);
    return true;
  });
});

test('a message that comes twice is handled once and acknowledged twice', async () => {
  const got = [];
  await connected(server, 'bob', { onMessage: (x) => got.push(x.id) });
  const { key, envelope } = await strangersMessage();
  server.deliver('bob', envelope, key.publicKey);
  await until(() => server.acks.length === 1);
  server.deliver('bob', envelope, key.publicKey);
  await until(() => server.acks.length === 2);
  assert.deepEqual(got, ['m-1']);
});

test('a second copy does not start the handler while the first is in it', async () => {
  let calls = 0;
  let finish;
  await connected(server, 'bob', {
    onMessage: () => {
      calls += 1;
      return new Promise((resolve) => {
        finish = resolve;
      });
    },
  });
  const { key, envelope } = await strangersMessage();
  server.deliver('bob', envelope, key.publicKey);
  server.deliver('bob', envelope, key.publicKey);
  await until(() => finish);
  await sleep(30);
  finish();
  await until(() => server.acks.length === 1);
  assert.equal(calls, 1);
});

test('a message whose handler fails is not acknowledged and may come again', async () => {
  let calls = 0;
  const bob = await connected(server, 'bob', {
    onMessage: () => {
      calls += 1;
      if (calls === 1) throw new Error('full disk');
    },
  });
  const { key, envelope } = await strangersMessage();
  const told = next(bob, 'refusal');
  server.deliver('bob', envelope, key.publicKey);
  const { error } = await told;
  assert.equal(error.code, 'internal');
  assert.match(error.message, /full disk/);
  assert.equal(server.acks.length, 0);
  server.deliver('bob', envelope, key.publicKey);
  await until(() => server.acks.length === 1);
});

test('a handler that never ends does not hold its source for ever', async () => {
  const got = [];
  const bob = await connected(server, 'bob', {
    handlerTimeoutMs: 50,
    onMessage: (x) => {
      got.push(x.id);
      return x.id === 'm-1' ? new Promise(() => {}) : undefined;
    },
  });
  const told = next(bob, 'refusal');
  for (const id of ['m-1', 'm-2']) {
    const { key, envelope } = await strangersMessage({ id });
    server.deliver('bob', envelope, key.publicKey);
  }
  assert.equal((await told).error.code, 'timeout');
  await until(() => server.acks.length === 1);
  assert.deepEqual(server.acks, [{ source: 'stranger', id: 'm-2' }]);
});

test('messages with a wrong signature, key or target are not handled', async () => {
  const got = [];
  const trusted = await BpiKey.generate();
  const bob = await connected(server, 'bob', {
    onMessage: (x) => got.push(x.id),
    knownKey: (source) => (source === 'known' ? trusted.publicKey : undefined),
  });
  const codes = [];
  bob.addEventListener('refusal', ({ detail }) => codes.push(detail.error.code));
  const { key, envelope } = await strangersMessage();
  server.deliver('bob', { ...envelope, body: new Uint8Array([9]) }, key.publicKey);
  const known = await strangersMessage({ source: 'known', id: 'm-2' });
  server.deliver('bob', known.envelope, known.key.publicKey);
  const others = await strangersMessage({ targets: ['carol'], id: 'm-3' });
  server.deliver('bob', others.envelope, others.key.publicKey);
  await until(() => codes.length === 3);
  assert.deepEqual(codes.sort(), ['bad_signature', 'bad_signature', 'invalid_argument']);
  assert.deepEqual(got, []);
  assert.deepEqual(server.acks, []);
});

test('a server that does not sign its welcome is refused', async () => {
  server.badSignature = true;
  const ada = await makeClient(server, 'ada');
  await assert.rejects(ada.connect(), { code: 'bad_signature' });
  assert.ok(!ada.connected);
});

test('a server with another key than the pinned one is refused', async () => {
  const other = await BpiKey.generate();
  const ada = await makeClient(server, 'ada', { serverKeys: [other.publicKeyHex] });
  await assert.rejects(ada.connect(), { code: 'bad_signature' });
  assert.equal(server.hellos.length, 0);
  await connected(server, 'bob', { serverKeys: [server.key.publicKeyHex, other.publicKey] });
});

test('a node that nobody registered is told so at once', async () => {
  const nobody = await makeClient(server, 'nobody');
  const closed = next(nobody, 'close');
  await assert.rejects(nobody.connect(), { code: 'unknown_node' });
  assert.equal((await closed).error.code, 'unknown_node');
});

test('a newer connection of the same node ends the older one for good', async () => {
  const older = await connected(server, 'ada');
  const closed = next(older, 'close');
  const waiting = older.send({ targets: ['ada'], type: 'Note' });
  const lost = assert.rejects(waiting, { code: 'superseded' });
  await connected(server, 'ada');
  assert.equal((await closed).error.code, 'superseded');
  await lost;
});

test('the client goes on to the next address', async () => {
  const other = await FakeServer.start();
  const ada = await makeClient(server, 'ada', { urls: [server.url, other.url] });
  const first = await ada.connect();
  assert.equal(first.url, server.url);
  const again = next(ada, 'open');
  await server.stop();
  assert.equal((await again).url, other.url);
  ada.close();
  await other.stop();
  await server.listen();
});

test('a client that is isolated comes back when it was told to', async () => {
  server.isolatedMs = 1500;
  const begun = Date.now();
  const ada = await makeClient(server, 'ada');
  const opened = ada.connect();
  const { error, delayMs } = await next(ada, 'reconnecting');
  assert.equal(error.code, 'isolated');
  assert.equal(delayMs, 1500);
  server.isolatedMs = 0;
  await opened;
  assert.ok(Date.now() - begun >= 1500);
  ada.close();
});

test('a server that accepts and says nothing is left for the next one', async () => {
  const other = await FakeServer.start();
  server.silent.add('challenge');
  const ada = await makeClient(server, 'ada', { urls: [server.url, other.url] });
  const reconnecting = next(ada, 'reconnecting');
  const { url } = await ada.connect();
  assert.equal((await reconnecting).error.code, 'handshake_timeout');
  assert.equal(url, other.url);
  ada.close();
  await other.stop();
});

test('a server that answers nothing any more is given up', async () => {
  await server.stop();
  server = await FakeServer.start({ relay_timeout_secs: 0 });
  await connected(server, 'bob', { onMessage: () => {} });
  const ada = await connected(server, 'ada', { answerGraceMs: 100 });
  server.silent.add('answers');
  const sent = ada.send({ targets: ['bob'], type: 'Note', id: 'x' });
  const { error } = await next(ada, 'reconnecting');
  assert.equal(error.code, 'unavailable');
  server.silent.clear();
  await sent;
  assert.ok(server.received.length >= 2);
});

// The platform's own WebSocket has no pings to send.
const withoutPings = Boolean(globalThis.WebSocket);

test('a server that stops is found out by pings', { skip: withoutPings }, async () => {
  const ada = await connected(server, 'ada', { silentMsMax: 300 });
  const { socket } = server.connections.get('ada');
  const begun = Date.now();
  socket._socket.pause();
  const { error } = await next(ada, 'reconnecting');
  assert.match(error.message, /silent/);
  assert.ok(Date.now() - begun < 2000);
  await next(ada, 'open');
});

test('a quiet but living server is not left', async () => {
  const ada = await connected(server, 'ada', { silentMsMax: 600 });
  let lost = false;
  ada.addEventListener('reconnecting', () => {
    lost = true;
  });
  await sleep(1500);
  assert.ok(ada.connected && !lost);
});

test('a server that comes back is found within five seconds', async () => {
  const ada = await connected(server, 'ada');
  await server.stop();
  await sleep(3000);
  const open = next(ada, 'open');
  await server.listen();
  const begun = Date.now();
  await open;
  assert.ok(Date.now() - begun < 5000);
});

test('a client whose servers are all away says so in time', async () => {
  const { url } = server;
  await server.stop();
  const ada = await makeClient({ url }, 'ada', { connectTimeoutMs: 300 });
  await assert.rejects(ada.connect(), { code: 'unavailable' });
  await server.listen();
});

test('closing is possible at any time', async () => {
  const ada = await makeClient(server, 'ada');
  const opening = ada.connect();
  ada.close();
  await assert.rejects(opening, { code: 'shutting_down' });
  const bob = await connected(server, 'bob');
  const closed = next(bob, 'close');
  bob.close();
  bob.close();
  assert.equal((await closed).error, undefined);
  await until(() => !server.connections.has('bob'));
  await assert.rejects(bob.connect(), { code: 'shutting_down' });
});
