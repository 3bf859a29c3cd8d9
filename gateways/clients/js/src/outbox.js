// What waits to be sent, what waits for its answers, and what to do with an answer (sections 3 and
// 4). Knows neither sockets nor clocks.

import { backoffMs } from './backoff.js';
import { copyOf, refuse, retryCodes } from './errors.js';

/** What a message takes of a batch's frame beside its body, with ids of the usual length. */
const itemBytes = 256;

/** No batch carries it. */
const durableType = 'inter-app';

/** Refusals that any other message would meet as well: the whole link pauses. */
const pauseCodes = new Set(['busy', 'rate_limited', 'unavailable']);

/**
 * @typedef {object} Entry
 * @property {string} id
 * @property {string[]} targets
 * @property {(result: object) => void} resolve
 * @property {(error: Error) => void} reject
 */

export class Outbox {
  #queue = [];
  #flight = new Map();
  #ids = new Set();
  #waiting = 0; // messages in the queue, each one of a batch counted
  #ordinal = 0;
  #pausedUntil = 0;
  #queueMax;
  #random;

  constructor(queueMax, random = Math.random) {
    this.#queueMax = queueMax;
    this.#random = random;
  }

  get inFlight() {
    return this.#flight.size;
  }

  /**
   * @param {Entry} x
   * @throws {BpiError} busy, conflict
   */
  add(x) {
    if (this.#ids.has(x.id)) throw refuse('conflict', '', { id: x.id });
    if (this.#waiting >= this.#queueMax) {
      throw refuse('busy', `${this.#queueMax} messages wait`, { id: x.id });
    }
    const entry = {
      ...x,
      ordinal: this.#ordinal++,
      outcomes: new Map(),
      open: new Set(), // targets that have not answered this transmission
      again: new Set(), // targets that said: later
      attempts: 0,
      notBefore: 0,
      sentAt: 0,
      settled: false,
      lastRefusal: null,
      items: null, // of a batch: the messages in it
      batch: null, // the batch that it is in
    };
    this.#ids.add(x.id);
    this.#queue.push(entry);
    this.#waiting += 1;
    return entry;
  }

  /**
   * Puts `first`, which is to be sent next, and what waits right behind it into a batch, if they may
   * be in one: live messages of one priority to one target each, never sent before. From then on
   * the batch is one thing that keeps its id and content through all retries.
   * @param {number} max messages @param {number} bytesMax of the frame @param {() => string} newId
   * @returns {Entry} the batch, or `first`
   */
  joined(first, max, bytesMax, newId) {
    const group = [];
    // Half of a frame at most, so that the members beside the bodies have room in the other half.
    let room = bytesMax / 2;
    for (const entry of this.#queue.slice(this.#queue.indexOf(first))) {
      room -= (entry.body?.length ?? 0) + itemBytes;
      const fits =
        !entry.items &&
        entry.sentAt === 0 &&
        entry.targets.length === 1 &&
        entry.delivery !== 'stored' &&
        entry.type !== durableType &&
        entry.priority === first.priority &&
        room >= 0;
      if (!fits || group.length >= max) break;
      group.push(entry);
    }
    if (group.length < 2) return first;
    const batch = {
      ...first,
      id: newId(),
      targets: [...new Set(group.map((x) => x.targets[0]))],
      items: group,
      resolve: () => {},
      reject: () => {},
      outcomes: new Map(),
      open: new Set(),
      again: new Set(),
    };
    for (const entry of group) entry.batch = batch;
    this.#ids.add(batch.id);
    this.#queue.splice(this.#queue.indexOf(first), group.length, batch);
    return batch;
  }

  /**
   * The next message to send, or after which time to ask again; neither: ask after an answer. A
   * message never overtakes one that waits for the same target.
   */
  next(now, creditMax) {
    if (this.#flight.size >= creditMax) return {};
    if (this.#pausedUntil > now) return { waitMs: this.#pausedUntil - now };
    const held = new Set();
    let waitMs;
    for (const entry of this.#queue) {
      if (entry.notBefore <= now && !entry.targets.some((x) => held.has(x))) return { entry };
      if (entry.notBefore > now) waitMs = Math.min(waitMs ?? Infinity, entry.notBefore - now);
      entry.targets.forEach((x) => held.add(x));
    }
    return { waitMs };
  }

  /** `entry` is about to be sent to all its targets; those that answered before do so again. */
  begin(entry, now) {
    this.#queue.splice(this.#queue.indexOf(entry), 1);
    this.#waiting -= entry.items?.length ?? 1;
    entry.open = new Set(entry.targets.filter((x) => !entry.outcomes.has(x)));
    entry.again.clear();
    entry.sentAt = now;
    this.#flight.set(entry.id, entry);
  }

  /**
   * @param {boolean} [stored] the message is safe in the cluster, and not yet with its target
   * @returns {boolean} false: nobody waits for this answer
   */
  receipt(id, target, stored = false) {
    const entry = this.#flight.get(id);
    if (!entry?.open.delete(target)) return this.#ids.has(id);
    const outcome = { target, delivered: true };
    if (stored) outcome.stored = true;
    this.#answer(entry, outcome);
    this.#afterAnswer(entry);
    return true;
  }

  /** @param {import('./errors.js').BpiError} error without a target: for the whole message */
  refusal(error, now) {
    const entry = this.#flight.get(error.id);
    if (!entry) return;
    const whole = error.target === undefined;
    const targets = whole ? [...entry.open] : [error.target].filter((x) => entry.open.has(x));
    const later = retryCodes.has(error.code) && !entry.settled;
    for (const target of targets) {
      entry.open.delete(target);
      if (later) entry.again.add(target);
      else this.#answer(entry, { target, delivered: false, error });
    }
    if (later && targets.length > 0) this.#postpone(entry, error, now);
    this.#afterAnswer(entry);
  }

  /** Refused by the client itself, before it was sent. */
  fail(entry, error) {
    this.#forget(entry);
    this.#reject(entry, error);
  }

  /** The caller's time is up. A message in flight keeps its credit until the server answers. */
  expire(entry) {
    if (entry.settled) return;
    const { batch } = entry;
    const last = entry.lastRefusal ? `the last answer was ${entry.lastRefusal.code}` : '';
    const error = refuse('expired', last, { id: entry.id });
    this.#reject(entry, error);
    // A batch lives on as long as somebody waits for a part of it.
    if (batch && !batch.items.every((x) => x.settled)) return;
    const whole = batch ?? entry;
    whole.settled = true;
    const at = this.#queue.indexOf(whole);
    if (at >= 0) {
      this.#queue.splice(at, 1);
      this.#waiting -= whole.items?.length ?? 1;
    }
    if (!this.#flight.has(whole.id)) this.#forget(whole);
  }

  /** Forgets a message that expired while it was being signed. */
  drop(entry) {
    this.#forget(entry);
  }

  /** The link is gone: whatever has no answer is sent again on the next one. */
  linkLost() {
    this.#pausedUntil = 0;
    for (const entry of [...this.#flight.values()]) {
      this.#flight.delete(entry.id);
      if (entry.settled) this.#forget(entry);
      else this.#requeue(entry);
    }
  }

  /** When the longest unanswered message was sent; undefined: none is. */
  oldestSentAt() {
    let oldest;
    for (const { sentAt } of this.#flight.values()) oldest = Math.min(oldest ?? sentAt, sentAt);
    return oldest;
  }

  /** The end: everything that waits is refused. */
  rejectAll(error) {
    for (const entry of [...this.#queue, ...this.#flight.values()]) {
      if (!entry.settled) this.#reject(entry, copyOf(error, entry.id));
    }
    this.#queue = [];
    this.#waiting = 0;
    this.#flight.clear();
    this.#ids.clear();
  }

  #postpone(entry, error, now) {
    const waitMs = error.retryAfterMs ?? backoffMs(entry.attempts, this.#random);
    entry.lastRefusal = error;
    entry.notBefore = Math.max(entry.notBefore, now + waitMs);
    if (error.target === undefined && pauseCodes.has(error.code)) {
      this.#pausedUntil = Math.max(this.#pausedUntil, now + waitMs);
    }
  }

  #afterAnswer(entry) {
    if (entry.open.size > 0) return;
    this.#flight.delete(entry.id);
    if (entry.again.size > 0 && !entry.settled) {
      entry.attempts += 1;
      this.#requeue(entry);
      return;
    }
    this.#forget(entry);
    if (!entry.settled) this.#settle(entry);
  }

  /** A last word of a target; for a batch, to all its messages for that target. */
  #answer(entry, outcome) {
    entry.outcomes.set(outcome.target, outcome);
    for (const item of entry.items ?? []) {
      if (item.settled || item.targets[0] !== outcome.target) continue;
      const error = outcome.error && copyOf(outcome.error, item.id);
      item.outcomes.set(outcome.target, { ...outcome, ...(error && { error }) });
      this.#settle(item);
    }
  }

  /** Back to its old place, so that it goes out before what was sent behind it. */
  #requeue(entry) {
    const at = this.#queue.findIndex((x) => x.ordinal > entry.ordinal);
    this.#queue.splice(at < 0 ? this.#queue.length : at, 0, entry);
    this.#waiting += entry.items?.length ?? 1;
  }

  #settle(entry) {
    const outcomes = entry.targets.map((x) => entry.outcomes.get(x));
    const delivered = outcomes.filter((x) => x.delivered).length;
    if (delivered === 0) {
      this.#reject(entry, outcomes[0].error, outcomes);
      return;
    }
    entry.settled = true;
    entry.resolve({ id: entry.id, complete: delivered === outcomes.length, outcomes });
  }

  #reject(entry, error, outcomes = [...entry.outcomes.values()]) {
    entry.settled = true;
    error.outcomes = outcomes;
    entry.reject(error);
    for (const item of entry.items ?? []) {
      if (!item.settled) this.#reject(item, copyOf(error, item.id));
    }
  }

  #forget(entry) {
    this.#flight.delete(entry.id);
    this.#ids.delete(entry.id);
    for (const item of entry.items ?? []) this.#ids.delete(item.id);
  }
}
