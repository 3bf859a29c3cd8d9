// From the Ed25519 form of a public key to its X25519 form (RFC 7748, section 4.1):
// u = (1 + y) / (1 - y). Public values only, so the time that it takes tells nothing.

import { refuse } from './errors.js';

const p = 2n ** 255n - 19n;

function mod(x) {
  const out = x % p;
  return out < 0n ? out + p : out;
}

function power(base, exponent) {
  let out = 1n;
  let square = mod(base);
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) out = mod(out * square);
    square = mod(square * square);
  }
  return out;
}

function invert(x) {
  return power(x, p - 2n);
}

const d = mod(-121665n * invert(121666n));

/** Whether some x makes a point with this y (RFC 8032, section 5.1.3). */
function isOnCurve(y) {
  const square = mod(y * y);
  const x2 = mod((square - 1n) * invert(mod(d * square + 1n)));
  return x2 === 0n || power(x2, (p - 1n) / 2n) === 1n;
}

function fromLittleEndian(bytes) {
  return bytes.reduceRight((sum, x) => (sum << 8n) | BigInt(x), 0n);
}

function toLittleEndian(x) {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((x >> BigInt(8 * i)) & 0xffn));
}

/** Converted keys, by hex: each costs three exponentiations. */
const known = new Map();
const knownMax = 1000;

/**
 * @param {Uint8Array} publicKey 32 bytes, Ed25519
 * @returns {Uint8Array} 32 bytes, X25519
 */
export function toMontgomery(publicKey) {
  if (!(publicKey instanceof Uint8Array) || publicKey.length !== 32) {
    throw refuse('invalid_argument', 'a public key has 32 bytes');
  }
  const name = publicKey.join();
  const before = known.get(name);
  if (before) return before;
  const y = fromLittleEndian(publicKey) & ((1n << 255n) - 1n);
  if (y >= p || y === 1n || !isOnCurve(y)) {
    throw refuse('invalid_argument', 'these 32 bytes are not a usable Ed25519 public key');
  }
  const out = toLittleEndian(mod((1n + y) * invert(mod(1n - y))));
  if (known.size >= knownMax) known.delete(known.keys().next().value);
  known.set(name, out);
  return out;
}
