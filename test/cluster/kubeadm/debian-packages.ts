import { existsSync } from 'node:fs';
import { runProgram } from '../run-program.ts';

/** What a node needs besides what is built: the Debian package, and the files by which its presence is known. */
const needed: Readonly<Record<string, readonly string[]>> = {
  'busybox-static': ['/usr/bin/busybox', '/bin/busybox'],
  'containernetworking-plugins': ['/usr/lib/cni/bridge'],
  iproute2: ['/usr/sbin/ip', '/sbin/ip', '/usr/bin/ip'],
  iptables: ['/usr/sbin/iptables', '/sbin/iptables'],
  runc: ['/usr/sbin/runc', '/usr/bin/runc'],
  'util-linux': ['/usr/bin/nsenter'],
};

/**
 * Installs with apt-get those packages of a node that are not there, after an update of its lists.
 *
 * @throws if that fails, with its last words, or if there is no apt-get, with the names of the packages.
 */
export async function installDebianPackages(): Promise<void> {
  const missing = Object.entries(needed).filter(([, files]) => !files.some(file => existsSync(file))).map(([name]) => name);
  if (missing.length === 0) return;
  const began = performance.now();
  // The update may fail for a list that nothing is needed from; whether it mattered, the install says.
  await aptGet(['update', '-qq']);
  const installed = await aptGet(['install', '-y', '-qq', '--no-install-recommends', ...missing]);
  if (installed.code !== 0) {
    const words = `${installed.stdout}\n${installed.stderr}`.trim().split('\n').slice(-8).join('\n');
    throw new Error(`The nodes of a kubeadm cluster need ${missing.join(', ')} of Debian, which could not be installed:\n${words}`);
  }
  process.stderr.write(`nodes: install ${missing.join(', ')}: ${Math.round((performance.now() - began) / 1000)} s\n`);
}

/** apt-get waits for another one that holds its lock. */
async function aptGet(args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    return await runProgram('apt-get', ['-o', 'DPkg::Lock::Timeout=120', ...args], { DEBIAN_FRONTEND: 'noninteractive' });
  } catch (error) {
    return { code: 127, stdout: '', stderr: (error as Error).message };
  }
}
