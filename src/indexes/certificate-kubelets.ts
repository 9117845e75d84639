import type { Attempted } from '../evidence/need.ts';
import type { KubeletMetrics } from '../evidence/kubelet-metrics.ts';
import type { Gap } from '../evidence/gap.ts';
import type { ResourceRef } from '../evidence/resource-ref.ts';
import type { PerResult } from '../evidence/source.ts';
import { endFrom } from './certificate-ends.ts';
import { unlookedGaps } from './certificate-files.ts';
import type { CertificateInventory } from './certificate-inventory.ts';
import { isSeenAs, type SeenCertificate } from './certificate-sighting.ts';
import { gradeOf, ROLE_TITLES, wordsOf, type RoleRow } from './certificate-role.ts';

/** A node as its kubelet's rows name it. */
export interface NodeName {
  readonly name: string;
  readonly resource: ResourceRef;
}

/** A second more or less is the same certificate. */
const SAME_SECONDS = 2;

const KINDS = {
  client: { role: 'kubelet-client', title: ROLE_TITLES['kubelet-client'] },
  server: { role: 'kubelet-serving', title: ROLE_TITLES['kubelet-serving'] },
} as const;

/**
 * The client and the serving certificate of every kubelet.
 * @param unlooked why the files of the nodes were not looked at; absent where they were
 */
export function kubeletRows(nodes: readonly NodeName[] | undefined, kubelets: Attempted<readonly PerResult<KubeletMetrics>[]>, inventory: CertificateInventory, unlooked?: readonly Gap[]): RoleRow[] {
  const issued = Map.groupBy(inventory.certificates.filter(each => isSeenAs(each, 'issued')), ({ certificate }) => certificate.commonName);
  const answers = new Map('value' in kubelets ? kubelets.value.map(each => [each.of, each] as const) : []);
  return (nodes ?? []).flatMap(node => {
    const own = issued.get(`system:node:${node.name}`) ?? [];
    const answer = answers.get(node.name);
    return (['client', 'server'] as const).map(usage => {
      const read = { ...node, ...KINDS[usage], certificates: own.filter(({ certificate }) => certificate.usages?.includes(usage) === true) };
      if ('gaps' in kubelets) return unread(read, kubelets.gaps);
      if (answer === undefined) return unread(read, [{ kind: 'gap', reason: 'notSeen', source: 'kubeletmetrics', detail: 'the node joined while the kubelets were read' }]);
      return 'gap' in answer ? unread(read, [answer.gap]) : answered(read, usage, answer.value, unlooked);
    });
  });
}

type Read = NodeName & { readonly role: RoleRow['role']; readonly title: string; readonly certificates: readonly SeenCertificate[] };

function answered({ name, resource, role, title, certificates }: Read, usage: 'client' | 'server', metrics: KubeletMetrics, unlooked: readonly Gap[] | undefined): RoleRow {
  const row = { role, title, instance: name, resource };
  const left = usage === 'client' ? metrics.clientTtlSeconds : metrics.serverTtlSeconds;
  const at = metrics.scrapes.at(-1)?.at;
  if (metrics.lacks?.includes(usage) === true) {
    return newest({ name, resource, role, title, certificates }, { ...row, grade: 'notObservable', how: 'the kubelet rotates it and has none that is good: none was signed yet, or the last one has ended' });
  }
  if (left === undefined || at === undefined) {
    // Without rotation the kubelet counts nothing; it made its serving certificate itself then, or was given both as files.
    const how = usage === 'client' ? 'the kubelet rotates no client certificate, so it counts none' : 'made by the kubelet itself, or given to it as a file: it counts only what it rotates';
    return newest({ name, resource, role, title, certificates }, { ...row, grade: 'notObservable', how, raise: raiseOf(usage), ...unlookedGaps(unlooked, how) });
  }
  const notAfter = endFrom(left, at);
  const same = certificates.find(({ certificate }) => Math.abs(Date.parse(certificate.notAfter) - Date.parse(notAfter)) <= SAME_SECONDS * 1000);
  if (same !== undefined) {
    const { sha256, notAfter: exact } = same.certificate;
    return { ...row, grade: 'exact', certificate: sha256, notAfter: exact, how: `${same.sightings[0].where}, and metrics of the kubelet` };
  }
  return { ...row, grade: 'expiryOnly', notAfter, how: 'metrics of the kubelet', raise: raiseOf(usage) };
}

function unread(read: Read, gaps: Parameters<typeof wordsOf>[0]): RoleRow {
  const { name, resource, role, title } = read;
  return newest(read, { role, title, instance: name, resource, grade: gradeOf(gaps), how: wordsOf(gaps), gaps });
}

/** What was issued within the last hour, where nothing else is known: most likely it is what the kubelet uses by now. */
function newest({ certificates }: Read, otherwise: RoleRow): RoleRow {
  const [last] = certificates.toSorted((a, b) => (a.certificate.notBefore < b.certificate.notBefore ? 1 : -1));
  if (last === undefined) return otherwise;
  const { sha256, notAfter } = last.certificate;
  const { grade: _grade, how: _how, ...row } = otherwise;
  return { ...row, grade: 'inferred', certificate: sha256, notAfter, how: `${last.sightings[0].where}; whether the kubelet uses it is not seen` };
}

function raiseOf(usage: 'client' | 'server'): string {
  return usage === 'client' ? 'openssl x509 -noout -subject -enddate -in /var/lib/kubelet/pki/kubelet-client-current.pem, on the node' : '--tunnel, or --probe-nodes from where the node can be reached';
}
