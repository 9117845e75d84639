import { gunzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseConfigz, type KubeletConfiguration } from '../../src/evidence/kubelet-configuration.ts';
import type { Gap } from '../../src/evidence/gap.ts';
import type { Snapshot } from '../../src/evidence/snapshot.ts';
import type { KubeletProbe } from '../../src/evidence/sources/kubelet.ts';
import { snapshotWith, type ClusterOptions, type Manifest } from './cluster.ts';

const folder = path.join(import.meta.dirname, '../../fixtures/recordings/kubelet-1.37.1');

/** What a real kubelet 1.37.1 answered: `worker-1` has anonymous authentication and the read-only port on, `control-plane` is as kubeadm makes it. */
export function recordedKubelet(node: 'control-plane' | 'worker-1', file: 'configz.json' | 'metrics.txt' | 'metrics-again.txt'): string {
  const at = path.join(folder, node, file);
  return file === 'configz.json' ? readFileSync(at, 'utf8') : gunzipSync(readFileSync(`${at}.gz`)).toString('utf8');
}

/** The configuration of a kubelet that kubeadm set up. */
export const kubeadmKubelet: KubeletConfiguration = parseConfigz({ body: recordedKubelet('control-plane', 'configz.json'), way: 'proxy' }).config;

/** One node of a test's cluster. */
export interface TestNode {
  readonly name: string;
  readonly version?: string;
  /** What differs from a kubelet that kubeadm set up; a gap where it could not be read. */
  readonly kubelet?: Partial<KubeletConfiguration> | { readonly gap: Gap };
  readonly probe?: Omit<KubeletProbe, 'pod'> | { readonly gap: Gap };
  readonly way?: 'proxy' | 'direct';
}

export const silentKubelet: { readonly gap: Gap } = { gap: { kind: 'gap', reason: 'timeout', source: 'kubeletconfigz', detail: 'the kubelet did not answer within 5 s' } };

/** A cluster of these nodes, each asked for its configuration; probed only where a node says what came of it. */
export function kubelets(nodes: readonly TestNode[], options: ClusterOptions = {}, ...objects: readonly Manifest[]): Snapshot {
  const configz = nodes.map(({ name, kubelet = {}, way = 'proxy' }) => ('gap' in kubelet ? { of: name, ...kubelet } : { of: name, value: { way, config: { ...kubeadmKubelet, ...kubelet } } }));
  const probed = nodes.flatMap(({ name, probe }) =>
    probe === undefined ? [] : ['gap' in probe ? { of: name, ...probe } : { of: name, value: { pod: { namespace: 'kube-system', name: `kube-proxy-${name}` }, ...probe } }]);
  const notProbed: Gap = { kind: 'notRequested', reason: 'flagNotGiven', source: 'kubeletprobe', detail: 'no request without a credential was sent to the kubelets', flag: '--probe-anonymous' };
  return snapshotWith(
    {
      ...options,
      sources: { kubeletconfigz: configz, ...(probed.length === 0 ? {} : { kubeletprobe: probed }), ...options.sources },
      gaps: { ...(probed.length === 0 ? { kubeletprobe: notProbed } : {}), ...options.gaps },
    },
    ...nodes.map(({ name, version = 'v1.37.1' }) => ({ apiVersion: 'v1', kind: 'Node', metadata: { name }, status: { nodeInfo: { kubeletVersion: version } } })),
    ...objects,
  );
}

/** One node with this kubelet. */
export function kubelet(change: Partial<KubeletConfiguration>, version = 'v1.37.1'): Snapshot {
  return kubelets([{ name: 'n1', version, kubelet: change }]);
}

/** The setting that says who may come in. */
export function entrance(anonymous: boolean, clientCAFile = '/etc/kubernetes/pki/ca.crt'): KubeletConfiguration['authentication'] {
  return { anonymous: { enabled: anonymous }, webhook: { enabled: true }, x509: { clientCAFile } };
}
