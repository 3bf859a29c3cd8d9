// Agreements and messages between apps, signed, and their audit, checked (docs/inter-app.md).

import { encode } from '@msgpack/msgpack';

import { toBase64, toHex } from './bytes.js';
import { joined, n, s } from './canonical.js';
import { webcrypto } from './platform.js';

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

/** A signed message from the app of this key to the other. */
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
    payload: what.payload,
  };
  message.signature = await key.sign(interAppBytes(message));
  return message;
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
