// Ed25519 (RFC 8032) by WebCrypto.

import { fromHex, toHex } from './bytes.js';
import { webcrypto } from './platform.js';

const { subtle } = webcrypto;
const algorithm = { name: 'Ed25519' };

/** RFC 8410, section 7: what stands before the 32 bytes of the seed in PKCS #8. */
const pkcs8Prefix = fromHex('302e020100300506032b657004220420');

function fromBase64Url(text) {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (x) =>
    x.charCodeAt(0),
  );
}

/** The key pair of a BPI node. The secret part stays inside WebCrypto. */
export class BpiKey {
  #secret;

  /** @private Use generate or fromSeed. */
  constructor(secret, publicKey) {
    this.#secret = secret;
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
    const pair = await subtle.generateKey(algorithm, extractable, ['sign', 'verify']);
    return new BpiKey(
      pair.privateKey,
      new Uint8Array(await subtle.exportKey('raw', pair.publicKey)),
    );
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
    return new BpiKey(secret, fromBase64Url(x));
  }

  /** The 32-byte seed, of a key that was made extractable. Keep it secret. */
  async exportSeed() {
    return fromBase64Url((await subtle.exportKey('jwk', this.#secret)).d);
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
