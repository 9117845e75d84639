import { parseGoSubject, type GoSubject } from '../evidence/go-subject.ts';
import type { CountedCertificate, KubeletMetrics } from '../evidence/kubelet-metrics.ts';
import { apiServerRef, componentRef, type ResourceRef } from '../evidence/resource-ref.ts';
import type { PerResult } from '../evidence/source.ts';
import { endFrom } from './certificate-ends.ts';
import { ROLE_TITLES, type RoleId, type RoleRow } from './certificate-role.ts';

/** A row that k3s or RKE2 counted: the bytes were not seen, but the holder's name and the end are known. */
export interface CountedRow extends RoleRow {
  readonly node: string;
  readonly subject: GoSubject;
}

/** Who has which name on k3s and RKE2 (pkg/daemons/control/deps/deps.go). What is counted for one name is used for one thing. */
const NAMES: readonly { readonly name: RegExp; readonly usage: string; readonly role: RoleId; readonly of?: string }[] = [
  { name: /^(?:k3s|rke2)-server-ca(?:@|$)/, usage: 'CertSign', role: 'server-authority' },
  { name: /^(?:k3s|rke2)-client-ca(?:@|$)/, usage: 'CertSign', role: 'client-authority' },
  { name: /^(?:k3s|rke2)-request-header-ca(?:@|$)/, usage: 'CertSign', role: 'front-proxy-authority' },
  { name: /^etcd-(?:server|peer)-ca(?:@|$)/, usage: 'CertSign', role: 'etcd-authority', of: 'etcd' },
  { name: /^etcd-server$/, usage: 'ServerAuth', role: 'etcd-server', of: 'etcd' },
  { name: /^etcd-peer$/, usage: 'ServerAuth', role: 'etcd-peer', of: 'etcd' },
  { name: /^etcd-client$/, usage: 'ClientAuth', role: 'apiserver-etcd-client' },
  { name: /^kube-apiserver$/, usage: 'ServerAuth', role: 'apiserver-serving' },
  { name: /^(?:kube-apiserver|system:apiserver)$/, usage: 'ClientAuth', role: 'apiserver-kubelet-client' },
  { name: /^system:auth-proxy$/, usage: 'ClientAuth', role: 'front-proxy-client' },
  { name: /^system:kube-controller-manager$/, usage: 'ClientAuth', role: 'controller-manager-client', of: 'kube-controller-manager' },
  { name: /^system:kube-scheduler$/, usage: 'ClientAuth', role: 'scheduler-client', of: 'kube-scheduler' },
  { name: /^system:kube-proxy$/, usage: 'ClientAuth', role: 'kube-proxy-client', of: 'kube-proxy' },
  { name: /^system:admin$/, usage: 'ClientAuth', role: 'admin' },
];

/** The certificates that k3s counts on each node, in the order of the nodes. What has a subject that cannot be read is left out. */
export function countedRows(kubelets: readonly PerResult<KubeletMetrics>[]): CountedRow[] {
  const rows = kubelets.flatMap(each => {
    const at = 'value' in each ? each.value.scrapes.at(-1)?.at : undefined;
    if (at === undefined || !('value' in each)) return [];
    return (each.value.counted ?? []).flatMap(counted => rowOf(counted, each.of, at) ?? []);
  });
  // Every node counts the authorities; of their ends the earliest is nearest to the truth.
  const authorities = Map.groupBy(rows.filter(({ role }) => role.endsWith('-authority')), ({ role, instance }) => `${role} ${instance ?? ''}`);
  const earliest = new Set([...authorities.values()].map(same => same.toSorted((a, b) => ((a.notAfter ?? '') < (b.notAfter ?? '') ? -1 : 1))[0]));
  return rows.filter(row => !row.role.endsWith('-authority') || earliest.has(row));
}

const HOW = 'gauge of the distribution, worked out every half hour: it ends up to that much sooner; of two files with the same subject one is counted';

function rowOf({ subject, usages, secondsLeft }: CountedCertificate, node: string, at: string): CountedRow | undefined {
  return countedRow({ subject, usages, node, notAfter: endFrom(secondsLeft, at), how: HOW });
}

/** The row of a certificate of which only its holder's name and its end are known; undefined where the name cannot be read. */
export function countedRow({ subject: text, usages, node, notAfter, how }: Pick<CountedCertificate, 'subject' | 'usages'> & { readonly node: string; readonly notAfter: string; readonly how: string }): CountedRow | undefined {
  const subject = readable(text);
  if (subject === undefined) return undefined;
  const { role, resource } = roleOf(subject, usages, node);
  const instance = role.endsWith('-authority') ? subject.commonName : role === 'component-client' ? `${subject.commonName ?? text} on ${node}` : node;
  return {
    role, resource, node, subject,
    title: ROLE_TITLES[role],
    ...(instance === undefined ? {} : { instance }),
    grade: 'expiryOnly', notAfter, how,
    // An authority is replaced by hand.
    ...(role.endsWith('-authority') ? {} : { renewedAt: 'restart' as const }),
    raise: 'k3s certificate check or rke2 certificate check, on the node',
  };
}

/** What two ways of counting may differ by and still mean the same certificate: half an hour, and what the answer took. */
const SAME_MINUTES = 35;

/**
 * What k3s and RKE2 count and what they warn of, each certificate once. A warning says the end to the second, but may be an
 * hour old; where the gauge says another end, the certificate was renewed since.
 */
export function withWarnings(counted: readonly CountedRow[], warned: readonly CountedRow[]): CountedRow[] {
  const keyOf = ({ role, instance = '', node }: CountedRow): string => JSON.stringify(role.endsWith('-authority') ? [role, instance] : [role, instance, node]);
  const bestOf = new Map<string, CountedRow>();
  for (const row of warned) {
    const known = bestOf.get(keyOf(row));
    if (known === undefined || (row.notAfter ?? '') < (known.notAfter ?? '')) bestOf.set(keyOf(row), row);
  }
  const rows = counted.map(row => {
    const warning = bestOf.get(keyOf(row));
    bestOf.delete(keyOf(row));
    return warning !== undefined && Math.abs(Date.parse(warning.notAfter ?? '') - Date.parse(row.notAfter ?? '')) <= SAME_MINUTES * 60_000 ? warning : row;
  });
  return [...rows, ...bestOf.values()];
}

function readable(text: string): GoSubject | undefined {
  try {
    return parseGoSubject(text);
  } catch (error) {
    // Some other program's gauge of that name.
    if (error instanceof Error) return undefined;
    throw error;
  }
}

function roleOf({ commonName = '', organizations }: GoSubject, usages: readonly string[], node: string): { readonly role: RoleId; readonly resource: ResourceRef } {
  const onNode: ResourceRef = { apiVersion: 'v1', kind: 'Node', name: node };
  if (commonName === `system:node:${node}` && organizations.includes('system:nodes')) return { role: 'kubelet-client', resource: onNode };
  if (commonName === node && usages.includes('ServerAuth')) return { role: 'kubelet-serving', resource: onNode };
  const known = NAMES.find(({ name, usage }) => name.test(commonName) && usages.includes(usage));
  if (known !== undefined) return { role: known.role, resource: known.of === undefined ? apiServerRef : componentRef(known.of) };
  return { role: 'component-client', resource: onNode };
}
