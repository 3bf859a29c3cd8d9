// Refusals, those of the server and those that the client gives itself, in one class. The codes
// are those of the protocol (docs/protocol/bpi-1.0.md, section 7).

const own = {
  malformed: [
    'The input could not be decoded.',
    'Check that the server speaks BPI-1.0; the detail names the member.',
  ],
  too_large: [
    'The message is larger than the server accepts.',
    'Send less at once; the limits are in the detail of the open event.',
  ],
  unsupported: [
    'The server speaks no version that this client speaks.',
    'Use a client of a version that the detail lists.',
  ],
  invalid_argument: [
    'A value is missing or not allowed.',
    'Correct the value that the detail names.',
  ],
  conflict: [
    'A message with this id is still waiting for its answers.',
    'Give each message an id of its own, or none at all.',
  ],
  handshake_timeout: [
    'The server did not complete the handshake in time.',
    'Check the address; the client goes on with the next one.',
  ],
  bad_signature: [
    'The signature does not match the content and the key.',
    'Do not trust the sender; check the key that is expected of it.',
  ],
  not_permitted: [
    'The other side is not allowed to do this.',
    'Ask it for what the detail names.',
  ],
  not_found: [
    'There is nothing under this name.',
    'Give the key that the detail names.',
  ],
  busy: [
    'The queue of this client is full.',
    'Wait until messages have been answered, or raise queueMax.',
  ],
  expired: [
    'The message was not answered in time.',
    'Send it again under the same id; the target drops a duplicate.',
  ],
  unavailable: ['The server cannot be reached.', 'Check the addresses and that a node is running.'],
  shutting_down: ['The client was closed.', 'Make a new client and connect it.'],
  timeout: [
    'The handler did not finish in time.',
    'The message is not acknowledged; make the handler faster, or raise handlerTimeoutMs.',
  ],
  internal: ['The handler failed.', 'The message is not acknowledged; the detail has the cause.'],
};

/** The codes after which the same message may be sent again (section 4). */
export const retryCodes = new Set(['busy', 'rate_limited', 'restarted', 'unavailable']);

/** The codes of a lost connection after which connecting again cannot help. */
export const fatalCodes = new Set(['unknown_node', 'unsupported', 'superseded']);

export class BpiError extends Error {
  /**
   * @param {{code: string, message: string, nextStep?: string, detail?: string, id?: string,
   *   target?: string, retryAfterMs?: number}} x
   */
  constructor(x) {
    super(x.detail ? `${x.message} (${x.detail})` : x.message);
    this.name = 'BpiError';
    this.code = x.code;
    this.nextStep = x.nextStep ?? '';
    this.detail = x.detail ?? '';
    this.id = x.id;
    this.target = x.target;
    this.retryAfterMs = x.retryAfterMs;
  }
}

/**
 * A refusal that the client gives itself.
 * @param {keyof typeof own} code
 */
export function refuse(code, detail = '', more = {}) {
  const [message, nextStep] = own[code];
  return new BpiError({ code, message, nextStep, detail, ...more });
}

/** The same refusal for the message `id`. */
export function copyOf(error, id) {
  const { code, nextStep, retryAfterMs, message } = error;
  return new BpiError({ code, message, nextStep, retryAfterMs, id });
}

/** The error that a `refusal` frame stands for. */
export function fromRefusal(frame) {
  return new BpiError({
    code: frame.code,
    message: frame.message,
    nextStep: frame.next_step,
    detail: frame.detail,
    id: frame.id,
    target: frame.target,
    retryAfterMs: frame.retry_after_ms,
  });
}

/** The error that a close event stands for: the server gives `code: sentence` as the reason. */
export function fromClose(event) {
  const known = /^([a-z_]+): (.+)$/s.exec(event.reason ?? '');
  if (known) {
    return new BpiError({
      code: known[1],
      message: known[2],
      nextStep: fatalCodes.has(known[1])
        ? 'Correct the cause, then connect again.'
        : 'The client connects again by itself.',
    });
  }
  return refuse('unavailable', `the connection was closed, WebSocket code ${event.code ?? 1006}`);
}
