/**
 * One right that an attack takes: one of the verbs on one of the resources of a group. A resource may have a
 * subresource behind a slash.
 */
export interface CapabilityLeg {
  readonly group: string;
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  /**
   * What a rule that is limited to names is worth: `any`: nothing, since the attack needs an object of its choice or its
   * request names none; `some`: enough, since one object will do; a list: enough where it has one of these.
   */
  readonly names: 'any' | 'some' | readonly string[];
  /** Has no effect through a RoleBinding, since the resource has no namespace. */
  readonly clusterOnly: boolean;
}

/** What the graph follows on from. */
export const GAINS = [
  /** Everything, through some detour. */
  'cluster-admin',
  /** A member of system:masters. */
  'masters',
  /** Every right in the reach of the grant. */
  'all-rights',
  /** Every right in each namespace that the grant reaches. */
  'namespace-rights',
  /** What the built-in admin may do in each namespace that the grant reaches. */
  'namespace-admin',
  /** Any user, by impersonation; groups and service accounts are not among them. */
  'any-user',
  /** A certificate for any user and groups but system:masters. */
  'any-certificate',
  /** Any service account by its name, whether it exists or not. */
  'any-service-account',
  /** Every service account that exists. */
  'service-accounts',
  /** Pods of its choice: their service account, and the node where Pod Security lets them. */
  'pods',
  /** Commands in containers that run. */
  'containers',
  /** Containers of its choice in pods that run: their service account, and the node where Pod Security lets them. */
  'debug-containers',
  /** A node of its choice. */
  'nodes',
  /** The identity of a kubelet of its choice. */
  'node-identity',
  /** Every right, as far as it is bound to a ClusterRole that labels add to. */
  'aggregated-role',
  /** The contents of Secrets. */
  'secrets',
] as const;

/** What leads nowhere by itself: facts, and no edges. */
export const FACTS = ['delegation', 'outage', 'disclosure', 'tampering', 'evasion', 'persistence', 'credentials', 'cloud', 'nothing'] as const;

export type Gain = (typeof GAINS)[number];
export type Fact = (typeof FACTS)[number];
type DefaultSeverity = 'critical' | 'high' | 'medium' | 'low' | 'info';

/** One known way to more rights, or to harm. */
export interface EscalationPrimitive {
  /** Stable. */
  readonly id: string;
  /** To be read after "can". */
  readonly can: string;
  /** Each way takes all of its legs. Empty where no right makes it, and `condition` says what does. */
  readonly ways: readonly (readonly CapabilityLeg[])[];
  readonly condition?: string;
  /** `cluster`: only from ClusterRoleBindings; `both`: as far as the binding reaches; a namespace: only in that one. */
  readonly scope: 'cluster' | 'both' | { readonly namespace: string };
  readonly gains: Gain | Fact;
  /** The first and the last minor version of 1.x that it works on; where the server's is unknown it is possible. */
  readonly since?: number;
  readonly until?: number;
  /** Only where this API group is served. */
  readonly served?: string;
  /**
   * Where each request of the attack may be made by another identity: the legs of a way that one of them takes, by index. Absent
   * where the API server asks for all legs of one and the same requester, as it does for bind, escalate and impersonate.
   */
  readonly requests?: readonly (readonly number[])[];
  /** How hard the step is, 1 to 4. */
  readonly effort: number;
  /** What else it takes that cannot be seen from objects; the step is then possible and not certain. */
  readonly provided?: string;
  /** Where nothing follows from it: through a ClusterRoleBinding, through a RoleBinding. */
  readonly severity: readonly [DefaultSeverity, DefaultSeverity];
  readonly references: readonly [string, ...string[]];
}

type Words = 'critical' | 'high' | 'medium' | 'low' | 'info';

/** Built-in kinds without a namespace: a RoleBinding grants nothing on them. */
const clusterScoped: ReadonlySet<string> = new Set([
  '/nodes', '/persistentvolumes', '/users', '/groups',
  'authentication.k8s.io/users', 'authentication.k8s.io/groups', 'authentication.k8s.io/uids', 'authentication.k8s.io/userextras', 'authentication.k8s.io/nodes',
  'authentication.k8s.io/tokenreviews', 'authorization.k8s.io/subjectaccessreviews',
  'rbac.authorization.k8s.io/clusterrolebindings',
  'admissionregistration.k8s.io/mutatingwebhookconfigurations', 'admissionregistration.k8s.io/validatingwebhookconfigurations',
  'admissionregistration.k8s.io/mutatingadmissionpolicies', 'admissionregistration.k8s.io/mutatingadmissionpolicybindings',
  'admissionregistration.k8s.io/validatingadmissionpolicies', 'admissionregistration.k8s.io/validatingadmissionpolicybindings',
  'apiextensions.k8s.io/customresourcedefinitions', 'apiregistration.k8s.io/apiservices',
  'certificates.k8s.io/certificatesigningrequests', 'certificates.k8s.io/signers', 'certificates.k8s.io/clustertrustbundles',
  'flowcontrol.apiserver.k8s.io/flowschemas', 'flowcontrol.apiserver.k8s.io/prioritylevelconfigurations',
  'networking.k8s.io/servicecidrs', 'networking.k8s.io/ipaddresses', 'node.k8s.io/runtimeclasses', 'scheduling.k8s.io/priorityclasses',
  'resource.k8s.io/deviceclasses', 'resource.k8s.io/resourceslices',
  'storage.k8s.io/storageclasses', 'storage.k8s.io/csidrivers', 'storage.k8s.io/csinodes', 'storage.k8s.io/volumeattachments',
  'snapshot.storage.k8s.io/volumesnapshotcontents', 'kustomize.crossplane.io/providers',
]);

/**
 * `leg('', 'pods/exec', 'create')`; several resources and verbs are separated by spaces.
 *
 * @param names see {@link CapabilityLeg}
 */
export function leg(group: string, resources: string, verbs: string, names: CapabilityLeg['names'] = 'any'): CapabilityLeg {
  const list = resources.split(' ');
  const virtual = verbs === 'bind' || verbs === 'escalate';
  return {
    group, resources: list, verbs: verbs.split(' '), names,
    clusterOnly: list.every(path => {
      const [resource = ''] = path.split('/');
      const key = `${group}/${resource}`;
      // bind and escalate are asked with the namespace of the binding or role that is written.
      return clusterScoped.has(key) || (!virtual && key === 'rbac.authorization.k8s.io/clusterroles');
    }),
  };
}

/** A primitive with what most have: any scope that its legs have, effort 1. */
export function primitive(
  id: string,
  can: string,
  ways: EscalationPrimitive['ways'],
  gains: Gain | Fact,
  severity: readonly [Words, Words],
  more: Partial<Pick<EscalationPrimitive, 'scope' | 'requests' | 'since' | 'until' | 'served' | 'effort' | 'provided' | 'condition' | 'references'>> = {},
): EscalationPrimitive {
  const isCluster = ways.length > 0 && ways.every(way => way.some(each => each.clusterOnly) && way.every(each => each.clusterOnly));
  return { id, can, ways, gains, severity, scope: isCluster ? 'cluster' : 'both', effort: 1, references: [GOOD_PRACTICES], ...more };
}

export const GOOD_PRACTICES = 'https://kubernetes.io/docs/concepts/security/rbac-good-practices/';
export const RBAC_DOCS = 'https://kubernetes.io/docs/reference/access-authn-authz/rbac/';
export const RBAC_POLICE = 'https://github.com/PaloAltoNetworks/rbac-police';
export const KUBEHOUND = 'https://github.com/DataDog/KubeHound';
export const ICEKUBE = 'https://github.com/WithSecureLabs/IceKube';
export const KUBESPLAINING = 'https://github.com/0hardik1/kubesplaining';
export const THREAT_MATRIX = 'https://microsoft.github.io/Threat-Matrix-for-Kubernetes/';
export const REGO_LIBRARY = 'https://github.com/kubescape/regolibrary';
