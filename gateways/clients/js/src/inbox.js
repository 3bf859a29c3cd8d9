// What comes from other nodes (section 5): checked, dropped when it came before, handled in the
// order of its source, acknowledged when the handler is done.

import { batchBytes, envelopeBytes, leafBytes } from './canonical.js';
import { equalBytes } from './bytes.js';
import { DedupeWindow, pairKey } from './dedupe.js';
import { refuse } from './errors.js';
import { verify } from './keys.js';
import { rootOfPart } from './merkle.js';

/** No batch has more items. */
const batchItemsMax = 256;

function messageOf(frame) {
  return {
    id: frame.id,
    sequence: frame.sequence,
    source: frame.source,
    sourceKey: frame.source_key,
    targets: frame.targets,
    type: frame.type,
    priority: frame.priority,
    delivery: frame.delivery ?? 'live',
    sentAt: frame.sent_at,
    body: frame.body,
  };
}

function itemOf(frame, item) {
  return {
    id: item.id,
    sequence: frame.sequence,
    source: frame.source,
    sourceKey: frame.source_key,
    targets: [item.target],
    type: item.type,
    priority: frame.priority,
    delivery: 'live',
    sentAt: frame.sent_at,
    body: item.body,
    batch: frame.id,
  };
}

/** Settles as `work` does, or rejects after `ms`. */
async function within(ms, work) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(refuse('timeout', `${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

export class Inbox {
  #how;
  #handled = new DedupeWindow();
  #handledBatches = new DedupeWindow();
  #handling = new Set();
  #lines = new Map(); // source -> the end of its line of messages

  /**
   * @param {{nodeId: string, onMessage?: (message: object) => unknown,
   *   knownKey?: (source: string) => unknown, handlerTimeoutMs: number, inboundMax: number,
   *   ack: (source: string, id: string) => void, report: (error: Error) => void}} how
   */
  constructor(how) {
    this.#how = how;
  }

  /** @returns {Promise<void>} settles when the message, or batch, is done with; never rejects */
  deliver(frame) {
    const key = pairKey(frame.source, frame.id);
    const isBatch = frame.t === 'deliver_batch';
    if ((isBatch ? this.#handledBatches : this.#handled).has(key)) {
      this.#how.ack(frame.source, frame.id);
      return Promise.resolve();
    }
    // The acknowledgement of the first copy goes out over whatever link there is by then.
    if (this.#handling.has(key)) return Promise.resolve();
    if (this.#handling.size >= this.#how.inboundMax) {
      this.#report(frame, refuse('busy', `${this.#how.inboundMax} messages are being handled`));
      return Promise.resolve();
    }
    this.#handling.add(key);
    return this.#inLine(frame.source, () =>
      isBatch ? this.#handleBatch(frame, key) : this.#handle(frame, key),
    );
  }

  #inLine(source, work) {
    const line = (this.#lines.get(source) ?? Promise.resolve()).then(work).then(() => {
      if (this.#lines.get(source) === line) this.#lines.delete(source);
    });
    this.#lines.set(source, line);
    return line;
  }

  async #handle(frame, key) {
    try {
      await this.#check(frame);
      await within(this.#how.handlerTimeoutMs, this.#how.onMessage(messageOf(frame)));
      this.#handled.add(key);
      this.#how.ack(frame.source, frame.id);
    } catch (error) {
      this.#report(frame, error);
    } finally {
      this.#handling.delete(key);
    }
  }

  /**
   * It is acknowledged as a whole: while one of its messages fails, it comes again, without those
   * that did not.
   */
  async #handleBatch(frame, key) {
    let failed = false;
    try {
      await this.#checkBatch(frame);
      for (const item of frame.items) {
        const itemKey = pairKey(frame.source, item.id);
        if (this.#handled.has(itemKey)) continue;
        try {
          await within(this.#how.handlerTimeoutMs, this.#how.onMessage(itemOf(frame, item)));
          this.#handled.add(itemKey);
        } catch (error) {
          failed = true;
          this.#report(item, error);
        }
      }
      if (failed) return;
      this.#handledBatches.add(key);
      this.#how.ack(frame.source, frame.id);
    } catch (error) {
      this.#report(frame, error);
    } finally {
      this.#handling.delete(key);
    }
  }

  async #checkBatch(frame) {
    if (!this.#how.onMessage) throw refuse('unsupported', 'there is no onMessage handler');
    if (!frame.items.every((x) => x.target === this.#how.nodeId)) {
      throw refuse('invalid_argument', 'this node is not the target of an item');
    }
    await this.#checkKey(frame);
    const { count, items } = frame;
    const indexes = frame.indexes ?? [...items.keys()];
    const whole = frame.indexes !== undefined || items.length === count;
    const proof = frame.proof ?? new Uint8Array();
    const root =
      whole && count <= batchItemsMax
        ? await rootOfPart(count, indexes, items.map(leafBytes), proof)
        : undefined;
    if (!root || !(await verify(frame.source_key, batchBytes(frame, count, root), frame.signature))) {
      throw refuse('bad_signature', `the batch of ${frame.source}`);
    }
  }

  async #check(frame) {
    if (!this.#how.onMessage) throw refuse('unsupported', 'there is no onMessage handler');
    if (!frame.targets.includes(this.#how.nodeId)) {
      throw refuse('invalid_argument', 'this node is not a target of the message');
    }
    await this.#checkKey(frame);
    if (!(await verify(frame.source_key, envelopeBytes(frame), frame.signature))) {
      throw refuse('bad_signature', `the message of ${frame.source}`);
    }
  }

  async #checkKey(frame) {
    const known = await this.#how.knownKey?.(frame.source);
    if (known && !equalBytes(known, frame.source_key)) {
      throw refuse('bad_signature', `the key of ${frame.source} is not the known one`);
    }
  }

  #report(frame, error) {
    const why = error.code
      ? error
      : Object.assign(refuse('internal', String(error)), { cause: error });
    why.id ??= frame.id;
    this.#how.report(why);
  }
}
