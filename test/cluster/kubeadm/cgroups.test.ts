import { expect, test } from 'vitest';
import { cgroupFolders, cgroupSetup, clusterCgroup } from './cgroups.ts';

// Lines of /proc/self/mountinfo; the first three are on every machine.
const everywhere = `
21 26 0:20 / /proc rw,relatime - proc proc rw
22 26 0:21 / /sys rw,relatime shared:2 - sysfs sysfs rw
26 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
`.trim();

test('one unified hierarchy is version 2', () => {
  const mountinfo = `${everywhere}\n30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n`;
  expect(cgroupSetup(mountinfo)).toEqual({ version: 2, hierarchies: ['/sys/fs/cgroup'] });
});

test('hierarchies of their own are version 1, also beside a unified one that has no controllers', () => {
  const mountinfo = `${everywhere}
30 22 0:26 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:4 master:3 - cgroup cgroup rw,cpu,cpuacct
32 30 0:28 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
33 30 0:29 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd
34 30 0:30 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
35 26 0:28 / /elsewhere/memory rw,relatime - cgroup cgroup rw,memory
`;
  const setup = cgroupSetup(mountinfo);
  expect(setup).toEqual({ version: 1, hierarchies: ['/sys/fs/cgroup/cpu,cpuacct', '/sys/fs/cgroup/memory', '/sys/fs/cgroup/systemd'] });
  expect(cgroupFolders(setup, 'a/b')).toEqual(['/sys/fs/cgroup/cpu,cpuacct/a/b', '/sys/fs/cgroup/memory/a/b', '/sys/fs/cgroup/systemd/a/b']);
});

test('a directory has one group, and two directories have two', () => {
  expect(clusterCgroup('/tmp/one')).toBe(clusterCgroup('/tmp/one'));
  expect(clusterCgroup('/tmp/one')).not.toBe(clusterCgroup('/tmp/two'));
});
