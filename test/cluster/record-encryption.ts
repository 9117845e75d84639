/**
 * Records what real API servers say about encryption at rest, for the tests of its parsers and verdicts:
 *
 *     node test/cluster/record-encryption.ts [CASE...]
 *
 * Of /metrics only the families that the program itself keeps are saved, with their HELP and TYPE lines and, where they
 * have a series for each resource, those of Secrets and ConfigMaps; of /flagz all names and the values that the program
 * keeps. No Secret value and no key is in any of these answers.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KEPT_FLAG_VALUES } from '../../src/evidence/command-flags.ts';
import { FLAGZ_ACCEPT } from '../../src/evidence/flagz.ts';
import { isKeptFamily } from '../../src/evidence/api-server-metrics.ts';
import { startApiServer, type Ground, type GroundOptions } from './api-server.ts';
import { controlPlaneVersion } from './binaries.ts';
import { getRaw } from './raw-get.ts';

/** What happens to an API server before it is recorded, in this order. */
interface Recording {
  readonly start: GroundOptions;
  /** A Secret is written. */
  readonly before?: true;
  readonly restart?: GroundOptions;
  /** The order of the providers in the file is turned round, and taken over without a restart. */
  readonly reload?: true;
  /** Another Secret is written. */
  readonly after?: true;
  /** /readyz, /flagz and /version are recorded too. */
  readonly settings?: true;
}

const automaticReload = { 'encryption-provider-config-automatic-reload': 'true' };
const aesgcm = {
  apiVersion: 'apiserver.config.k8s.io/v1',
  kind: 'EncryptionConfiguration',
  resources: [
    { resources: ['secrets'], providers: [{ aesgcm: { keys: [{ name: 'key1', secret: randomBytes(32).toString('base64') }] } }, { identity: {} }] },
  ],
};

const cases: Readonly<Record<string, Recording>> = {
  none: { start: { encryption: 'none' }, after: true, settings: true },
  'none-no-secret': { start: { encryption: 'none' } },
  aescbc: { start: { encryption: 'aescbc' }, after: true, settings: true },
  'aescbc-no-secret': { start: { encryption: 'aescbc' } },
  'aescbc-restarted': { start: { encryption: 'aescbc' }, before: true, restart: {} },
  'aescbc-after-none': { start: { encryption: 'none' }, before: true, restart: { encryption: 'aescbc' } },
  'aescbc-after-none-written': { start: { encryption: 'none' }, before: true, restart: { encryption: 'aescbc' }, after: true },
  secretbox: { start: { encryption: 'secretbox' }, after: true },
  'identity-first': { start: { encryption: 'identity-first' }, after: true },
  'identity-first-after-aescbc': { start: { encryption: 'aescbc' }, before: true, restart: { encryption: 'identity-first' } },
  'configmaps-only': { start: { encryption: 'configmaps-only' }, after: true },
  'configmaps-only-restarted': { start: { encryption: 'none' }, before: true, restart: { encryption: 'configmaps-only' } },
  aesgcm: { start: { encryption: { configuration: aesgcm } }, after: true },
  'automatic-reload': { start: { encryption: 'aescbc', flags: automaticReload }, after: true, settings: true },
  reloaded: { start: { encryption: 'identity-first', flags: automaticReload }, before: true, reload: true, after: true },
};

const wanted = process.argv.slice(2);
for (const [name, recording] of Object.entries(cases)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  await using ground = await startApiServer(recording.start);
  if (recording.before) await createSecret(ground, 'before');
  if (recording.restart !== undefined) await ground.restart(recording.restart);
  if (recording.reload) await turnProvidersRound(ground);
  if (recording.after) await createSecret(ground, 'after');
  await record(ground, path.join(import.meta.dirname, '../../fixtures/recordings', `kube-${controlPlaneVersion().slice(1)}`, name), recording.settings);
}

async function createSecret(ground: Ground, name: string): Promise<void> {
  const { code, stderr } = await ground.kubectl(['create', 'secret', 'generic', name, '--from-literal=password=not-a-real-one']);
  if (code !== 0) throw new Error(`Secret ${name} could not be created: ${stderr.trim()}`);
}

async function turnProvidersRound(ground: Ground): Promise<void> {
  const flags = JSON.parse(await get(ground, '/flagz', FLAGZ_ACCEPT)) as { flags: Record<string, string> };
  const file = flags.flags['encryption-provider-config'] ?? '';
  const configuration = JSON.parse(readFileSync(file, 'utf8')) as { resources: { providers: unknown[] }[] };
  for (const each of configuration.resources) each.providers.reverse();
  writeFileSync(file, JSON.stringify(configuration));
  // The file is looked at once a minute.
  while (!/^apiserver_encryption_config_controller_automatic_reloads_total\{.*status="success"\} [1-9]/m.test(await get(ground, '/metrics'))) await sleep(1000);
}

async function get(ground: Ground, url: string, accept?: string): Promise<string> {
  const admin = ground.issueClientCertificate({ user: 'recorder', groups: ['system:masters'] });
  const { status, body } = await getRaw(ground.url, admin, url, accept);
  if (status !== 200) throw new Error(`${url} answered ${status}.`);
  return body;
}

async function record(ground: Ground, folder: string, settings = false): Promise<void> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'metrics.txt'), keptLines(await get(ground, '/metrics')));
  if (settings) {
    writeFileSync(path.join(folder, 'readyz.txt'), await get(ground, '/readyz?verbose'));
    writeFileSync(path.join(folder, 'flagz.json'), keptFlags(await get(ground, '/flagz', FLAGZ_ACCEPT)));
    writeFileSync(path.join(folder, 'version.json'), await get(ground, '/version'));
  }
  process.stderr.write(`recorded ${path.basename(folder)}\n`);
}

/** Lines of kept families, with what /metrics says about them. */
function keptLines(metrics: string): string {
  const familyOf = (line: string): string => /^(?:# (?:HELP|TYPE) )?(\w+)/.exec(line)?.[1] ?? '';
  const isOther = (line: string): boolean => /[{,]resource="(?!secrets"|configmaps")/.test(line);
  return metrics.split('\n').filter(line => isKeptFamily(familyOf(line)) && !isOther(line)).map(line => `${line}\n`).join('');
}

/** The same answer, with every other flag's value emptied: they hold paths of the machine that recorded. */
function keptFlags(flagz: string): string {
  const answer = JSON.parse(flagz) as { flags: Record<string, string> };
  const flags = Object.entries(answer.flags).map(([name, value]) => [name, KEPT_FLAG_VALUES.has(name) ? value.replace(/^.*\//, '/etc/kubernetes/') : '']);
  return `${JSON.stringify({ ...answer, flags: Object.fromEntries(flags) }, undefined, 1)}\n`;
}
