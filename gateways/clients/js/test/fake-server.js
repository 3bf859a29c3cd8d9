// A small server that speaks BPI-1.0 as the document says, for the tests of the client. It relays
// between its connections, and misbehaves where a test asks it to.

import { WebSocketServer } from 'ws';

import {
  batchBytes,
  envelopeBytes,
  helloBytes,
  leafBytes,
  noticeBytes,
  welcomeBytes,
} from '../src/canonical.js';
import { decodeFrame, encodeFrame } from '../src/frames.js';
import { BpiKey, verify } from '../src/keys.js';
import { rootOf } from '../src/merkle.js';
import { randomBytes } from '../src/platform.js';

const serverSeed = Uint8Array.from({ length: 32 }, (_, i) => 0x20 + i);

export const defaultLimits = {
  max_frame_bytes: 65_536,
  max_in_flight: 8,
  max_targets: 4,
  max_message_age_secs: 300,
  rate_limit_per_sec: 1000,
  handshake_timeout_ms: 5000,
  relay_timeout_secs: 30,
  max_batch: 5,
  batch_size: 4,
};

/** The hashes of the largest subtrees without any of `indexes`, from left to right. */
async function proofFor(leaves, indexes, begin = 0, end = leaves.length) {
  const within = indexes.filter((x) => x >= begin && x < end).length;
  if (within === end - begin) return [];
  if (within === 0) return [...(await rootOf(leaves.slice(begin, end)))];
  let half = 1;
  while (half * 2 < end - begin) half *= 2;
  return [
    ...(await proofFor(leaves, indexes, begin, begin + half)),
    ...(await proofFor(leaves, indexes, begin + half, end)),
  ];
}

export class FakeServer {
  /** Envelopes that were accepted, in their order. */
  accepted = [];
  /** All `send` frames, refused ones too. */
  received = [];
  hellos = [];
  acks = [];
  kept = new Map(); // node id -> deliver frames, of stored messages for a node that is away
  resumeFrom = new Map(); // node id -> highest accepted sequence
  connections = new Map(); // node id -> connection
  /** (envelope) => a refusal, or nothing to relay it. */
  refuse = () => undefined;
  /** Says nothing: 'challenge' or 'answers', as the connection goes. */
  silent = new Set();
  badSignature = false;
  /** Refuses handshakes with `isolated`, for as long. */
  isolatedMs = 0;
  session = 0;
  port = 0;

  constructor(limits = {}) {
    this.limits = { ...defaultLimits, ...limits };
  }

  static async start(limits, port = 0) {
    const server = new FakeServer(limits);
    server.key = await BpiKey.fromSeed(serverSeed);
    await server.listen(port);
    return server;
  }

  get url() {
    return `ws://127.0.0.1:${this.port}`;
  }

  listen(port = this.port) {
    this.wss = new WebSocketServer({
      host: '127.0.0.1',
      port,
      handleProtocols: (offered) => offered.has('bpi.v1') && 'bpi.v1',
    });
    this.wss.on('connection', (socket, request) => this.#greet(socket, request));
    return new Promise((resolve) => {
      this.wss.on('listening', () => {
        this.port = this.wss.address().port;
        resolve();
      });
    });
  }

  /** Ends abruptly; listen() brings it back under the same port. */
  stop() {
    for (const socket of this.wss.clients) socket.terminate();
    this.connections.clear();
    return new Promise((resolve) => {
      this.wss.close(resolve);
    });
  }

  /** Delivers an envelope that a test has made itself. */
  deliver(nodeId, envelope, sourceKey) {
    this.#send(this.connections.get(nodeId), { ...envelope, t: 'deliver', source_key: sourceKey });
  }

  /** News of the cluster; `key`: of whoever signs it. */
  async notice(nodeId, topic, body, key = this.key) {
    const frame = { t: 'notice', topic, id: 'n-1', time: Date.now(), body };
    frame.signature = await key.sign(noticeBytes(this.key.publicKey, frame));
    this.#send(this.connections.get(nodeId), frame);
  }

  #send(to, frame) {
    to?.socket.send(encodeFrame(frame, to.how));
  }

  #greet(socket, request) {
    const how = request.url.includes('encoding=json') ? 'json' : 'msgpack';
    const connection = { socket, how, nonce: randomBytes(32), nodeId: null };
    connection.line = Promise.resolve();
    socket.on('error', () => {});
    socket.on('message', (data, isBinary) => {
      const frame = decodeFrame(isBinary ? new Uint8Array(data) : data.toString());
      connection.line = connection.line.then(() => this.#handle(connection, frame));
    });
    socket.on('close', () => {
      if (this.connections.get(connection.nodeId) === connection) {
        this.connections.delete(connection.nodeId);
      }
    });
    if (this.silent.has('challenge')) return;
    this.#send(connection, {
      t: 'challenge',
      versions: ['1.0'],
      member: 'fake-1',
      server_key: this.key.publicKey,
      nonce: connection.nonce,
      time: Date.now(),
      limits: this.limits,
    });
  }

  async #handle(connection, frame) {
    if (frame.t === 'hello') await this.#welcome(connection, frame);
    else if (frame.t === 'send') await this.#relay(connection, frame);
    else if (frame.t === 'send_batch') await this.#relayBatch(connection, frame);
    else if (frame.t === 'ack') this.#acked(connection, frame);
    else if (frame.t === 'ack_batch') frame.items.forEach((x) => this.#acked(connection, x));
  }

  async #welcome(connection, hello) {
    this.hellos.push(hello);
    const context = {
      serverKey: this.key.publicKey,
      clientKey: hello.key,
      serverNonce: connection.nonce,
      clientNonce: hello.nonce,
    };
    if (!(await verify(hello.key, helloBytes(context, hello), hello.signature))) {
      connection.socket.close(1008, 'bad_signature: The signature does not match.');
      return;
    }
    if (hello.node_id === 'nobody') {
      connection.socket.close(1008, 'unknown_node: No node is registered under this id.');
      return;
    }
    if (this.isolatedMs) {
      const retry_after_ms = this.isolatedMs;
      const text = { code: 'isolated', message: 'Isolated.', next_step: 'Wait.', detail: '' };
      this.#send(connection, { t: 'refusal', ...text, retry_after_ms });
      connection.socket.close(1008, 'isolated: The node has broken the rules too often.');
      return;
    }
    const before = this.connections.get(hello.node_id);
    before?.socket.close(1008, 'superseded: The node has a newer connection.');
    const welcome = {
      t: 'welcome',
      session: ++this.session,
      resume_from: this.resumeFrom.get(hello.node_id) ?? 0,
      time: Date.now(),
    };
    const covered = welcomeBytes(context, this.badSignature ? 'other' : 'fake-1', welcome);
    welcome.signature = await this.key.sign(covered);
    Object.assign(connection, { nodeId: hello.node_id, key: hello.key });
    this.connections.set(hello.node_id, connection);
    this.#send(connection, welcome);
    (this.kept.get(hello.node_id) ?? []).forEach((x) => this.#send(connection, x));
    this.kept.delete(hello.node_id);
  }

  async #relay(connection, frame) {
    this.received.push(frame);
    if (this.silent.has('answers')) return;
    const refusal = (code, more) =>
      this.#send(connection, {
        t: 'refusal',
        code,
        message: `${code}.`,
        next_step: 'Next.',
        detail: '',
        id: frame.id,
        ...more,
      });
    if (!(await verify(connection.key, envelopeBytes(frame), frame.signature))) {
      refusal('bad_signature');
      return;
    }
    if (frame.sequence <= (this.resumeFrom.get(frame.source) ?? 0)) {
      refusal('replayed');
      return;
    }
    const why = this.refuse(frame);
    if (why) {
      refusal(why.code, why);
      return;
    }
    this.resumeFrom.set(frame.source, frame.sequence);
    this.accepted.push(frame);
    for (const target of frame.targets) {
      const to = this.connections.get(target);
      const delivery = { ...frame, t: 'deliver', source_key: connection.key };
      if (frame.delivery === 'stored') {
        this.#send(connection, { t: 'receipt', id: frame.id, target, stored: true });
      }
      if (to) this.#send(to, delivery);
      else if (frame.delivery !== 'stored') refusal('unknown_target', { target });
      else this.kept.set(target, [...(this.kept.get(target) ?? []), delivery]);
    }
  }

  async #relayBatch(connection, frame) {
    this.received.push(frame);
    if (this.silent.has('answers')) return;
    const leaves = frame.items.map(leafBytes);
    const covered = batchBytes(frame, leaves.length, await rootOf(leaves));
    if (!(await verify(connection.key, covered, frame.signature))) throw new Error('bad_signature');
    this.resumeFrom.set(frame.source, frame.sequence);
    this.accepted.push(frame);
    for (const target of new Set(frame.items.map((x) => x.target))) {
      const indexes = [...frame.items.keys()].filter((i) => frame.items[i].target === target);
      const all = indexes.length === leaves.length;
      this.#send(this.connections.get(target), {
        ...frame,
        t: 'deliver_batch',
        count: leaves.length,
        source_key: connection.key,
        items: indexes.map((i) => frame.items[i]),
        indexes: all ? undefined : indexes,
        proof: all ? undefined : Uint8Array.from(await proofFor(leaves, indexes)),
      });
    }
  }

  #acked(connection, { source, id }) {
    this.acks.push({ source, id });
    if (this.silent.has('answers')) return;
    this.#send(this.connections.get(source), { t: 'receipt', id, target: connection.nodeId });
  }
}
