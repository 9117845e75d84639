import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { until } from '../readiness.ts';
import { runProgram, type CommandResult } from '../run-program.ts';
import type { Supervised, SupervisedProcess } from '../supervised.ts';
import type { NodeImages } from './images.ts';
import type { ClusterPrograms } from './programs.ts';

/** One machine of the cluster: namespaces, and a folder with what it has in its file system. */
export interface NodeMachine {
  readonly name: string;
  /** The folder on this machine under which the node's /etc/kubernetes, /var/lib/kubelet and so on lie. */
  readonly files: string;
  /** The process id, on this machine, of the node's first process. */
  readonly initPid: number;
  readonly init: SupervisedProcess;
  /** Starts a program in the node, under the supervisor. */
  start(program: string, args: readonly string[]): Promise<SupervisedProcess>;
}

/** Where a node finds, in its own file system, its folder and the cluster's image archives (node-init.sh). */
export const nodeFolder = '/run/node/files';
const imagesFolder = '/run/node/images';

/** The socket of a node's containerd, in the node. */
export const containerdSocket = '/run/containerd/containerd.sock';

/** Makes the namespaces and the file system of a node (node-init.sh). Nothing runs in it yet, and it has no network. */
export async function makeNode(supervised: Supervised, programs: ClusterPrograms, name: string, images: string): Promise<NodeMachine> {
  const files = path.join(supervised.dir, 'nodes', name);
  mkdirSync(files, { recursive: true });
  const init = await supervised.run(`${name}-init`, 'unshare', [
    '--mount', '--uts', '--ipc', '--net', '--pid', '--fork', '--kill-child', '--',
    'sh', path.join(import.meta.dirname, 'node-init.sh'), files, name, images,
  ]);
  const pidFile = path.join(files, 'init.pid');
  await until(init, 'had made its namespaces', () => Promise.resolve(existsSync(pidFile)));
  const initPid = Number(readFileSync(pidFile, 'utf8'));
  const env = nodeEnvironment(programs);
  return {
    name, files, initPid, init,
    start: (program, args) => supervised.run(`${name}-${path.basename(program)}`, 'nsenter', [...enterNode(initPid), program, ...args], { env, cwd: '/' }),
  };
}

/** The arguments of nsenter that come before a command in the node. It then runs in the root directory. */
function enterNode(initPid: number): string[] {
  return ['--target', String(initPid), '--mount', '--uts', '--ipc', '--net', '--pid', '--wd=/', '--'];
}

/** Runs a program in a node to its end; a failure is its exit code. */
export function runInNode(initPid: number, env: Readonly<Record<string, string>>, command: readonly string[], input?: string): Promise<CommandResult> {
  return runProgram('nsenter', [...enterNode(initPid), ...command], env, input);
}

/** What programs in a node have in their environment. */
export function nodeEnvironment(programs: Pick<ClusterPrograms, 'kubelet' | 'containerd' | 'kubectl'>): Record<string, string> {
  const folders = [programs.kubelet, programs.containerd, programs.kubectl].map(program => path.dirname(program));
  // No proxy of this machine: what the nodes ask is in their network.
  return {
    PATH: [...folders, '/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'].join(':'),
    HOME: '/run', TMPDIR: '/run', NO_PROXY: '*', no_proxy: '*',
  };
}

/** Starts a node's containerd and gives it images; there is no registry. */
export async function startContainerd(node: NodeMachine, programs: ClusterPrograms, pause: string, archives: NodeImages['everyNode']): Promise<void> {
  writeFileSync(path.join(node.files, 'containerd.toml'), `
version = 3
[grpc]
  address = '${containerdSocket}'
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = '${pause}'
[plugins.'io.containerd.cri.v1.runtime']
  # Without CAP_SYS_RESOURCE runc cannot lower a score, and says "can't get final child's PID from pipe: EOF".
  restrict_oom_score_adj = true
  # Its profile would be loaded into the kernel of the whole machine, and stay.
  disable_apparmor = true
[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ['/usr/lib/cni']
  conf_dir = '/etc/cni/net.d'
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = 'io.containerd.runc.v2'
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  SystemdCgroup = false
`);
  const containerd = await node.start(programs.containerd, ['--config', `${nodeFolder}/containerd.toml`]);
  await until(containerd, 'answered', async () => {
    const asked = await runInNode(node.initPid, nodeEnvironment(programs), [programs.ctr, 'version']);
    return asked.code === 0;
  });
  for (const archive of archives) {
    await toItsEnd(await node.start(programs.ctr, ['--namespace', 'k8s.io', 'images', 'import', path.join(imagesFolder, path.basename(archive))]));
  }
}

/** Waits for a program that must succeed; throws its last words otherwise. */
export async function toItsEnd(program: SupervisedProcess): Promise<void> {
  const { code, signal } = await program.wait();
  if (code === 0) return;
  const words = readFileSync(program.log, 'utf8').trim().split('\n').slice(-20).join('\n');
  throw new Error(`${program.name} failed (${signal ?? `exit code ${code}`}); its last words:\n${words}`);
}

/**
 * Starts a node's kubelet with what kubeadm has written for it, as its systemd unit would: call it once kubeadm says that
 * it starts the kubelet, and again after an end.
 */
export function startKubelet(node: NodeMachine, programs: ClusterPrograms): Promise<SupervisedProcess> {
  const flags = readFileSync(path.join(node.files, 'var/lib/kubelet/kubeadm-flags.env'), 'utf8');
  const args = /^KUBELET_KUBEADM_ARGS="?(.*?)"?$/m.exec(flags)?.[1] ?? '';
  return node.start(programs.kubelet, [
    '--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf', '--kubeconfig=/etc/kubernetes/kubelet.conf',
    '--config=/var/lib/kubelet/config.yaml', ...args.split(' ').filter(arg => arg !== ''),
  ]);
}
