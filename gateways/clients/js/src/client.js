// A BPI node's connection to a cluster (docs/protocol/bpi-1.0.md).

import { backoffMaxMs, backoffMs } from './backoff.js';
import { fromHex, fromText, toHex } from './bytes.js';
import { batchBytes, envelopeBytes, leafBytes, noticeBytes } from './canonical.js';
import { fatalCodes, fromRefusal, refuse } from './errors.js';
import { deliveryModes, isId, priorities } from './frames.js';
import { handshake } from './handshake.js';
import { Inbox } from './inbox.js';
import { verify } from './keys.js';
import { Link } from './link.js';
import { rootOf } from './merkle.js';
import { Outbox } from './outbox.js';
import { findWebSocket, webcrypto } from './platform.js';
import { TokenBucket } from './token-bucket.js';

const watchEveryMs = 250;

/** The longest that a node is obeyed that asks to be left alone. */
const toldWaitMaxMs = 60_000;

/** In one frame. */
const acksEachMax = 64;

const defaults = {
  encoding: 'msgpack',
  connectTimeoutMs: 60_000,
  deadlineMs: 60_000,
  handlerTimeoutMs: 60_000,
  batchMax: 1,
  queueMax: 1000,
  inboundMax: 1000,
  silentMsMax: 15_000,
  answerGraceMs: 5000,
};

/** What the events of a client are; Node 18 has no CustomEvent. */
class BpiEvent extends Event {
  constructor(type, detail) {
    super(type);
    this.detail = detail;
  }
}

function checkOptions({ urls, nodeId, key }) {
  if (!Array.isArray(urls) || urls.length === 0) throw new TypeError('urls: at least one address');
  urls.forEach((x) => new URL(x));
  if (!isId(nodeId)) throw new TypeError('nodeId: 1 to 64 of A-Z a-z 0-9 . _ : -');
  if (typeof key?.sign !== 'function') throw new TypeError('key: a BpiKey');
}

function pinnedKeys(serverKeys) {
  if (!serverKeys) return null;
  return new Set(serverKeys.map((x) => toHex(typeof x === 'string' ? fromHex(x) : x)));
}

function bodyBytes(body) {
  if (typeof body === 'string') return fromText(body);
  // A copy: what is sent again must be what was sent first.
  if (body instanceof ArrayBuffer) return new Uint8Array(body.slice(0));
  if (ArrayBuffer.isView(body)) {
    return new Uint8Array(body.buffer.slice(body.byteOffset, body.byteOffset + body.byteLength));
  }
  throw refuse('invalid_argument', 'body: expected text or bytes');
}

function checkedMessage({ targets, type, body = '', priority = 'Normal', delivery = 'live', id }) {
  const list = typeof targets === 'string' ? [targets] : targets;
  if (!Array.isArray(list) || list.length === 0 || !list.every(isId)) {
    throw refuse('invalid_argument', 'targets: expected ids of nodes');
  }
  if (new Set(list).size !== list.length) {
    throw refuse('invalid_argument', 'targets: a target stands there twice');
  }
  if (!isId(type)) throw refuse('invalid_argument', 'type: expected an id');
  if (!priorities.includes(priority)) {
    throw refuse('invalid_argument', `priority: expected one of ${priorities.join(', ')}`);
  }
  if (!deliveryModes.includes(delivery)) {
    throw refuse('invalid_argument', `delivery: expected one of ${deliveryModes.join(', ')}`);
  }
  if (id !== undefined && !isId(id)) throw refuse('invalid_argument', 'id: expected an id');
  return {
    id: id ?? webcrypto.randomUUID(),
    targets: [...list],
    type,
    priority,
    delivery,
    body: bodyBytes(body),
  };
}

export class BpiClient extends EventTarget {
  #options;
  #pinned;
  #outbox;
  #inbox;
  #state = 'new'; // new, running, closed
  #link = null;
  #limits = null;
  #serverKey = null;
  #acks = [];
  #bucket = null;
  #opening = null; // the promise of connect(), with its resolve and reject
  #everOpen = false;
  #session = 0;
  #lastSequence = 0; // the highest that was used
  #sequence = 0; // the one before the next
  #lastError;
  #distrusted = new Set();
  #pumping = false;
  #pumpTimer;
  #wake = () => {};

  /** @param {import('../index.d.ts').BpiClientOptions} options */
  constructor(options) {
    super();
    checkOptions(options);
    const given = Object.entries(options).filter(([, x]) => x !== undefined);
    this.#options = { ...defaults, ...Object.fromEntries(given) };
    this.#pinned = pinnedKeys(options.serverKeys);
    this.#outbox = new Outbox(this.#options.queueMax);
    this.#inbox = new Inbox({
      ...this.#options,
      ack: (source, id) => this.#acknowledge(source, id),
      report: (error) => this.#emit('refusal', { error }),
    });
  }

  /** Whether the handshake is done and the link not lost since. */
  get connected() {
    return this.#link !== null;
  }

  /**
   * Opens the link and keeps it open until close(). Resolves when it is open for the first time;
   * rejects, and closes the client, when that cannot be or does not happen in connectTimeoutMs.
   */
  connect() {
    if (this.#state === 'closed') return Promise.reject(refuse('shutting_down'));
    if (this.#opening) return this.#opening.promise;
    const opening = {};
    opening.promise = new Promise((resolve, reject) => Object.assign(opening, { resolve, reject }));
    this.#opening = opening;
    this.#state = 'running';
    const timer = setTimeout(
      () => this.#stop(this.#lastError ?? refuse('unavailable')),
      this.#options.connectTimeoutMs,
    );
    const clear = () => clearTimeout(timer);
    opening.promise.then(clear, clear);
    this.#run();
    return opening.promise;
  }

  /**
   * Sends a message. Resolves when every target has answered and at least one has acknowledged;
   * rejects with a BpiError when none has, or after the deadline.
   * @param {import('../index.d.ts').OutgoingMessage} message
   */
  async send(message) {
    if (this.#state === 'closed') throw refuse('shutting_down');
    const checked = checkedMessage(message);
    let timer;
    try {
      return await new Promise((resolve, reject) => {
        const entry = this.#outbox.add({ ...checked, resolve, reject });
        const deadlineMs = message.deadlineMs ?? this.#options.deadlineMs;
        timer = setTimeout(() => this.#expire(entry), deadlineMs);
        this.#pump();
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Sends many at once, so that they can go in batches (`batchMax`).
   * @param {import('../index.d.ts').OutgoingMessage[]} messages
   * @returns {Promise<PromiseSettledResult<object>[]>} what `send` says of each
   */
  sendBatch(messages) {
    const pumping = this.#pumping;
    this.#pumping = true; // until all are in the queue
    const all = messages.map((x) => this.send(x));
    this.#pumping = pumping;
    this.#pump();
    return Promise.allSettled(all);
  }

  /** Ends the link. What was not answered is refused with `shutting_down`. */
  close() {
    this.#stop();
  }

  // -- the link ------------------------------------------------------------------

  async #run() {
    let attempt = 0;
    for (let turn = 0; this.#state === 'running'; ++turn) {
      const url = this.#options.urls[turn % this.#options.urls.length];
      const begun = Date.now();
      const lived = { openedAt: 0 };
      const error = await this.#live(url, lived);
      if (this.#state !== 'running') return;
      this.#lastError = error;
      if (this.#isFatal(error, url)) {
        this.#stop(error);
        return;
      }
      const now = Date.now();
      if (lived.openedAt && now - lived.openedAt > backoffMaxMs) attempt = 0;
      // What an attempt took counts as waiting, so that no server is away for longer than the
      // longest backoff once it can be reached.
      const spent = lived.openedAt ? 0 : now - begun;
      // A node that asks to be left alone, as of one that is isolated, may be released meanwhile.
      const toldMs = Math.min(error.retryAfterMs ?? 0, toldWaitMaxMs);
      const delayMs = Math.max(toldMs, backoffMs(attempt) - spent);
      attempt += 1;
      this.#emit('reconnecting', { error, url, attempt, delayMs });
      await this.#sleep(delayMs);
    }
  }

  /** One link from its beginning to its end; the result is why it ended. */
  async #live(url, lived) {
    let watch;
    try {
      const link = await this.#open(url);
      lived.openedAt = Date.now();
      watch = setInterval(() => this.#watch(link), watchEveryMs);
      this.#pump();
      for (;;) this.#handle(await link.next());
    } catch (error) {
      return error.code ? error : refuse('unavailable', String(error));
    } finally {
      clearInterval(watch);
      if (this.#link) {
        this.#link = null;
        this.#outbox.linkLost();
      }
    }
  }

  async #open(url) {
    const WebSocket = await findWebSocket();
    if (this.#state !== 'running') throw refuse('shutting_down');
    const link = new Link(WebSocket, url, this.#options.encoding);
    this.#wake = () => link.close(refuse('shutting_down'));
    const who = {
      nodeId: this.#options.nodeId,
      lastSession: this.#session,
      lastSequence: this.#lastSequence,
    };
    const { challenge, welcome } = await handshake(link, who, this.#options.key, this.#pinned);
    if (this.#state !== 'running') throw refuse('shutting_down');
    this.#link = link;
    this.#limits = challenge.limits;
    this.#serverKey = challenge.server_key;
    this.#acks = [];
    this.#bucket = new TokenBucket(challenge.limits.rate_limit_per_sec, Date.now());
    this.#session = welcome.session;
    this.#sequence = Math.max(welcome.resume_from, this.#lastSequence, Date.now());
    this.#distrusted.clear();
    this.#everOpen = true;
    const detail = {
      url,
      member: challenge.member,
      session: welcome.session,
      serverKey: toHex(challenge.server_key),
      limits: challenge.limits,
    };
    this.#opening.resolve(detail);
    this.#emit('open', detail);
    return link;
  }

  /**
   * Servers that cannot be trusted end a client only before it has ever been connected, and only
   * when all addresses lead to such: later on, one of them may be repaired.
   */
  #isFatal(error, url) {
    if (fatalCodes.has(error.code)) return true;
    if (error.distrusted) this.#distrusted.add(url);
    const distrusted = this.#options.urls.every((x) => this.#distrusted.has(x));
    const refused = error.code === 'bad_signature' && !error.distrusted;
    return refused || (distrusted && !this.#everOpen);
  }

  /** A server that is gone without a word is found out here. */
  #watch(link) {
    const now = Date.now();
    const { silentMsMax, answerGraceMs } = this.#options;
    const silentMs = now - link.heardAt;
    if (silentMs > silentMsMax / 3 && link.ping() && silentMs > silentMsMax) {
      link.lose(refuse('unavailable', `the server was silent for ${silentMs} ms`));
      return;
    }
    // Within relay_timeout_secs every message has an answer.
    const waitMs = this.#limits.relay_timeout_secs * 1000 + answerGraceMs;
    const oldest = this.#outbox.oldestSentAt();
    if (oldest !== undefined && now - Math.max(oldest, link.heardAt) > waitMs) {
      link.lose(refuse('unavailable', `the server answered nothing for ${waitMs} ms`));
    }
  }

  // -- frames --------------------------------------------------------------------

  #handle(frame) {
    if (frame.t === 'receipt') {
      const { id, target, stored } = frame;
      // A second receipt, after the one that said `stored`.
      if (!this.#outbox.receipt(id, target, stored) && !stored) {
        this.#emit('acknowledged', { id, target });
      }
      this.#pump();
    } else if (frame.t === 'receipt_batch') {
      for (const target of frame.targets) this.#outbox.receipt(frame.id, target);
      this.#pump();
    } else if (frame.t === 'deliver' || frame.t === 'deliver_batch') {
      this.#inbox.deliver(frame);
    } else if (frame.t === 'notice') {
      this.#notice(frame);
    } else if (frame.t === 'refusal') {
      const error = fromRefusal(frame);
      this.#emit('refusal', { error });
      this.#outbox.refusal(error, Date.now());
      this.#pump();
    } else {
      this.#emit('refusal', { error: frame.error ?? refuse('malformed', `unexpected ${frame.t}`) });
    }
  }

  /** What is handled at the same time is acknowledged in one frame. */
  #acknowledge(source, id) {
    this.#acks.push({ source, id });
    if (this.#acks.length > 1) return;
    queueMicrotask(() => {
      const items = this.#acks.splice(0);
      if (items.length > 1 && this.#limits.max_batch) {
        for (let at = 0; at < items.length; at += acksEachMax) {
          this.#link?.send({ t: 'ack_batch', items: items.slice(at, at + acksEachMax) });
        }
        return;
      }
      for (const x of items) this.#link?.send({ t: 'ack', ...x });
    });
  }

  async #notice({ topic, id, time, body, signature }) {
    const serverKey = this.#serverKey;
    const covered = noticeBytes(serverKey, { topic, id, time, body });
    if (await verify(serverKey, covered, signature)) {
      this.#emit('notice', { topic, id, time, body });
    } else {
      this.#emit('refusal', { error: refuse('bad_signature', 'a notice', { id }) });
    }
  }

  /** Sends what may be sent, one after the other: sequences must arrive in their order. */
  async #pump() {
    if (this.#pumping) return;
    this.#pumping = true;
    clearTimeout(this.#pumpTimer);
    try {
      while (this.#link) {
        const next = this.#outbox.next(Date.now(), this.#limits.max_in_flight);
        const entry = next.entry && this.#joined(next.entry);
        const tokens = entry?.items?.length ?? 1;
        const pauseMs = entry ? this.#bucket.take(Date.now(), tokens) : next.waitMs;
        if (pauseMs) this.#pumpTimer = setTimeout(() => this.#pump(), pauseMs);
        if (pauseMs || !entry) return;
        await this.#transmit(this.#link, entry);
      }
    } finally {
      this.#pumping = false;
    }
  }

  #joined(entry) {
    const { max_batch: most = 0, batch_size: suggested = 0, max_frame_bytes: bytes } = this.#limits;
    const max = Math.min(this.#options.batchMax || suggested, most);
    if (max < 2 || entry.items) return entry;
    return this.#outbox.joined(entry, max, bytes, () => webcrypto.randomUUID());
  }

  async #transmit(link, entry) {
    const { max_targets: targetsMax, max_frame_bytes: bytesMax } = this.#limits;
    this.#outbox.begin(entry, Date.now());
    if (!entry.items && entry.targets.length > targetsMax) {
      this.#outbox.fail(entry, refuse('invalid_argument', `at most ${targetsMax} targets`));
      return;
    }
    const signed = await (entry.items ? this.#signedBatch(entry) : this.#signed(entry));
    const { payload, size } = link.prepare(signed);
    if (this.#link !== link) return;
    if (entry.settled) {
      this.#outbox.drop(entry);
    } else if (size > bytesMax) {
      // The server would close the connection, and the next one on which this were sent again.
      const detail = `the frame has ${size} bytes, the limit is ${bytesMax}`;
      this.#outbox.fail(entry, refuse('too_large', detail, { id: entry.id }));
    } else {
      link.write(payload);
    }
  }

  async #signed(entry) {
    this.#sequence += 1;
    this.#lastSequence = this.#sequence;
    const frame = {
      t: 'send',
      id: entry.id,
      sequence: this.#sequence,
      source: this.#options.nodeId,
      targets: entry.targets,
      type: entry.type,
      priority: entry.priority,
      // Absent for live ones: so they are what they were before there were others.
      delivery: entry.delivery === 'stored' ? 'stored' : undefined,
      sent_at: Date.now(),
      body: entry.body,
    };
    frame.signature = await this.#options.key.sign(envelopeBytes(frame));
    return frame;
  }

  async #signedBatch(entry) {
    this.#sequence += 1;
    this.#lastSequence = this.#sequence;
    const frame = {
      t: 'send_batch',
      id: entry.id,
      sequence: this.#sequence,
      source: this.#options.nodeId,
      priority: entry.priority,
      sent_at: Date.now(),
      // All of them, also those that have expired: a retry has the same content.
      items: entry.items.map(({ id, targets, type, body }) => ({ id, target: targets[0], type, body })),
    };
    const root = await rootOf(frame.items.map(leafBytes));
    frame.signature = await this.#options.key.sign(batchBytes(frame, frame.items.length, root));
    return frame;
  }

  #expire(entry) {
    this.#outbox.expire(entry);
    this.#pump(); // It may have held back others.
  }

  // -- the end -------------------------------------------------------------------

  #stop(error) {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    clearTimeout(this.#pumpTimer);
    this.#wake();
    const why = error ?? refuse('shutting_down');
    this.#outbox.rejectAll(why);
    this.#opening?.reject(why);
    this.#emit('close', { error });
  }

  #sleep(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #emit(type, detail) {
    this.dispatchEvent(new BpiEvent(type, detail));
  }
}
