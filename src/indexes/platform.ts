import type { CalendarId } from '../data/support-calendar.ts';
import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex, type Attempted } from '../evidence/need.ts';
import { nodes } from '../evidence/sources/platform.ts';
import { clusterRoleBindings } from '../evidence/sources/rbac.ts';
import { apiGroups, serverVersion } from '../evidence/sources/versions.ts';
import {
  annotation,
  bootstrapBindingIn,
  bootstrapSign,
  firstOf,
  groupSign,
  isEksBuild,
  label,
  nodeSign,
  provider,
  suffixOf,
  together,
  versionSign,
  type NodeTest,
  type PlatformFacts,
  type PlatformSign,
} from './platform-signs.ts';

export type Distribution = 'kubeadm' | 'kind' | 'minikube' | 'k3s' | 'rke2' | 'eks' | 'gke' | 'aks' | 'openshift' | 'unknown';

/** Which Kubernetes this is, and how that is known. */
export interface Platform {
  readonly distribution: Distribution;
  readonly title: string;
  /** `exact` where the rule was tried on a recording of such a cluster; `inferred` where it stands on documents only. */
  readonly grade: 'exact' | 'inferred';
  /** The provider runs the control plane: its files, flags and pods cannot be seen. */
  readonly isManaged: boolean;
  readonly signs: readonly PlatformSign[];
  /** The calendars that may apply: one where the distribution is known, else each that could not be ruled out. */
  readonly calendars: readonly [CalendarId, ...CalendarId[]];
  /** A supplier with dates of its own that this program does not have. */
  readonly supplierWithoutCalendar?: string;
  /** What could not be seen and might change the answer. */
  readonly gaps: readonly Gap[];
}

interface Rule {
  readonly distribution: Distribution;
  readonly title: string;
  readonly grade: 'exact' | 'inferred';
  readonly isManaged?: true;
  readonly calendar: CalendarId;
  /** The signs, or none where this is something else. */
  readonly signs: (facts: PlatformFacts) => readonly PlatformSign[];
}

/**
 * First match wins: what only one distribution has comes before what it shares with others. The server's host name
 * (`*.eks.amazonaws.com`, `*.azmk8s.io`) is not used: it belongs to the connection, and a proxy or a private name hides it.
 */
const RULES: readonly Rule[] = [
  {
    distribution: 'openshift',
    title: 'OpenShift',
    grade: 'inferred',
    calendar: 'openshift',
    signs: facts => [...groupSign(facts, 'config.openshift.io'), ...nodeSign(facts, label('node.openshift.io/os_id'))],
  },
  { distribution: 'k3s', title: 'k3s', grade: 'exact', calendar: 'upstream', signs: facts => versionSign(facts, /^\+k3s\d/) },
  { distribution: 'rke2', title: 'RKE2', grade: 'inferred', calendar: 'upstream', signs: facts => versionSign(facts, /^\+rke2r\d/) },
  {
    distribution: 'eks',
    title: 'Amazon EKS',
    grade: 'exact',
    isManaged: true,
    calendar: 'eks',
    // EKS Distro and EKS Anywhere carry the suffix too, so something that only the service puts there must come with it.
    signs: facts => together(versionSign(facts, /^-eks-/), [
      ...groupSign(facts, 'metrics.eks.amazonaws.com'),
      ...firstOf(
        nodeSign(facts, label('eks.amazonaws.com/nodegroup')),
        nodeSign(facts, label('eks.amazonaws.com/compute-type')),
        // Nodes of Karpenter carry no label of EKS. The release number of EKS Distro (-eks-1-29-7) has another form.
        nodeSign(facts, node => isEksBuild(node) && label('kops.k8s.io/instancegroup')(node) === undefined ? provider('aws://')(node) : undefined),
      ),
    ]),
  },
  {
    distribution: 'gke',
    title: 'Google Kubernetes Engine',
    grade: 'exact',
    isManaged: true,
    calendar: 'gke',
    // The on-premises products carry the suffix too; their machines are not Google's.
    signs: facts => together(versionSign(facts, /^-gke\./), nodeSign(facts, provider('gce://'))),
  },
  {
    distribution: 'aks',
    title: 'Azure Kubernetes Service',
    grade: 'exact',
    isManaged: true,
    calendar: 'aks',
    // The retired aks-engine set the first label as well, on clusters that nobody manages.
    signs: facts => facts.server !== undefined && suffixOf(facts.server) !== '' ? [] : together(
      nodeSign(facts, label('kubernetes.azure.com/cluster')),
      firstOf(nodeSign(facts, label('kubernetes.azure.com/mode')), nodeSign(facts, label('kubernetes.azure.com/node-image-version'))),
    ),
  },
  { distribution: 'kind', title: 'kind', grade: 'inferred', calendar: 'upstream', signs: facts => nodeSign(facts, provider('kind://')) },
  { distribution: 'minikube', title: 'minikube', grade: 'inferred', calendar: 'upstream', signs: facts => nodeSign(facts, label('minikube.k8s.io/version')) },
  {
    distribution: 'kubeadm',
    title: 'kubeadm',
    grade: 'exact',
    calendar: 'upstream',
    // Recent releases write no annotation any more; what they all make is the group that new nodes join with.
    signs: facts => firstOf(nodeSign(facts, annotation('kubeadm.alpha.kubernetes.io/cri-socket')), bootstrapSign(facts)),
  },
];

/** Suppliers whose support has dates of its own that are in no table here, by a label or annotation of their nodes. */
const SUPPLIERS: readonly (readonly [title: string, of: NodeTest])[] = [
  ['Alibaba Cloud ACK', label('alibabacloud.com/nodepool-id')],
  ['DigitalOcean Kubernetes', label('doks.digitalocean.com/node-pool')],
  ['IBM Cloud Kubernetes Service', label('ibm-cloud.kubernetes.io/worker-version')],
  ['Linode Kubernetes Engine', label('lke.linode.com/pool-id')],
  ['MicroK8s', label('microk8s.io/cluster')],
  ['Oracle Kubernetes Engine', label('oci.oraclecloud.com/fault-domain')],
  ['Rancher RKE 1', annotation('rke.cattle.io/internal-ip')],
];

export const platform = defineIndex({
  id: 'platform',
  needs: {
    version: attempt(serverVersion),
    nodeList: attempt(nodes),
    groups: attempt(apiGroups),
    bindings: attempt(clusterRoleBindings),
  },
  build({ version, nodeList, groups, bindings }): Platform {
    const facts: PlatformFacts = {
      server: valueOf(version)?.gitVersion,
      nodes: valueOf(nodeList)?.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)),
      groups: valueOf(groups),
      bootstrapBinding: bootstrapBindingIn(valueOf(bindings) ?? []),
    };
    for (const { signs: signsOf, calendar, ...rule } of RULES) {
      const signs = signsOf(facts);
      if (signs.length > 0) {
        return { distribution: rule.distribution, title: rule.title, grade: rule.grade, isManaged: rule.isManaged === true, signs, calendars: [calendar], gaps: [], ...supplierOf(facts) };
      }
    }
    return unknownPlatform(facts, [...gapsOf(version), ...gapsOf(nodeList), ...gapsOf(groups)]);
  },
});

/** Nothing told it. What could not be seen decides which calendars are still possible. */
function unknownPlatform(facts: PlatformFacts, gaps: readonly Gap[]): Platform {
  const canBe = (id: CalendarId): boolean => {
    const suffix = facts.server === undefined ? undefined : suffixOf(facts.server);
    const hasNodes = facts.nodes !== undefined && facts.nodes.length > 0;
    if (id === 'openshift') return facts.groups === undefined && !hasNodes;
    if (hasNodes) return false;
    if (id === 'eks') return suffix === undefined || suffix.startsWith('-eks-');
    if (id === 'gke') return suffix === undefined || suffix.startsWith('-gke.');
    return suffix === undefined || suffix === '';
  };
  const possible = (['eks', 'gke', 'aks', 'openshift'] as const).filter(canBe);
  return {
    distribution: 'unknown',
    title: 'unknown',
    grade: 'inferred',
    isManaged: false,
    signs: [],
    calendars: ['upstream', ...possible],
    gaps: possible.length > 0 && gaps.length === 0 ? [NO_NODES] : gaps,
    ...supplierOf(facts),
  };
}

const NO_NODES: Gap = {
  kind: 'notObservable',
  reason: 'notSeen',
  detail: 'the cluster has no nodes, and nothing else tells which distribution it is',
};

function supplierOf(facts: PlatformFacts): { readonly supplierWithoutCalendar?: string } {
  const found = SUPPLIERS.find(([, test]) => nodeSign(facts, test).length > 0);
  return found === undefined ? {} : { supplierWithoutCalendar: found[0] };
}

function valueOf<T>(attempted: Attempted<T>): T | undefined {
  return 'value' in attempted ? attempted.value : undefined;
}

function gapsOf(attempted: Attempted<unknown>): readonly Gap[] {
  return 'gaps' in attempted ? attempted.gaps : [];
}
