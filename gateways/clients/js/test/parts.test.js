// The parts that decide, without sockets.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { backoffMs } from '../src/backoff.js';
import { DedupeWindow } from '../src/dedupe.js';
import { BpiError } from '../src/errors.js';
import { Outbox } from '../src/outbox.js';
import { TokenBucket } from '../src/token-bucket.js';

test('the backoff doubles from 100 ms to 5 s, with half of it random', () => {
  const lowest = [0, 1, 2, 3, 4, 5, 6, 50].map((x) => backoffMs(x, () => 0));
  const highest = [0, 1, 2, 3, 4, 5, 6, 5000].map((x) => backoffMs(x, () => 1));
  assert.deepEqual(lowest, [50, 100, 200, 400, 800, 1600, 2500, 2500]);
  assert.deepEqual(highest, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
});

test('the window remembers the last pairs and forgets the oldest first', () => {
  const seen = new DedupeWindow(3);
  for (const x of ['a', 'b', 'c', 'a', 'd']) seen.add(x);
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((x) => seen.has(x)),
    [true, false, true, true],
  );
  const full = new DedupeWindow();
  for (let i = 0; i <= 10_000; i += 1) full.add(`k${i}`);
  assert.ok(!full.has('k0') && full.has('k1'));
});

test('a bucket holds one second of messages and fills with time', () => {
  const bucket = new TokenBucket(10, 0);
  for (let i = 0; i < 10; i += 1) assert.equal(bucket.take(0), 0);
  assert.equal(bucket.take(0), 100);
  assert.equal(bucket.take(100), 0);
  assert.equal(new TokenBucket(0, 0).take(0), 0);
});

// -- the outbox ------------------------------------------------------------------

const credit = 10;

function outboxWith(...ids) {
  const outbox = new Outbox(credit, () => 1);
  const ends = {};
  for (const id of ids) {
    outbox.add({
      id,
      targets: id.split('-')[1].split('+'),
      resolve: (x) => (ends[id] = x),
      reject: (x) => (ends[id] = x),
    });
  }
  return { outbox, ends };
}

/** Sends all that may be sent; the ids in their order. */
function flush(outbox, now = 0, max = credit) {
  const sent = [];
  for (;;) {
    const { entry } = outbox.next(now, max);
    if (!entry) return sent;
    outbox.begin(entry, now);
    sent.push(entry.id);
  }
}

const refusal = (code, id, more) => new BpiError({ code, message: code, id, ...more });

test('no more than the credit is unanswered', () => {
  const { outbox } = outboxWith('1-a', '2-a', '3-a');
  assert.deepEqual(flush(outbox, 0, 2), ['1-a', '2-a']);
  outbox.receipt('1-a', 'a');
  assert.deepEqual(flush(outbox, 0, 2), ['3-a']);
});

test('the queue is bounded and an id waits once', () => {
  const { outbox } = outboxWith(...Array.from({ length: 10 }, (_, i) => `${i}-a`));
  assert.throws(() => outbox.add({ id: 'x', targets: ['a'] }), { code: 'busy' });
  assert.throws(() => outbox.add({ id: '0-a', targets: ['a'] }), { code: 'conflict' });
});

test('after a lost link the unanswered go out first and in their order', () => {
  const { outbox } = outboxWith('1-a', '2-a', '3-a', '4-a');
  flush(outbox, 0, 3);
  outbox.receipt('2-a', 'a');
  outbox.linkLost();
  assert.deepEqual(flush(outbox), ['1-a', '3-a', '4-a']);
});

test('a message waits as long as the refusal says and those behind it for its target too', () => {
  const { outbox } = outboxWith('1-a', '2-a', '3-b');
  const { entry } = outbox.next(0, credit);
  outbox.begin(entry, 0);
  outbox.refusal(refusal('busy', '1-a', { target: 'a', retryAfterMs: 500 }), 0);
  assert.deepEqual(flush(outbox, 499), ['3-b']);
  assert.deepEqual(outbox.next(499, credit), { waitMs: 1 });
  assert.deepEqual(flush(outbox, 500), ['1-a', '2-a']);
});

test('a refusal for the rate pauses everything', () => {
  const { outbox } = outboxWith('1-a', '2-b');
  outbox.begin(outbox.next(0, credit).entry, 0);
  outbox.refusal(refusal('rate_limited', '1-a', { retryAfterMs: 300 }), 0);
  assert.deepEqual(outbox.next(0, credit), { waitMs: 300 });
  assert.deepEqual(flush(outbox, 300), ['1-a', '2-b']);
});

test('without retry_after_ms the waiting grows', () => {
  const { outbox } = outboxWith('1-a');
  let now = 0;
  for (const ms of [100, 200, 400]) {
    flush(outbox, now);
    outbox.refusal(refusal('restarted', '1-a', { target: 'a' }), now);
    assert.deepEqual(outbox.next(now, credit), { waitMs: ms });
    now += ms;
  }
});

test('each target has its own outcome', () => {
  const { outbox, ends } = outboxWith('1-a+b+c');
  flush(outbox);
  outbox.receipt('1-a+b+c', 'a');
  outbox.refusal(refusal('unknown_target', '1-a+b+c', { target: 'b' }), 0);
  outbox.receipt('1-a+b+c', 'a');
  assert.equal(ends['1-a+b+c'], undefined);
  outbox.receipt('1-a+b+c', 'c');
  const { complete, outcomes } = ends['1-a+b+c'];
  assert.equal(complete, false);
  assert.deepEqual(
    outcomes.map((x) => x.delivered),
    [true, false, true],
  );
  assert.equal(outcomes[1].error.code, 'unknown_target');
});

test('a target that said later is asked again when the others have answered', () => {
  const { outbox, ends } = outboxWith('1-a+b');
  flush(outbox);
  outbox.refusal(refusal('restarted', '1-a+b', { target: 'a', retryAfterMs: 0 }), 0);
  assert.deepEqual(flush(outbox), []);
  outbox.receipt('1-a+b', 'b');
  assert.deepEqual(flush(outbox), ['1-a+b']);
  outbox.receipt('1-a+b', 'b');
  assert.equal(ends['1-a+b'], undefined);
  outbox.receipt('1-a+b', 'a');
  assert.ok(ends['1-a+b'].complete);
});

test('a message that reached no target is rejected with the first refusal', () => {
  const { outbox, ends } = outboxWith('1-a+b');
  flush(outbox);
  outbox.refusal(refusal('expired', '1-a+b', { target: 'b' }), 0);
  outbox.refusal(refusal('unknown_target', '1-a+b', { target: 'a' }), 0);
  assert.equal(ends['1-a+b'].code, 'unknown_target');
  assert.equal(ends['1-a+b'].target, 'a');
  assert.equal(ends['1-a+b'].outcomes.length, 2);
});

test('a message that expired keeps its credit until it is answered', () => {
  const { outbox, ends } = outboxWith('1-a', '2-a');
  const { entry } = outbox.next(0, 1);
  outbox.begin(entry, 0);
  outbox.expire(entry);
  assert.equal(ends['1-a'].code, 'expired');
  assert.deepEqual(flush(outbox, 0, 1), []);
  outbox.receipt('1-a', 'a');
  assert.deepEqual(flush(outbox, 0, 1), ['2-a']);
});

test('a stored message is safe, and its acknowledgement is nobody s to wait for', () => {
  const { outbox, ends } = outboxWith('1-a+b');
  flush(outbox);
  assert.equal(outbox.receipt('1-a+b', 'a', true), true);
  assert.equal(outbox.receipt('1-a+b', 'a'), true); // b has not answered: it may be a repetition
  outbox.receipt('1-a+b', 'b');
  assert.ok(ends['1-a+b'].complete);
  assert.deepEqual(ends['1-a+b'].outcomes, [
    { target: 'a', delivered: true, stored: true },
    { target: 'b', delivered: true },
  ]);
  assert.equal(outbox.receipt('1-a+b', 'a'), false);
});

test('answers to what nobody asked change nothing', () => {
  const { outbox } = outboxWith('1-a');
  outbox.receipt('1-a', 'a');
  outbox.refusal(refusal('expired', '9-a'), 0);
  flush(outbox);
  outbox.receipt('1-a', 'z');
  outbox.refusal(refusal('expired', '1-a', { target: 'z' }), 0);
  assert.equal(outbox.inFlight, 1);
});
