import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { cleanupTrial, FOREVER } from '../cleanup-trial.ts';
import { cgroupFolders, cgroupSetup, clusterCgroup } from './cgroups.ts';
import { installDebianPackages } from './debian-packages.ts';
import { clusterPrograms } from './programs.ts';
import { whyNoKubeadmCluster } from './requirements.ts';

const reason = whyNoKubeadmCluster();
// Not named as clusters are: the start of another cluster clears those that nobody owns.
const { folder, start, kill, isUp, isGone, processes, until, remove } = cleanupTrial(`
  import { startKubeadmCluster } from ${JSON.stringify(path.join(import.meta.dirname, 'cluster.ts'))};
  const cluster = await startKubeadmCluster(JSON.parse(process.env.SECAUDIT_TRIAL ?? '{}'));`, { name: 'secaudit-cleanup-kubeadm-', patience: 240, pause: 20 });
/** What was seen of the clusters under the folder while they ran. */
const seen = { groups: new Set<string>(), links: new Set<string>(), processes: new Set<string>() };

beforeAll(async () => {
  if (reason !== undefined) return;
  await installDebianPackages();
  await clusterPrograms();
}, 30 * 60_000);
beforeEach(({ skip }) => skip(reason !== undefined, reason));
afterEach(() => { kill('SIGKILL'); vi.unstubAllEnvs(); });
afterAll(remove);

interface Process {
  readonly pid: string;
  /** Its number with the time it began: numbers, of processes as of namespaces, are given out again. */
  readonly identity: string;
  readonly namespaces: readonly string[];
}

/** Every process of this machine. */
function allProcesses(): Process[] {
  return readdirSync('/proc').filter(name => /^\d+$/.test(name)).flatMap(pid => {
    try {
      const began = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, '').split(' ')[20] ?? ''; // proc(5): field 22
      return [{ pid, identity: `${pid} since ${began}`, namespaces: ['net', 'pid', 'mnt'].map(kind => readlinkSync(`/proc/${pid}/ns/${kind}`)) }];
    } catch {
      return []; // it has just ended, or is a zombie
    }
  });
}

const ownNamespaces = new Set(['net', 'pid', 'mnt'].map(kind => readlinkSync(`/proc/self/ns/${kind}`)));

/** Notes what must be gone later: processes in containers do not carry the folder in their arguments. */
function look(): void {
  for (const name of readdirSync(folder)) seen.groups.add(clusterCgroup(path.join(folder, name)));
  for (const line of execFileSync('ip', ['-o', 'link'], { encoding: 'utf8' }).split('\n').filter(line => line.includes(folder))) {
    seen.links.add(/^\d+: ([^@:]+)/.exec(line)?.[1] ?? line);
  }
  const all = allProcesses();
  const holders = processes().map(line => line.trim().split(' ')[0]);
  const nodes = new Set(all.filter(({ pid }) => holders.includes(pid)).flatMap(({ namespaces }) => namespaces).filter(name => !ownNamespaces.has(name)));
  for (const { identity, namespaces } of all) if (namespaces.some(name => nodes.has(name))) seen.processes.add(identity);
}

/** Everything of the clusters that is still there. */
function remains(): string[] {
  const links = execFileSync('ip', ['-o', 'link'], { encoding: 'utf8' }).split('\n');
  return [
    ...processes(),
    ...allProcesses().filter(({ identity }) => seen.processes.has(identity)).map(({ pid }) => `process ${pid} in a node`),
    ...links.filter(line => line.includes(folder) || [...seen.links].some(link => line.includes(` ${link}@`))),
    ...[...seen.groups].flatMap(group => cgroupFolders(cgroupSetup(), group)).filter(group => existsSync(group)),
    ...readFileSync('/proc/self/mountinfo', 'utf8').split('\n').filter(line => line.includes(folder)),
    ...readdirSync(folder),
  ];
}

/** Settings of the whole machine that a kubelet changes. */
const machineSettings = (): string[] =>
  ['vm/overcommit_memory', 'vm/panic_on_oom', 'kernel/panic', 'kernel/panic_on_oops', 'net/ipv4/ip_forward'].map(name => `${name} ${readFileSync(`/proc/sys/${name}`, 'utf8').trim()}`);

async function nothingIsLeft(): Promise<void> {
  await until('the program has ended', isGone);
  await until('nothing is left', () => remains().length === 0, 20).catch((error: unknown) => {
    throw new Error(`${(error as Error).message}\nLeft:\n${remains().join('\n')}`);
  });
}

const runs = (text: string) => (): boolean => processes().some(line => line.includes(text));
const hasLog = (file: string, text: string) => (): boolean => readdirSync(folder).some(name => {
  const log = path.join(folder, name, 'logs', `${file}.log`);
  return existsSync(log) && readFileSync(log, 'utf8').includes(text);
});

/** Of a start of twenty seconds or more. */
const moments: Readonly<Record<string, () => boolean>> = {
  'as the supervisor starts': runs('supervisor.ts'),
  'as the first node gets its namespaces': runs('node-init.sh'),
  'as images are imported': hasLog('worker-1-ctr', 'busybox'),
  'as kubeadm prepares the control plane': hasLog('control-plane-kubeadm', '[certs]'),
  'as the static pods start': hasLog('control-plane-kubeadm', '[control-plane-check]'),
  'as the worker joins': hasLog('worker-1-kubeadm', '[kubelet-start]'),
};

for (const [moment, hasCome] of Object.entries(moments)) {
  test(`SIGKILL ${moment} leaves nothing`, async () => {
    start(FOREVER);
    await until(moment, hasCome);
    look();
    kill('SIGKILL');
    await nothingIsLeft();
  }, 300_000);
}

test('SIGKILL as a second node joins the control plane leaves nothing, the balancer neither', async () => {
  vi.stubEnv('SECAUDIT_TRIAL', JSON.stringify({ controlPlanes: 2, workers: [] }));
  start(FOREVER);
  await until('its etcd joins', hasLog('control-plane-2-kubeadm', '[etcd]'));
  look();
  expect(processes().some(line => line.includes('endpoint.ts'))).toBe(true);
  kill('SIGKILL');
  await nothingIsLeft();
}, 300_000);

test('what a killed supervisor leaves is cleared by the next start, which works beside another cluster and ends with Ctrl-C', async () => {
  const before = machineSettings();
  start('process.kill(cluster.supervisor, "SIGKILL");');
  await until('it is up', isUp);
  await until('the program has ended', isGone);
  look();
  expect(seen.links.size).toBeGreaterThan(0);
  expect(remains().filter(line => line.endsWith('in a node')).length).toBeGreaterThan(20);
  expect(machineSettings()).toEqual(before);

  start(FOREVER);
  await until('it is up', isUp);
  expect(readdirSync(folder)).toHaveLength(1);
  look();
  kill('SIGINT');
  await nothingIsLeft();
  expect(machineSettings()).toEqual(before);
}, 600_000);
