import type { V1ConfigMap, V1Deployment, V1Namespace, V1NetworkPolicy, V1Pod, V1ReplicaSet, V1ServiceAccount } from '@kubernetes/client-node';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../../src/evidence/sources/rbac.ts';
import { identity, listSource } from '../../src/evidence/list-source.ts';
import type { Source } from '../../src/evidence/source.ts';

const owned = { ...identity, labels: true, ownerReferences: [{ apiVersion: true, kind: true, name: true, controller: true }] } as const;
const container = {
  name: true, image: true, ports: [{ containerPort: true, hostPort: true, protocol: true }],
  env: names, resources: { limits: true },
  securityContext: {
    privileged: true, allowPrivilegeEscalation: true, runAsUser: true, runAsNonRoot: true, readOnlyRootFilesystem: true,
    capabilities: { add: true, drop: true }, seccompProfile: { type: true },
  },
  volumeMounts: [{ name: true, mountPath: true, readOnly: true }],
} as const;
const podSpec = {
  serviceAccountName: true, automountServiceAccountToken: true, hostNetwork: true, hostPID: true, hostIPC: true,
  securityContext: { runAsUser: true, runAsNonRoot: true, fsGroup: true, seccompProfile: { type: true } },
  containers: [container], initContainers: [container],
  volumes: [{ name: true, hostPath: { path: true, type: true }, secret: { secretName: true }, configMap: { name: true } }],
} as const;

/** What a check of workloads would keep of a pod. */
export const benchPods = listSource<V1Pod>()({
  id: 'benchpods', title: 'Pods', apiVersion: 'v1', kind: 'Pod', resource: 'pods', namespaced: true, projectionVersion: 1,
  fields: { metadata: owned, spec: { nodeName: true, ...podSpec }, status: { phase: true } },
});

/** Eleven kinds, as an audit of everything would read them. */
export const benchSources: readonly Source[] = [
  benchPods,
  listSource<V1Deployment>()({
    id: 'benchdeployments', title: 'Deployments', apiVersion: 'apps/v1', kind: 'Deployment', resource: 'deployments', namespaced: true, projectionVersion: 1,
    fields: { metadata: owned, spec: { replicas: true, template: { spec: podSpec } } },
  }),
  listSource<V1ReplicaSet>()({
    id: 'benchreplicasets', title: 'ReplicaSets', apiVersion: 'apps/v1', kind: 'ReplicaSet', resource: 'replicasets', namespaced: true, projectionVersion: 1,
    fields: { metadata: owned, spec: { replicas: true, template: { spec: podSpec } } },
  }),
  listSource<V1Namespace>()({
    id: 'benchnamespaces', title: 'Namespaces', apiVersion: 'v1', kind: 'Namespace', resource: 'namespaces', namespaced: false, projectionVersion: 1,
    fields: { metadata: { ...identity, labels: true } },
  }),
  listSource<V1NetworkPolicy>()({
    id: 'benchnetworkpolicies', title: 'NetworkPolicies', apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', resource: 'networkpolicies', namespaced: true, projectionVersion: 1,
    fields: { metadata: identity, spec: { policyTypes: true, podSelector: { matchLabels: true }, ingress: [{ ports: [{ port: true, protocol: true }], from: [{ podSelector: { matchLabels: true }, namespaceSelector: { matchLabels: true } }] }] } },
  }),
  listSource<V1ConfigMap>()({
    id: 'benchconfigmaps', title: 'ConfigMaps', apiVersion: 'v1', kind: 'ConfigMap', resource: 'configmaps', namespaced: true, projectionVersion: 1,
    fields: { metadata: identity },
  }),
  listSource<V1ServiceAccount>()({
    id: 'benchserviceaccounts', title: 'ServiceAccounts', apiVersion: 'v1', kind: 'ServiceAccount', resource: 'serviceaccounts', namespaced: true, projectionVersion: 1,
    fields: { metadata: identity, automountServiceAccountToken: true },
  }),
  roles, roleBindings, clusterRoles, clusterRoleBindings,
];

function names(variables: readonly { readonly name: string }[]): readonly string[] {
  return variables.map(({ name }) => name);
}
