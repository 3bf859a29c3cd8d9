/** Ids of nodes, messages and message types: 1 to 64 of `A-Z a-z 0-9 . _ : -`. */
export type Id = string;

export type Priority = 'Low' | 'Normal' | 'High' | 'Critical';

/**
 * `live`: to targets that are connected, or about to be. `stored`: the cluster keeps the message for
 * each target that is registered, until that has acknowledged it.
 */
export type DeliveryMode = 'live' | 'stored';

/** The key pair of a BPI node: Ed25519 (RFC 8032) by WebCrypto. */
export class BpiKey {
  private constructor();
  static generate(how?: { extractable?: boolean }): Promise<BpiKey>;
  /** `seed`: 32 bytes, or 64 hex digits. */
  static fromSeed(seed: Uint8Array | string, how?: { extractable?: boolean }): Promise<BpiKey>;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** What an operator registers the node with. */
  readonly publicKeyHex: string;
  /** 32 bytes. Rejects for a key that was not made extractable. */
  exportSeed(): Promise<Uint8Array>;
  /** 64 bytes. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** How a body is kept from others (docs/protocol/encryption.md). */
export type SealLevel = 'None' | 'Standard' | 'High' | 'Quantum';
export const sealLevels: readonly SealLevel[];

/** What anybody can see of a body; one without a header has the level `None`. */
export interface SealedHeader {
  level: SealLevel;
  nonce?: Uint8Array;
  ephemeral?: Uint8Array;
  /** The name of the one that it was sealed with. */
  preSharedKey?: Id;
  /** Bytes. */
  size: number;
}

/** Throws `malformed` or `unsupported`. */
export function readSealedHeader(body: Uint8Array): SealedHeader;

/**
 * The body for one target, to be sent under the same id and type. Rejects with `invalid_argument`
 * when the level is `Quantum` and there is no pre-shared key, with `unsupported` where the platform
 * has no X25519.
 */
export function sealBody(what: {
  level: SealLevel;
  key: BpiKey;
  source: Id;
  target: Id;
  /** Ed25519, as registered. */
  targetKey: Uint8Array;
  id: Id;
  type: Id;
  body: Uint8Array | string;
  /** 32 bytes that both ends were given in another way. */
  preSharedKey?: { id: Id; secret: Uint8Array };
}): Promise<Uint8Array>;

/**
 * Rejects with `bad_signature` when the body was sealed by another, for another, under another id or
 * type, or was changed; with `not_found` when the pre-shared key is not known.
 */
export function openBody(what: {
  key: BpiKey;
  source: Id;
  sourceKey: Uint8Array;
  target: Id;
  id: Id;
  type: Id;
  body: Uint8Array;
  /** The level that is asked of the source: a lower one rejects with `not_permitted`. */
  least: SealLevel;
  preSharedKey?: (id: Id) => Uint8Array | undefined | Promise<Uint8Array | undefined>;
}): Promise<{ level: SealLevel; body: Uint8Array }>;

/**
 * The body of POST /api/v1/oracle/nodes/{id}/rotate-key: from the old key to the new one.
 * `issuedAt` in milliseconds; default: now.
 */
export function rotateKey(
  nodeId: Id,
  oldKey: BpiKey,
  newKey: BpiKey,
  issuedAt?: number,
): Promise<Record<string, string | number>>;

/** The body of POST /api/v1/oracle/announcements. */
export function signAnnouncement(
  what: {
    nodeId: Id;
    nodeType: Id;
    endpoint: string;
    capabilities?: Id[];
    /** Default: as long as the cluster allows. */
    ttlSecs?: number;
    /** Milliseconds; default: now. */
    issuedAt?: number;
  },
  key: BpiKey,
): Promise<Record<string, unknown>>;

/** Whether the signature is that of the message by the owner of the key. Never rejects. */
export function verify(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean>;

export function toHex(data: Uint8Array): string;
export function fromHex(text: string): Uint8Array;

/** A refusal, by the server or by the client itself. */
export class BpiError extends Error {
  /** As in section 7 of the protocol: `unknown_target`, `expired`... */
  readonly code: string;
  /** One sentence that says what to do. */
  readonly nextStep: string;
  /** What was special about this case; may be empty. */
  readonly detail: string;
  /** Of the message, where there is one. */
  readonly id?: Id;
  /** Which target; absent: the whole message. */
  readonly target?: Id;
  readonly retryAfterMs?: number;
  /** Of `send`: the answers that there are. */
  readonly outcomes?: Outcome[];
}

/** A message from another node. Its signature has been checked. */
export interface IncomingMessage {
  readonly id: Id;
  readonly sequence: number;
  readonly source: Id;
  /** Under which the cluster has registered the source. */
  readonly sourceKey: Uint8Array;
  readonly targets: Id[];
  readonly type: Id;
  readonly priority: Priority;
  readonly delivery: DeliveryMode;
  /** Milliseconds since 1970, by the source's clock. */
  readonly sentAt: number;
  readonly body: Uint8Array;
  /** The batch that it came in; sequence and time are then the batch's. */
  readonly batch?: Id;
}

export interface OutgoingMessage {
  /** Distinct; how many is in `limits.max_targets`. */
  targets: Id | Id[];
  type: Id;
  /** Text is sent as UTF-8. Default: empty. */
  body?: Uint8Array | ArrayBuffer | string;
  /** Default: `Normal`. */
  priority?: Priority;
  /** Default: `live`. */
  delivery?: DeliveryMode;
  /** Default: a random one. Give your own to send a message again after a restart. */
  id?: Id;
  /** Default: that of the client. */
  deadlineMs?: number;
}

/** `stored`: safe in the cluster; the `acknowledged` event may come when the target has it. */
export type Outcome =
  | { target: Id; delivered: true; stored?: true }
  | { target: Id; delivered: false; error: BpiError };

export interface SendResult {
  id: Id;
  /** Whether every target has acknowledged, or the message is stored for it. */
  complete: boolean;
  /** In the order of the targets. */
  outcomes: Outcome[];
}

export interface BpiClientOptions {
  /** Several nodes of one cluster: `ws://host:port` or `wss://host`. */
  urls: string[];
  /** The id under which this node is registered. */
  nodeId: Id;
  key: BpiKey;
  /** Keys of cluster nodes, bytes or hex; others are refused. Default: any. */
  serverKeys?: (Uint8Array | string)[];
  /**
   * Handles a message; it is acknowledged when the result resolves. When it rejects, the message
   * expires at its source and may come again. Messages of one source are handled one after the
   * other. The last 10,000 are remembered, in memory: after a restart one may come twice.
   */
  onMessage?: (message: IncomingMessage) => unknown;
  /**
   * The key of a source, from somewhere that you trust more than the cluster's operator. Messages
   * under another key are refused. Nothing: the key that the cluster names.
   */
  knownKey?: (source: Id) => Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** Default: `msgpack`. */
  encoding?: 'msgpack' | 'json';
  /** How long `connect` tries. Default: 60,000. */
  connectTimeoutMs?: number;
  /** How long `send` tries. Default: 60,000. */
  deadlineMs?: number;
  /**
   * How many messages may go under one signature when they wait behind each other: live ones to one
   * target each, of one priority. 0: as many as the server suggests. Default: 1.
   */
  batchMax?: number;
  /** How long `onMessage` may take. Default: 60,000. */
  handlerTimeoutMs?: number;
  /** Messages that wait for credit or for a connection. Default: 1,000; beyond, `busy`. */
  queueMax?: number;
  /** Messages that wait for `onMessage`. Default: 1,000; beyond, they are not acknowledged. */
  inboundMax?: number;
  /** Silence after which the server counts as gone, where the platform has pings. Default: 15,000. */
  silentMsMax?: number;
  /** How long beyond `relay_timeout_secs` an answer may take. Default: 5,000. */
  answerGraceMs?: number;
}

export interface Limits {
  max_frame_bytes: number;
  max_in_flight: number;
  max_targets: number;
  max_message_age_secs: number;
  rate_limit_per_sec: number;
  handshake_timeout_ms: number;
  relay_timeout_secs: number;
  /** Absent: a server that knows no batches. */
  max_batch?: number;
  batch_size?: number;
}

export interface OpenDetail {
  url: string;
  /** The cluster node at the other end. */
  member: Id;
  session: number;
  /** In hex. */
  serverKey: string;
  limits: Limits;
}

export interface BpiClientEvents {
  /** The handshake is done; also after each reconnect. */
  open: OpenDetail;
  /** The link is lost, or could not be opened; the next attempt is in `delayMs`. */
  reconnecting: { error: BpiError; url: string; attempt: number; delayMs: number };
  /**
   * A target has acknowledged a message that nobody waits for any more: it was reported as stored.
   * Comes only if this client is connected then.
   */
  acknowledged: { id: Id; target: Id };
  /** News of the cluster, signed by the server. */
  notice: { topic: string; id: Id; time: number; body: Uint8Array };
  /** The server has refused something, or this client a message from outside. */
  refusal: { error: BpiError };
  /** The end. With an error when close() was not the cause. */
  close: { error?: BpiError };
}

export class BpiClient extends EventTarget {
  constructor(options: BpiClientOptions);
  readonly connected: boolean;
  /**
   * Opens the link and keeps it open until close(). Rejects, and closes the client, with
   * `unknown_node`, `bad_signature`, `unsupported`, or what it met last when the time is up.
   */
  connect(): Promise<OpenDetail>;
  /**
   * Resolves when every target has answered and at least one has acknowledged. Rejects with the
   * first refusal when none has; with `expired` after the deadline (it may have arrived);
   * with `invalid_argument`, `too_large`, `conflict` or `busy` before it was sent. May be called
   * before connect().
   */
  send(message: OutgoingMessage): Promise<SendResult>;
  /** Sends many at once, so that they can go in batches (`batchMax`). Never rejects. */
  sendBatch(messages: OutgoingMessage[]): Promise<PromiseSettledResult<SendResult>[]>;
  /** Refuses what waits with `shutting_down`. */
  close(): void;
  addEventListener<K extends keyof BpiClientEvents>(
    type: K,
    listener: (event: Event & { readonly detail: BpiClientEvents[K] }) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

// -- between apps (docs/inter-app.md) ---------------------------------------------------

export type EncryptionLevel = 'None' | 'Standard' | 'High' | 'Quantum';

/** One side of an agreement. */
export interface InterAppParty {
  readonly app_id: Id;
  /** 64 hex digits. */
  readonly public_key: string;
  /** The BPI node that hosts the app; may be empty. */
  readonly node_id: string;
}

/** What both apps sign. */
export interface InterAppTerms {
  readonly app1: InterAppParty;
  readonly app2: InterAppParty;
  readonly communication_type: string;
  readonly app1_permissions: readonly string[];
  readonly app2_permissions: readonly string[];
  readonly security_requirements: {
    readonly encryption_level: EncryptionLevel;
    readonly authentication_required: boolean;
    readonly authorization_required: boolean;
  };
  /** Milliseconds since 1970; 0: as soon as both have signed. */
  readonly valid_from: number;
  /** 0: until it is revoked. */
  readonly valid_until: number;
}

/** As GET /api/v1/inter-app/agreements/{id} answers it. */
export interface InterAppAgreement {
  readonly agreement_id: Id;
  readonly terms: InterAppTerms;
}

export interface InterAppMessage {
  readonly agreement_id: Id;
  readonly message_id: Id;
  readonly from_app: Id;
  readonly to_app: Id;
  readonly permission: string;
  readonly encryption_level: EncryptionLevel;
  readonly sent_at: number;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

/** An entry of GET /api/v1/inter-app/agreements/{id}/audit. */
export interface InterAppAuditEntry {
  readonly seq: number;
  readonly at: number;
  readonly event: string;
  readonly who: string;
  readonly message_id: string;
  readonly permission: string;
  readonly verdict: string;
  readonly code: string;
  readonly detail: string;
  readonly digest: string;
  readonly encryption: string;
  readonly envelope: string;
  readonly unlisted: number;
  readonly previous: string;
  readonly hash: string;
}

/** The body of POST .../sign. Rejects when the key is that of neither app. */
export function signAgreement(
  key: BpiKey,
  agreement: InterAppAgreement,
): Promise<{ app_id: Id; signature: string }>;

/** The body of POST .../revoke. */
export function signRevocation(
  key: BpiKey,
  agreement: InterAppAgreement,
  reason: string,
): Promise<{ app_id: Id; reason: string; signature: string }>;

/**
 * From the app of this key to the other, with its payload sealed for that app at `encryptionLevel`
 * (`None` unless it is given) and signed. Without an `id` a random one. `Quantum` needs a pre-shared
 * key.
 */
export function makeInterAppMessage(
  key: BpiKey,
  agreement: InterAppAgreement,
  what: {
    permission: string;
    payload: Uint8Array | string;
    encryptionLevel?: EncryptionLevel;
    id?: Id;
    sentAt?: number;
    preSharedKey?: { id: string; secret: Uint8Array };
  },
): Promise<InterAppMessage>;

/** The message that the body of an envelope of type `inter-app` is. Throws `malformed`. */
export function interAppFromBody(body: Uint8Array): InterAppMessage;

/**
 * The payload of a message to the app of this key, in the clear: signed by the other app and sealed
 * for this one, both as the agreement asks for at least. Rejects with `invalid_argument` when it is
 * not from the other app, with `bad_signature` when that app has not signed it, and as `openBody`.
 */
export function openInterAppMessage(
  key: BpiKey,
  agreement: InterAppAgreement,
  message: InterAppMessage,
  preSharedKey?: (id: string) => Uint8Array | undefined,
): Promise<Uint8Array>;

/** For `BpiClient.send` of the node that hosts the sending app. */
export function interAppToOutgoing(
  agreement: InterAppAgreement,
  message: InterAppMessage,
): { id: Id; targets: Id[]; type: 'inter-app'; body: Uint8Array };

/** The body of POST .../messages. */
export function interAppToJson(message: InterAppMessage): Record<string, unknown>;

/** The `previous` of an agreement's first audit entry. */
export function auditRoot(agreement: InterAppAgreement): Promise<string>;

/** What is wrong with entries that follow each other. `before`: the hash of the one before. */
export function checkAudit(
  id: Id,
  entries: readonly InterAppAuditEntry[],
  before?: string,
): Promise<{ seq: number; code: 'audit_changed' | 'audit_missing' }[]>;
