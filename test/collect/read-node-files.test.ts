import { describe, expect, it } from 'vitest';
import { RequestFailure, type Answer, type ApiClient } from '../../src/cluster/api-client.ts';
import { nodeFilesManifest, type NodeFilesPod } from '../../src/cluster/node-files-pod.ts';
import { readNodeFiles } from '../../src/collect/read-node-files.ts';
import type { Gap } from '../../src/evidence/gap.ts';
import type { NodeFiles } from '../../src/evidence/node-files.ts';
import type { PerResult } from '../../src/evidence/source.ts';
import type { ControlPlanePod } from '../../src/evidence/sources/control-plane.ts';
import { nodeFiles } from '../../src/evidence/sources/node-files.ts';
import type { NodeEvidence } from '../../src/evidence/sources/platform.ts';

type Manifest = { readonly metadata: { readonly name: string; readonly namespace: string }; readonly spec: { readonly nodeName: string } };

const LOG = 'secaudit-node-files 1\nF /etc/kubernetes/kubelet.conf\np /var/lib/kubelet/pki/kubelet-client-current.pem\nZ\n';
const KUBEADM = ['/etc/kubernetes', '/var/lib/kubelet'];
const PATIENT = { start: 30, pull: 30, run: 30, pause: 2, again: 2 };

/** How the API server and the node behave; whatever is not said goes well. */
interface World {
  readonly dryRun?: (manifest: object) => Answer;
  readonly create?: () => Answer | Error;
  readonly remove?: () => Answer | Error;
  /** Of a pod after it was created. */
  readonly status?: (pod: NodeFilesPod) => object;
  readonly log?: (pod: NodeFilesPod) => string;
  readonly isAllowed?: (verb: string) => boolean;
  /** Pods with our label that are there at the start. */
  readonly left?: readonly object[];
  readonly nodes?: readonly NodeEvidence[];
  readonly images?: readonly string[];
  readonly image?: string;
  readonly signal?: AbortSignal;
}

function answer(status: number, body: object | string): Answer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, headers: { date: '2026-11-21T12:00:00Z' }, body: text, bytes: text.length };
}

function statusOf(code: number, message: string): Answer {
  return answer(code, { kind: 'Status', message });
}

function node(name: string, more: { readonly labels?: Readonly<Record<string, string>>; readonly ready?: string; readonly version?: string } = {}): NodeEvidence {
  return { metadata: { name, labels: { ...more.labels } }, status: { conditions: { ready: more.ready ?? 'True' }, nodeInfo: { kubeletVersion: more.version ?? 'v1.37.1' } } } as unknown as NodeEvidence;
}

const CONTROL_PLANE = { 'node-role.kubernetes.io/control-plane': '' };
const staticPods = [{ metadata: { name: 'kube-apiserver-a', namespace: 'kube-system', annotations: true }, spec: { nodeName: 'a', volumes: [{ hostPath: { path: '/etc/kubernetes/pki', type: 'DirectoryOrCreate' } }, {}] } }] as unknown as ControlPlanePod[];

/** Reads the files of a world, and says what was done there. */
async function read(world: World): Promise<{ results: PerResult<NodeFiles>[]; created: NodeFilesPod[]; deleted: string[]; warnings: string[]; there: ReadonlyMap<string, NodeFilesPod>; dryRuns: number }> {
  const there = new Map<string, NodeFilesPod>();
  const created: NodeFilesPod[] = [];
  const deleted: string[] = [];
  const warnings: string[] = [];
  let dryRuns = 0;
  const client = {
    selfReview: (_path: string, body: { readonly spec: { readonly resourceAttributes: { readonly verb: string } } }) => Promise.resolve(answer(201, { status: { allowed: world.isAllowed?.(body.spec.resourceAttributes.verb) ?? true } })),
    createNodeFilesPod(pod: NodeFilesPod, { dryRun }: { readonly dryRun: boolean }): Promise<Answer> {
      const manifest = nodeFilesManifest(pod) as Manifest;
      if (dryRun) {
        dryRuns += 1;
        return Promise.resolve(world.dryRun?.(manifest) ?? answer(201, manifest));
      }
      const outcome = world.create?.() ?? answer(201, { ...manifest, metadata: { ...manifest.metadata, uid: `uid-of-${pod.name}` } });
      if (outcome instanceof Error || outcome.status === 201) {
        created.push(pod);
        there.set(pod.name, pod);
      }
      return outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve(outcome);
    },
    deleteNodeFilesPod({ name }: { readonly name: string }): Promise<Answer> {
      const outcome = world.remove?.();
      if (outcome instanceof Error) return Promise.reject(outcome);
      if (outcome !== undefined) return Promise.resolve(outcome);
      deleted.push(name);
      const wasThere = there.delete(name) || (world.left ?? []).some(pod => JSON.stringify(pod).includes(name));
      return Promise.resolve(wasThere ? answer(200, {}) : statusOf(404, 'not found'));
    },
    get(path: string): Promise<Answer> {
      if (path.includes('labelSelector')) return Promise.resolve(answer(200, { items: world.left ?? [] }));
      const pod = there.get(/pods\/([^/?]+)/.exec(path)?.[1] ?? '');
      if (pod === undefined) return Promise.resolve(statusOf(404, 'not found'));
      if (path.includes('/log')) return Promise.resolve(answer(200, world.log?.(pod) ?? LOG));
      return Promise.resolve(answer(200, { status: world.status?.(pod) ?? { phase: 'Succeeded' } }));
    },
  } as unknown as ApiClient;
  const nodes = world.nodes ?? [node('a', { labels: CONTROL_PLANE })];
  const images = nodes.map(({ metadata: { name } }) => ({ metadata: { name }, status: { images: (world.images ?? ['docker.io/library/busybox:1']).map(names => ({ names })) } }));
  const results = await readNodeFiles(client, nodeFiles, { nodes, images: images, staticPods }, { warn: sentence => warnings.push(sentence), patience: PATIENT, ...(world.image === undefined ? {} : { image: world.image }) }, world.signal);
  return { results, created, deleted, warnings, there, dryRuns };
}

function gapIn(results: readonly PerResult<NodeFiles>[]): Gap {
  const [first] = results;
  if (first === undefined || !('gap' in first)) throw new Error('there is no gap');
  return first.gap;
}

describe('a pod on each node', () => {
  it('is tried, created, read and deleted; control planes come first', async () => {
    const { results, created, deleted, there, dryRuns } = await read({ nodes: [node('z'), node('a', { labels: CONTROL_PLANE }), node('b')] });
    expect(results.map(({ of }) => of)).toEqual(['z', 'a', 'b']);
    expect(results[0]).toMatchObject({ value: { files: [{ path: '/etc/kubernetes/kubelet.conf', kind: 'kubeconfig' }], directories: KUBEADM, unread: [], image: 'docker.io/library/busybox:1' } });
    expect(created[0]?.node).toBe('a');
    expect([deleted.length, there.size, dryRuns]).toEqual([3, 0, 3]);
  });

  it('mounts what is certain to be there, and nothing of the node to write', async () => {
    const { created } = await read({});
    const { spec } = nodeFilesManifest(created[0]!) as { spec: { volumes: { hostPath: object }[]; containers: { volumeMounts: object[]; imagePullPolicy: string; securityContext: object }[]; automountServiceAccountToken: boolean; hostNetwork?: boolean } };
    expect(spec.volumes.map(({ hostPath }) => hostPath)).toEqual(KUBEADM.map(path => ({ path, type: 'Directory' })));
    expect(spec.containers[0]?.volumeMounts).toEqual(KUBEADM.map((mountPath, at) => ({ name: `node-${at}`, mountPath, readOnly: true, recursiveReadOnly: 'IfPossible' })));
    expect(spec.containers[0]).toMatchObject({ imagePullPolicy: 'Never', securityContext: { capabilities: { drop: ['ALL'] }, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true } });
    expect([spec.automountServiceAccountToken, spec.hostNetwork]).toEqual([false, undefined]);
  });

  it.each(['/', '/etc', '/etc/../root', '/proc/1', '/usr/bin', 'etc/kubernetes', '/etc/kube netes'])('never mounts %s', path => {
    expect(() => nodeFilesManifest({ namespace: 'n', name: 'secaudit-node-files-aaaaaaaaaa', node: 'a', image: 'i', mayPull: false, directories: [path], walks: [], readsAll: false })).toThrow('does not mount');
  });

  it.each([
    ['k3s', node('a', { version: 'v1.33.1+k3s1', labels: CONTROL_PLANE }), ['/etc/kubernetes', '/etc/rancher/k3s', '/var/lib/kubelet', '/var/lib/rancher/k3s/agent', '/var/lib/rancher/k3s/server/cred', '/var/lib/rancher/k3s/server/tls']],
    ['an agent of RKE2', node('b', { version: 'v1.33.1+rke2r1' }), ['/etc/kubernetes', '/var/lib/kubelet', '/var/lib/rancher/rke2/agent']],
  ])('knows the directories of %s', async (_name, own, directories) => {
    expect((await read({ nodes: [own] })).created[0]?.directories).toEqual(directories);
  });
});

describe('nothing is created', () => {
  it.each<readonly [string, World, string]>([
    ['where a right is missing', { isAllowed: verb => verb !== 'delete' }, 'this user may not create, read and delete pods in namespace kube-system'],
    ['where the server refuses it', { dryRun: () => statusOf(403, 'violates PodSecurity "restricted:latest"') }, 'the API server refuses the pod: violates PodSecurity "restricted:latest"; nothing was created'],
    ['where a quota does', { dryRun: () => statusOf(403, 'exceeded quota: none') }, 'exceeded quota: none'],
    ['where every pod has to pull', { dryRun: manifest => answer(201, JSON.stringify(manifest).replace('"Never","command"', '"Always","command"')) }, 'AlwaysPullImages'],
    ['where a webhook adds a container', { dryRun: manifest => answer(201, JSON.stringify(manifest).replace('"containers":[', '"containers":[{"name":"proxy"},')) }, 'adds containers'],
    ['where a webhook lets it write', { dryRun: manifest => answer(201, JSON.stringify(manifest).replaceAll('"readOnly":true', '"readOnly":false')) }, 'changes the mounts'],
    ['on Windows', { nodes: [node('w', { labels: { 'kubernetes.io/os': 'windows' } })] }, 'Windows'],
    ['on a node without a machine', { nodes: [node('v', { labels: { type: 'virtual-kubelet' } })] }, 'no machine'],
    ['on a node that is not ready', { nodes: [node('n', { ready: 'Unknown' })] }, 'not ready'],
    ['without an image', { images: [] }, 'no image with a shell'],
    ['once the run was interrupted', { signal: AbortSignal.abort() }, 'interrupted before the pod was created'],
  ])('%s', async (_name, world, words) => {
    const { results, created } = await read(world);
    expect(gapIn(results).detail).toContain(words);
    expect(created).toEqual([]);
  });

  it('says which rights are missing, and which flag names an image', async () => {
    expect(gapIn((await read({ isAllowed: verb => verb !== 'delete' })).results).permissions).toEqual([{ apiGroup: '', resource: 'pods', verb: 'delete', namespace: 'kube-system' }]);
    expect(gapIn((await read({ images: [] })).results).flag).toBe('--node-files-image IMAGE');
  });
});

describe('what goes wrong', () => {
  const waiting = (reason: string): object => ({ phase: 'Pending', containerStatuses: [{ state: { waiting: { reason } } }] });

  it('an image without a shell: the next one is taken', async () => {
    const images = ['registry.k8s.io/kube-proxy:v1', 'docker.io/library/busybox:1'];
    const { results, created, there } = await read({ images, status: ({ image }) => (image.includes('busybox') ? { phase: 'Failed', containerStatuses: [{ state: { terminated: { reason: 'StartError', exitCode: 128 } } }] } : { phase: 'Succeeded' }) });
    expect(created.map(({ image }) => image)).toEqual(['docker.io/library/busybox:1', 'registry.k8s.io/kube-proxy:v1']);
    expect(results[0]).toMatchObject({ value: { image: 'registry.k8s.io/kube-proxy:v1' } });
    expect(there.size).toBe(0);
  });

  it('no image can be used: a gap that names the flag', async () => {
    const { results, there } = await read({ status: () => waiting('ErrImageNeverPull') });
    expect(gapIn(results)).toMatchObject({ flag: '--node-files-image IMAGE', detail: expect.stringContaining('ErrImageNeverPull') as unknown });
    expect(there.size).toBe(0);
  });

  it('a directory is missing: each is tried alone, and the missing one is said', async () => {
    const { results, created, there } = await read({ status: ({ directories }) => (directories.includes('/etc/kubernetes') ? waiting('ContainerCreating') : { phase: 'Succeeded' }), log: () => 'secaudit-node-files 1\nZ\n' });
    expect(created.map(({ directories }) => directories)).toEqual([KUBEADM, ['/etc/kubernetes'], ['/var/lib/kubelet']]);
    expect(results[0]).toMatchObject({ value: { directories: ['/var/lib/kubelet'], unread: [{ path: '/etc/kubernetes', because: 'notMounted' }] } });
    expect(there.size).toBe(0);
  });

  it('files of other users: read by a pod that may, and only then', async () => {
    const { results, created } = await read({ log: ({ readsAll }) => (readsAll ? LOG : 'secaudit-node-files 1\nE /etc/kubernetes/ssl\nZ\n') });
    expect(created.map(({ readsAll }) => readsAll)).toEqual([false, true]);
    expect(results[0]).toMatchObject({ value: { files: [{ path: '/etc/kubernetes/kubelet.conf' }], unread: [] } });
  });

  it.each<readonly [string, World, string]>([
    ['it never starts', { status: () => waiting('ContainerCreating'), nodes: [node('a')] }, 'did not start within'],
    ['it never ends', { status: () => ({ phase: 'Running' }) }, 'did not end within'],
    ['it is ended', { status: () => ({ phase: 'Failed', reason: 'DeadlineExceeded' }) }, 'the pod failed (DeadlineExceeded)'],
    ['its output is cut off', { log: () => LOG.slice(0, -4) }, 'cut off'],
    ['its output is of something else', { log: () => 'hello\n' }, 'cut off or is not that'],
    ['the connection is lost while it is created', { create: () => new RequestFailure('timeout', 'no answer within 10 s') }, 'no answer within 10 s'],
  ])('%s: a gap, and no pod stays', async (_name, world, words) => {
    const { results, there, created } = await read(world);
    expect(gapIn(results).detail).toContain(words);
    expect(created.length).toBeGreaterThan(0);
    expect(there.size).toBe(0);
  });

  it('it cannot be deleted: said, with the command that does it', async () => {
    for (const remove of [() => new RequestFailure('unreachable', 'the connection failed'), () => statusOf(403, 'pods is forbidden')]) {
      const { warnings, created } = await read({ remove });
      expect(warnings).toEqual([expect.stringContaining(`kubectl delete pods -n kube-system -- ${created[0]?.name ?? ''}`)]);
    }
  });
});

describe('what an earlier run left', () => {
  const pod = (name: string, phase: string, created: string): object => ({ metadata: { name, uid: `u-${name}`, creationTimestamp: created }, status: { phase } });
  const NOW = '2026-11-21T11:59:50Z';
  const LONG_AGO = '2026-11-21T11:00:00Z';

  it('is deleted where it has ended or should have, and only with a name of ours', async () => {
    const { deleted, warnings } = await read({
      nodes: [],
      left: [pod('secaudit-node-files-endedended', 'Succeeded', NOW), pod('secaudit-node-files-latelateaa', 'Pending', LONG_AGO), pod('secaudit-node-files-atworkatwo', 'Running', NOW), pod('somebody-elses', 'Succeeded', LONG_AGO)],
    });
    expect(deleted).toEqual(['secaudit-node-files-endedended', 'secaudit-node-files-latelateaa']);
    expect(warnings).toHaveLength(2);
  });
});
