export { BpiClient } from './client.js';
export { BpiError } from './errors.js';
export {
  auditRoot,
  checkAudit,
  fromBody as interAppFromBody,
  makeInterAppMessage,
  openInterAppMessage,
  signAgreement,
  signRevocation,
  toJson as interAppToJson,
  toOutgoing as interAppToOutgoing,
} from './inter-app.js';
export { BpiKey, verify } from './keys.js';
export { rotateKey, signAnnouncement } from './register.js';
export { openBody, readSealedHeader, sealBody, sealLevels } from './sealed.js';
export { fromHex, toHex } from './bytes.js';
