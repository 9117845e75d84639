import { GOOD_PRACTICES, ICEKUBE, KUBESPLAINING, leg, primitive, RBAC_POLICE, REGO_LIBRARY, THREAT_MATRIX, type EscalationPrimitive } from './primitive.ts';

const admission = 'admissionregistration.k8s.io';
const change = 'update patch';
const write = 'create update patch';
const remove = 'update patch delete deletecollection';
const runs = 'the controller of these objects runs with its usual rights';
const inKubeSystem = { scope: { namespace: 'kube-system' } } as const;

/** A controller that does what its objects say, with rights of its own. */
function deputy(id: string, can: string, group: string, resources: string, namespace?: string): EscalationPrimitive {
  return primitive(id, can, [[leg(group, resources, write)]], 'cluster-admin', ['critical', 'critical'], {
    served: group, provided: runs, effort: 3, references: [KUBESPLAINING], ...(namespace === undefined ? {} : { scope: { namespace } }),
  });
}

/** Admission, API machinery, network, storage, and controllers that act for others. */
export const machineryPrimitives: readonly EscalationPrimitive[] = [
  primitive('mutating-webhook-write', 'rewrite every object on its way into the API server', [[leg(admission, 'mutatingwebhookconfigurations', write, 'some')]], 'cluster-admin', ['critical', 'info'], { provided: 'the API server reaches a server of its own', effort: 2, references: [GOOD_PRACTICES, RBAC_POLICE] }),
  primitive('validating-webhook-write', 'read every object on its way into the API server', [[leg(admission, 'validatingwebhookconfigurations', write, 'some')]], 'disclosure', ['high', 'info'], { references: [RBAC_POLICE] }),
  primitive('webhook-disable', 'switch policy engines off', [[leg(admission, 'mutatingwebhookconfigurations validatingwebhookconfigurations', remove, 'some')]], 'evasion', ['high', 'info'], { references: [KUBESPLAINING] }),
  primitive(
    'mutating-policy-write', 'rewrite every object on its way into the API server by a policy',
    [[leg(admission, 'mutatingadmissionpolicies', write), leg(admission, 'mutatingadmissionpolicybindings', write)]], 'cluster-admin', ['critical', 'info'],
    { requests: [[0], [1]], since: 32, effort: 2, provided: 'the API server serves mutating admission policies', references: ['https://github.com/kubernetes/enhancements/issues/3962'] }),
  primitive('validating-policy-write', 'weaken admission policies', [[leg(admission, 'validatingadmissionpolicies validatingadmissionpolicybindings', `create ${remove}`, 'some')]], 'evasion', ['high', 'info']),
  primitive('namespace-label', 'take Pod Security off a namespace and run a pod there', [[leg('', 'namespaces', change), leg('', 'pods', 'create')]], 'nodes', ['high', 'high'], { requests: [[0], [1]], scope: 'both', effort: 2, references: [GOOD_PRACTICES, ICEKUBE] }),
  primitive('namespace-create', 'create a namespace without Pod Security and run a pod there', [[leg('', 'namespaces', 'create'), leg('', 'pods', 'create')]], 'nodes', ['medium', 'info'], { requests: [[0], [1]], scope: 'cluster', effort: 2, references: [THREAT_MATRIX] }),
  primitive('crd-conversion', 'rewrite custom resources', [[leg('apiextensions.k8s.io', 'customresourcedefinitions', write, 'some')]], 'tampering', ['high', 'info']),
  primitive('api-service-write', 'put a server of its own in the place of an API', [[leg('apiregistration.k8s.io', 'apiservices', write, 'some')]], 'tampering', ['critical', 'info']),
  primitive('policy-engine-write', 'change what a policy engine does', [[leg('kyverno.io', 'clusterpolicies policies policyexceptions', `${write} delete`, 'some')], [leg('templates.gatekeeper.sh', 'constrainttemplates', `${write} delete`, 'some')]], 'evasion', ['high', 'high'], { references: [KUBESPLAINING] }),
  deputy('helm-chart-write', 'have the helm controller install anything', 'helm.cattle.io', 'helmcharts helmchartconfigs'),
  primitive('flow-schema-write', 'starve others of the API server', [[leg('flowcontrol.apiserver.k8s.io', 'flowschemas prioritylevelconfigurations', write, 'some')]], 'outage', ['critical', 'info']),
  primitive('quota-delete', 'take limits off', [[leg('', 'resourcequotas limitranges', 'delete deletecollection update patch', 'some')]], 'outage', ['low', 'low']),
  primitive('runtime-or-priority-write', 'weaken sandboxes and push pods aside', [[leg('node.k8s.io', 'runtimeclasses', write, 'some')], [leg('scheduling.k8s.io', 'priorityclasses', write, 'some')]], 'tampering', ['medium', 'info']),

  primitive('endpoints-write', 'send traffic of a service elsewhere', [[leg('', 'endpoints', write, 'some')], [leg('discovery.k8s.io', 'endpointslices', write, 'some')]], 'tampering', ['high', 'medium']),
  primitive('service-write', 'take over an external address', [[leg('', 'services services/status', write, 'some')]], 'tampering', ['high', 'medium'], { references: [RBAC_POLICE] }),
  primitive('ingress-write', 'take over host names', [[leg('networking.k8s.io', 'ingresses', write, 'some')], [leg('gateway.networking.k8s.io', 'gateways httproutes', write, 'some')]], 'tampering', ['medium', 'medium'], { references: [THREAT_MATRIX] }),
  primitive('network-policy-remove', 'take network policies off', [[leg('networking.k8s.io', 'networkpolicies', remove, 'some')]], 'evasion', ['medium', 'medium'], { references: [THREAT_MATRIX] }),
  primitive('cluster-dns-write', 'answer every DNS query of the cluster', [[leg('', 'configmaps', change, ['coredns'])]], 'tampering', ['high', 'high'], { ...inKubeSystem, references: [THREAT_MATRIX] }),
  primitive('aws-auth-write', 'map an identity of the cloud to system:masters where the cluster runs on EKS', [[leg('', 'configmaps', change, ['aws-auth'])]], 'cloud', ['critical', 'critical'], { ...inKubeSystem, references: [ICEKUBE] }),
  primitive('request-header-write', 'be anyone towards aggregated API servers', [[leg('', 'configmaps', change, ['extension-apiserver-authentication'])]], 'tampering', ['high', 'high'], inKubeSystem),
  primitive('kubeadm-config-write', 'change how nodes are set up at the next join', [[leg('', 'configmaps', change, ['kubeadm-config', 'kubelet-config', 'kube-proxy'])]], 'tampering', ['medium', 'medium'], inKubeSystem),
  primitive('configmap-write', 'change settings of applications', [[leg('', 'configmaps', change, 'some')]], 'tampering', ['medium', 'medium']),
  primitive('debug-paths', 'read profiles and logs of the API server', [], 'disclosure', ['medium', 'info'], { condition: 'a rule of a ClusterRole bound in the whole cluster has one of the paths *, /debug/*, /logs, /metrics', scope: 'cluster' }),
  primitive('service-cidr-write', 'take over addresses', [[leg('networking.k8s.io', 'servicecidrs ipaddresses', write, 'some')]], 'outage', ['low', 'info']),

  primitive('volume-of-a-host-path', 'mount the file system of a node through a volume', [[leg('', 'persistentvolumes', 'create'), leg('', 'persistentvolumeclaims', 'create'), leg('', 'pods', 'create')]], 'nodes', ['critical', 'info'], { requests: [[0], [1], [2]], scope: 'both', effort: 2, references: [GOOD_PRACTICES, REGO_LIBRARY] }),
  primitive('storage-class-write', 'change how volumes are made', [[leg('storage.k8s.io', 'storageclasses csidrivers', write, 'some')]], 'tampering', ['medium', 'info']),
  primitive('snapshot-content-write', 'read the data of others through a snapshot', [[leg('snapshot.storage.k8s.io', 'volumesnapshotcontents', 'create')]], 'disclosure', ['medium', 'info'], { served: 'snapshot.storage.k8s.io' }),
  primitive('device-admin-claim', 'use devices that others use', [[leg('resource.k8s.io', 'resourceclaims resourceclaimtemplates', 'create')]], 'disclosure', ['medium', 'medium'], { since: 33, references: ['https://github.com/kubernetes/enhancements/issues/5018'] }),
  primitive('device-class-write', 'change settings of devices', [[leg('resource.k8s.io', 'deviceclasses resourceslices', write, 'some')]], 'tampering', ['medium', 'info']),
  primitive('security-context-constraint-use', 'run privileged pods on OpenShift', [[leg('security.openshift.io', 'securitycontextconstraints', 'use', 'some')]], 'evasion', ['high', 'high'], { served: 'security.openshift.io' }),
  primitive('pod-security-policy-use', 'run privileged pods past a policy', [[leg('policy', 'podsecuritypolicies', 'use', 'some')]], 'evasion', ['high', 'high'], { until: 24 }),
  primitive('cloud-identity', 'hold a role of the cloud', [], 'cloud', ['high', 'high'], { condition: 'can run as a service account with a role of the cloud', references: [ICEKUBE, KUBESPLAINING] }),
  deputy('flux-write', 'have Flux apply anything', 'kustomize.toolkit.fluxcd.io', 'kustomizations'),
  deputy('argocd-write', 'have Argo CD apply anything', 'argoproj.io', 'applications appprojects', 'argocd'),
  primitive('pipeline-write', 'run pods of its choice through a pipeline', [[leg('tekton.dev', 'pipelineruns taskruns', 'create')]], 'service-accounts', ['high', 'high'], { served: 'tekton.dev', provided: runs, effort: 2, references: [KUBESPLAINING] }),
  primitive('cert-manager-write', 'issue certificates of trusted authorities', [[leg('cert-manager.io', 'certificaterequests issuers clusterissuers', write, 'some')]], 'credentials', ['medium', 'medium'], { served: 'cert-manager.io', references: [KUBESPLAINING] }),
  primitive('external-secrets-write', 'read secrets of other stores', [[leg('external-secrets.io', 'externalsecrets secretstores', write, 'some')]], 'disclosure', ['high', 'high'], { served: 'external-secrets.io', references: [KUBESPLAINING] }),
  deputy('velero-write', 'have Velero restore anything', 'velero.io', 'restores backups schedules', 'velero'),
  deputy('crossplane-write', 'have a provider of Crossplane do anything', 'apiextensions.crossplane.io', 'compositions'),
  deputy('operator-install', 'have the operator lifecycle manager install anything', 'operators.coreos.com', 'subscriptions clusterserviceversions operatorgroups'),
  primitive('prometheus-write', 'run pods as the service accounts of Prometheus', [[leg('monitoring.coreos.com', 'prometheuses alertmanagers servicemonitors', write, 'some')]], 'credentials', ['medium', 'medium'], { served: 'monitoring.coreos.com', references: [KUBESPLAINING] }),
  deputy('fleet-write', 'have Fleet apply anything', 'fleet.cattle.io', 'bundles'),
];
