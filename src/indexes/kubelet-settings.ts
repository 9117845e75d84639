import type { EvidenceItem } from '../evidence/evidence-item.ts';
import type { KubeletConfiguration, KubeletConfigz } from '../evidence/kubelet-configuration.ts';
import { attempt, defineIndex, type Attempted } from '../evidence/need.ts';
import type { ResourceRef } from '../evidence/resource-ref.ts';
import { refOf, type PerResult } from '../evidence/source.ts';
import { kubeletConfigz, kubeletProbe, type KubeletProbe } from '../evidence/sources/kubelet.ts';
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
  readonly probe: Attempted<KubeletProbe>;
}

/** What is known of the kubelet of every node, in the order of names. */
export const kubeletSettings = defineIndex({
  id: 'kubelet-settings',
  needs: { nodes, configz: attempt(kubeletConfigz), probe: attempt(kubeletProbe) },
  build({ nodes: list, configz, probe }): readonly NodeKubelet[] {
    const configOf = byNode(configz);
    const probeOf = byNode(probe);
    return list
      .map(node => {
        const version = node.status?.nodeInfo?.kubeletVersion;
        return {
          name: node.metadata.name,
          resource: refOf(nodes, node),
          ...(version === undefined ? {} : { version }),
          loginIsProviders: isEksBuild(node),
          configz: configOf(node.metadata.name),
          probe: probeOf(node.metadata.name),
        };
      })
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  },
});

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
export function probeEvidence(node: { readonly name: string }, { pod }: KubeletProbe, port: 10250 | 10255, value: string): EvidenceItem {
  const scheme = port === 10250 ? 'https:' : '';
  return {
    resource: { apiVersion: 'secaudit/v1', kind: 'Kubelet', name: node.name },
    path: `GET /healthz on port ${port} without a credential`,
    value,
    grade: 'exact',
    reproduce: ['kubectl', 'get', '--raw', `/api/v1/namespaces/${encodeURIComponent(pod.namespace)}/pods/${scheme}${encodeURIComponent(pod.name)}:${port}/proxy/healthz`],
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
