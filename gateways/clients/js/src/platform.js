// What Node and browsers call by different names.

async function findWebCrypto() {
  if (globalThis.crypto?.subtle) return globalThis.crypto;
  try {
    // Node 18 has it, but not as a global.
    return (await import('node:crypto')).webcrypto;
  } catch (cause) {
    throw new Error('No WebCrypto here: browsers have it on https and on localhost only.', {
      cause,
    });
  }
}

export const webcrypto = await findWebCrypto();

/**
 * The platform's WebSocket; on Node before 22 that of the package `ws`.
 * @returns {Promise<typeof WebSocket>}
 */
export async function findWebSocket() {
  if (globalThis.WebSocket) return globalThis.WebSocket;
  try {
    return (await import('ws')).WebSocket;
  } catch (cause) {
    throw new Error('This Node has no WebSocket: install the package ws, or use Node 22.', {
      cause,
    });
  }
}

/** @param {number} size */
export function randomBytes(size) {
  return webcrypto.getRandomValues(new Uint8Array(size));
}
