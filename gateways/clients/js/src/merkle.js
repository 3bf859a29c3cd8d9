// Merkle trees of RFC 9162, section 2.1, with SHA-256: what the signature of a batch covers.

import { webcrypto } from './platform.js';

const hashSize = 32;

async function sha256(prefix, ...parts) {
  const data = new Uint8Array(1 + parts.reduce((sum, x) => sum + x.length, 0));
  data[0] = prefix;
  let at = 1;
  for (const x of parts) {
    data.set(x, at);
    at += x.length;
  }
  return new Uint8Array(await webcrypto.subtle.digest('SHA-256', data));
}

/** The largest power of two below `size`. */
function split(size) {
  let half = 1;
  while (half * 2 < size) half *= 2;
  return half;
}

/**
 * The root of a tree of `size` leaves of which some are known.
 * @param {number} size
 * @param {number[]} indexes of the known leaves, rising
 * @param {Uint8Array[]} leaves their contents
 * @param {Uint8Array} proof the hash of each largest subtree without any of them, from left to right
 * @returns {Promise<Uint8Array | undefined>} undefined: these don't belong together
 */
export async function rootOfPart(size, indexes, leaves, proof) {
  const rising = indexes.every((x, i) => x >= 0 && x < size && (i === 0 || x > indexes[i - 1]));
  if (!rising || indexes.length === 0 || indexes.length !== leaves.length) return undefined;
  let known = 0;
  let used = 0;
  const subtree = async (begin, count) => {
    if (known === indexes.length || indexes[known] >= begin + count) {
      used += hashSize;
      return proof.subarray(used - hashSize, used);
    }
    if (count === 1) return sha256(0, leaves[known++]);
    const half = split(count);
    const left = await subtree(begin, half);
    return sha256(1, left, await subtree(begin + half, count - half));
  };
  const root = await subtree(0, size);
  return used === proof.length ? root : undefined;
}

/** @param {Uint8Array[]} leaves at least one */
export function rootOf(leaves) {
  return rootOfPart(leaves.length, [...leaves.keys()], leaves, new Uint8Array());
}
