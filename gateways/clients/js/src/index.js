export { BpiClient } from './client.js';
export { BpiError } from './errors.js';
export { BpiKey, verify } from './keys.js';
export { fromHex, toHex } from './bytes.js';
