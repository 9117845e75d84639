/**
 * Audits a recorded cluster over real TLS, with nothing else on the machine: a local server answers from the recording,
 * certificates are made now, and the program itself connects through a kubeconfig.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRecordedApi, type ApiData } from '../test/support/api-data.ts';
import { startFakeApiServer } from '../test/support/api-server.ts';
import { createCertificate } from '../test/support/certificates.ts';

const root = join(import.meta.dirname, '..');
const KEEP = '--keep';
const given = process.argv.slice(2);
const keeps = given.includes(KEEP);

// As long as kubeadm makes it: the report must not warn of what only the demo has.
const TEN_YEARS = 10 * 365 * 24 * 60 * 60_000;
const authority = createCertificate({ commonName: 'kubernetes', use: 'authority', notAfter: new Date(Date.now() + TEN_YEARS) });
const server = await startFakeApiServer({
  authority,
  data: withAuthority(withFreshLeases(await readRecordedApi(join(root, 'fixtures/demo/api'))), authority.certificate),
  // The auditor of the recording: reads only, no Secrets, and one right short, so that the report shows what it says of that.
  isForbidden: ({ verb, group, resource }) => !['get', 'list'].includes(verb) || resource === 'leases' || resource === 'secrets' || group === 'secaudit.invalid',
});
const directory = mkdtempSync(join(tmpdir(), 'secaudit-demo-'));
try {
  const kubeconfig = join(directory, 'kubeconfig');
  const auditor = server.certificateUser({ commonName: 'auditor', organizations: ['security'] });
  writeFileSync(kubeconfig, server.kubeconfig({ user: auditor, context: 'demo' }), { mode: 0o600 });
  await run(given.filter(word => word !== KEEP), kubeconfig);
  if (keeps) {
    process.stderr.write(`\nThe server stays until Ctrl-C; in another terminal:\n  export KUBECONFIG=${kubeconfig}\n  npm run -s secaudit -- rbac\n`);
    await new Promise(resolve => process.once('SIGINT', resolve));
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
  await server.close();
}

async function run(words: readonly string[], kubeconfig: string): Promise<void> {
  const child = spawn(process.execPath, [join(root, 'bin/kubectl-secaudit.ts'), ...words], {
    stdio: 'inherit',
    env: { ...process.env, KUBECONFIG: kubeconfig },
  });
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', code => resolve(code ?? 1));
  });
}

/** Leases run out within the hour; the recording's are renewed as of now, as a living API server would have done. */
function withFreshLeases(data: ApiData): ApiData {
  const path = '/apis/coordination.k8s.io/v1/leases';
  const leases = data.lists.get(path);
  if (leases === undefined) return data;
  const renewTime = new Date().toISOString().replace('Z', '000Z');
  const items = leases.items.map(lease => ({ ...lease, spec: { ...(lease['spec'] as object), renewTime } }));
  return { ...data, lists: new Map(data.lists).set(path, { ...leases, items }) };
}

/** The key of the recorded authority was never kept, so the server of the demo has one of its own, and the ConfigMaps name it too. */
function withAuthority(data: ApiData, pem: string): ApiData {
  const texts = new Map(data.texts);
  const change = (path: string, key: string, next: (recorded: string) => string): void => {
    const text = texts.get(path);
    if (text === undefined) throw new Error(`the recording has no ${path}`);
    const map = JSON.parse(text) as { data: Record<string, string> };
    texts.set(path, JSON.stringify({ ...map, data: { ...map.data, [key]: next(map.data[key] ?? '') } }));
  };
  change('/api/v1/namespaces/kube-system/configmaps/kube-root-ca.crt', 'ca.crt', () => pem);
  change('/api/v1/namespaces/kube-public/configmaps/cluster-info', 'kubeconfig', recorded =>
    recorded.replace(/(certificate-authority-data:\s*)\S+/, (_whole, name: string) => `${name}${Buffer.from(pem).toString('base64')}`));
  // The recorded one stays beside it, since it issued the certificates of the recorded nodes.
  change('/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication', 'client-ca-file', recorded => `${pem}${recorded}`);
  return { ...data, texts };
}
