// What a node signs about itself (docs/protocol/bpi-1.0.md, sections 11 and 12).

import { toHex } from './bytes.js';
import { announcementBytes, rotationBytes } from './canonical.js';

/**
 * The body of POST /api/v1/oracle/nodes/{id}/rotate-key.
 * @param {string} nodeId
 * @param {import('./keys.js').BpiKey} oldKey
 * @param {import('./keys.js').BpiKey} newKey
 */
export async function rotateKey(nodeId, oldKey, newKey, issuedAt = Date.now()) {
  const covered = rotationBytes(nodeId, oldKey.publicKey, newKey.publicKey, issuedAt);
  return {
    node_id: nodeId,
    old_public_key: oldKey.publicKeyHex,
    new_public_key: newKey.publicKeyHex,
    issued_at: issuedAt,
    old_signature: toHex(await oldKey.sign(covered)),
    new_signature: toHex(await newKey.sign(covered)),
  };
}

/**
 * The body of POST /api/v1/oracle/announcements.
 * @param {{nodeId: string, nodeType: string, endpoint: string, capabilities?: string[],
 *   ttlSecs?: number, issuedAt?: number}} what
 * @param {import('./keys.js').BpiKey} key
 */
export async function signAnnouncement(what, key) {
  const out = {
    node_id: what.nodeId,
    node_type: what.nodeType,
    endpoint: what.endpoint,
    capabilities: what.capabilities ?? [],
    issued_at: what.issuedAt ?? Date.now(),
    ttl_secs: what.ttlSecs ?? 0,
    public_key: key.publicKeyHex,
  };
  const signature = toHex(await key.sign(announcementBytes(out, key.publicKey)));
  return { ...out, signature };
}
