import { createSharing } from '../../src/collect/sharing.ts';
import type { Snapshot } from '../../src/evidence/snapshot.ts';
import { project } from '../../src/evidence/fields.ts';
import type { Source } from '../../src/evidence/source.ts';
import { services } from '../../src/evidence/sources/exposure.ts';
import { nodes } from '../../src/evidence/sources/platform.ts';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../../src/evidence/sources/rbac.ts';
import { ingresses } from '../../src/evidence/sources/tls.ts';
import { apiGroups, serverVersion } from '../../src/evidence/sources/versions.ts';
import { namespaces, pods, serviceAccounts } from '../../src/evidence/sources/workloads.ts';
import { rbacBaselines } from '../../src/data/rbac-bootstrap.ts';
import { generator } from '../support/generator.ts';

/** How many of each: the cluster of the bench, or a part of it. */
export interface ClusterSize {
  readonly bindings: number;
  readonly serviceAccounts: number;
  readonly namespaces: number;
  readonly pods: number;
}

export const LARGE: ClusterSize = { bindings: 50_000, serviceAccounts: 10_000, namespaces: 5000, pods: 30_000 };

/** The same cluster with a part of everything. */
export function partOf({ bindings, serviceAccounts: accounts, namespaces: spaces, pods: count }: ClusterSize, share: number): ClusterSize {
  return { bindings: bindings * share, serviceAccounts: accounts * share, namespaces: spaces * share, pods: count * share };
}

/** By source, made one at a time: nothing but what is kept of them stays in memory. */
export type Objects = readonly (readonly [source: Source, items: Iterable<object>])[];

const NODES = 500;
const apiGroup = 'rbac.authorization.k8s.io';

/**
 * A cluster of many teams as the API server lists it, without managedFields; the same for the same seed. Each namespace has an
 * owner group, people with edit and view, service accounts with Roles of their own and with shared ClusterRoles; one binding in
 * a hundred is for the whole cluster, some of them strong.
 */
export function createCluster(size: ClusterSize, seed: number): Objects {
  const random = generator(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const ns = (at: number): string => `team-${at % size.namespaces}`;
  const builtIn = rbacBaselines.find(each => each.of === 'kube-apiserver 1.31.14')?.roles.filter(({ kind }) => kind === 'ClusterRole') ?? [];

  const shared = Array.from({ length: 400 }, (_, at) => ({
    metadata: meta(`platform-${at}`, undefined, at),
    rules: Array.from({ length: 1 + Math.floor(random() * 6) }, () => ruleOf(pick(strengths), pick)),
  }));
  const strong = strongRules.map((rules, at) => ({ metadata: meta(`strong-${at}`, undefined, 1000 + at), rules }));
  const local = each(size.namespaces * 2, at => ({
    metadata: meta(at % 2 === 0 ? 'deployer' : 'reader', ns(Math.floor(at / 2)), 10_000 + at),
    rules: localRules[at % 2 === 0 ? Math.floor(at / 2) % 8 : 8 + (Math.floor(at / 2) % 4)] ?? [],
  }));

  const clusterWide = Math.floor(size.bindings / 100);
  const inCluster = each(clusterWide, at => ({
    metadata: meta(`wide-${at}`, undefined, 200_000 + at),
    roleRef: { apiGroup, kind: 'ClusterRole', name: at % 20 === 0 ? `strong-${Math.floor(at / 20) % strong.length}` : pick(shared).metadata.name },
    subjects: [at % 4 === 0 ? { apiGroup, kind: 'Group', name: `group-${at}` } : { kind: 'ServiceAccount', name: accountName(at % 2), namespace: ns(at * 7) }],
  }));
  const inNamespaces = each(size.bindings - clusterWide, at => {
    const place = Math.floor(at / Math.max(1, Math.ceil((size.bindings - clusterWide) / size.namespaces)));
    const form = formAt(at);
    return {
      metadata: meta(`binding-${at}`, ns(place), 300_000 + at),
      roleRef: { apiGroup, ...(form.role === 'shared' ? { kind: 'ClusterRole', name: pick(shared).metadata.name } : form.role) },
      subjects: form.subjects.map(subject => subjectIn(subject, ns(place), at)),
    };
  });

  const accounts = each(size.serviceAccounts, at => ({ metadata: meta(accountName(Math.floor(at / size.namespaces)), ns(at), 400_000 + at) }));
  const running = each(size.pods, at => podOf(at, ns(at)));
  return [
    [clusterRoles, [...builtIn.map(({ name, rules }, at) => ({ metadata: meta(name, undefined, 500_000 + at), rules })), ...shared, ...strong]],
    [roles, local],
    [clusterRoleBindings, inCluster],
    [roleBindings, inNamespaces],
    [serviceAccounts, accounts],
    [namespaces, each(size.namespaces, at => ({ metadata: { ...meta(ns(at), undefined, 600_000 + at), labels: at % 3 === 0 ? {} : { 'pod-security.kubernetes.io/enforce': 'restricted' } } }))],
    [pods, running],
    // Two Services in each namespace, one of five open by itself, and an Ingress to every tenth.
    [services, each(size.namespaces * 2, at => ({
      metadata: meta(`service-${at % 2}`, ns(Math.floor(at / 2)), 900_000 + at),
      spec: { type: at % 5 === 0 ? 'NodePort' : 'ClusterIP', selector: { app: `app-${(at * 7) % 300}` }, ports: [{ port: 80, protocol: 'TCP', targetPort: 8080, ...(at % 5 === 0 ? { nodePort: 30_000 + (at % 2000) } : {}) }] },
      status: { loadBalancer: {} },
    }))],
    [ingresses, each(size.namespaces / 5, at => ({
      metadata: meta('front', ns(at * 5), 1_000_000 + at),
      spec: { rules: [{ host: `team-${at}.example.com`, http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'service-0', port: { number: 80 } } } }] } }] },
    }))],
    [nodes, Array.from({ length: NODES }, (_, at) => ({ metadata: { ...meta(`node-${at}`, undefined, 700_000 + at), labels: at < 3 ? { 'node-role.kubernetes.io/control-plane': '' } : {} } }))],
  ];
}

/** What is kept of it: the sources' own projection, equal parts once, as a collector keeps them. */
export function snapshotOfCluster(objects: Objects): Snapshot {
  const sharing = createSharing();
  const collected = (source: Source, value: unknown) => [source.id, { projectionVersion: source.projectionVersion, readAt: '2026-11-21T12:00:00Z', cost: { requests: 1, bytes: 0, seconds: 0 }, value }] as const;
  return {
    tool: 'bench', connection: { server: 'https://127.0.0.1' }, collectedAt: '2026-11-21T12:00:00Z', clockSkewSeconds: 0, durationSeconds: 0, scope: {},
    sources: Object.fromEntries([
      ...objects.map(([source, items]) => collected(source, Array.from(items, item => sharing.shareParts(project(source.read.how === 'list' ? source.read.fields : {}, item))))),
      collected(serverVersion, { gitVersion: 'v1.37.1', major: '1', minor: '37' }),
      collected(apiGroups, ['apps', 'batch']),
    ]),
  };
}

function* each(count: number, make: (at: number) => object): Iterable<object> {
  for (let at = 0; at < count; at += 1) yield make(at);
}

function meta(name: string, namespace: string | undefined, at: number): { readonly name: string; readonly namespace?: string } {
  const uid = `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`;
  return { name, ...(namespace === undefined ? {} : { namespace }), ...{ uid, resourceVersion: String(100_000 + at), creationTimestamp: '2026-01-01T00:00:00Z' } };
}

function accountName(at: number): string {
  return at === 0 ? 'default' : `app-${at}`;
}

type Rule = Readonly<Partial<Record<'verbs' | 'apiGroups' | 'resources' | 'resourceNames' | 'nonResourceURLs', readonly string[]>>>;
type Pick = <T>(list: readonly T[]) => T;

const read = ['get', 'list', 'watch'];
const write = ['create', 'update', 'patch', 'delete'];
/** How strong a rule of a shared role is; most lead nowhere. */
const strengths = ['harmless', 'harmless', 'harmless', 'harmless', 'harmless', 'harmless', 'pods', 'secrets'] as const;

function ruleOf(strength: (typeof strengths)[number], pick: Pick): Rule {
  if (strength === 'pods') return { verbs: pick([read, write]), apiGroups: ['apps', ''], resources: ['pods', 'deployments'] };
  if (strength === 'secrets') return { verbs: pick([['get'], read]), apiGroups: [''], resources: ['secrets'] };
  return { verbs: pick([read, ['get'], [...read, ...write]]), apiGroups: [pick(['', 'apps', 'batch', 'example.org'])], resources: [pick(['configmaps', 'events', 'services', 'widgets']), pick(['leases', 'ingresses', 'endpoints'])] };
}

const rbac = 'rbac.authorization.k8s.io';
const strongRules: readonly (readonly Rule[])[] = [
  [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  [{ verbs: ['bind'], apiGroups: [rbac], resources: ['clusterroles'] }, { verbs: write, apiGroups: [rbac], resources: ['clusterrolebindings'] }],
  [{ verbs: ['create'], apiGroups: [''], resources: ['serviceaccounts/token'] }],
  [{ verbs: ['get'], apiGroups: [''], resources: ['nodes/proxy'] }],
  [{ verbs: read, apiGroups: [''], resources: ['secrets'] }],
];

/** Rules of Roles: eight of deployers, four of readers. */
const localRules: readonly (readonly Rule[])[] = Array.from({ length: 12 }, (_, at) => at < 8
  ? [
      { verbs: [...read, ...write], apiGroups: ['apps'], resources: ['deployments', 'statefulsets'] },
      { verbs: read, apiGroups: [''], resources: ['pods', 'pods/log', 'services'] },
      ...(at % 2 === 0 ? [{ verbs: ['create'], apiGroups: [''], resources: ['pods/exec'] }] : []),
      { verbs: ['get'], apiGroups: [''], resources: ['secrets'], resourceNames: [`credential-${at}`] },
    ]
  : [{ verbs: read, apiGroups: ['', 'apps'], resources: ['pods', 'deployments', `kind-${at}`] }]);

/** What the bindings of a namespace look like, in turn. */
const forms = [
  { role: { kind: 'ClusterRole', name: 'admin' }, subjects: ['owners'] },
  { role: { kind: 'ClusterRole', name: 'edit' }, subjects: ['user'] },
  { role: { kind: 'ClusterRole', name: 'view' }, subjects: ['user', 'user', 'owners'] },
  { role: { kind: 'Role', name: 'deployer' }, subjects: ['account'] },
  { role: { kind: 'Role', name: 'reader' }, subjects: ['default', 'user'] },
  { role: 'shared', subjects: ['account'] },
  { role: 'shared', subjects: ['account', 'user'] },
  { role: 'shared', subjects: ['accounts'] },
  { role: 'shared', subjects: ['user'] },
  { role: 'shared', subjects: ['account', 'default'] },
] as const;

function formAt(at: number): (typeof forms)[number] {
  return forms[at % forms.length] ?? forms[0];
}

function subjectIn(form: string, namespace: string, at: number): object {
  if (form === 'owners') return { apiGroup, kind: 'Group', name: `${namespace}-owners` };
  if (form === 'accounts') return { apiGroup, kind: 'Group', name: `system:serviceaccounts:${namespace}` };
  if (form === 'user') return { apiGroup, kind: 'User', name: `person-${(at * 31) % 4000}@example.com` };
  return { kind: 'ServiceAccount', name: form === 'default' ? 'default' : 'app-1', namespace };
}

function podOf(at: number, namespace: string): object {
  const container = {
    name: 'main', image: `registry.example/app-${at % 300}:1`, imagePullPolicy: 'IfNotPresent', ports: [{ containerPort: 8080, protocol: 'TCP' }],
    env: Array.from({ length: 6 }, (_, variable) => ({ name: `VARIABLE_${variable}`, value: `value ${variable}` })),
    resources: { limits: { cpu: '500m', memory: '256Mi' }, requests: { cpu: '100m', memory: '128Mi' } },
    securityContext: { allowPrivilegeEscalation: false, privileged: at % 200 === 0, capabilities: { drop: ['ALL'] } },
    terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File',
    volumeMounts: [{ name: 'kube-api-access-x', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true }],
  };
  return {
    metadata: { ...meta(`app-${at}-x`, namespace, 800_000 + at), labels: { app: `app-${at % 300}`, 'pod-template-hash': 'abcdef' }, ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `app-${at}`, uid: '00000000-0000-4000-8000-000000000000', controller: true, blockOwnerDeletion: true }] },
    spec: {
      serviceAccountName: accountName(at % 2), serviceAccount: accountName(at % 2), nodeName: `node-${at % NODES}`, restartPolicy: 'Always', dnsPolicy: 'ClusterFirst', schedulerName: 'default-scheduler',
      containers: [container], terminationGracePeriodSeconds: 30, enableServiceLinks: true, priority: 0, preemptionPolicy: 'PreemptLowerPriority', securityContext: {},
      tolerations: ['not-ready', 'unreachable'].map(key => ({ key: `node.kubernetes.io/${key}`, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 })),
      volumes: [{ name: 'kube-api-access-x', projected: { defaultMode: 420, sources: [{ serviceAccountToken: { expirationSeconds: 3607, path: 'token' } }, { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } }] } }],
    },
    status: {
      phase: 'Running', hostIP: '10.0.0.1', podIP: '10.1.0.1', qosClass: 'Burstable', startTime: '2026-01-01T00:00:00Z',
      conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map(type => ({ type, status: 'True', lastProbeTime: null, lastTransitionTime: '2026-01-01T00:00:00Z' })),
      containerStatuses: [{ name: 'main', ready: true, restartCount: 0, started: true, image: `registry.example/app-${at % 300}:1`, imageID: 'sha256:0000000000000000000000000000000000000000000000000000000000000000', containerID: 'containerd://0000000000000000000000000000000000000000000000000000000000000000', state: { running: { startedAt: '2026-01-01T00:00:00Z' } } }],
    },
  };
}
