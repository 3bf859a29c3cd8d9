// Two apps make an agreement, one sends a message under it, and its audit is checked (document 2,
// "Inter-App Communication Setup"). Here one process holds the keys of both; apps of two companies
// each sign what they have read. Prints what came of it as JSON.

import {
  BpiClient,
  auditRoot,
  checkAudit,
  interAppFromBody,
  interAppToOutgoing,
  makeInterAppMessage,
  openInterAppMessage,
  signAgreement,
} from '../src/index.js';
import { keyFromFile, readOptions, restOf } from './command-line.js';

const options = readOptions(
  'BPCI_TOKEN=... node agreement.js --api http://HOST:PORT --url ws://HOST:PORT --app1 ID ' +
    '--app2 ID --host1 ID --host2 ID --keys FOLDER',
  {
    api: { type: 'string' },
    url: { type: 'string', multiple: true },
    app1: { type: 'string' },
    app2: { type: 'string' },
    host1: { type: 'string' },
    host2: { type: 'string' },
    keys: { type: 'string' },
  },
  ['api', 'url', 'app1', 'app2', 'host1', 'host2', 'keys'],
);

const rest = restOf(options.api);
const below = '/api/v1/inter-app';
const keyOf = (name) => keyFromFile(`${options.keys}/${name}.key`);

async function enter(app, host) {
  const node = await keyOf(host);
  await rest('POST', '/api/v1/oracle/nodes/register', {
    node_id: host,
    node_type: 'AppHost',
    endpoint: 'ws://apps.internal:8080',
    capabilities: [],
    public_key: node.publicKeyHex,
  });
  const key = await keyOf(app);
  await rest('POST', `${below}/apps`, {
    app_id: app,
    app_type: 'Service',
    capabilities: ['settlement'],
    public_key: key.publicKeyHex,
    node_id: host,
  });
  return { key, node };
}

const first = await enter(options.app1, options.host1);
const second = await enter(options.app2, options.host2);

const agreement = await rest('POST', `${below}/establish`, {
  app1_id: options.app1,
  app2_id: options.app2,
  communication_type: 'ServiceCall',
  app1_permissions: ['Execute(settle)'],
  app2_permissions: [],
  security_requirements: { encryption_level: 'High', authentication_required: true },
});
const at = `${below}/agreements/${agreement.agreement_id}`;
for (const { key } of [first, second]) {
  await rest('POST', `${at}/sign`, await signAgreement(key, agreement));
}
const validation = await rest('GET', `${at}/validate`);

// The node that hosts the settlement engine, and that of the trading platform.
let received = '';
const engine = new BpiClient({
  urls: options.url,
  nodeId: options.host2,
  key: second.node,
  onMessage: async ({ body }) => {
    const message = interAppFromBody(body);
    const payload = await openInterAppMessage(second.key, agreement, message);
    received = new TextDecoder().decode(payload);
  },
});
const platform = new BpiClient({ urls: options.url, nodeId: options.host1, key: first.node });
await engine.connect();
await platform.connect();

/** What became of one message that makes use of this permission. */
async function ask(permission) {
  const message = await makeInterAppMessage(first.key, agreement, {
    permission,
    encryptionLevel: 'High',
    payload: 'settle trade 7',
  });
  try {
    await platform.send(interAppToOutgoing(agreement, message));
    return 'delivered';
  } catch (error) {
    return error.code;
  }
}
const permitted = await ask('Execute(settle)');
const forbidden = await ask('Execute(refund)');
platform.close();
engine.close();

const report = await rest('GET', `${at}/audit`);
const root = await auditRoot(agreement);
const faults = await checkAudit(agreement.agreement_id, report.entries, root);
console.log(
  JSON.stringify({
    agreement_id: agreement.agreement_id,
    is_valid: validation.is_valid,
    permitted,
    forbidden,
    received,
    entries: report.entries.length,
    verified: report.verified && faults.length === 0,
  }),
);
