import { createHash, randomBytes, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { controlPlaneVersion } from '../binaries.ts';
import { lastWords, until } from '../readiness.ts';
import { clearAllAbandoned, supervise, type Supervised } from '../supervised.ts';
import { cgroupFolders, cgroupSetup, clusterCgroup, makeCgroup } from './cgroups.ts';
import { untilReady } from './cluster-readiness.ts';
import { installDebianPackages } from './debian-packages.ts';
import { makeImages, type NodeImages } from './images.ts';
import { initConfig, joinConfig, type ClusterSettings, type KubeletSettings, type NodeRegistration } from './kubeadm-config.ts';
import { createNetwork } from './network.ts';
import { makeNode, nodeFolder, startContainerd, startKubelet, toItsEnd, type NodeMachine } from './node.ts';
import { openKubeadmCluster, type KubeadmClusterDescription, type OpenedCluster } from './opened-cluster.ts';
import { connectPods } from './pod-network.ts';
import { clusterPrograms, type ClusterPrograms } from './programs.ts';
import { whyNoKubeadmCluster } from './requirements.ts';

export interface KubeadmOptions {
  /** The kubelet settings in which each worker differs from the cluster's. Default: one worker, with `openKubelet`. */
  readonly workers?: readonly KubeletSettings[] | undefined;
  /**
   * How many nodes the control plane has, each with an etcd of its own; with several, a balancer stands in front of their
   * API servers, each connection going to the next of them. Default: one.
   */
  readonly controlPlanes?: number | undefined;
  /** The kubelet settings in which control-plane nodes differ from the cluster's. */
  readonly controlPlane?: KubeletSettings | undefined;
  /** What kubeadm is told of all kubelets, and keeps in the ConfigMap kubelet-config. */
  readonly kubelet?: KubeletSettings | undefined;
  /** Flags of the API server over kubeadm's own, without dashes. */
  readonly apiServerFlags?: Readonly<Record<string, string>> | undefined;
  /** Flags of the controller manager over kubeadm's own, without dashes. */
  readonly controllerManagerFlags?: Readonly<Record<string, string>> | undefined;
  /**
   * Approves the serving certificates that kubelets with `serverTLSBootstrap` ask for, as a person must; without it they
   * have none and answer nobody. Default: yes.
   */
  readonly approveServingCertificates?: boolean | undefined;
  /** The directory to make and to remove in the end. Default: a new one for temporary files. */
  readonly dir?: string | undefined;
}

/** A running cluster of this process; it ends with it, however it ends. */
export interface KubeadmCluster extends OpenedCluster, AsyncDisposable {
  /** From now on the cluster outlives this process. */
  detach(): Promise<void>;
  stop(): Promise<void>;
}

/** What a scanner finds on badly kept nodes: anybody may ask the kubelet, and its read-only port is open. */
export const openKubelet: KubeletSettings = { authentication: { anonymous: { enabled: true } }, readOnlyPort: 10255 };

/** How the names of temporary clusters begin. */
const temporary = 'secaudit-kubeadm-';

/**
 * Starts a cluster by the real kubeadm: every node has namespaces, a containerd and a kubelet of its own, the control
 * plane runs as static pods, the worker joins with a token. Returns when every node and every pod is ready, after about
 * a minute. Several may run at once.
 *
 * @throws if this machine cannot have one, or a step fails, with the last words of what failed; nothing is left then.
 */
export async function startKubeadmCluster(options: KubeadmOptions = {}): Promise<KubeadmCluster> {
  const reason = whyNoKubeadmCluster();
  if (reason !== undefined) throw new Error(`No cluster was started: ${reason}.`);
  await installDebianPackages();
  const programs = await clusterPrograms();
  if (options.dir === undefined) clearAllAbandoned(tmpdir(), temporary);
  const dir = options.dir ?? path.join(tmpdir(), `${temporary}${randomBytes(6).toString('hex')}`);
  const supervised = await supervise(dir);
  if (supervised === undefined) throw new Error(`${dir} belongs to another cluster that still runs; stop that one first.`);
  try {
    return await start(supervised, programs, options);
  } catch (error) {
    await supervised.stop();
    throw error;
  }
}

async function start(supervised: Supervised, programs: ClusterPrograms, options: KubeadmOptions): Promise<KubeadmCluster> {
  const { dir } = supervised;
  const version = controlPlaneVersion();
  const workers = options.workers ?? [openKubelet];
  const controlPlanes = Array.from({ length: options.controlPlanes ?? 1 }, (_, index) => (index === 0 ? 'control-plane' : `control-plane-${index + 1}`));
  const names = [...controlPlanes, ...workers.map((_, index) => `worker-${index + 1}`)];
  const roleOf = (index: number): 'control-plane' | 'worker' => (index < controlPlanes.length ? 'control-plane' : 'worker');

  const cgroups = cgroupSetup();
  const group = clusterCgroup(dir);
  await supervised.ownCgroups(cgroupFolders(cgroups, group));
  for (const each of [group, ...names.map(name => `${group}/${name}`)]) makeCgroup(cgroups, each);

  const images = path.join(dir, 'images');
  mkdirSync(images);
  const [network, ...machines] = await Promise.all([
    createNetwork(supervised),
    ...names.map(name => makeNode(supervised, programs, name, images)),
  ]);
  const archives = await makeImages(programs, version, images);
  const [first, ...joining] = machines;
  if (first === undefined) throw new Error('A cluster has at least one node.');

  const settings: ClusterSettings = {
    version,
    ...(controlPlanes.length === 1 ? { address: network.nodeAddress(0) } : { address: network.hostAddress, certificateKey: randomBytes(32).toString('hex') }),
    token: `${randomBytes(3).toString('hex')}.${randomBytes(8).toString('hex')}`,
    kubelet: options.kubelet ?? {},
    cgroupVersion: cgroups.version,
    apiServerFlags: options.apiServerFlags ?? {},
    controllerManagerFlags: options.controllerManagerFlags ?? {},
  };
  const prepare = async (machine: NodeMachine, index: number, differs: KubeletSettings): Promise<NodeRegistration> => {
    await network.connect(machine.initPid, index);
    await startContainerd(machine, programs, archives.pause, imagesOf(archives, roleOf(index)));
    const patch = {
      ...differs,
      // Two kubelets in one group end each other's pods as orphans.
      cgroupRoot: `/${group}/${machine.name}`,
      volumePluginDir: '/var/lib/kubelet/volumeplugins',
      resolvConf: '/var/lib/kubelet/resolv.conf',
    };
    mkdirSync(path.join(machine.files, 'patches'));
    writeFileSync(path.join(machine.files, 'patches', 'kubeletconfiguration+merge.json'), JSON.stringify(patch));
    writeFileSync(path.join(machine.files, 'var/lib/kubelet/resolv.conf'), '');
    return { name: machine.name, address: network.nodeAddress(index), patches: `${nodeFolder}/patches` };
  };

  const [registration, ...registrations] = await Promise.all([
    prepare(first, 0, options.controlPlane ?? {}),
    ...joining.map((machine, index) => prepare(machine, index + 1, (roleOf(index + 1) === 'worker' ? workers[index + 1 - controlPlanes.length] : options.controlPlane) ?? {})),
  ]);
  for (const archive of [...archives.everyNode, ...archives.controlPlane]) rmSync(archive); // 400 MB

  const kubernetes = path.join(first.files, 'etc/kubernetes');
  const description: KubeadmClusterDescription = {
    dir,
    supervisor: supervised.pid,
    version,
    url: `https://${settings.address}:6443`,
    kubeconfig: { admin: path.join(dir, 'admin.kubeconfig'), superAdmin: path.join(dir, 'super-admin.kubeconfig') },
    programs: { kubectl: programs.kubectl, kubelet: programs.kubelet, containerd: programs.containerd },
    nodes: machines.map((machine, index) => ({
      name: machine.name,
      role: roleOf(index),
      address: network.nodeAddress(index),
      initPid: machine.initPid,
      files: machine.files,
      kubeletConfig: path.join(machine.files, 'var/lib/kubelet/config.yaml'),
    })),
  };
  // The names that an API server's ground has too.
  symlinkSync(path.join(kubernetes, 'admin.conf'), description.kubeconfig.admin);
  symlinkSync(path.join(kubernetes, 'super-admin.conf'), description.kubeconfig.superAdmin);
  const opened = openKubeadmCluster(description);

  if (settings.certificateKey !== undefined) await startEndpoint(supervised, settings.address, controlPlanes.map((_, index) => network.nodeAddress(index)));
  await runKubeadm(first, programs, ['init', ...(settings.certificateKey === undefined ? [] : ['--upload-certs'])], initConfig(settings, registration));
  const caHash = publicKeyHash(path.join(kubernetes, 'pki/ca.crt'));
  const join = async (index: number): Promise<void> => {
    const [machine, its] = [joining[index], registrations[index]];
    if (machine !== undefined && its !== undefined) await runKubeadm(machine, programs, ['join'], joinConfig(settings, its, caHash, roleOf(index + 1)));
  };
  await Promise.all([
    // An etcd takes one new member at a time.
    (async () => { for (let index = 0; index < controlPlanes.length - 1; index += 1) await join(index); })(),
    ...workers.map((_, index) => join(controlPlanes.length - 1 + index)),
    connectPods(opened),
  ]);
  await untilReady(opened, options.approveServingCertificates ?? true);
  writeFileSync(path.join(dir, 'cluster.json'), JSON.stringify(description));

  const stop = (): Promise<void> => supervised.stop();
  return { ...opened, detach: () => supervised.detach(), stop, [Symbol.asyncDispose]: stop };
}

/** Has the API servers answer at one address, each connection going to the next of them. */
async function startEndpoint(supervised: Supervised, address: string, servers: readonly string[]): Promise<void> {
  const endpoint = await supervised.run('endpoint', process.execPath, [path.join(import.meta.dirname, 'endpoint.ts'), supervised.dir, address, ...servers]);
  await until(endpoint, 'listened', () => Promise.resolve(readFileSync(endpoint.log, 'utf8').includes('listens')));
}

/** A worker runs no control plane and needs no images of it. */
function imagesOf(archives: NodeImages, role: 'control-plane' | 'worker'): readonly string[] {
  return role === 'control-plane' ? [...archives.everyNode, ...archives.controlPlane] : archives.everyNode;
}

/** Runs `kubeadm init` or `kubeadm join` in a node, and starts the kubelet when kubeadm says so: there is no systemd to do it. */
async function runKubeadm(node: NodeMachine, programs: ClusterPrograms, command: readonly string[], config: string): Promise<void> {
  writeFileSync(path.join(node.files, 'kubeadm.yaml'), config);
  const kubeadm = await node.start(programs.kubeadm, [...command, '--config', `${nodeFolder}/kubeadm.yaml`]);
  await until(kubeadm, 'had prepared the kubelet', () => Promise.resolve(readFileSync(kubeadm.log, 'utf8').includes('Starting the kubelet')));
  const kubelet = await startKubelet(node, programs);
  try {
    await toItsEnd(kubeadm);
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${kubelet.name} said:\n${lastWords(kubelet.log)}`, { cause: error });
  }
}

/** As `openssl x509 -pubkey | openssl pkey -pubin -outform der | sha256sum` gives it. */
function publicKeyHash(certificate: string): string {
  const { publicKey } = new X509Certificate(readFileSync(certificate));
  return `sha256:${createHash('sha256').update(publicKey.export({ type: 'spki', format: 'der' })).digest('hex')}`;
}
