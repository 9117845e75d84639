import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** The control groups of this machine, as the kubelet and runc will see them. */
export interface CgroupSetup {
  /** 2 where the one unified hierarchy is mounted at /sys/fs/cgroup; 1 on the older and on hybrid machines. */
  readonly version: 1 | 2;
  /** Where the hierarchies that take part are mounted. */
  readonly hierarchies: readonly string[];
}

/** Works out which control groups this machine has from its mounts (proc(5), mountinfo). */
export function cgroupSetup(mountinfo = readFileSync('/proc/self/mountinfo', 'utf8')): CgroupSetup {
  const mounts = mountinfo.trim().split('\n').map(line => {
    const [place = '', kind = ''] = line.split(' - ');
    return { at: place.split(' ')[4] ?? '', type: kind.split(' ')[0] ?? '' };
  });
  // Upstream decides by the same mount (opencontainers/cgroups, IsCgroup2UnifiedMode).
  if (mounts.some(({ at, type }) => at === '/sys/fs/cgroup' && type === 'cgroup2')) return { version: 2, hierarchies: ['/sys/fs/cgroup'] };
  return { version: 1, hierarchies: [...new Set(mounts.filter(({ type }) => type === 'cgroup').map(({ at }) => at))] };
}

/** The name of the group of the cluster in a directory. A directory has one cluster, and no two clusters have one group. */
export function clusterCgroup(dir: string): string {
  return `secaudit-${createHash('sha256').update(dir).digest('hex').slice(0, 12)}`;
}

/** The folders that a group has, one in each hierarchy. */
export function cgroupFolders({ hierarchies }: CgroupSetup, group: string): string[] {
  return hierarchies.map(hierarchy => path.join(hierarchy, group));
}

/**
 * Makes a group in every hierarchy, fit to have groups with processes below it. The one above it must exist.
 *
 * @throws if the kernel refuses, as in a container whose /sys/fs/cgroup is read-only.
 */
export function makeCgroup(setup: CgroupSetup, group: string): void {
  for (const folder of cgroupFolders(setup, group)) {
    if (setup.version === 2) handDownControllers(path.dirname(folder));
    mkdirSync(folder);
    if (setup.version === 2) handDownControllers(folder);
    // A new group has no processors and no memory nodes, and nothing can be put into it until it has.
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      if (setup.version === 1 && existsSync(path.join(folder, file))) {
        writeFileSync(path.join(folder, file), readFileSync(path.join(folder, '..', file)));
      }
    }
  }
}

/** In version 2 the groups below have only those controllers that the one above hands down. */
function handDownControllers(folder: string): void {
  const words = (file: string): string[] => readFileSync(path.join(folder, file), 'utf8').trim().split(/\s+/).filter(word => word !== '');
  const present = words('cgroup.subtree_control');
  for (const controller of words('cgroup.controllers').filter(word => !present.includes(word))) {
    writeFileSync(path.join(folder, 'cgroup.subtree_control'), `+${controller}`);
  }
}
