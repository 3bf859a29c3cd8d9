// Bodies that only their target can read (docs/protocol/encryption.md), by WebCrypto.

import { fromText } from './bytes.js';
import { joined, s } from './canonical.js';
import { refuse } from './errors.js';
import { toMontgomery } from './montgomery.js';
import { randomBytes, webcrypto } from './platform.js';

const { subtle } = webcrypto;

const magic = fromText('BPIE');
const version = 1;
const tagSize = 16;
const domain = 'BPI-1.0/sealed';
const idPattern = /^[A-Za-z0-9._:-]{1,64}$/;

/** As the header numbers them. */
export const sealLevels = ['None', 'Standard', 'High', 'Quantum'];

function asText(bytes) {
  return String.fromCharCode(...bytes);
}

/**
 * What anybody can see of a body; one without a header has the level `None`.
 * @param {Uint8Array} body
 */
export function readSealedHeader(body) {
  if (body.length < magic.length || !magic.every((x, i) => body[i] === x)) {
    return { level: 'None', size: 0 };
  }
  let at = magic.length;
  const take = (size) => {
    if (body.length - at < size) throw refuse('malformed', 'the sealed body ends early');
    at += size;
    return body.subarray(at - size, at);
  };
  const [itsVersion, number] = take(2);
  if (itsVersion !== version) {
    throw refuse('unsupported', 'this client reads version 1 of sealed bodies');
  }
  const level = sealLevels[number];
  if (level === undefined) throw refuse('malformed', 'there is no such level');
  const out = { level };
  if (number >= 1) out.nonce = take(32);
  if (number >= 2) out.ephemeral = take(32);
  if (number >= 3) {
    out.preSharedKey = asText(take(take(1)[0]));
    if (!idPattern.test(out.preSharedKey)) throw refuse('malformed', 'the name of a key');
  }
  if (number >= 1 && body.length - at < tagSize) {
    throw refuse('malformed', 'the sealed body ends early');
  }
  out.size = at;
  return out;
}

function writeHeader(number, nonce, ephemeral, preSharedKey) {
  const parts = [magic, Uint8Array.of(version, number)];
  if (number >= 1) parts.push(nonce);
  if (number >= 2) parts.push(ephemeral);
  if (number >= 3) parts.push(Uint8Array.of(preSharedKey.length), fromText(preSharedKey));
  return joined(...parts);
}

/** What both ends derive the key of one body from. */
async function deriveKey(nonce, secrets, fromKey, toKey, use) {
  const material = joined(...secrets);
  const base = await subtle.importKey('raw', material, 'HKDF', false, ['deriveBits']);
  material.fill(0);
  for (const x of secrets) x.fill(0);
  const info = joined(s(domain), s(fromKey), s(toKey));
  const how = { name: 'HKDF', hash: 'SHA-256', salt: nonce, info };
  const bits = new Uint8Array(await subtle.deriveBits(how, base, 8 * 44));
  const key = await subtle.importKey('raw', bits.subarray(0, 32), 'AES-GCM', false, [use]);
  const iv = bits.slice(32);
  bits.fill(0, 0, 32);
  return { key, iv };
}

function bound(header, { source, target, id, type }) {
  return joined(s(domain), s(header), s(source), s(target), s(id), s(type));
}

function checkSecret(secret) {
  if (!(secret instanceof Uint8Array) || secret.length !== 32) {
    throw refuse('invalid_argument', 'a pre-shared key has 32 bytes');
  }
  return Uint8Array.from(secret);
}

/**
 * The body for one target, to be sent under the same id and type.
 * @param {{level: string, key: import('./keys.js').BpiKey, source: string, target: string,
 *   targetKey: Uint8Array, id: string, type: string, body: Uint8Array | string,
 *   preSharedKey?: {id: string, secret: Uint8Array},
 *   drawn?: {nonce: Uint8Array, ephemeralSecret: Uint8Array}}} what `drawn` is for tests
 * @returns {Promise<Uint8Array>}
 */
export async function sealBody(what) {
  const number = sealLevels.indexOf(what.level);
  if (number < 0) throw refuse('invalid_argument', `level: one of ${sealLevels.join(', ')}`);
  const plain = typeof what.body === 'string' ? fromText(what.body) : what.body;
  if (number === 0) return joined(writeHeader(0), plain);
  const shared = what.preSharedKey;
  if (number === 3 && !(shared && idPattern.test(shared.id))) {
    throw refuse(
      'invalid_argument',
      'the level Quantum needs a pre-shared key of 32 bytes, and a name for it',
    );
  }
  const nonce = what.drawn?.nonce ?? randomBytes(32);
  const theirs = toMontgomery(what.targetKey);
  const secrets = [];
  let ephemeral;
  if (number >= 2) {
    const fresh = await what.key.ephemeral(what.drawn?.ephemeralSecret);
    ephemeral = fresh.publicKey;
    secrets.push(await fresh.agree(theirs));
  }
  secrets.push(await what.key.agree(theirs));
  if (number === 3) secrets.push(checkSecret(shared.secret));
  const header = writeHeader(number, nonce, ephemeral, shared?.id);
  const { key, iv } = await deriveKey(
    nonce,
    secrets,
    what.key.publicKey,
    what.targetKey,
    'encrypt',
  );
  const how = { name: 'AES-GCM', iv, additionalData: bound(header, what), tagLength: 128 };
  return joined(header, new Uint8Array(await subtle.encrypt(how, key, plain)));
}

/**
 * What was sealed for `target`, at least as strongly as `least`; where that is `None`, anybody on the
 * way may have put a readable body in place of the sealed one. Rejects with `not_permitted` when the
 * level is lower, with `bad_signature` when it was sealed by another, for
 * another, under another id or type, or was changed; with `not_found` when the pre-shared key is
 * not known.
 * @param {{key: import('./keys.js').BpiKey, source: string, sourceKey: Uint8Array, target: string,
 *   id: string, type: string, body: Uint8Array, least: string,
 *   preSharedKey?: (id: string) => Uint8Array | undefined}} what
 * @returns {Promise<{level: string, body: Uint8Array}>}
 */
export async function openBody(what) {
  const header = readSealedHeader(what.body);
  const least = sealLevels.indexOf(what.least);
  if (least < 0) throw refuse('invalid_argument', `least: one of ${sealLevels.join(', ')}`);
  if (sealLevels.indexOf(header.level) < least) {
    throw refuse(
      'not_permitted',
      `the body has the level ${header.level}, at least ${what.least} is asked for`,
    );
  }
  const content = what.body.subarray(header.size);
  if (header.level === 'None') return { level: 'None', body: content };
  const secrets = [];
  if (header.ephemeral) secrets.push(await what.key.agree(header.ephemeral));
  secrets.push(await what.key.agree(toMontgomery(what.sourceKey)));
  if (header.level === 'Quantum') {
    const secret = await what.preSharedKey?.(header.preSharedKey);
    if (!secret) throw refuse('not_found', `no pre-shared key is named '${header.preSharedKey}'`);
    secrets.push(checkSecret(secret));
  }
  const { key, iv } = await deriveKey(
    header.nonce,
    secrets,
    what.sourceKey,
    what.key.publicKey,
    'decrypt',
  );
  const covered = bound(what.body.subarray(0, header.size), what);
  const how = { name: 'AES-GCM', iv, additionalData: covered, tagLength: 128 };
  try {
    return { level: header.level, body: new Uint8Array(await subtle.decrypt(how, key, content)) };
  } catch {
    throw refuse('bad_signature', 'the body was not sealed so by its source');
  }
}
