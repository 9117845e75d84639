import { GOOD_PRACTICES, ICEKUBE, KUBEHOUND, KUBESPLAINING, leg, primitive, RBAC_POLICE, REGO_LIBRARY, THREAT_MATRIX, type EscalationPrimitive } from './primitive.ts';

const change = 'update patch';
const write = 'create update patch';
const signing = 'certificates.k8s.io';

/** The legs of a certificate request that the holder approves itself. */
function approval(signer: string) {
  return [
    leg(signing, 'certificatesigningrequests', 'create'),
    leg(signing, 'certificatesigningrequests/approval', change),
    leg(signing, 'signers', 'approve', [`kubernetes.io/${signer}`, 'kubernetes.io/*']),
  ];
}

/** Pods and workloads, nodes, certificates. */
export const workloadPrimitives: readonly EscalationPrimitive[] = [
  primitive('pod-create', 'run pods of its choice', [[leg('', 'pods', 'create')]], 'pods', ['critical', 'high'], { references: [GOOD_PRACTICES, RBAC_POLICE, KUBEHOUND] }),
  primitive('pod-change', 'change the image of running pods', [[leg('', 'pods', change)]], 'containers', ['high', 'high'], { effort: 2, references: [RBAC_POLICE, KUBEHOUND] }),
  primitive('pod-exec', 'run commands in containers', [[leg('', 'pods/exec', 'create')]], 'containers', ['critical', 'high'], { effort: 2, references: [RBAC_POLICE, KUBEHOUND] }),
  primitive('pod-exec-by-get', 'run commands in containers by get', [[leg('', 'pods/exec', 'get')]], 'containers', ['critical', 'high'], { effort: 2, until: 34, references: ['https://github.com/kubernetes/kubernetes/issues/128743'] }),
  primitive('pod-attach', 'attach to the processes of containers', [[leg('', 'pods/attach', 'create')]], 'disclosure', ['high', 'medium'], { references: [ICEKUBE] }),
  primitive('pod-ephemeral-container', 'add containers to running pods', [[leg('', 'pods/ephemeralcontainers', change)]], 'debug-containers', ['critical', 'high'], { since: 23, effort: 2, references: [RBAC_POLICE, ICEKUBE] }),
  primitive('pod-port-forward', 'reach ports of pods past network policies', [[leg('', 'pods/portforward', 'create', 'some')]], 'disclosure', ['medium', 'medium']),
  primitive('pod-proxy', 'send HTTP requests to pods and services past network policies', [[leg('', 'pods/proxy services/proxy', 'get create update patch delete', 'some')]], 'disclosure', ['medium', 'low'], { references: [THREAT_MATRIX] }),
  primitive('pod-log', 'read the logs of pods', [[leg('', 'pods/log', 'get', 'some')]], 'disclosure', ['low', 'low']),
  primitive('workload-write', 'run pods of its choice through a workload', [[leg('apps', 'deployments daemonsets statefulsets replicasets', write)]], 'pods', ['critical', 'high'], { references: [GOOD_PRACTICES, ICEKUBE] }),
  primitive('job-write', 'run pods of its choice through a job', [[leg('batch', 'jobs', 'create')], [leg('batch', 'cronjobs', write)]], 'pods', ['critical', 'high'], { references: [RBAC_POLICE] }),
  primitive('replication-controller-write', 'run pods of its choice through a replication controller', [[leg('', 'replicationcontrollers', write)]], 'pods', ['critical', 'high'], { references: [RBAC_POLICE] }),
  primitive('custom-workload-write', 'run pods of its choice through a workflow', [[leg('argoproj.io', 'workflows', 'create')]], 'service-accounts', ['high', 'high'], { served: 'argoproj.io', effort: 2, provided: 'the controller of these objects runs', references: [KUBESPLAINING] }),
  primitive('controller-revision-write', 'change what a workload is rolled back to', [[leg('apps', 'controllerrevisions', change, 'some')]], 'tampering', ['medium', 'medium']),
  primitive('scale-write', 'scale workloads', [[leg('apps', 'deployments/scale statefulsets/scale replicasets/scale', change, 'some')], [leg('', 'replicationcontrollers/scale', change, 'some')]], 'outage', ['medium', 'low']),
  primitive('pod-binding', 'place pods on nodes past the scheduler', [[leg('', 'pods/binding bindings', 'create')]], 'tampering', ['medium', 'medium']),
  primitive(
    'pod-stealing', 'move pods to a node it holds',
    ['delete pods', 'create pods/eviction'].map(words => words.split(' ')).map(([verb = '', resource = '']) => [leg('', resource, verb), leg('', 'nodes nodes/status', 'update patch delete')]),
    'tampering', ['high', 'info'], { references: [RBAC_POLICE, REGO_LIBRARY] }),
  primitive('pod-status-write', 'forge the readiness and address of pods', [[leg('', 'pods/status', change, 'some')]], 'tampering', ['medium', 'medium'], { references: [RBAC_POLICE] }),
  primitive('pod-delete', 'stop pods', [[leg('', 'pods', 'delete deletecollection', 'some')]], 'outage', ['medium', 'low'], { references: [THREAT_MATRIX] }),
  primitive('event-delete', 'hide traces', [[leg('', 'events', 'delete deletecollection', 'some')]], 'evasion', ['low', 'low'], { references: [THREAT_MATRIX] }),
  primitive('pod-resize', 'resize running pods', [[leg('', 'pods/resize', change, 'some')]], 'outage', ['low', 'low'], { since: 33 }),

  // Nodes. A websocket is opened by GET, so `get` on nodes/proxy runs commands, on every version.
  primitive('node-proxy', 'run commands in every container through the kubelets', [[leg('', 'nodes/proxy', 'get create')]], 'containers', ['critical', 'info'], { scope: 'cluster', references: [GOOD_PRACTICES, 'https://github.com/kubernetes/kubernetes/issues/136550'] }),
  primitive('node-logs-and-stats', 'read logs and settings of nodes', [[leg('', 'nodes/log nodes/stats nodes/metrics nodes/configz nodes/pods nodes/healthz', 'get', 'some')]], 'disclosure', ['medium', 'info'], { references: [KUBEHOUND] }),
  primitive('node-status-write', 'forge the state and address of nodes', [[leg('', 'nodes/status', change, 'some')]], 'tampering', ['high', 'info'], { references: [RBAC_POLICE, REGO_LIBRARY] }),
  primitive('node-change', 'steer pods by labels and taints of nodes', [[leg('', 'nodes', change, 'some')]], 'tampering', ['high', 'info'], { references: [RBAC_POLICE] }),
  primitive('node-create', 'register a node', [[leg('', 'nodes', 'create')]], 'tampering', ['medium', 'info']),
  primitive('node-delete', 'remove nodes', [[leg('', 'nodes', 'delete deletecollection', 'some')]], 'outage', ['medium', 'info']),
  primitive('node-lease-write', 'make nodes seem dead', [[leg('coordination.k8s.io', 'leases', 'update patch delete', 'some')]], 'outage', ['medium', 'medium'], { scope: { namespace: 'kube-node-lease' } }),
  primitive('volume-attach', 'attach volumes to a node of its choice', [[leg('storage.k8s.io', 'volumeattachments csinodes', write, 'some')]], 'disclosure', ['medium', 'info']),

  // Certificates and trust.
  primitive('certificate-for-clients', 'issue itself a certificate of any user', [approval('kube-apiserver-client')], 'any-certificate', ['critical', 'info'], { requests: [[0], [1, 2]], provided: 'a controller manager signs certificates', effort: 2, references: [GOOD_PRACTICES, RBAC_POLICE] }),
  primitive('certificate-for-kubelets', 'issue itself a certificate of any node', [approval('kube-apiserver-client-kubelet')], 'node-identity', ['high', 'info'], { requests: [[0], [1, 2]], provided: 'a controller manager signs certificates', effort: 2 }),
  primitive('certificate-by-legacy-signer', 'issue itself a certificate of system:masters', [approval('legacy-unknown')], 'masters', ['critical', 'info'], { until: 21, effort: 2 }),
  primitive('certificate-sign', 'issue certificates where it has the key of the authority', [[leg(signing, 'certificatesigningrequests/status', change), leg(signing, 'signers', 'sign', 'some')]], 'credentials', ['medium', 'info']),
  primitive('certificate-request', 'ask for certificates', [[leg(signing, 'certificatesigningrequests', 'create')]], 'nothing', ['low', 'info']),
  primitive('trust-bundle-write', 'have workloads trust an authority of its own', [[leg(signing, 'clustertrustbundles', write, 'some')]], 'tampering', ['high', 'info'], { since: 29, references: ['https://github.com/kubernetes/enhancements/issues/3257'] }),
  primitive('cluster-info-write', 'have joining nodes trust another server', [[leg('', 'configmaps', change, ['cluster-info'])]], 'tampering', ['medium', 'medium'], { scope: { namespace: 'kube-public' } }),
];
