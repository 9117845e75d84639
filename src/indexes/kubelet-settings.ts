import type { EvidenceItem } from '../evidence/evidence-item.ts';
import type { KubeletConfiguration, KubeletConfigz } from '../evidence/kubelet-configuration.ts';
import { attempt, defineIndex, type Attempted } from '../evidence/need.ts';
import type { ResourceRef } from '../evidence/resource-ref.ts';
import { refOf, type PerResult } from '../evidence/source.ts';
import { kubeletConfigz, kubeletProbe, type KubeletProbe } from '../evidence/sources/kubelet.ts';
import { nodeProbe, type NodePorts, type ProbedNode } from '../evidence/sources/node-ports.ts';
import { nodes } from '../evidence/sources/platform.ts';
import { isEksBuild } from './platform-signs.ts';

/** One node, and what is known of its kubelet. */
export interface NodeKubelet {
  readonly name: string;
  readonly resource: ResourceRef;
  /** `v1.37.1`, as the node reports it. */
  readonly version?: string;
  /** The kubelet logs in to the API server with short-lived tokens of its machine and has no client certificate (EKS). */
  readonly loginIsProviders: boolean;
  readonly configz: Attempted<KubeletConfigz>;
  readonly probe: Attempted<StrangersTry>;
}

/** What a request without a credential got, through the API server and a pod or at the node's own address. */
export interface StrangersTry extends Pick<KubeletProbe, 'anonymous' | 'readOnlyPort'> {
  readonly way: NodePorts['way'];
}

/** What is known of the kubelet of every node, in the order of names. */
export const kubeletSettings = defineIndex({
  id: 'kubelet-settings',
  needs: { nodes, configz: attempt(kubeletConfigz), probe: attempt(kubeletProbe), direct: attempt(nodeProbe) },
  build({ nodes: list, configz, probe, direct }): readonly NodeKubelet[] {
    const configOf = byNode(configz);
    const probeOf = byNode(probe);
    const directOf = byNode(direct);
    return list
      .map(node => {
        const version = node.status?.nodeInfo?.kubeletVersion;
        return {
          name: node.metadata.name,
          resource: refOf(nodes, node),
          ...(version === undefined ? {} : { version }),
          loginIsProviders: isEksBuild(node),
          configz: configOf(node.metadata.name),
          probe: tryOf(probeOf(node.metadata.name), directOf(node.metadata.name)),
        };
      })
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  },
});

/** Whichever way told something; through the API server where both did, since nothing stands between that and the kubelet. */
function tryOf(probe: Attempted<KubeletProbe>, direct: Attempted<ProbedNode>): Attempted<StrangersTry> {
  const tries = [
    ...('value' in probe ? [triedBy({ pod: probe.value.pod }, probe.value)] : []),
    ...('value' in direct ? [triedBy(direct.value.way, direct.value)] : []),
  ];
  const told = tries.find(({ anonymous }) => anonymous !== undefined) ?? tries[0];
  if (told !== undefined) return { value: told };
  const wasAsked = 'gaps' in direct && direct.gaps.some(({ kind }) => kind === 'gap');
  return { gaps: [...('gaps' in probe ? probe.gaps : []), ...(wasAsked ? direct.gaps : [])] };
}

function triedBy(way: StrangersTry['way'], { anonymous, readOnlyPort }: Omit<StrangersTry, 'way'>): StrangersTry {
  return { way, ...(anonymous === undefined ? {} : { anonymous }), ...(readOnlyPort === undefined ? {} : { readOnlyPort }) };
}

/** The results of a per-node source by node; where the source as a whole is unread, its gaps stand for each. */
function byNode<T>(attempted: Attempted<readonly PerResult<T>[]>): (name: string) => Attempted<T> {
  if ('gaps' in attempted) return () => attempted;
  const results = new Map(attempted.value.map(result => [result.of, result]));
  return name => {
    const result = results.get(name);
    if (result === undefined) return { gaps: [{ kind: 'gap', reason: 'notSeen', detail: 'the node came after the kubelets had been asked' }] };
    return 'value' in result ? { value: result.value } : { gaps: [result.gap] };
  };
}

/**
 * A value of a kubelet's configuration as evidence, with the command that shows it.
 *
 * @param path below KubeletConfiguration, such as `authentication.anonymous.enabled`
 */
export function settingEvidence(node: { readonly name: string }, { way }: KubeletConfigz, path: string, value: unknown): EvidenceItem {
  const base = {
    resource: { apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration', name: node.name },
    path: `kubeletconfig.${path}`,
    value,
    grade: 'exact',
  } as const;
  return way === 'proxy'
    ? { ...base, reproduce: ['kubectl', 'get', '--raw', `/api/v1/nodes/${encodeURIComponent(node.name)}/proxy/configz`] }
    : { ...base, derivation: 'read from /configz of the kubelet itself, on port 10250 of the node, by a caller who may get nodes/configz' };
}

/**
 * What a probe saw as evidence: the command that sends the same request.
 *
 * @param port `https:` and 10250 for what anonymous callers get, none and 10255 for the read-only port
 */
export function probeEvidence(node: { readonly name: string }, { way }: StrangersTry, port: 10250 | 10255, value: string): EvidenceItem {
  const scheme = port === 10250 ? 'https:' : '';
  return {
    resource: { apiVersion: 'secaudit/v1', kind: 'Kubelet', name: node.name },
    path: `GET /healthz on port ${port} without a credential`,
    value,
    grade: 'exact',
    reproduce: 'pod' in way
      ? ['kubectl', 'get', '--raw', `/api/v1/namespaces/${encodeURIComponent(way.pod.namespace)}/pods/${scheme}${encodeURIComponent(way.pod.name)}:${port}/proxy/healthz`]
      : ['curl', ...(port === 10250 ? ['--insecure'] : []), `${port === 10250 ? 'https' : 'http'}://${way.address.includes(':') ? `[${way.address}]` : way.address}:${port}/healthz`],
  };
}

/**
 * What a kubelet serves with: `csr`, a certificate that the cluster's authority signs and the kubelet renews; `selfSigned`,
 * its own, made at its first start; `file`, one that was put there.
 */
export type ServingCertificate = 'csr' | 'selfSigned' | 'file';

/**
 * Worked out from the configuration. A kubelet that is given no file makes `kubelet.crt` in its certificate directory,
 * unless one lies there already, and then prints that path as its own.
 */
export function servingCertificateOf({ serverTLSBootstrap, tlsCertFile, featureGates }: KubeletConfiguration): ServingCertificate {
  if (serverTLSBootstrap && featureGates['RotateKubeletServerCertificate'] !== false) return 'csr';
  return tlsCertFile === '' || tlsCertFile.endsWith('/pki/kubelet.crt') ? 'selfSigned' : 'file';
}
