import type { Gap } from '../evidence/gap.ts';
import type { KubeletConfiguration } from '../evidence/kubelet-configuration.ts';
import type { IntendedKubelet } from '../evidence/kubelet-intended.ts';
import { attempt, defineIndex } from '../evidence/need.ts';
import { kubeletIntended } from '../evidence/sources/kubelet.ts';
import { kubeletSettings, servingCertificateOf, type NodeKubelet, type ServingCertificate } from './kubelet-settings.ts';

/** What `kubectl secaudit kubelet` shows. */
export interface KubeletView {
  readonly nodes: readonly KubeletRow[];
  /** How many nodes there are, and of how many the settings are known. */
  readonly total: number;
  readonly known: number;
  /** What kubeadm hands to new nodes; says nothing of what a node runs with. */
  readonly intended: { readonly settings: IntendedKubelet } | { readonly gaps: readonly Gap[] };
}

/** The kubelet of one node. A field that is absent is not known. */
export interface KubeletRow {
  readonly node: string;
  readonly version?: string;
  readonly anonymous?: boolean;
  readonly authorization?: string;
  /** Whether client certificates are verified against an authority. */
  readonly clientCA?: boolean;
  /** 0: closed. */
  readonly readOnlyPort?: number;
  readonly clientRotation?: boolean;
  readonly servingCertificate?: ServingCertificate;
  /** `configz`: through the API server; `direct`: from the kubelet itself; `probe`: by trying. */
  readonly learnedBy: readonly ('configz' | 'direct' | 'probe')[];
  readonly gaps: readonly Gap[];
}

export const kubeletView = defineIndex({
  id: 'kubelet-view',
  needs: { kubelets: kubeletSettings, intended: attempt(kubeletIntended) },
  build({ kubelets, intended }): KubeletView {
    const rows = kubelets.map(rowOf);
    return {
      nodes: rows,
      total: rows.length,
      known: kubelets.filter(({ configz }) => 'value' in configz).length,
      intended: 'value' in intended ? { settings: intended.value } : intended,
    };
  },
});

function rowOf({ name, version, configz, probe }: NodeKubelet): KubeletRow {
  return {
    node: name,
    ...(version === undefined ? {} : { version }),
    ...probed(probe),
    ...('value' in configz ? configured(configz.value.config) : {}),
    learnedBy: [
      ...('value' in configz ? [configz.value.way === 'proxy' ? ('configz' as const) : ('direct' as const)] : []),
      ...('value' in probe ? ['probe' as const] : []),
    ],
    gaps: [...('gaps' in configz ? configz.gaps : []), ...('gaps' in probe ? probe.gaps.filter(({ kind }) => kind !== 'notRequested' || 'gaps' in configz) : [])],
  };
}

function configured(config: KubeletConfiguration): Partial<KubeletRow> {
  return {
    anonymous: config.authentication.anonymous.enabled,
    authorization: config.authorization.mode,
    clientCA: config.authentication.x509.clientCAFile !== '',
    readOnlyPort: config.readOnlyPort,
    clientRotation: config.rotateCertificates,
    servingCertificate: servingCertificateOf(config),
  };
}

/** What an answer proves, and no more: who refuses strangers may still allow everything to anybody else. */
function probed(probe: NodeKubelet['probe']): Partial<KubeletRow> {
  if ('gaps' in probe) return {};
  const { anonymous, readOnlyPort } = probe.value;
  return {
    ...(anonymous === undefined ? {} : { anonymous: anonymous !== 'refused' }),
    // AlwaysAllow says no to nobody; a yes to everything may come from either.
    ...(anonymous === 'forbidden' ? { authorization: 'Webhook' } : {}),
    // A refusal is about the usual port; another one may be open.
    ...(readOnlyPort === 'open' ? { readOnlyPort: 10255 } : {}),
  };
}
