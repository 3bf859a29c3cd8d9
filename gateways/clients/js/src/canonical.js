// The bytes under each signature (docs/protocol/bpi-1.0.md, section 6).

import { fromText } from './bytes.js';

/** s(x): the length as 4 bytes, big-endian, then x. Text is UTF-8. */
function s(x) {
  const data = typeof x === 'string' ? fromText(x) : x;
  const out = new Uint8Array(4 + data.length);
  new DataView(out.buffer).setUint32(0, data.length);
  out.set(data, 4);
  return out;
}

/** n(x): 8 bytes, big-endian. */
function n(x) {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt(x));
  return out;
}

function joined(...parts) {
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
