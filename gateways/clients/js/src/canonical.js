// The bytes under each signature (docs/protocol/bpi-1.0.md, section 6).

import { fromText } from './bytes.js';

/** s(x): the length as 4 bytes, big-endian, then x. Text is UTF-8. */
export function s(x) {
  const data = typeof x === 'string' ? fromText(x) : x;
  const out = new Uint8Array(4 + data.length);
  new DataView(out.buffer).setUint32(0, data.length);
  out.set(data, 4);
  return out;
}

/** n(x): 8 bytes, big-endian. */
export function n(x) {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt(x));
  return out;
}

/** One behind the other. */
export function joined(...parts) {
  const out = new Uint8Array(parts.reduce((sum, x) => sum + x.length, 0));
  let at = 0;
  for (const x of parts) {
    out.set(x, at);
    at += x.length;
  }
  return out;
}

/**
 * What both sides of a handshake know.
 * @typedef {{serverKey: Uint8Array, clientKey: Uint8Array, serverNonce: Uint8Array,
 *   clientNonce: Uint8Array}} HandshakeContext
 */

/** @param {HandshakeContext} who */
function handshake(tag, who) {
  return joined(s(tag), s(who.serverKey), s(who.clientKey), s(who.serverNonce), s(who.clientNonce));
}

/** @param {HandshakeContext} who */
export function helloBytes(who, hello) {
  return joined(
    handshake('BPI-1.0/hello', who),
    s(hello.version),
    s(hello.node_id),
    n(hello.last_session),
    n(hello.last_sequence),
  );
}

/** @param {HandshakeContext} who @param {string} member as the challenge names it */
export function welcomeBytes(who, member, welcome) {
  return joined(
    handshake('BPI-1.0/welcome', who),
    s(member),
    n(welcome.session),
    n(welcome.resume_from),
  );
}

/** Of a change of key, under both signatures (section 11). Keys as bytes. */
export function rotationBytes(nodeId, oldKey, newKey, issuedAt) {
  return joined(s('BPI-1.0/rotate'), s(nodeId), s(oldKey), s(newKey), n(issuedAt));
}

/** Of an announcement (section 12), with the key as bytes. */
export function announcementBytes(x, publicKey) {
  return joined(
    s('BPI-1.0/announce'),
    s(x.node_id),
    s(x.node_type),
    s(x.endpoint),
    n(x.capabilities.length),
    ...x.capabilities.map(s),
    n(x.issued_at),
    n(x.ttl_secs),
    s(publicKey),
  );
}

export function envelopeBytes(x) {
  return joined(
    // In the tag, so that it can be neither stripped nor added.
    s(x.delivery === 'stored' ? 'BPI-1.0/envelope-stored' : 'BPI-1.0/envelope'),
    s(x.id),
    n(x.sequence),
    s(x.source),
    n(x.targets.length),
    ...x.targets.map(s),
    s(x.type),
    s(x.priority),
    n(x.sent_at),
    s(x.body),
  );
}

/** What stands in a leaf of a batch's tree. */
export function leafBytes(item) {
  return joined(s(item.id), s(item.target), s(item.type), s(item.body));
}

/** @param {number} count of all its items @param {Uint8Array} root of their tree */
export function batchBytes(x, count, root) {
  return joined(
    s('BPI-1.0/batch'),
    s(x.id),
    n(x.sequence),
    s(x.source),
    s(x.priority),
    n(x.sent_at),
    n(count),
    s(root),
  );
}

/** @param {Uint8Array} serverKey of the handshake */
export function noticeBytes(serverKey, x) {
  return joined(s('BPI-1.0/notice'), s(serverKey), s(x.topic), s(x.id), n(x.time), s(x.body));
}
