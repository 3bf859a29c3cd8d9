// Section 2 of the protocol, the client's side.

import { helloBytes, welcomeBytes } from './canonical.js';
import { toHex } from './bytes.js';
import { fromRefusal, refuse } from './errors.js';
import { verify } from './keys.js';
import { randomBytes } from './platform.js';

const version = '1.0';
const nonceSize = 32;

/** The connection, the challenge, the hello and the welcome together. */
export const handshakeMsMax = 5000;

async function expectFrame(link, type) {
  const frame = await link.next();
  if (frame.t === type) return frame;
  if (frame.t === 'refusal') throw fromRefusal(frame);
  if (frame.t === 'undecodable') throw frame.error;
  throw refuse('malformed', `expected ${type}, got ${frame.t}`);
}

/** Marks what speaks against the server itself, not against this connection. */
function distrust(detail) {
  return Object.assign(refuse('bad_signature', detail), { distrusted: true });
}

function checkChallenge(challenge, pinned) {
  if (!challenge.versions.includes(version)) {
    throw refuse('unsupported', `the server speaks ${challenge.versions.join(', ')}`);
  }
  if (pinned && !pinned.has(toHex(challenge.server_key))) {
    throw distrust("the server's key is not one of serverKeys");
  }
}

async function signedHello(challenge, who, key) {
  const hello = {
    t: 'hello',
    version,
    node_id: who.nodeId,
    key: key.publicKey,
    nonce: randomBytes(nonceSize),
    last_session: who.lastSession,
    last_sequence: who.lastSequence,
  };
  const context = {
    serverKey: challenge.server_key,
    clientKey: key.publicKey,
    serverNonce: challenge.nonce,
    clientNonce: hello.nonce,
  };
  hello.signature = await key.sign(helloBytes(context, hello));
  return { hello, context };
}

async function exchange(link, who, key, pinned) {
  const challenge = await expectFrame(link, 'challenge');
  checkChallenge(challenge, pinned);
  const { hello, context } = await signedHello(challenge, who, key);
  link.send(hello);
  const welcome = await expectFrame(link, 'welcome');
  const covered = welcomeBytes(context, challenge.member, welcome);
  if (!(await verify(challenge.server_key, covered, welcome.signature))) {
    throw distrust('the welcome of the server');
  }
  return { challenge, welcome };
}

/**
 * @param {import('./link.js').Link} link
 * @param {{nodeId: string, lastSession: number, lastSequence: number}} who
 * @param {import('./keys.js').BpiKey} key
 * @param {Set<string> | null} pinned server keys in hex; null: any
 */
export async function handshake(link, who, key, pinned) {
  const timer = setTimeout(() => link.lose(refuse('handshake_timeout')), handshakeMsMax);
  try {
    return await exchange(link, who, key, pinned);
  } catch (error) {
    link.lose(error);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
