// The frames of BPI-1.0 in both encodings (docs/protocol/bpi-1.0.md, sections 1 to 5). Members are
// written in the order of these tables, so the bytes are the same as those of the server.

import { decode, encode } from '@msgpack/msgpack';

import { fromBase64, toBase64 } from './bytes.js';
import { refuse } from './errors.js';

export const deliveryModes = ['live', 'stored'];

const envelope = {
  id: 'str',
  sequence: 'int',
  source: 'str',
  targets: 'strings',
  type: 'str',
  priority: 'str',
  delivery: 'mode?',
  sent_at: 'int',
  body: 'bin',
  signature: 'bin',
};

const limits = {
  max_frame_bytes: 'int',
  max_in_flight: 'int',
  max_targets: 'int',
  max_message_age_secs: 'int',
  rate_limit_per_sec: 'int',
  handshake_timeout_ms: 'int',
  relay_timeout_secs: 'int',
  max_batch: 'int?', // absent: a server that knows no batches
  batch_size: 'int?',
};

const batchItem = { id: 'str', target: 'str', type: 'str', body: 'bin' };

const batch = { id: 'str', sequence: 'int', source: 'str', priority: 'str', sent_at: 'int' };

const members = {
  challenge: {
    versions: 'strings',
    member: 'str',
    server_key: 'bin',
    nonce: 'bin',
    time: 'int',
    limits,
  },
  hello: {
    version: 'str',
    node_id: 'str',
    key: 'bin',
    nonce: 'bin',
    last_session: 'int',
    last_sequence: 'int',
    signature: 'bin',
  },
  welcome: { session: 'int', resume_from: 'int', time: 'int', signature: 'bin' },
  send: envelope,
  deliver: { ...envelope, source_key: 'bin' },
  ack: { source: 'str', id: 'str' },
  send_batch: { ...batch, items: [batchItem], signature: 'bin' },
  deliver_batch: {
    ...batch,
    count: 'int',
    signature: 'bin',
    source_key: 'bin',
    items: [batchItem],
    indexes: 'ints?',
    proof: 'bin?',
  },
  ack_batch: { items: [{ source: 'str', id: 'str' }] },
  receipt_batch: { id: 'str', targets: 'strings' },
  notice: { topic: 'str', id: 'str', time: 'int', body: 'bin', signature: 'bin' },
  receipt: { id: 'str', target: 'str', stored: 'bool?' },
  peer: { body: 'bin' },
  refusal: {
    code: 'str',
    message: 'str',
    next_step: 'str',
    detail: 'str',
    id: 'str?',
    target: 'str?',
    retry_after_ms: 'int?',
  },
};

export const priorities = ['Low', 'Normal', 'High', 'Critical'];

/** Whether `x` may be the id of a node, a message or a message type. */
export function isId(x) {
  return typeof x === 'string' && /^[A-Za-z0-9._:-]{1,64}$/.test(x);
}

const fits = {
  str: (x) => typeof x === 'string',
  int: (x) => Number.isSafeInteger(x),
  bool: (x) => typeof x === 'boolean',
  mode: (x) => deliveryModes.includes(x),
  strings: (x) => Array.isArray(x) && x.every((one) => typeof one === 'string'),
  ints: (x) => Array.isArray(x) && x.every((one) => Number.isSafeInteger(one)),
  bin: (x) => x instanceof Uint8Array,
};

function pickedMap(table, from, convert, place) {
  if (typeof from !== 'object' || from === null) {
    throw refuse('malformed', `${place}: expected a map`);
  }
  return picked(table, from, convert, `${place}.`);
}

/** A frame with exactly the members of its table, in their order. */
function picked(table, from, convert, path = '') {
  const out = {};
  for (const [name, kind] of Object.entries(table)) {
    const place = path + name;
    const value = from[name];
    if (Array.isArray(kind)) {
      if (!Array.isArray(value)) throw refuse('malformed', `${place}: expected a list`);
      out[name] = value.map((x) => pickedMap(kind[0], x, convert, place));
      continue;
    }
    if (typeof kind === 'object') {
      out[name] = pickedMap(kind, value, convert, place);
      continue;
    }
    const type = kind.replace('?', '');
    if (value === undefined || value === null) {
      if (kind !== type) continue;
      throw refuse('malformed', `${place} is missing`);
    }
    out[name] = convert(type, value, place);
  }
  return out;
}

function checked(type, value, place) {
  if (!fits[type](value)) throw refuse('malformed', `${place}: expected ${type}`);
  return value;
}

function fromJson(type, value, place) {
  if (type !== 'bin') return checked(type, value, place);
  try {
    return fromBase64(checked('str', value, place));
  } catch {
    throw refuse('malformed', `${place}: expected base64`);
  }
}

function toJson(type, value, place) {
  return type === 'bin' ? toBase64(checked(type, value, place)) : checked(type, value, place);
}

/**
 * @param {object} frame with its type as `t`
 * @param {'msgpack' | 'json'} [how]
 * @returns {Uint8Array | string} the payload of a binary or of a text message
 */
export function encodeFrame(frame, how = 'msgpack') {
  const body = picked(members[frame.t], frame, how === 'json' ? toJson : checked);
  if (how !== 'json') return encode({ ...body, t: frame.t });
  if (frame.t !== 'deliver') return JSON.stringify({ ...body, t: frame.t });
  const { source_key: sourceKey, ...rest } = body;
  return JSON.stringify({ ...rest, t: frame.t, source_key: sourceKey });
}

function parse(data) {
  try {
    return typeof data === 'string' ? JSON.parse(data) : decode(data);
  } catch (why) {
    throw refuse('malformed', why.message);
  }
}

/**
 * @param {Uint8Array | ArrayBuffer | string} data the payload of a message: text is JSON
 * @returns {object & {t: string}} without the members that this version does not know
 * @throws {BpiError} malformed, unsupported
 */
export function decodeFrame(data) {
  const raw = parse(data);
  if (typeof raw !== 'object' || raw === null || typeof raw.t !== 'string') {
    throw refuse('malformed', 'the member t is missing');
  }
  if (!Object.hasOwn(members, raw.t)) {
    throw refuse('unsupported', `no frame of type '${raw.t.slice(0, 32)}'`);
  }
  const body = picked(members[raw.t], raw, typeof data === 'string' ? fromJson : checked);
  return { ...body, t: raw.t };
}
