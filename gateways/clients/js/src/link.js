// One WebSocket: frames in, frames out, and how it ended.

import { fromClose, refuse } from './errors.js';
import { decodeFrame, encodeFrame } from './frames.js';

const normalClosure = 1000; // RFC 6455, section 7.4.1

/** How long a polite end may take. */
const closeMsMax = 1000;

/** The path of the protocol, unless the address names one. */
function socketUrl(address, how) {
  const url = new URL(address);
  if (url.pathname === '/') url.pathname = '/bpi/v1';
  if (how === 'json') url.searchParams.set('encoding', 'json');
  return url.href;
}

export class Link {
  #socket;
  #how;
  #frames = [];
  #waiter = null;
  #lost = null;
  #cause = '';
  /** When anything last came, by Date.now(). */
  heardAt = Date.now();

  /**
   * @param {typeof WebSocket} WebSocket
   * @param {string} address
   * @param {'msgpack' | 'json'} how
   */
  constructor(WebSocket, address, how) {
    this.#how = how;
    this.#socket = new WebSocket(socketUrl(address, how), 'bpi.v1');
    this.#socket.binaryType = 'arraybuffer';
    this.#socket.addEventListener('message', ({ data }) => this.#take(data));
    this.#socket.addEventListener('error', (event) => {
      this.#cause = event.message ?? '';
    });
    this.#socket.addEventListener('close', (event) => {
      const silent = event.code === 1006 && this.#cause;
      this.lose(silent ? refuse('unavailable', this.#cause) : fromClose(event));
    });
    // Browsers answer pings without telling; `ws` tells.
    this.#socket.on?.('ping', () => this.#heard());
    this.#socket.on?.('pong', () => this.#heard());
  }

  /** The next frame, in the order of arrival. Rejects when there is none left and the link lost. */
  next() {
    if (this.#frames.length > 0) return Promise.resolve(this.#frames.shift());
    if (this.#lost) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
    });
  }

  /** The payload of a frame, and how long it is for max_frame_bytes. */
  prepare(frame) {
    const payload = encodeFrame(frame, this.#how);
    const size =
      typeof payload === 'string' ? new TextEncoder().encode(payload).length : payload.length;
    return { payload, size };
  }

  /** What is sent on a lost link is lost with it: whoever waits for an answer sends it again. */
  write(payload) {
    if (!this.#lost && this.#socket.readyState === 1) this.#socket.send(payload);
  }

  send(frame) {
    this.write(this.prepare(frame).payload);
  }

  /** False where the platform has no pings: silence then says nothing. */
  ping() {
    if (typeof this.#socket.ping !== 'function') return false;
    if (this.#socket.readyState === 1) this.#socket.ping();
    return true;
  }

  /** Gives the link up at once: a dead server would not answer a polite end. */
  lose(why) {
    if (this.#lost) return;
    this.#lost = why;
    this.#waiter?.reject(why);
    this.#waiter = null;
    if (typeof this.#socket.terminate === 'function') this.#socket.terminate();
    else this.#socket.close();
  }

  /** Ends the link in good order. */
  close(why) {
    if (this.#lost) return;
    this.#lost = why;
    this.#waiter?.reject(why);
    this.#waiter = null;
    this.#socket.close(normalClosure);
    setTimeout(() => this.#socket.terminate?.(), closeMsMax).unref?.();
  }

  #heard() {
    this.heardAt = Date.now();
  }

  #take(data) {
    this.#heard();
    if (this.#lost) return;
    let frame;
    try {
      frame = decodeFrame(typeof data === 'string' ? data : new Uint8Array(data));
    } catch (error) {
      // A newer server may send what this version does not know (section 1).
      if (error.code === 'unsupported') return;
      frame = { t: 'undecodable', error };
    }
    if (!this.#waiter) {
      this.#frames.push(frame);
      return;
    }
    const { resolve } = this.#waiter;
    this.#waiter = null;
    resolve(frame);
  }
}
