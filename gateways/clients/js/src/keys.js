// Ed25519 (RFC 8032) by WebCrypto.

import { fromHex, toHex } from './bytes.js';
import { refuse } from './errors.js';
import { randomBytes, webcrypto } from './platform.js';

const { subtle } = webcrypto;
const algorithm = { name: 'Ed25519' };

/** RFC 8410, section 7: what stands before the 32 bytes of the seed in PKCS #8. */
const pkcs8Prefix = fromHex('302e020100300506032b657004220420');

function fromBase64Url(text) {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (x) =>
    x.charCodeAt(0),
  );
}

/** The same for an X25519 key. */
const agreementPrefix = fromHex('302e020100300506032b656e04220420');
const agreement = { name: 'X25519' };

/** A secret number as a key; undefined where the platform has no X25519. */
async function importAgreement(scalar) {
  const pkcs8 = new Uint8Array([...agreementPrefix, ...scalar]);
  try {
    return await subtle.importKey('pkcs8', pkcs8, agreement, false, ['deriveBits']);
  } catch {
    return undefined;
  } finally {
    pkcs8.fill(0);
  }
}

async function agree(secret, theirs) {
  if (!secret) throw refuse('unsupported', 'this platform has no X25519');
  let out;
  try {
    const other = await subtle.importKey('raw', theirs, agreement, false, []);
    out = new Uint8Array(await subtle.deriveBits({ ...agreement, public: other }, secret, 256));
  } catch (cause) {
    throw refuse('bad_signature', `no agreement with this key: ${cause.message}`);
  }
  // RFC 7748, section 6.1: of small order.
  if (out.every((x) => x === 0)) throw refuse('bad_signature', 'the key is of small order');
  return out;
}

/** The X25519 base point: u = 9. */
const basePoint = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 9 : 0));

/** The key pair of a BPI node. The secret part stays inside WebCrypto. */
export class BpiKey {
  #secret;
  #agreement;

  /** @private Use generate or fromSeed. */
  constructor(secret, publicKey, agreementKey) {
    this.#secret = secret;
    this.#agreement = agreementKey;
    /** The 32 bytes under which the node is registered. @readonly @type {Uint8Array} */
    this.publicKey = publicKey;
  }

  /** The public key as 64 hex digits, as `bpci oracle register-node` takes it. */
  get publicKeyHex() {
    return toHex(this.publicKey);
  }

  /**
   * A new key. One that is not extractable cannot leave the browser, even by a script that got in.
   * @param {{extractable?: boolean}} [how]
   */
  static async generate({ extractable = false } = {}) {
    // From a seed, because WebCrypto does not give the other form of a key that it has made.
    const seed = randomBytes(32);
    const key = await BpiKey.fromSeed(seed, { extractable });
    seed.fill(0);
    return key;
  }

  /**
   * The key of a 32-byte seed, given as bytes or as 64 hex digits.
   * @param {Uint8Array | string} seed
   * @param {{extractable?: boolean}} [how]
   */
  static async fromSeed(seed, { extractable = false } = {}) {
    const raw = typeof seed === 'string' ? fromHex(seed.trim()) : seed;
    if (raw.length !== 32) throw new TypeError('a seed has 32 bytes');
    const pkcs8 = new Uint8Array([...pkcs8Prefix, ...raw]);
    // WebCrypto gives the public half only in the export of an extractable key.
    const open = await subtle.importKey('pkcs8', pkcs8, algorithm, true, ['sign']);
    const { x } = await subtle.exportKey('jwk', open);
    const secret = extractable
      ? open
      : await subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']);
    pkcs8.fill(0);
    // RFC 8032, section 5.1.5: the scalar of this key; X25519 clamps it in the same way.
    const hash = new Uint8Array(await subtle.digest('SHA-512', raw));
    const agreementKey = await importAgreement(hash.subarray(0, 32));
    hash.fill(0);
    return new BpiKey(secret, fromBase64Url(x), agreementKey);
  }

  /** The 32-byte seed, of a key that was made extractable. Keep it secret. */
  async exportSeed() {
    return fromBase64Url((await subtle.exportKey('jwk', this.#secret)).d);
  }

  /**
   * The secret that only this key and the other can compute.
   * @private For sealed bodies.
   * @param {Uint8Array} theirs 32 bytes, X25519
   */
  agree(theirs) {
    return agree(this.#agreement, theirs);
  }

  /**
   * A key for one body.
   * @private For sealed bodies.
   * @param {Uint8Array} [secret] for tests
   */
  async ephemeral(secret) {
    const scalar = secret ? Uint8Array.from(secret) : randomBytes(32);
    const key = await importAgreement(scalar);
    scalar.fill(0);
    return { publicKey: await agree(key, basePoint), agree: (theirs) => agree(key, theirs) };
  }

  /** @param {Uint8Array} message @returns {Promise<Uint8Array>} 64 bytes */
  async sign(message) {
    return new Uint8Array(await subtle.sign(algorithm, this.#secret, message));
  }
}

/** Imported public keys, by hex: to import one takes as long as to verify with it. */
const imported = new Map();
const importedMax = 1000;

async function importPublic(publicKey) {
  const name = toHex(publicKey);
  const known = imported.get(name);
  if (known) return known;
  const key = await subtle.importKey('raw', publicKey, algorithm, false, ['verify']);
  if (imported.size >= importedMax) imported.delete(imported.keys().next().value);
  imported.set(name, key);
  return key;
}

/**
 * Whether `signature` is that of `message` by the owner of `publicKey`. Never throws: what cannot
 * be a key or a signature does not match.
 * @param {Uint8Array} publicKey
 * @param {Uint8Array} message
 * @param {Uint8Array} signature
 */
export async function verify(publicKey, message, signature) {
  try {
    return await subtle.verify(algorithm, await importPublic(publicKey), signature, message);
  } catch {
    return false;
  }
}
