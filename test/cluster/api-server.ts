import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ApiServerSettings } from './api-server-flags.ts';
import { readAuditEvents, type AuditEvent } from './audit-log.ts';
import { startBalancer, type Balancer } from './balancer.ts';
import { controlPlaneBinaries, type ControlPlaneBinaries } from './binaries.ts';
import { createClusterPki, type PkiParts } from './cluster-pki.ts';
import { startControllerManager, startEtcd, startServer, untilBorn, type ApiServer, type Shared } from './components.ts';
import { createEncryptionKeys } from './encryption.ts';
import { onFreePort } from './free-port.ts';
import { writeKubeconfig, type Credential } from './kubeconfig.ts';
import { issueCertificate, type CertificateAndKey, type Validity } from './pki.ts';
import { runProgram, type CommandResult } from './run-program.ts';
import { clearAllAbandoned, supervise, type Supervised } from './supervised.ts';

export interface GroundOptions extends ApiServerSettings {
  /** Runs a kube-controller-manager beside it; the aggregated ClusterRoles are then filled when start returns. */
  readonly controllerManager?: boolean | undefined;
  /** The admin belongs to kubeadm:cluster-admins, which is bound to cluster-admin, and not to system:masters. */
  readonly kubeadmAdmin?: boolean | undefined;
  /** Other programs than the ones of `controlPlaneBinaries`. */
  readonly binaries?: Partial<ControlPlaneBinaries> | undefined;
  /** Certificates of another making than kubeadm's. */
  readonly pki?: PkiParts | undefined;
  /** The directory to make and to remove in the end. Default: a new one for temporary files. */
  readonly dir?: string | undefined;
}

/** A client certificate's identity. */
interface ClientIdentity extends Validity {
  readonly user: string;
  readonly groups?: readonly string[] | undefined;
}

/** Whom a kubeconfig is for. A service account must exist; its token holds one hour. */
type KubeconfigUser =
  | ClientIdentity
  | { readonly token: string }
  | { readonly serviceAccount: string; readonly namespace: string }
  /** A certificate of any making. */
  | { readonly credential: CertificateAndKey; readonly name: string }
  | 'anonymous';

interface KubectlOptions {
  /** Default: the admin's. */
  readonly kubeconfig?: string | undefined;
  /** Standard input. */
  readonly input?: string | undefined;
  /** On top of this process's environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** A second API server on the same etcd. */
interface Replica {
  readonly url: string;
  readonly port: number;
  readonly auditLog: string;
  /** Admin, of this replica alone. */
  readonly kubeconfig: string;
  /** In front of every API server of the ground; each new connection goes to the next. */
  readonly balancer: { readonly url: string; readonly port: number; readonly kubeconfig: string };
  /** Whether it has an identity lease of its own; without, it shares the first server's, since they share a host name. */
  readonly hasOwnIdentity: boolean;
  stop(): Promise<void>;
}

/** A real etcd and kube-apiserver. They end with this process, however it ends. */
export interface Ground extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Everything on disk; removed in the end. */
  readonly dir: string;
  readonly binaries: ControlPlaneBinaries;
  /** The process that owns the ground; a SIGTERM to it ends the ground. */
  readonly supervisor: number;
  /** Paths. `superAdmin` is always of system:masters; so is `admin`, unless `kubeadmAdmin` was asked for. */
  readonly kubeconfig: { readonly admin: string; readonly superAdmin: string };
  /** Paths of the authorities' certificates; the keys lie beside them as `.key`. */
  readonly ca: { readonly cluster: string; readonly etcd: string; readonly frontProxy: string };
  /** The first API server's; `auditEvents` reads every replica's. */
  readonly auditLog: string;
  /** Runs kubectl to its end; a failure is its exit code, not an exception. */
  kubectl(args: readonly string[], options?: KubectlOptions): Promise<CommandResult>;
  issueClientCertificate(identity: ClientIdentity): CertificateAndKey;
  /** Writes a kubeconfig and returns its path; `server` is a URL, by default the first API server's. */
  kubeconfigFor(user: KubeconfigUser, options?: { readonly server?: string | undefined }): Promise<string>;
  /** Of every API server, in the order of their writing. What the ground itself asks, it asks as kubernetes-super-admin. */
  auditEvents(): AuditEvent[];
  /**
   * Ends the first API server and starts it again on its port, with these settings over its present ones. It never
   * gets ready if an encryption that Secrets are stored with is taken away (`identity-first` still reads aescbc).
   */
  restart(settings?: ApiServerSettings): Promise<void>;
  /** Starts another API server, with these settings over the first one's. */
  addReplica(settings?: ApiServerSettings): Promise<Replica>;
  /** From now on the ground outlives this process. */
  detach(): Promise<void>;
  stop(): Promise<void>;
}

/** How the names of temporary grounds begin. */
const temporary = 'secaudit-ground-';

/**
 * Starts etcd and kube-apiserver and returns when they are ready, after about three seconds.
 * Several may run at once, each on ports of its own.
 *
 * @throws if a program ends or is not ready in a minute, with the last lines of its log; nothing is left then.
 */
export async function startApiServer(options: GroundOptions = {}): Promise<Ground> {
  const binaries = { ...await controlPlaneBinaries(), ...options.binaries };
  if (options.dir === undefined) clearAllAbandoned(tmpdir(), temporary);
  const dir = options.dir ?? path.join(tmpdir(), `${temporary}${randomBytes(6).toString('hex')}`);
  const supervised = await supervise(dir);
  if (supervised === undefined) throw new Error(`${dir} belongs to another ground that still runs; stop that one first.`);
  try {
    return await startGround(supervised, binaries, options);
  } catch (error) {
    await supervised.stop();
    throw error;
  }
}

async function startGround(supervised: Supervised, binaries: ControlPlaneBinaries, options: GroundOptions): Promise<Ground> {
  const { dir } = supervised;
  const pki = createClusterPki(path.join(dir, 'pki'), options.pki);
  const issue = ({ user, groups, notBefore, notAfter }: ClientIdentity): CertificateAndKey =>
    issueCertificate(pki.cluster, { commonName: user, organizations: groups, usages: ['client'], notBefore, notAfter });
  const superAdmin = issue({ user: 'kubernetes-super-admin', groups: ['system:masters'] });

  const etcdPort = await onFreePort(port => startEtcd(supervised, binaries.etcd, pki, port));
  const shared: Shared = { supervised, binaries, pki, etcdPort, encryptionKeys: createEncryptionKeys(), superAdmin };
  let settings: ApiServerSettings = options;
  let first = await onFreePort(port => startServer(shared, 'kube-apiserver', port, settings));
  const { url, port } = first;

  const kubeconfig = { admin: path.join(dir, 'admin.kubeconfig'), superAdmin: path.join(dir, 'super-admin.kubeconfig') };
  const write = (file: string, user: string, credential: Credential, server = url): string => {
    writeKubeconfig(file, { server, certificateAuthority: pki.servers.certificate, user, credential });
    return file;
  };
  const admin = issue({ user: 'kubernetes-admin', groups: [options.kubeadmAdmin ? 'kubeadm:cluster-admins' : 'system:masters'] });
  write(kubeconfig.admin, 'kubernetes-admin', admin);
  write(kubeconfig.superAdmin, 'kubernetes-super-admin', superAdmin);

  const replicas: { readonly server: ApiServer; readonly replica: Replica }[] = [];
  let balancer: Balancer | undefined;
  let written = 0;
  const newKubeconfig = (user: string, credential: Credential, server?: string): string => {
    const folder = path.join(dir, 'kubeconfigs');
    mkdirSync(folder, { recursive: true });
    return write(path.join(folder, `${++written}-${user.replace(/[^\w.-]+/g, '_').slice(0, 60)}.kubeconfig`), user, credential, server);
  };

  const ground: Ground = {
    url, port, dir, binaries, kubeconfig,
    supervisor: supervised.pid,
    ca: { cluster: pki.path('ca.crt'), etcd: pki.path('etcd/ca.crt'), frontProxy: pki.path('front-proxy-ca.crt') },
    auditLog: path.join(first.auditDir, 'audit.log'),

    kubectl: (args, { kubeconfig: chosen = kubeconfig.admin, input, env = {} } = {}) =>
      runProgram(binaries.kubectl, args, { KUBECONFIG: chosen, KUBECACHEDIR: path.join(dir, 'kubectl-cache'), ...env }, input),

    issueClientCertificate: issue,

    async kubeconfigFor(user, { server } = {}) {
      if (user === 'anonymous') return newKubeconfig('anonymous', 'anonymous', server);
      if ('credential' in user) return newKubeconfig(user.name, user.credential, server);
      if ('token' in user) return newKubeconfig('token', user, server);
      if ('user' in user) return newKubeconfig(user.user, issue(user), server);
      const { serviceAccount, namespace } = user;
      const created = await ground.kubectl(['create', 'token', serviceAccount, '-n', namespace], { kubeconfig: kubeconfig.superAdmin });
      if (created.code !== 0) throw new Error(`No token for service account ${namespace}/${serviceAccount}: ${created.stderr.trim()}`);
      return newKubeconfig(`${namespace}-${serviceAccount}`, { token: created.stdout.trim() }, server);
    },

    auditEvents: () => [first, ...replicas.map(({ server }) => server)].flatMap(server => readAuditEvents(server.auditDir)),

    async restart(changes = {}) {
      settings = { ...settings, ...changes };
      await first.process.kill();
      first = await startServer(shared, 'kube-apiserver', port, settings);
    },

    async addReplica(changes = {}) {
      const name = `kube-apiserver-${replicas.length + 2}`;
      const server = await onFreePort(free => startServer(shared, name, free, { ...settings, ...changes }, name));
      balancer ??= await startBalancer(() => [first, ...replicas.map(one => one.server)]
        .filter(one => one.process.exit() === undefined).map(({ port: its }) => ({ host: '127.0.0.1', port: its })));
      const balanced = `https://127.0.0.1:${balancer.port}`;
      const replica: Replica = {
        url: server.url,
        port: server.port,
        auditLog: path.join(server.auditDir, 'audit.log'),
        kubeconfig: newKubeconfig('kubernetes-admin', admin, server.url),
        balancer: { url: balanced, port: balancer.port, kubeconfig: newKubeconfig('kubernetes-admin', admin, balanced) },
        hasOwnIdentity: server.hasOwnIdentity,
        stop: () => server.process.kill(),
      };
      replicas.push({ server, replica });
      return replica;
    },

    detach: () => supervised.detach(),

    async stop() {
      await balancer?.stop();
      await supervised.stop();
    },
    [Symbol.asyncDispose]: () => ground.stop(),
  };

  await untilBorn(first, superAdmin);
  if (options.kubeadmAdmin) await grantKubeadmAdmins(ground);
  if (options.controllerManager) {
    const file = path.join(dir, 'controller-manager.kubeconfig');
    write(file, 'system:kube-controller-manager', issue({ user: 'system:kube-controller-manager' }));
    await startControllerManager(shared, first, file);
  }
  return ground;
}

/** kubeadm's way: its admin is nobody to the API server itself, and all its power stands in a binding. */
async function grantKubeadmAdmins(ground: Ground): Promise<void> {
  const { code, stderr } = await ground.kubectl(
    ['create', 'clusterrolebinding', 'kubeadm:cluster-admins', '--clusterrole=cluster-admin', '--group=kubeadm:cluster-admins'],
    { kubeconfig: ground.kubeconfig.superAdmin },
  );
  if (code !== 0) throw new Error(`ClusterRoleBinding kubeadm:cluster-admins could not be created: ${stderr.trim()}`);
}
