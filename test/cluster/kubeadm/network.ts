import { readlinkSync } from 'node:fs';
import { until } from '../readiness.ts';
import { runProgram } from '../run-program.ts';
import type { Supervised } from '../supervised.ts';

/** The wire between the nodes of one cluster. It goes with the process that holds it, and every interface with it. */
export interface ClusterNetwork {
  /** The interface of this machine on it. */
  readonly link: string;
  /** This machine's address on it. */
  readonly hostAddress: string;
  /** The address of the nth node, counted from 0. */
  nodeAddress(index: number): string;
  /** Gives a node, named by the process id of its init, an `eth0` with the nth address. */
  connect(initPid: number, index: number): Promise<void>;
}

const attempts = 250;

/**
 * A bridge in a network namespace of its own, with a cable to this machine's namespace, and a /24 of 10.213.0.0/16 that
 * nothing here routes to. The name of the machine's interface carries the number of the /24, so two starts at once cannot
 * take the same one.
 *
 * @throws if none is free, or the kernel refuses.
 */
export async function createNetwork(supervised: Supervised): Promise<ClusterNetwork> {
  // The folder among the arguments tells whose process it is.
  const holder = await supervised.run('network', 'unshare', ['--net', '--', 'sh', '-c', 'while :; do sleep 3600; done', supervised.dir]);
  const ours = readlinkSync('/proc/self/ns/net');
  await until(holder, 'had a network namespace', () => Promise.resolve(readlinkSync(`/proc/${holder.pid}/ns/net`) !== ours));
  const inNetwork = (...args: string[]): Promise<void> => run('nsenter', '--target', String(holder.pid), '--net', '--', 'ip', ...args);
  await inNetwork('link', 'add', 'nodes', 'type', 'bridge');
  await inNetwork('link', 'set', 'nodes', 'up');

  const number = await claimNumber(holder.pid);
  const link = `secaudit-${number}`;
  const prefix = `10.213.${number}`;
  await inNetwork('link', 'set', 'machine', 'master', 'nodes', 'up');
  await run('ip', 'link', 'set', link, 'alias', supervised.dir); // so that `ip link` tells whose it is
  await run('ip', 'address', 'add', `${prefix}.1/24`, 'dev', link);
  await run('ip', 'link', 'set', link, 'up');

  const nodeAddress = (index: number): string => `${prefix}.${index + 2}`;
  return {
    link,
    hostAddress: `${prefix}.1`,
    nodeAddress,
    async connect(initPid, index) {
      const port = `node-${index}`;
      await run('ip', 'link', 'add', port, 'netns', String(holder.pid), 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(initPid));
      await inNetwork('link', 'set', port, 'master', 'nodes', 'up');
      const inNode = (...args: string[]): Promise<void> => run('nsenter', '--target', String(initPid), '--net', '--', 'ip', ...args);
      await inNode('address', 'add', `${nodeAddress(index)}/24`, 'dev', 'eth0');
      await inNode('link', 'set', 'eth0', 'up');
      // A service's address must have a route before it is translated. Nobody answers for the rest, so nothing gets out.
      await inNode('route', 'add', 'default', 'dev', 'eth0');
    },
  };
}

/** Makes the cable to the machine under the first free number and returns that. */
async function claimNumber(holder: number): Promise<number> {
  const first = Math.floor(Math.random() * attempts);
  for (let attempt = 0; attempt < attempts; attempt++) {
    const number = 1 + (first + attempt) % attempts;
    const routes = await runProgram('ip', ['-4', 'route', 'show', 'root', `10.213.${number}.0/24`]);
    if (routes.stdout.trim() !== '') continue;
    const cable = ['link', 'add', `secaudit-${number}`, 'type', 'veth', 'peer', 'name', 'machine', 'netns', String(holder)];
    const added = await runProgram('ip', cable);
    if (added.code === 0) return number;
    if (!added.stderr.includes('File exists')) throw new Error(`"ip ${cable.join(' ')}" failed: ${added.stderr.trim()}`);
  }
  throw new Error('No part of 10.213.0.0/16 is free for a cluster; end one with npm run cluster:down.');
}

async function run(program: string, ...args: string[]): Promise<void> {
  const { code, stderr } = await runProgram(program, args);
  if (code !== 0) throw new Error(`"${[program, ...args].join(' ')}" failed: ${stderr.trim()}`);
}
