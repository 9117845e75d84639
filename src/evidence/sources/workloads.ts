import type { V1Namespace, V1Pod, V1Secret, V1ServiceAccount } from '@kubernetes/client-node';
import { listSource } from '../list-source.ts';

const container = { ports: [{ name: true, containerPort: true, hostPort: true, hostIP: true }], securityContext: { privileged: true, capabilities: { add: farReaching } } } as const;

/** Pods, as far as they say whose identity they hold, how close to their node they are, and what leads to them. */
export const pods = listSource<V1Pod>()({
  id: 'pods',
  title: 'Pods',
  apiVersion: 'v1',
  kind: 'Pod',
  resource: 'pods',
  namespaced: true,
  projectionVersion: 4,
  fields: {
    // Services find their pods by labels.
    metadata: { name: true, namespace: true, labels: true, ownerReferences: daemonSetOf },
    status: { phase: true, conditions: isReady },
    spec: {
      serviceAccountName: true,
      automountServiceAccountToken: true,
      nodeName: true,
      hostNetwork: true,
      hostPID: true,
      containers: [container],
      initContainers: [container],
      volumes: [{ hostPath: { path: hostPathKind }, projected: { sources: [{ serviceAccountToken: { path: true } }] } }],
    },
  },
});

/** One Pod as this source keeps it. */
export type PodEvidence = NonNullable<(typeof pods)['evidence']>[number];

export const serviceAccounts = listSource<V1ServiceAccount>()({
  id: 'serviceaccounts',
  title: 'ServiceAccounts',
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  resource: 'serviceaccounts',
  namespaced: true,
  projectionVersion: 2,
  fields: { metadata: { name: true, namespace: true, annotations: cloudRoleOf }, automountServiceAccountToken: true },
});

/** Secrets that hold a token for a service account which never ends, by their metadata: the account's name and nothing else. */
export const tokenSecrets = {
  ...listSource<V1Secret>()({
    id: 'tokensecrets',
    title: 'token Secrets',
    apiVersion: 'v1',
    kind: 'Secret',
    resource: 'secrets',
    namespaced: true,
    fieldSelector: 'type=kubernetes.io/service-account-token',
    metadataOnly: true,
    projectionVersion: 1,
    fields: { metadata: { name: true, namespace: true, annotations: accountOfToken } },
  }),
  addOnRole: 'secrets',
} as const;

export const namespaces = listSource<V1Namespace>()({
  id: 'namespaces',
  title: 'Namespaces',
  apiVersion: 'v1',
  kind: 'Namespace',
  resource: 'namespaces',
  namespaced: false,
  projectionVersion: 1,
  fields: { metadata: { name: true, labels: podSecurityLabels } },
});

/** Capabilities that lead to the node, without their prefix. No other is kept. */
const FAR_REACHING: ReadonlySet<string> = new Set(['ALL', 'SYS_ADMIN', 'SYS_MODULE', 'SYS_RAWIO', 'SYS_PTRACE', 'DAC_READ_SEARCH']);

function farReaching(added: readonly string[]): readonly string[] {
  if (!Array.isArray(added)) return [];
  return added.filter((each: unknown) => typeof each === 'string').map(each => each.replace(/^CAP_/, '')).filter(each => FAR_REACHING.has(each));
}

/** Annotations by which clouds let a service account act as a role of theirs: EKS, GKE and AKS. */
const CLOUD_ROLES = { 'eks.amazonaws.com/role-arn': 'aws', 'iam.gke.io/gcp-service-account': 'gcp', 'azure.workload.identity/client-id': 'azure' } as const;

/** The role of the cloud that a service account acts as, with the cloud; nothing of any other annotation. */
function cloudRoleOf(annotations: Readonly<Record<string, string>>): { readonly cloud: 'aws' | 'gcp' | 'azure'; readonly role: string } | undefined {
  for (const [key, cloud] of Object.entries(CLOUD_ROLES)) {
    const role: unknown = Object.hasOwn(annotations, key) ? annotations[key] : undefined;
    if (typeof role === 'string' && role !== '') return { cloud, role };
  }
  return undefined;
}

/** The name of the service account that a token Secret is for. */
function accountOfToken(annotations: Readonly<Record<string, string>>): string | undefined {
  const name: unknown = Object.hasOwn(annotations, 'kubernetes.io/service-account.name') ? annotations['kubernetes.io/service-account.name'] : undefined;
  return typeof name === 'string' ? name : undefined;
}

/** The name of the DaemonSet that made the pod; nothing of any other owner. */
function daemonSetOf(owners: readonly { readonly kind: string; readonly name: string; readonly controller?: boolean }[]): string | undefined {
  if (!Array.isArray(owners)) return undefined;
  const owner: unknown = owners.find((each: { readonly kind?: unknown; readonly controller?: unknown } | null) => each?.kind === 'DaemonSet' && each.controller === true);
  const name: unknown = typeof owner === 'object' && owner !== null && 'name' in owner ? owner.name : undefined;
  return typeof name === 'string' ? name : undefined;
}

/** Whether the pod's own conditions say that it is ready. */
function isReady(conditions: readonly { readonly type: string; readonly status: string }[]): boolean {
  return Array.isArray(conditions) && conditions.some((each: { readonly type?: unknown; readonly status?: unknown } | null) => each?.type === 'Ready' && each.status === 'True');
}

/** What a path on the node leads to: its root, places that lead to root, or something else. The path itself is not kept. */
function hostPathKind(path: string): 'root' | 'powerful' | 'other' {
  if (typeof path !== 'string') return 'other';
  const [, first = '', second = '', third = ''] = path.replaceAll(/\/+/g, '/').split('/');
  if (first === '' || path.includes('..')) return 'root';
  if (['etc', 'root', 'proc', 'home', 'dev', 'boot', 'usr', 'bin', 'sbin'].includes(first)) return second === '' || first !== 'etc' ? 'powerful' : kindInEtc(second);
  const inState = first === 'var' && (second === '' || (second === 'lib' && ['', 'kubelet', 'etcd', 'docker', 'containerd'].includes(third)) || (second === 'run' && isSocketPlace(third)));
  return inState || (first === 'run' && isSocketPlace(second)) ? 'powerful' : 'other';
}

function kindInEtc(second: string): 'powerful' | 'other' {
  return ['kubernetes', 'cron.d', 'systemd', 'ssh', 'shadow', 'sudoers.d'].includes(second) ? 'powerful' : 'other';
}

function isSocketPlace(name: string): boolean {
  return name === '' || /^(docker|containerd|crio)(\.sock)?$/.test(name);
}

/** The level that Pod Security enforces. No other label is kept. */
function podSecurityLabels(labels: { readonly [name: string]: string }): Readonly<Record<string, string>> {
  const enforce: unknown = labels['pod-security.kubernetes.io/enforce'];
  return typeof enforce === 'string' ? { 'pod-security.kubernetes.io/enforce': enforce } : {};
}
