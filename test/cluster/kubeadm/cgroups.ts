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
  return { version: 1, hierarchies: mounts.filter(({ at, type }) => type === 'cgroup' && at.startsWith('/sys/fs/cgroup/')).map(({ at }) => at) };
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
    try {
      makeFolder(setup, folder);
    } catch (error) {
      throw new Error(`Control group ${folder} could not be made (${(error as Error).message}); nodes need a /sys/fs/cgroup in which root may make groups.`, { cause: error });
    }
  }
}

function makeFolder({ version }: CgroupSetup, folder: string): void {
  if (version === 2) {
    handDownControllers(path.dirname(folder));
    mkdirSync(folder);
    handDownControllers(folder);
  } else {
    mkdirSync(folder);
    // A new group has no processors and no memory nodes, and nothing can be put into it until it has.
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      if (existsSync(path.join(folder, file))) writeFileSync(path.join(folder, file), readFileSync(path.join(folder, '..', file)));
    }
  }
}

/** What the kubelet limits pods by (pkg/kubelet/cm, getSupportedUnifiedControllers). */
const wantedControllers: readonly string[] = ['cpu', 'cpuset', 'hugetlb', 'io', 'memory', 'pids'];

/**
 * In version 2 the groups below have only those controllers that the one above hands down. For the root group that
 * changes the machine, but only where no systemd has done it already.
 */
function handDownControllers(folder: string): void {
  const words = (file: string): string[] => readFileSync(path.join(folder, file), 'utf8').trim().split(/\s+/);
  const present = words('cgroup.subtree_control');
  for (const controller of words('cgroup.controllers')) {
    if (wantedControllers.includes(controller) && !present.includes(controller)) {
      writeFileSync(path.join(folder, 'cgroup.subtree_control'), `+${controller}`);
    }
  }
}
