// Agreements and messages between apps, signed, and their audit, checked (docs/inter-app.md).

import { decode, encode } from '@msgpack/msgpack';

import { fromBase64, fromHex, fromText, toBase64, toHex } from './bytes.js';
import { joined, n, s } from './canonical.js';
import { refuse } from './errors.js';
import { verify } from './keys.js';
import { webcrypto } from './platform.js';
import { openBody, readSealedHeader, sealBody } from './sealed.js';

/** A body that starts with `{` or white space is JSON. */
const jsonBegins = [...fromText('{ \n\r\t')];

const list = (all) => joined(n(all.length), ...all.map(s));

const party = (x) => joined(s(x.app_id), s(x.public_key), s(x.node_id ?? ''));

/** What both apps sign to agree. */
export function agreementBytes(id, terms) {
  const need = terms.security_requirements;
  return joined(
    s('BPI-1.0/agreement'),
    s(id),
    party(terms.app1),
    party(terms.app2),
    s(terms.communication_type),
    list(terms.app1_permissions),
    list(terms.app2_permissions),
    s(need.encryption_level),
    n(need.authentication_required ? 1 : 0),
    n(need.authorization_required ? 1 : 0),
    n(terms.valid_from ?? 0),
    n(terms.valid_until ?? 0),
  );
}

/** What one of them signs to end it. */
export function revocationBytes(id, appId, reason) {
  return joined(s('BPI-1.0/agreement-revocation'), s(id), s(appId), s(reason));
}

/** What the sending app signs of a message. */
export function interAppBytes(x) {
  return joined(
    s('BPI-1.0/inter-app'),
    s(x.agreement_id),
    s(x.message_id),
    s(x.from_app),
    s(x.to_app),
    s(x.permission),
    s(x.encryption_level),
    n(x.sent_at),
    s(x.payload),
  );
}

/** What the hash of an audit entry is made of. */
export function auditBytes(id, x) {
  return joined(
    s('BPI-1.0/audit-entry'),
    s(id),
    n(x.seq),
    n(x.at),
    s(x.event),
    s(x.who),
    s(x.message_id),
    s(x.permission),
    s(x.verdict),
    s(x.code),
    s(x.detail),
    s(x.digest),
    s(x.encryption),
    s(x.envelope),
    n(x.unlisted),
    s(x.previous),
  );
}

/** The side of an agreement that this key is the key of, and the other. */
function sidesOf(key, terms) {
  const own = key.publicKeyHex;
  if (terms.app1.public_key === own) return { from: terms.app1, to: terms.app2 };
  if (terms.app2.public_key === own) return { from: terms.app2, to: terms.app1 };
  throw new TypeError('the key is that of neither app of the agreement');
}

/**
 * The app's consent, for POST /api/v1/inter-app/agreements/{id}/sign. Look at the terms first: they
 * name both apps' keys and hosts.
 */
export async function signAgreement(key, agreement) {
  const { agreement_id: id, terms } = agreement;
  const { from } = sidesOf(key, terms);
  return { app_id: from.app_id, signature: toHex(await key.sign(agreementBytes(id, terms))) };
}

/** The same to end it, for POST .../revoke. */
export async function signRevocation(key, agreement, reason) {
  const { agreement_id: id, terms } = agreement;
  const { from } = sidesOf(key, terms);
  const signature = await key.sign(revocationBytes(id, from.app_id, reason));
  return { app_id: from.app_id, reason, signature: toHex(signature) };
}

/** What a payload is bound to (docs/inter-app.md). */
const bindingOf = (x) => ({
  source: x.from_app,
  target: x.to_app,
  id: x.message_id,
  type: x.permission,
});

/** What is to be read by anybody has a header only where it would be taken for one. */
function goesAsItIs(level, payload) {
  if (level !== 'None') return false;
  try {
    return readSealedHeader(payload).size === 0;
  } catch {
    return false;
  }
}

/**
 * A message from the app of this key to the other, with its payload sealed for that app at
 * `encryptionLevel` (`None` unless it is given) and signed.
 */
export async function makeInterAppMessage(key, agreement, what) {
  const { from, to } = sidesOf(key, agreement.terms);
  const message = {
    agreement_id: agreement.agreement_id,
    message_id: what.id ?? webcrypto.randomUUID(),
    from_app: from.app_id,
    to_app: to.app_id,
    permission: what.permission,
    encryption_level: what.encryptionLevel ?? 'None',
    sent_at: what.sentAt ?? Date.now(),
    payload: typeof what.payload === 'string' ? fromText(what.payload) : what.payload,
  };
  if (!goesAsItIs(message.encryption_level, message.payload)) {
    message.payload = await sealBody({
      ...bindingOf(message),
      level: message.encryption_level,
      key,
      targetKey: fromHex(to.public_key),
      body: message.payload,
      preSharedKey: what.preSharedKey,
    });
  }
  message.signature = await key.sign(interAppBytes(message));
  return message;
}

/**
 * The payload of a message to the app of this key, in the clear: signed by the other app and sealed
 * for this one, both as the agreement asks for at least. Rejects with `invalid_argument` when it is
 * not from the other app, with `bad_signature` when that app has not signed it, and as `openBody`.
 * @param {(id: string) => Uint8Array | undefined} [preSharedKey]
 */
export async function openInterAppMessage(key, agreement, message, preSharedKey) {
  const { from: own, to: other } = sidesOf(key, agreement.terms);
  if (message.from_app !== other.app_id || message.to_app !== own.app_id) {
    throw refuse('invalid_argument', 'not from the other app to the one of this key');
  }
  const sourceKey = fromHex(other.public_key);
  const need = agreement.terms.security_requirements;
  const { signature } = message;
  if (need.authentication_required || signature?.length > 0) {
    if (!(await verify(sourceKey, interAppBytes(message), signature ?? new Uint8Array()))) {
      throw refuse('bad_signature', `of ${message.from_app}`);
    }
  }
  const opened = await openBody({
    ...bindingOf(message),
    key,
    sourceKey,
    body: message.payload,
    least: need.encryption_level,
    preSharedKey,
  });
  return opened.body;
}

/**
 * What the BPI node that hosts the sending app gives to `BpiClient.send`. Its id is that of the
 * message, so that sending it again after a crash is a retry and no replay.
 */
export function toOutgoing(agreement, message) {
  const { app1, app2 } = agreement.terms;
  const to = [app1, app2].find((x) => x.app_id === message.to_app);
  if (!to || message.from_app === message.to_app) {
    throw new TypeError('not from one app of the agreement to the other');
  }
  if (!to.node_id) throw new TypeError(`${to.app_id} is hosted by no BPI node`);
  return {
    id: message.message_id,
    targets: [to.node_id],
    type: 'inter-app',
    body: encode(message),
  };
}

/** The message that the body of an envelope of type `inter-app` is. Rejected: `malformed`. */
export function fromBody(body) {
  try {
    if (!jsonBegins.includes(body[0])) return decode(body);
    const x = JSON.parse(new TextDecoder().decode(body));
    return { ...x, payload: fromBase64(x.payload), signature: fromBase64(x.signature ?? '') };
  } catch (error) {
    throw refuse('malformed', `not a message between apps: ${error.message}`);
  }
}

/** The message as the body of POST .../messages. */
export function toJson(message) {
  return {
    ...message,
    payload: toBase64(message.payload),
    signature: toBase64(message.signature),
  };
}

async function sha256(data) {
  return toHex(new Uint8Array(await webcrypto.subtle.digest('SHA-256', data)));
}

/** The `previous` of an agreement's first entry. */
export function auditRoot(agreement) {
  return sha256(agreementBytes(agreement.agreement_id, agreement.terms));
}

/** What is wrong with the entries of an audit report, in the order in which they were shown. */
export async function checkAudit(id, entries, before = '') {
  const faults = [];
  let last = 0;
  let hash = before;
  for (const x of entries) {
    if (last > 0 && x.seq !== last + 1) {
      faults.push({ seq: last + 1, code: 'audit_missing' });
      hash = '';
    }
    const sound =
      (await sha256(auditBytes(id, x))) === x.hash && (hash === '' || x.previous === hash);
    if (!sound) faults.push({ seq: x.seq, code: 'audit_changed' });
    last = x.seq;
    // Behind a fault the hash before is not known: what is wrong is the fault's.
    hash = sound ? x.hash : '';
  }
  return faults;
}
