import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex, type Attempted } from '../evidence/need.ts';
import { apiServerRef, componentRef, kubeconfigRef, type ResourceRef } from '../evidence/resource-ref.ts';
import { refOf } from '../evidence/source.ts';
import { apiServerMetrics } from '../evidence/sources/api-server.ts';
import { kubeletMetrics } from '../evidence/sources/kubelet.ts';
import { nodeFiles } from '../evidence/sources/node-files.ts';
import { kubeProxyLogin } from '../evidence/sources/pki.ts';
import { nodes } from '../evidence/sources/platform.ts';
import { rotatedConfigMaps, rotatedSecrets } from '../evidence/sources/trust.ts';
import { clientEndsBound, isOneProcess, kubeletClientEnds } from './certificate-ends.ts';
import { certificateInventory, seenOf, type CertificateInventory } from './certificate-inventory.ts';
import { isSeenAs, type SeenAs, type UnreadCertificates } from './certificate-sighting.ts';
import { daysBetween, gradeOf, ROLE_TITLES, wordsOf, type CertificateRole, type RoleId, type RoleRow } from './certificate-role.ts';
import { fileRows, howToSeeFiles, unlookedGaps } from './certificate-files.ts';
import { kubeletRows } from './certificate-kubelets.ts';
import { countedRows, withWarnings } from './certificate-counted.ts';
import { certificateWarnings, type CertificateWarnings } from './certificate-warnings.ts';
import { displacedBy, exactRow, withUsed } from './certificate-used.ts';
import { rotatedRows } from './certificate-rotated.ts';
import { compareText } from './rbac-rows.ts';
import { platform, type Distribution } from './platform.ts';

/** Every role of the cluster's certificates, in a fixed order. */
export interface CertificateRoles {
  readonly inventory: CertificateInventory;
  readonly roles: readonly CertificateRole[];
  /** Which Kubernetes it is: some renew by themselves what others do not. Absent where that could not be read. */
  readonly distribution?: Distribution;
  /** What may hold more certificates and could not be read. */
  readonly unread: readonly Omit<UnreadCertificates, 'source'>[];
}

export const certificateRoles = defineIndex({
  id: 'certificate-roles',
  needs: {
    inventory: certificateInventory,
    platform: attempt(platform),
    nodes: attempt(nodes),
    kubelets: attempt(kubeletMetrics),
    apiServers: attempt(apiServerMetrics),
    kubeProxy: attempt(kubeProxyLogin),
    files: attempt(nodeFiles),
    rotated: attempt(rotatedSecrets),
    rotatedAuthorities: attempt(rotatedConfigMaps),
    warnings: certificateWarnings,
  },
  build({ inventory, kubelets, apiServers, kubeProxy, rotated, rotatedAuthorities, warnings, ...read }, { now }): CertificateRoles {
    const nodeList = 'value' in read.nodes ? read.nodes.value.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)) : undefined;
    const distribution = 'value' in read.platform ? read.platform.value : undefined;
    const controlPlanes = nodeList?.filter(({ metadata: { labels = {} } }) => 'node-role.kubernetes.io/control-plane' in labels || 'node-role.kubernetes.io/master' in labels).map(({ metadata }) => metadata.name);
    const [serving] = inventory.certificates.filter(each => isSeenAs(each, 'serving'));
    const unlooked = 'gaps' in read.files ? { unlooked: read.files.gaps } : {};
    const seen = seenRows(inventory, new Set(nodeList?.map(({ metadata }) => `system:node:${metadata.name}`)));
    const unseen: RoleRow[] = [
      ...toKubelets(kubelets, distribution?.isManaged === true, 'value' in apiServers ? apiServers.value.length : controlPlanes?.length ?? 1, 'gaps' in read.files ? read.files.gaps : undefined),
      ...fileRows({
        ...(distribution === undefined ? {} : { platform: distribution }),
        ...(controlPlanes === undefined ? {} : { controlPlanes: controlPlanes.length }),
        ...(serving === undefined ? {} : { serving: serving.certificate.notAfter }),
        ...etcdIssuerIn(inventory),
        bound: boundOf(apiServers),
        ...unlooked,
      }),
      ...kubeletRows(nodeList?.map(node => ({ name: node.metadata.name, resource: refOf(nodes, node) })), kubelets, inventory, 'gaps' in read.files ? read.files.gaps : undefined),
      proxyRow(kubeProxy, nodeList?.length),
      ...rotatedRows('value' in rotated ? rotated.value : [], 'value' in rotatedAuthorities ? rotatedAuthorities.value : []),
    ];
    const nodeNames = { all: nodeList?.map(({ metadata }) => metadata.name), controlPlanes };
    const counted = withWarnings('value' in kubelets ? countedRows(kubelets.value) : [], warnings.warned).filter(row => !seen.some(other => other.role === row.role && other.instance === row.instance));
    const rows = withUsed(inventory, seen, [...displacedBy(counted, unseen, nodeNames).map(row => boundByWell(row, warnings, controlPlanes)), ...counted.map(({ node: _node, subject: _subject, ...row }) => row)], nodeNames);
    return {
      inventory,
      ...(distribution === undefined ? {} : { distribution: distribution.distribution }),
      roles: inOrder(toldApart(rows, inventory)).map(row => (row.notAfter === undefined ? row : { ...row, daysLeft: daysBetween(now, row.notAfter) })),
      unread: [
        ...inventory.unread.map(({ of, gaps }) => ({ of, gaps })),
        ...(distribution?.distribution === 'k3s' || distribution?.distribution === 'rke2' ? warnings.unread.map(({ of, gaps }) => ({ of, gaps })) : []),
        ...('gaps' in rotated && distribution?.distribution === 'openshift' ? [{ of: 'certificates that OpenShift renews', gaps: rotated.gaps }] : []),
        ...('gaps' in rotatedAuthorities && distribution?.distribution === 'openshift' ? [{ of: 'authorities that OpenShift renews', gaps: rotatedAuthorities.gaps }] : []),
        ...('gaps' in read.nodes ? [{ of: 'which kubelets there are', gaps: read.nodes.gaps }] : []),
      ],
    };
  },
});

const SEEN: readonly (readonly [role: RoleId, resource: ResourceRef, ...as: readonly SeenAs[]])[] = [
  ['login', kubeconfigRef, 'login'],
  ['apiserver-serving', apiServerRef, 'serving'],
  ['apiserver-loopback', apiServerRef, 'loopback'],
  ['loopback-authority', apiServerRef, 'loopbackAuthority'],
];

/** Certificates of which the bytes were seen, and that belong to no node. */
function seenRows(inventory: CertificateInventory, kubeletUsers: ReadonlySet<string>): RoleRow[] {
  const rows: RoleRow[] = SEEN.flatMap(([role, resource, ...as]) =>
    inventory.certificates.filter(each => isSeenAs(each, ...as)).map(each => exactRow(role, resource, each)));
  for (const each of inventory.certificates) {
    const isForServers = isSeenAs(each, 'trustedForServer', 'servingAuthority');
    const isForClients = isSeenAs(each, 'trustedForClients');
    const isForProxies = isSeenAs(each, 'trustedForProxies');
    if (isForServers && isForClients) rows.push(exactRow('cluster-authority', apiServerRef, each));
    else if (isForServers) rows.push(exactRow('server-authority', apiServerRef, each));
    else if (isForClients) rows.push(exactRow('client-authority', apiServerRef, each));
    if (isForProxies) rows.push(exactRow('front-proxy-authority', apiServerRef, each));
  }
  // Of what is trusted for several of them each is a row, since each has to be changed by itself.
  for (const { certificate, sightings } of inventory.certificates) {
    for (const { as, resource, where } of sightings) {
      const role = as === 'trustedForExtension' ? 'extension-authority' : as === 'trustedByPrograms' ? 'bundle-authority' : undefined;
      if (role === undefined) continue;
      const { sha256, notAfter, commonName } = certificate;
      rows.push({ role, title: ROLE_TITLES[role], resource, grade: 'exact', certificate: sha256, notAfter, how: where, ...(commonName === undefined ? {} : { instance: commonName }) });
    }
  }
  // Those of a kubelet are in the row of its node.
  const issued = inventory.certificates.filter(each => isSeenAs(each, 'issued') && !kubeletUsers.has(each.certificate.commonName ?? ''));
  rows.push(...issued.map(each => exactRow('issued', each.sightings[0].resource, each)));
  return rows;
}

/** What issued the certificate that etcd serves with, where that was seen. */
function etcdIssuerIn({ certificates }: CertificateInventory): { readonly etcdIssuer?: { readonly name: string; readonly keyId?: string } } {
  const seen = certificates.find(({ sightings }) => sightings.some(({ role }) => role === 'etcd-server' || role === 'etcd-peer'));
  if (seen === undefined) return {};
  const { issuer: name, authorityKeyId: keyId } = seen.certificate;
  return { etcdIssuer: { name, ...(keyId === undefined ? {} : { keyId }) } };
}

/**
 * What the API servers show to kubelets: of those that were met the one that ends first, and that not each was met, where
 * there are more of them than ends.
 * @param unlooked why the files of the nodes were not looked at; absent where they were
 */
function toKubelets(kubelets: Attempted<NonNullable<(typeof kubeletMetrics)['evidence']>>, isManaged: boolean, replicas: number, unlooked: readonly Gap[] | undefined): RoleRow[] {
  const ends = 'value' in kubelets ? kubeletClientEnds(kubelets.value.flatMap(each => ('value' in each ? [each.value] : []))) : [];
  const met = toKubeletsRow(kubelets, ends[0], isManaged);
  if (ends.length === 0 || ends.length >= replicas || isManaged) return [met];
  const how = `kubelets were asked through ${ends.length} of ${replicas} API servers, or several of them have certificates that end together`;
  const { role, title, resource, raise } = met;
  return [met, { role, title, resource, grade: 'notObservable', how, ...(raise === undefined ? {} : { raise }), ...unlookedGaps(unlooked, how) }];
}

function toKubeletsRow(kubelets: Attempted<NonNullable<(typeof kubeletMetrics)['evidence']>>, end: string | undefined, isManaged: boolean): RoleRow {
  const row = { role: 'apiserver-kubelet-client', title: ROLE_TITLES['apiserver-kubelet-client'], resource: apiServerRef } as const;
  if ('gaps' in kubelets) return { ...row, grade: gradeOf(kubelets.gaps), how: wordsOf(kubelets.gaps), gaps: kubelets.gaps };
  const read = kubelets.value.flatMap(each => ('value' in each ? [each.value] : []));
  if (end !== undefined) return { ...row, grade: 'expiryOnly', notAfter: end, how: 'the step between two scrapes of a kubelet', raise: howToSeeFiles(isManaged, 'apiserver-kubelet-client.crt') };
  const gaps = kubelets.value.flatMap(each => ('gap' in each ? [each.gap] : []));
  if (kubelets.value.length === 0) return { ...row, grade: 'notUsed', how: NO_NODES };
  if (read.length === 0 && gaps.length > 0) return { ...row, grade: gradeOf(gaps), how: wordsOf(gaps), gaps };
  if (read.every(isOneProcess)) return { ...row, grade: 'notObservable', how: 'API server and kubelet of k3s are one process, which counts the clients of both in one sum' };
  if (read.every(({ scrapes }) => scrapes.every(({ isDirect }) => isDirect === true))) {
    return { ...row, grade: 'notRead', how: DIRECT, raise: '--kubelet proxy', gaps: [{ kind: 'notRequested', reason: 'flagNotGiven', source: kubeletMetrics.id, detail: DIRECT, flag: '--kubelet proxy' }] };
  }
  const how = 'other clients asked the same kubelets meanwhile, so no single request stands out';
  return { ...row, grade: 'notRead', how, raise: 'another try', gaps: [{ kind: 'gap', reason: 'notSeen', source: kubeletMetrics.id, detail: how }] };
}

const DIRECT = 'kubelets were asked directly, so that no API server showed them its certificate';

const NO_NODES = 'there are no nodes';

/** The earliest end over all replicas; undefined where one of them was not read or has none. */
function boundOf(apiServers: Attempted<NonNullable<(typeof apiServerMetrics)['evidence']>>): string | undefined {
  if ('gaps' in apiServers) return undefined;
  const bounds = apiServers.value.map(each => ('value' in each ? clientEndsBound(each.value) : undefined));
  return bounds.includes(undefined) ? undefined : bounds.sort()[0];
}

/** What k3s and RKE2 found well when they started ends some time later, on the node, or on each that has one. */
function boundByWell(row: RoleRow, { well }: CertificateWarnings, controlPlanes: readonly string[] | undefined): RoleRow {
  if (row.grade !== 'notRead' && row.grade !== 'notObservable') return row;
  const nodeNames = row.role.startsWith('kubelet-') ? [row.instance ?? ''] : controlPlanes ?? [];
  const days = nodeNames.map(name => well.get(name)?.[row.role.endsWith('-authority') ? 'authorities' : 'certificates']);
  const [first] = days.toSorted();
  if (first === undefined || days.includes(undefined) || row.role === 'kube-proxy-client') return row;
  return { ...row, grade: 'bound', notAfterAtLeast: first, how: `the distribution found the certificates of ${nodeNames.length === 1 ? 'the node' : 'each server'} well when it started, as its Event CertificateExpirationOK says` };
}

function proxyRow(kubeProxy: Attempted<NonNullable<(typeof kubeProxyLogin)['evidence']>>, nodeCount: number | undefined): RoleRow {
  const row = { role: 'kube-proxy-client', title: ROLE_TITLES['kube-proxy-client'], resource: componentRef('kube-proxy') } as const;
  if ('gaps' in kubeProxy) return { ...row, grade: gradeOf(kubeProxy.gaps), how: wordsOf(kubeProxy.gaps), gaps: kubeProxy.gaps };
  if (nodeCount === 0) return { ...row, grade: 'notUsed', how: NO_NODES };
  if (!kubeProxy.value.exists) return { ...row, grade: 'notObservable', how: 'no ConfigMap kube-system/kube-proxy says how it logs in, or whether there is one', raise: 'its kubeconfig, on a node' };
  if (kubeProxy.value.login === 'token') return { ...row, grade: 'notUsed', how: 'logs in with the token of its service account' };
  return { ...row, grade: 'notObservable', how: 'ConfigMap kube-system/kube-proxy points at a file on the nodes', raise: 'its kubeconfig, on a node' };
}

/**
 * Replicas of the API server have certificates of one name, or made at every start: where a node was seen to have one, the
 * node tells it from the others.
 */
function toldApart(rows: readonly RoleRow[], inventory: CertificateInventory): RoleRow[] {
  const nameOf = ({ role, certificate }: RoleRow): string => `${role} ${(seenOf(inventory, certificate)?.certificate.commonName ?? '').replace(/@\d+$/, '')}`;
  const own = (row: RoleRow): boolean => row.grade === 'exact' && (row.role === 'apiserver-serving' || row.role === 'apiserver-loopback' || row.role === 'loopback-authority');
  const alike = Map.groupBy(rows.filter(own), nameOf);
  return rows.map(row => {
    if (!own(row) || new Set(alike.get(nameOf(row))?.map(({ certificate }) => certificate)).size < 2) return row;
    const nodes = new Set(seenOf(inventory, row.certificate)?.sightings.flatMap(({ node }) => node ?? []));
    const [node] = nodes;
    return node === undefined || nodes.size > 1 ? row : { ...row, instance: node };
  });
}

/** As the roles are listed; of one role by node, and else as they came. */
function inOrder(rows: readonly RoleRow[]): RoleRow[] {
  const order = Object.keys(ROLE_TITLES);
  return rows.toSorted((a, b) => order.indexOf(a.role) - order.indexOf(b.role) || compareText(a.instance ?? '', b.instance ?? ''));
}
