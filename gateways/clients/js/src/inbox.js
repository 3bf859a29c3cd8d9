// What comes from other nodes (section 5): checked, dropped when it came before, handled in the
// order of its source, acknowledged when the handler is done.

import { envelopeBytes } from './canonical.js';
import { equalBytes } from './bytes.js';
import { DedupeWindow, pairKey } from './dedupe.js';
import { refuse } from './errors.js';
import { verify } from './keys.js';

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

  /** @returns {Promise<void>} settles when the message is done with; never rejects */
  deliver(frame) {
    const key = pairKey(frame.source, frame.id);
    if (this.#handled.has(key)) {
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
    return this.#inLine(frame.source, () => this.#handle(frame, key));
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

  async #check(frame) {
    if (!this.#how.onMessage) throw refuse('unsupported', 'there is no onMessage handler');
    if (!frame.targets.includes(this.#how.nodeId)) {
      throw refuse('invalid_argument', 'this node is not a target of the message');
    }
    const known = await this.#how.knownKey?.(frame.source);
    if (known && !equalBytes(known, frame.source_key)) {
      throw refuse('bad_signature', `the key of ${frame.source} is not the known one`);
    }
    if (!(await verify(frame.source_key, envelopeBytes(frame), frame.signature))) {
      throw refuse('bad_signature', `the message of ${frame.source}`);
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
