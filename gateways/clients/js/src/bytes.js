const utf8 = new TextEncoder();

/** @param {string} text */
export function fromText(text) {
  return utf8.encode(text);
}

/** @param {Uint8Array} data */
export function toHex(data) {
  return Array.from(data, (x) => x.toString(16).padStart(2, '0')).join('');
}

/** @param {string} text */
export function fromHex(text) {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) throw new TypeError('not hex digits');
  return Uint8Array.from(text.match(/../g) ?? [], (x) => parseInt(x, 16));
}

// A piece at a time: String.fromCharCode takes as many arguments as the stack holds.
const pieceSize = 8192;

/**
 * RFC 4648, section 4, padded.
 * @param {Uint8Array} data
 */
export function toBase64(data) {
  let text = '';
  for (let i = 0; i < data.length; i += pieceSize) {
    text += String.fromCharCode(...data.subarray(i, i + pieceSize));
  }
  return btoa(text);
}

/**
 * Strict: one value has one spelling.
 * @param {string} text
 */
export function fromBase64(text) {
  let raw;
  try {
    raw = atob(text);
  } catch {
    throw new TypeError('not base64');
  }
  const data = Uint8Array.from(raw, (x) => x.charCodeAt(0));
  if (toBase64(data) !== text) throw new TypeError('not base64');
  return data;
}

/** @param {Uint8Array} a @param {Uint8Array} b */
export function equalBytes(a, b) {
  return a.length === b.length && a.every((x, i) => x === b[i]);
}
