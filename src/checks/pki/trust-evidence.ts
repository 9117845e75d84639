import type { EvidenceItem } from '../../evidence/evidence-item.ts';

/** A key of the ConfigMap in which the API servers publish whom they trust. */
export function trustEvidence(key: string, value: unknown): EvidenceItem {
  return {
    resource: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'kube-system', name: 'extension-apiserver-authentication' },
    path: `data.${key}`,
    value,
    grade: 'exact',
    reproduce: ['kubectl', 'get', 'configmaps', '-n', 'kube-system', '-o', `jsonpath={.data.${key}}`, '--', 'extension-apiserver-authentication'],
  };
}
