import { createCertificate } from '../support/certificates.ts';
import type { Manifest } from '../support/cluster.ts';

const odd = ['$(touch owned)', '"quoted" \\ back', 'line\nfeed\ttab', 'é😀\u2028', '{"items":[', '<b>', ' ', '0', '\u0000'];
const labels = Object.fromEntries(['10', '9', 'a', 'Z', 'é'].map((name, at) => [name === 'é' ? 'constructor' : name, `v${at}`]));
const annotations: Record<string, string> = { ...Object.fromEntries(odd.map((text, at) => [`odd-${at}`, text])), empty: '', constructor: 'x' };
const metadata = (name: string, namespaced = true): Manifest['metadata'] => ({ name, ...(namespaced ? { namespace: 'odd' } : {}), labels, annotations }) as Manifest['metadata'];

const container = {
  name: 'full', image: 'registry.example/é:1', command: ['', '--flag=a b', ...odd.slice(0, 6)], args: ['--x', ''],
  ports: [{ containerPort: 80, protocol: 'TCP' }, { containerPort: 65535, hostPort: 1, hostIP: '127.0.0.1', name: 'last', protocol: 'UDP' }],
  env: [
    { name: 'EMPTY', value: '' }, { name: 'TEXT', value: odd.slice(0, 6).join('') },
    { name: 'SECRET', valueFrom: { secretKeyRef: { name: 's', key: 'k', optional: false } } },
    { name: 'FIELD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'CPU', valueFrom: { resourceFieldRef: { containerName: 'full', resource: 'limits.cpu' } } },
  ],
  envFrom: [{ configMapRef: { name: 'c' } }, { secretRef: { name: 's', optional: true }, prefix: 'P_' }],
  resources: { limits: { cpu: '1500m', memory: '1Gi' }, requests: { cpu: '0', memory: '129e6' } },
  securityContext: { privileged: false, allowPrivilegeEscalation: true, runAsUser: 0, runAsNonRoot: false, readOnlyRootFilesystem: true, capabilities: { add: ['NET_ADMIN', 'CAP_SYS_ADMIN'], drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' }, procMount: 'Default' },
  livenessProbe: { httpGet: { path: '/', port: 'last' }, initialDelaySeconds: 0 },
  readinessProbe: { tcpSocket: { port: 80 }, timeoutSeconds: 5 },
  startupProbe: { exec: { command: ['true'] }, terminationGracePeriodSeconds: 1 },
  lifecycle: { preStop: { sleep: { seconds: 0 } } },
  volumeMounts: [{ name: 'dir', mountPath: '/d', readOnly: false }, { name: 'projected', mountPath: '/p', subPath: 'x', readOnly: true }],
};
const podSpec = {
  nodeName: 'node-é'.replace('é', 'e'), serviceAccountName: 'default', automountServiceAccountToken: false, hostNetwork: false, hostPID: true, shareProcessNamespace: false,
  terminationGracePeriodSeconds: 0, restartPolicy: 'Always', hostname: 'h', priority: 0, enableServiceLinks: false,
  securityContext: { runAsUser: 0, fsGroup: 4_294_967, supplementalGroups: [0, 1, 2147483647], sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }] },
  containers: [container, { name: 'bare', image: 'i' }], initContainers: [{ name: 'init', image: 'i', restartPolicy: 'Always' }],
  volumes: [
    { name: 'dir', emptyDir: {} }, { name: 'host', hostPath: { path: '/', type: '' } }, { name: 'secret', secret: { secretName: 's', defaultMode: 0, optional: true } },
    { name: 'config', configMap: { name: 'c', items: [{ key: 'k', path: 'p', mode: 511 }] } },
    { name: 'projected', projected: { sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 3607 } }, { downwardAPI: { items: [{ path: 'n', fieldRef: { fieldPath: 'metadata.name' } }] } }] } },
    { name: 'sized', emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } },
  ],
  tolerations: [{ operator: 'Exists' }, { key: 'a', operator: 'Equal', value: '', effect: 'NoExecute', tolerationSeconds: -5 }],
  affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: { topologyKey: 'zone', labelSelector: { matchExpressions: [{ key: 'a', operator: 'In', values: ['1', ''] }] } } }] } },
  topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway', labelSelector: {} }],
  hostAliases: [{ ip: '127.0.0.1', hostnames: ['a'] }],
};
const template = { metadata: { labels: { app: 'a' }, annotations: { empty: '' } }, spec: { ...podSpec, nodeName: '' } };
const selector = { matchLabels: { app: 'a' } };
/** By openssl: O=odd, CN=é. The API server takes none that it cannot parse. */
const signingRequest = 'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIVU1IMENBUUF3R3pFTU1Bb0dBMVVFQ2d3RGIyUmtNUXN3Q1FZRFZRUUREQUxEcVRCWk1CTUdCeXFHU000OQpBZ0VHQ0NxR1NNNDlBd0VIQTBJQUJDQ0R1QTF2dHkwaVB5blFsdVd6ZktnaHJ5L0lhc1VuUUtPc0ErYU0xWXZ4CkNvSGpQL3FzamFGc2NJK2dnM0xBY2JLbkl2cG5NbzVWck1teTU4dHIxL0dnQURBS0JnZ3Foa2pPUFFRREFnTkgKQURCRUFpQkVURU9VVnlTcjdWYWNLT00vY1NKREY3YXNzeDdTSnpNbC9oSGwrT1BZdUFJZ1ZqREswSUxRZ1ZjagpzSmtiVVpyZGRsWmMwSE5PUzJvdXgxV2c0VVFlY2lFPQotLS0tLUVORCBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0K';
const trustBundle = createCertificate({ commonName: 'odd', use: 'authority' }).certificate;
const caBundle = Buffer.from(trustBundle).toString('base64');
const webhook = { admissionReviewVersions: ['v1'], sideEffects: 'None', failurePolicy: 'Ignore', timeoutSeconds: 1, rules: [{ operations: ['CREATE'], apiGroups: ['odd.example.org'], apiVersions: ['v1'], resources: ['nothing'] }] };
const webhooks = [
  { ...webhook, name: 'a.example.org', clientConfig: { url: 'https://127.0.0.1:1/x' } },
  { ...webhook, name: 'b.example.org', clientConfig: { caBundle, service: { namespace: 'odd', name: 'full', path: '/x', port: 443 } } },
];
const rbac = 'rbac.authorization.k8s.io/v1';
const rules = [
  { verbs: ['*'], apiGroups: ['', '*'], resources: ['pods', 'é😀', 'po*'], resourceNames: ['', ...odd.slice(0, 6)] },
  { verbs: ['get'], apiGroups: [''], resources: [''] },
];
const subjects = [
  { kind: 'ServiceAccount', name: 'default', namespace: 'odd' }, { kind: 'User', name: '__proto__', apiGroup: 'rbac.authorization.k8s.io' },
  ...odd.slice(0, 6).map(name => ({ kind: 'Group', name, apiGroup: 'rbac.authorization.k8s.io' })),
];

/** Objects of many kinds with every field that a source declares: full, empty, zero and odd. */
export const oddObjects: readonly object[] = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'odd', labels, annotations } },
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'billing', namespace: 'odd', annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/é', other: 'x' } } },
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata('default'), automountServiceAccountToken: false, secrets: [{ name: 's' }, {}], imagePullSecrets: [{ name: '' }] },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata('full'), data: { a: '', b: odd.slice(0, 6).join(''), constructor: 'x', __proto: 'y' }, binaryData: { bytes: '/+8AAQ==', none: '' }, immutable: false },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'empty', namespace: 'odd' } },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kube-root-ca.crt', namespace: 'odd' }, data: { 'ca.crt': trustBundle, other: 'x' } },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kube-root-ca.crt', namespace: 'default' } },
  { apiVersion: 'v1', kind: 'Secret', metadata: metadata('s'), type: 'Opaque', data: { k: '/+8AAQ==', none: '' } },
  { apiVersion: 'v1', kind: 'Secret', metadata: { ...metadata('tls'), annotations: { ...annotations, 'cert-manager.io/certificate-name': 'é' } }, type: 'kubernetes.io/tls', data: { 'tls.crt': caBundle, 'tls.key': '/+8AAQ==', 'ca.crt': caBundle, constructor: 'AA==' } },
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'tls-empty', namespace: 'odd' }, type: 'kubernetes.io/tls', data: { 'tls.crt': '', 'tls.key': '' } },
  { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata('full'), ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'u', controller: true, blockOwnerDeletion: false }, { apiVersion: 'a/v1', kind: 'K', name: 'é', uid: 'v' }], finalizers: ['example.org/f'] }, spec: podSpec },
  { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'of-daemonset', namespace: 'odd', ownerReferences: [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'full', uid: 'u', controller: true }] }, spec: { containers: [{ name: 'c', image: 'i' }] }, status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-02T03:04:05Z' }] } },
  { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'bare', namespace: 'odd' }, spec: { containers: [{ name: 'c', image: 'i' }] } },
  { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'on-host', namespace: 'odd' }, spec: { hostNetwork: true, initContainers: [{ name: 'i', image: 'i', ports: [{ name: 'web', containerPort: 8080, hostPort: 8080, hostIP: '0.0.0.0' }], securityContext: { privileged: true, capabilities: { add: ['SYS_PTRACE'] } } }], containers: [{ name: 'c', image: 'i' }] } },
  { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'api-server', namespace: 'kube-system', labels: { component: 'kube-apiserver', tier: 'control-plane' }, annotations: { 'kubernetes.io/config.source': 'file', 'kubernetes.io/config.mirror': '' } }, spec: { nodeName: 'n', containers: [{ ...container, volumeMounts: [] }] } },
  { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'etcd', namespace: 'kube-system', labels: { tier: 'control-plane' }, annotations: { 'kubernetes.io/config.mirror': 'x' } }, spec: { nodeName: 'n', containers: [{ name: 'etcd', image: 'i', command: ['etcd', '--trusted-ca-file=/x'], args: ['--key-file', '/y'] }] } },
  { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'api-server-2', namespace: 'kube-system', labels: { component: 'kube-apiserver', tier: 'control-plane' } }, spec: { containers: [{ name: 'c', image: 'i', command: [], args: ['--a=b'] }] } },
  {
    apiVersion: 'v1', kind: 'Pod', metadata: { name: 'kube-scheduler-n', namespace: 'kube-system', labels: { tier: 'control-plane', component: 'kube-scheduler' }, annotations: { 'kubernetes.io/config.mirror': '0' } },
    spec: { nodeName: 'n', hostNetwork: true, containers: [{ name: 'kube-scheduler', image: 'i', command: ['kube-scheduler', '--secure-port=10259'], args: ['--bind-address=127.0.0.1'] }], volumes: [{ name: 'a', hostPath: { path: '/etc/kubernetes/scheduler.conf', type: 'FileOrCreate' } }, { name: 'b', hostPath: { path: '/var/lib/etcd' } }, { name: 'c', emptyDir: {} }] },
    status: { containerStatuses: [{ name: 'kube-scheduler', image: 'i', imageID: '', ready: true, restartCount: 0, state: { running: { startedAt: '2026-01-02T03:04:05Z' } } }] },
  },
  { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n', labels: { ...labels, 'kubernetes.io/os': 'linux', type: 'virtual-kubelet' }, annotations: { 'k3s.io/node-args': '["server","--token","x"]', 'k3s.io/node-config-hash': '' } }, spec: { providerID: 'aws:///a/b', podCIDRs: ['10.0.0.0/24'], taints: [{ key: 'a', effect: 'NoSchedule', timeAdded: '2026-01-02T03:04:05Z' }] }, status: { addresses: [{ type: 'InternalIP', address: '10.0.0.7' }, { type: 'Hostname', address: 'é' }], conditions: [{ type: 'Ready', status: 'Unknown' }, { type: 'NetworkUnavailable', status: 'False', reason: 'CalicoIsUp' }], images: [{ names: ['docker.io/library/busybox@sha256:' + '0'.repeat(64), 'docker.io/library/busybox:1'], sizeBytes: 1 }, { names: ['registry.example/other:1'] }, {}] } },
  { apiVersion: 'v1', kind: 'Service', metadata: metadata('full'), spec: { type: 'NodePort', selector: { app: 'a' }, ports: [{ name: 'a', port: 80, targetPort: 'http' }, { name: 'b', port: 81, targetPort: 0 }], externalIPs: ['192.0.2.1'], sessionAffinity: 'ClientIP' } },
  { apiVersion: 'v1', kind: 'Service', metadata: { name: 'balanced', namespace: 'odd' }, spec: { type: 'LoadBalancer', ports: [{ port: 443 }] }, status: { loadBalancer: { ingress: [{ ip: '192.0.2.2' }, { hostname: 'é.example'.replace('é', 'e') }] } } },
  { apiVersion: 'apps/v1', kind: 'Deployment', metadata: metadata('full'), spec: { replicas: 0, paused: false, selector, template, strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: 0 } } } },
  { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: metadata('full'), spec: { selector, template: { ...template, spec: { ...template.spec, containers: [{ ...container, command: ['agent', '--enable-network-policy=false'], args: ['--run-firewall'] }] } } } },
  { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: metadata('full'), spec: { serviceName: '', selector, template, volumeClaimTemplates: [{ metadata: { name: 'v' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1.5Gi' } } } }] } },
  { apiVersion: 'batch/v1', kind: 'Job', metadata: metadata('full'), spec: { suspend: true, backoffLimit: 0, podFailurePolicy: { rules: [{ action: 'Ignore', onExitCodes: { operator: 'In', values: [1, 255] } }] }, template: { spec: { ...template.spec, restartPolicy: 'Never' } } } },
  { apiVersion: 'batch/v1', kind: 'CronJob', metadata: metadata('full'), spec: { schedule: '* * * * *', suspend: false, jobTemplate: { spec: { template: { spec: { ...template.spec, restartPolicy: 'Never' } } } } } },
  { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: metadata('full'), spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: [{}, { from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }, { namespaceSelector: {}, podSelector: { matchLabels: labels } }], ports: [{ port: 80 }, { port: 'http', protocol: 'UDP' }, { port: 1, endPort: 2 }] }] } },
  { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: metadata('full'), status: { loadBalancer: { ingress: [{ ip: '192.0.2.3' }, { hostname: 'e.example' }] } }, spec: { defaultBackend: { service: { name: 'full', port: { number: 80 } } }, tls: [{ hosts: ['a.example'], secretName: '' }, { hosts: [], secretName: 'tls' }, {}], rules: [{ host: 'a.example', http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'full', port: { number: 80 } } } }] } }] } },
  { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: metadata('full'), spec: { minAvailable: '50%', selector } },
  { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: metadata('full'), spec: { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'full', apiVersion: 'apps/v1' }, metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'AverageValue', averageValue: '100m' } } }] } },
  { apiVersion: 'v1', kind: 'ResourceQuota', metadata: metadata('full'), spec: { hard: { 'pods': '0', 'limits.cpu': '1500m' } } },
  { apiVersion: 'v1', kind: 'LimitRange', metadata: metadata('full'), spec: { limits: [{ type: 'Container', max: { cpu: '2' }, default: { cpu: '1' } }] } },
  { apiVersion: 'v1', kind: 'PersistentVolume', metadata: metadata('full', false), spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/x' } } },
  { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: metadata('full', false), provisioner: 'example.org/p', parameters: { a: '' }, allowVolumeExpansion: false },
  { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration', metadata: metadata('full', false), webhooks },
  { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration', metadata: metadata('full', false), webhooks },
  { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration', metadata: { name: 'bare' } },
  { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy', metadata: metadata('full', false), spec: { failurePolicy: 'Ignore', matchConstraints: { resourceRules: [{ resourceNames: ['x'], operations: ['CREATE'], apiGroups: ['odd.example.org'], apiVersions: ['v1'], resources: ['nothing'] }] }, validations: [{ expression: 'true', message: odd.slice(0, 2).join('') }] } },
  { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'full', namespace: 'kube-system', labels: { 'apiserver.kubernetes.io/identity': 'kube-apiserver' } }, spec: { holderIdentity: '', leaseDurationSeconds: 3600, renewTime: '2026-01-02T03:04:05.000007Z', acquireTime: '1999-12-31T23:59:59.999999Z', leaseTransitions: 0 } },
  { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'bare', namespace: 'kube-system', labels: { 'apiserver.kubernetes.io/identity': 'kube-apiserver' } } },
  { apiVersion: 'v1', kind: 'Event', metadata: { name: 'full', namespace: 'odd' }, involvedObject: { namespace: 'odd' }, eventTime: null, firstTimestamp: '2026-01-02T03:04:05Z', count: 0 },
  // What makes the server one of k3s or RKE2, to whoever asks.
  { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'addons.k3s.cattle.io' }, spec: { group: 'k3s.cattle.io', names: { kind: 'Addon', listKind: 'AddonList', plural: 'addons', singular: 'addon' }, scope: 'Namespaced', versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }] } },
  ...['k3s', 'rke2'].map(program => ({
    apiVersion: 'v1', kind: 'Event', metadata: { name: `n.${program}`, namespace: 'default' }, involvedObject: { kind: 'Node', name: 'n' }, source: { component: `${program}-cert-monitor` }, reason: 'CertificateExpirationWarning', type: 'Warning',
    message: 'Node certificates require attention - restart the service to trigger renewal: kubelet/client-kubelet.crt: certificate CN=system:node:n,O=system:nodes will expire within 120 days at 2027-01-02T03:04:05Z', lastTimestamp: '2026-01-02T03:04:05Z', count: 1,
  })),
  { apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: metadata('full', false), spec: { request: signingRequest, signerName: 'example.org/odd', expirationSeconds: 3600, usages: ['client auth', 'digital signature'] } },
  { apiVersion: 'certificates.k8s.io/v1', kind: 'ClusterTrustBundle', metadata: { name: 'example.org:odd:full', labels }, spec: { signerName: 'example.org/odd', trustBundle } },
  { apiVersion: 'certificates.k8s.io/v1', kind: 'ClusterTrustBundle', metadata: { name: 'bare' }, spec: { trustBundle } },
  { apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name: 'bare' }, spec: { request: signingRequest, signerName: 'example.org/odd', usages: ['server auth'] } },
  { apiVersion: rbac, kind: 'ClusterRole', metadata: metadata('odd', false), rules: [...rules, { verbs: ['get'], nonResourceURLs: ['/metrics', '*', ...odd.slice(0, 2)] }] },
  { apiVersion: rbac, kind: 'ClusterRole', metadata: { name: 'odd:empty' }, rules: [] },
  { apiVersion: rbac, kind: 'ClusterRole', metadata: { name: 'odd:aggregated' }, rules: null, aggregationRule: { clusterRoleSelectors: [{ matchLabels: labels }, {}] } },
  { apiVersion: rbac, kind: 'Role', metadata: metadata('full'), rules },
  { apiVersion: rbac, kind: 'Role', metadata: { name: '$(touch owned)', namespace: 'odd' } },
  { apiVersion: rbac, kind: 'RoleBinding', metadata: metadata('full'), roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: '$(touch owned)' }, subjects },
  { apiVersion: rbac, kind: 'RoleBinding', metadata: { name: 'bare', namespace: 'odd' }, roleRef: { apiGroup: '', kind: 'ClusterRole', name: 'x' }, subjects: [] },
  { apiVersion: rbac, kind: 'ClusterRoleBinding', metadata: metadata('odd', false), roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'é' }, subjects },
  { apiVersion: rbac, kind: 'ClusterRoleBinding', metadata: { name: 'odd:bare' }, roleRef: { kind: 'ClusterRole', name: 'x' } },
];
