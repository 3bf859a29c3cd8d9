// Batches under one signature, and notices, against a server in the same process.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { BpiKey } from '../src/keys.js';
import { FakeServer } from './fake-server.js';
import { closeAll, connected, next, sleep, until } from './helpers.js';

let server;

beforeEach(async () => {
  server = await FakeServer.start();
});

afterEach(async () => {
  closeAll();
  await server.stop();
});

const notes = (ids, target) => ids.map((id) => ({ targets: [target(id)], type: 'Note', id }));

for (const encoding of ['msgpack', 'json']) {
  test(`what waits goes under one signature, and each target gets its own: ${encoding}`, async () => {
    const got = { bob: [], cid: [] };
    for (const name of ['bob', 'cid']) {
      await connected(server, name, { encoding, onMessage: (x) => got[name].push(x.id) });
    }
    const ada = await connected(server, 'ada', { encoding, batchMax: 0 });
    const target = (id) => (Number(id) % 3 === 0 ? 'cid' : 'bob');
    const all = await ada.sendBatch(notes(['1', '2', '3', '4', '5', '6', '7'], target));
    assert.ok(all.every((x) => x.value.complete));
    assert.deepEqual(
      server.received.map((x) => x.items.length),
      [4, 3], // batch_size is 4
    );
    assert.deepEqual(got, { bob: ['1', '2', '4', '5', '7'], cid: ['3', '6'] });
  });
}

test('nothing is put into a batch unless the application asks, or for an older server', async () => {
  server.limits.max_batch = undefined;
  await connected(server, 'bob', { onMessage: () => {} });
  const ada = await connected(server, 'ada', { batchMax: 0 });
  await ada.sendBatch(notes(['1', '2', '3'], () => 'bob'));
  server.limits.max_batch = 5;
  const eve = await connected(server, 'eve');
  await eve.sendBatch(notes(['1', '2', '3'], () => 'bob'));
  assert.ok(server.received.every((x) => x.t === 'send'));
});

test('what cannot travel together does not, and nothing overtakes it', async () => {
  const got = [];
  await connected(server, 'bob', { onMessage: (x) => got.push(x.id) });
  const ada = await connected(server, 'ada', { batchMax: 5 });
  const all = notes(['1', '2', '3', '4', '5'], () => 'bob');
  all[2].type = 'inter-app';
  await ada.sendBatch(all);
  assert.deepEqual(got, ['1', '2', '3', '4', '5']);
  assert.deepEqual(
    server.received.map((x) => x.items?.length ?? 1),
    [2, 1, 2],
  );
});

test('a batch keeps its id and content through a lost connection, and is handled once', async () => {
  const got = [];
  const ada = await connected(server, 'ada', { batchMax: 5 });
  server.silent.add('answers');
  const sent = ada.sendBatch(notes(['1', '2', '3'], () => 'bob'));
  await until(() => server.received.length === 1);
  await server.stop();
  server.silent.clear();
  await server.listen();
  await connected(server, 'bob', { onMessage: (x) => got.push(x.id) });
  assert.ok((await sent).every((x) => x.value.complete));
  const [first, second] = server.received;
  assert.equal(second.id, first.id);
  assert.deepEqual(second.items, first.items);
  assert.ok(second.sequence > first.sequence);
  assert.deepEqual(got, ['1', '2', '3']);
});

test('a message of a batch that fails holds back its acknowledgement, and only it comes again', async () => {
  const got = [];
  let angry = true;
  const bob = await connected(server, 'bob', {
    onMessage: (x) => {
      got.push(x.id);
      if (x.id === '2' && angry) throw new Error('not now');
    },
  });
  const ada = await connected(server, 'ada', { batchMax: 5 });
  const sent = ada.sendBatch(notes(['1', '2', '3'], () => 'bob'));
  await next(bob, 'refusal');
  await sleep(20);
  assert.deepEqual(server.acks, []);
  angry = false;
  server.connections.get('ada').socket.terminate(); // it is sent again
  assert.ok((await sent).every((x) => x.value.complete));
  assert.deepEqual(got, ['1', '2', '3', '2']);
});

test('a notice of the server is an event, and one that it has not signed is not', async () => {
  const ada = await connected(server, 'ada');
  const heard = next(ada, 'notice');
  await server.notice('ada', 'governance', new Uint8Array([1, 2]));
  const { topic, body } = await heard;
  assert.equal(topic, 'governance');
  assert.deepEqual(body, new Uint8Array([1, 2]));
  const refused = next(ada, 'refusal');
  await server.notice('ada', 'governance', new Uint8Array(), await BpiKey.generate());
  assert.equal((await refused).error.code, 'bad_signature');
});
