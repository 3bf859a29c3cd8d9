// What waits to be sent, what waits for its answers, and what to do with an answer (sections 3 and
// 4). Knows neither sockets nor clocks.

import { backoffMs } from './backoff.js';
import { copyOf, refuse, retryCodes } from './errors.js';

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
    if (this.#queue.length >= this.#queueMax) {
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
    };
    this.#ids.add(x.id);
    this.#queue.push(entry);
    return entry;
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
    entry.outcomes.set(target, outcome);
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
      else entry.outcomes.set(target, { target, delivered: false, error });
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
    const last = entry.lastRefusal ? `the last answer was ${entry.lastRefusal.code}` : '';
    const error = refuse('expired', last, { id: entry.id });
    const at = this.#queue.indexOf(entry);
    if (at >= 0) this.#queue.splice(at, 1);
    if (!this.#flight.has(entry.id)) this.#ids.delete(entry.id);
    this.#reject(entry, error);
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
      if (entry.settled) this.#ids.delete(entry.id);
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
    this.#ids.delete(entry.id);
    if (!entry.settled) this.#settle(entry);
  }

  /** Back to its old place, so that it goes out before what was sent behind it. */
  #requeue(entry) {
    const at = this.#queue.findIndex((x) => x.ordinal > entry.ordinal);
    this.#queue.splice(at < 0 ? this.#queue.length : at, 0, entry);
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
  }

  #forget(entry) {
    this.#flight.delete(entry.id);
    this.#ids.delete(entry.id);
  }
}
