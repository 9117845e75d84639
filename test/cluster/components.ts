import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { apiServerArguments, commandLine, type ApiServerSettings } from './api-server-flags.ts';
import type { ControlPlaneBinaries } from './binaries.ts';
import type { ClusterPki } from './cluster-pki.ts';
import type { EncryptionKeys } from './encryption.ts';
import { freePort } from './free-port.ts';
import type { CertificateAndKey } from './pki.ts';
import { accepts, get, until } from './readiness.ts';
import { runProgram } from './run-program.ts';
import type { Supervised, SupervisedProcess } from './supervised.ts';

/** What the API servers of one ground share. */
export interface Shared {
  readonly supervised: Supervised;
  readonly binaries: ControlPlaneBinaries;
  readonly pki: ClusterPki;
  readonly etcdPort: number;
  readonly encryptionKeys: EncryptionKeys;
  readonly superAdmin: CertificateAndKey;
}

/** One running API server. */
export interface ApiServer {
  readonly url: string;
  readonly port: number;
  readonly dir: string;
  readonly auditDir: string;
  readonly hasOwnIdentity: boolean;
  readonly process: SupervisedProcess;
}

/** Starts an etcd that wants client certificates, and returns its port. */
export async function startEtcd(supervised: Supervised, program: string, pki: ClusterPki, port: number): Promise<number> {
  const peers = `https://127.0.0.1:${await freePort()}`;
  const clients = `https://127.0.0.1:${port}`;
  const etcd = await supervised.run('etcd', program, commandLine({
    name: 'ground',
    'data-dir': path.join(supervised.dir, 'etcd'),
    'unsafe-no-fsync': 'true', // a ground that dies is thrown away
    'log-level': 'warn',
    'listen-client-urls': clients,
    'advertise-client-urls': clients,
    'listen-peer-urls': peers,
    'initial-advertise-peer-urls': peers,
    'initial-cluster': `ground=${peers}`,
    'client-cert-auth': 'true',
    'trusted-ca-file': pki.path('etcd/client-ca.crt'),
    'cert-file': pki.path('etcd/server.crt'),
    'key-file': pki.path('etcd/server.key'),
    'peer-client-cert-auth': 'true',
    'peer-trusted-ca-file': pki.path('etcd/ca.crt'),
    'peer-cert-file': pki.path('etcd/peer.crt'),
    'peer-key-file': pki.path('etcd/peer.key'),
  }));
  await until(etcd, 'accepted connections', () => accepts(port));
  return port;
}

/** Starts an API server and waits until it is ready; with a host name, it gets an identity of its own where that can be had. */
export async function startServer(shared: Shared, name: string, port: number, settings: ApiServerSettings, hostName?: string): Promise<ApiServer> {
  const { supervised, binaries, pki, etcdPort, encryptionKeys, superAdmin } = shared;
  const dir = path.join(supervised.dir, name);
  mkdirSync(dir, { recursive: true });
  const args = apiServerArguments({ name, port, dir, pki, etcdPort, encryptionKeys }, settings);
  const program = binaries['kube-apiserver'];

  const renamed = hostName === undefined ? undefined : await underHostName(hostName);
  const process = renamed === undefined
    ? await supervised.run(name, program, args)
    : await supervised.run(name, 'unshare', [...renamed, program, ...args]);
  const server: ApiServer = {
    url: `https://127.0.0.1:${port}`, port, dir,
    auditDir: path.join(dir, 'audit'), hasOwnIdentity: renamed !== undefined, process,
  };
  await until(process, 'was ready', async () => (await get(port, '/readyz', superAdmin)).status === 200);
  return server;
}

/** Starts a controller manager and waits until what every cluster gets from it is there. */
export async function startControllerManager(shared: Shared, server: ApiServer, kubeconfig: string): Promise<void> {
  const { supervised, binaries, pki, superAdmin } = shared;
  const manager = await supervised.run('kube-controller-manager', binaries['kube-controller-manager'], commandLine({
    kubeconfig,
    'secure-port': '0',
    'leader-elect': 'false',
    'kube-api-qps': '500', // its own limit of 20 makes the start seconds longer
    'kube-api-burst': '500',
    controllers: '*,bootstrapsigner,tokencleaner',
    'use-service-account-credentials': 'true',
    'service-account-private-key-file': pki.path('sa.key'),
    'root-ca-file': pki.path('server-ca.crt'),
    'cluster-signing-cert-file': pki.path('ca.crt'),
    'cluster-signing-key-file': pki.path('ca.key'),
  }));
  await until(manager, 'had filled the aggregated ClusterRoles', async () => {
    for (const role of ['view', 'edit', 'admin']) {
      const { body } = await get(server.port, `/apis/rbac.authorization.k8s.io/v1/clusterroles/${role}`, superAdmin);
      const { rules } = JSON.parse(body) as { rules: unknown[] | null };
      if ((rules ?? []).length === 0) return false;
    }
    return (await get(server.port, '/api/v1/namespaces/default/serviceaccounts/default', superAdmin)).status === 200;
  });
}

/** Ready comes before the first objects: without this wait a reader may see a cluster with no kube-system in it. */
export async function untilBorn(server: ApiServer, superAdmin: CertificateAndKey): Promise<void> {
  for (const object of ['/api/v1/namespaces/default', '/api/v1/namespaces/kube-system', '/api/v1/namespaces/default/services/kubernetes']) {
    await until(server.process, `had made ${object}`, async () => (await get(server.port, object, superAdmin)).status === 200);
  }
}

/**
 * The arguments of `unshare` that give a program a host name of its own. An API server's identity lease is named for
 * the host's name, so two on one host would pass for one.
 *
 * @returns undefined where that is not to be had: not on Linux, or no rights.
 */
async function underHostName(hostName: string): Promise<string[] | undefined> {
  if (process.platform !== 'linux') return undefined;
  const userNamespace = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  const rename = [...userNamespace, '--uts', '--', 'sh', '-c', 'hostname "$0" && exec "$@"', hostName];
  const tried = await runProgram('unshare', [...rename, 'true']).catch(() => undefined);
  return tried?.code === 0 ? rename : undefined;
}
