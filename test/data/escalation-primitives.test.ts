import { describe, expect, it } from 'vitest';
import { escalationPrimitives } from '../../src/data/escalation-primitives.ts';
import { hasLeg, ruleCompiler } from '../../src/indexes/rbac-capabilities.ts';
import type { PolicyRule } from '../../src/indexes/rbac-matcher.ts';

const R = 'rbac.authorization.k8s.io';
const A = 'admissionregistration.k8s.io';
const S = 'certificates.k8s.io';
const N = 'authentication.k8s.io';
const approve = `${S}/certificatesigningrequests create + ${S}/certificatesigningrequests/approval update + ${S}/signers`;

/**
 * What holds a primitive, and what differs in one thing and does not. `group/resource verb name`, rules joined by ` + `; the
 * core group is empty; a leading `N:` is a RoleBinding (in kube-system), otherwise a ClusterRoleBinding.
 */
const examples: Readonly<Record<string, readonly [holds: string, nearMiss: string]>> = {
  'wildcard-all': ['*/* *', '*/*/* *'],
  'escalate-clusterrole': [`${R}/clusterroles escalate + ${R}/clusterroles patch`, `N:${R}/clusterroles escalate + ${R}/clusterroles patch`],
  'escalate-role': [`N:${R}/roles escalate + ${R}/roles update`, `N:${R}/roles escalate`],
  'bind-in-cluster': [`${R}/clusterroles bind + ${R}/clusterrolebindings create`, `N:${R}/clusterroles bind + ${R}/clusterrolebindings create`],
  'bind-in-namespace': [`N:${R}/clusterroles bind + ${R}/rolebindings create`, `N:${R}/clusterroles bind`],
  'binding-write': [`N:${R}/rolebindings create`, `N:/rolebindings create`],
  'role-write': [`N:${R}/roles patch`, `N:${R}/roles/status patch`],
  'aggregation-label': [`${R}/clusterroles patch`, `N:${R}/clusterroles patch`],
  'escalate-by-label': [`${R}/clusterroles escalate + ${R}/clusterroles create`, `${R}/clusterroles escalate x + ${R}/clusterroles create`],
  'rbac-delete': [`N:${R}/rolebindings delete`, `N:${R}/clusterrolebindings delete`],
  'dangling-subject': ['N:/serviceaccounts create + /serviceaccounts/token create', 'N:/serviceaccounts create'],
  'namespace-owner': [`N:/pods create + /secrets list + ${R}/rolebindings create`, 'N:/pods create + /secrets list'],
  'impersonate-users': ['/users impersonate', 'N:/users impersonate'],
  'impersonate-groups': ['/groups impersonate system:masters + /users impersonate x', '/groups impersonate'],
  'impersonate-service-accounts': ['N:/serviceaccounts impersonate', 'N:/serviceaccounts impersonate x'],
  'impersonate-extra': [`${N}/uids impersonate`, '/uids impersonate'],
  'constrained-impersonate-user': [`${N}/users impersonate:user-info + /secrets impersonate-on:user-info:list`, `${N}/users impersonate:user-info + /secrets list`],
  'constrained-impersonate-service-account': [`N:${N}/serviceaccounts impersonate:serviceaccount + /pods impersonate-on:serviceaccount:create`, `N:${N}/serviceaccounts impersonate:serviceaccount + /pods impersonate-on:user-info:create`],
  'constrained-impersonate-node': [`${N}/nodes impersonate:arbitrary-node + /secrets impersonate-on:arbitrary-node:list`, `N:${N}/nodes impersonate:arbitrary-node + /secrets impersonate-on:arbitrary-node:list`],
  'constrained-impersonate-own-node': [`${N}/nodes impersonate:associated-node *`, `${N}/nodes impersonate:associated-node n`],
  'secrets-list': ['N:/secrets list', 'N:/secret list'],
  'secrets-get': ['N:/secrets get a', 'N:/secrets/status get a'],
  'token-secret-mint': ['N:/secrets create + /secrets get', 'N:/secrets create + /secrets get a'],
  'secrets-write': ['N:/secrets patch', 'N:/secrets get'],
  'token-request': ['N:/serviceaccounts/token create', 'N:/serviceaccounts create'],
  'service-account-create': ['N:/serviceaccounts create', 'N:/serviceaccounts create a'],
  'service-account-change': ['N:/serviceaccounts patch', 'N:/serviceaccounts/token patch'],
  'bootstrap-token': ['N:/secrets create', 'N:/secrets create a'],
  'pod-certificate': [`N:${S}/podcertificaterequests create`, 'N:/podcertificaterequests create'],
  'token-oracle': [`${N}/tokenreviews create`, `N:${N}/tokenreviews create`],
  'configmaps-read': ['N:/configmaps get', 'N:/configmap get'],
  'pod-create': ['N:/pods create', 'N:/pods create a'],
  'pod-change': ['N:/pods patch', 'N:/pods/status patch'],
  'pod-exec': ['N:/*/exec create', 'N:/pods/* create'],
  'pod-exec-by-get': ['N:/pods/exec get', 'N:/pods get'],
  'pod-attach': ['N:/pods/attach create', 'N:/pods/attach get'],
  'pod-ephemeral-container': ['N:/pods/ephemeralcontainers patch', 'N:/pods patch'],
  'pod-port-forward': ['N:/pods/portforward create', 'N:/pods/portforward get'],
  'pod-proxy': ['N:/services/proxy get', 'N:/services get'],
  'pod-log': ['N:/pods/log get', 'N:/pods get'],
  'workload-write': ['N:apps/deployments patch', 'N:/deployments patch'],
  'job-write': ['N:batch/cronjobs patch', 'N:batch/jobs patch'],
  'replication-controller-write': ['N:/replicationcontrollers create', 'N:apps/replicationcontrollers create'],
  'custom-workload-write': ['N:argoproj.io/workflows create', 'N:argoproj.io/workflows get'],
  'controller-revision-write': ['N:apps/controllerrevisions patch', 'N:/controllerrevisions patch'],
  'scale-write': ['N:apps/deployments/scale patch', 'N:apps/deployments patch'],
  'pod-binding': ['N:/pods/binding create', 'N:/pods/binding get'],
  'pod-stealing': ['/pods delete + /nodes patch', 'N:/pods delete + /nodes patch'],
  'pod-status-write': ['N:/pods/status patch', 'N:/pods patch'],
  'pod-delete': ['N:/pods delete', 'N:/pods create'],
  'event-delete': ['N:/events delete', 'N:/events create'],
  'pod-resize': ['N:/pods/resize patch', 'N:/pods patch'],
  'node-proxy': ['/nodes/proxy get', 'N:/nodes/proxy get'],
  'node-logs-and-stats': ['/nodes/stats get', '/nodes get'],
  'node-status-write': ['/nodes/status patch', '/nodes patch'],
  'node-change': ['/nodes patch', '/nodes/status patch'],
  'node-create': ['/nodes create', 'N:/nodes create'],
  'node-delete': ['/nodes delete', 'N:/nodes delete'],
  'node-lease-write': ['N:coordination.k8s.io/leases update', 'N:/leases update'],
  'volume-attach': ['storage.k8s.io/volumeattachments create', 'N:storage.k8s.io/volumeattachments create'],
  'certificate-for-clients': [`${approve} approve kubernetes.io/*`, `${approve} approve *`],
  'certificate-for-kubelets': [`${approve} approve kubernetes.io/kube-apiserver-client-kubelet`, `${approve} approve kubernetes.io/kube-apiserver-client`],
  'certificate-by-legacy-signer': [`${approve} approve`, `${approve} sign`],
  'certificate-sign': [`${S}/certificatesigningrequests/status update + ${S}/signers sign`, `${S}/signers sign`],
  'certificate-request': [`${S}/certificatesigningrequests create`, `N:${S}/certificatesigningrequests create`],
  'trust-bundle-write': [`${S}/clustertrustbundles patch`, `${S}/clustertrustbundles attest`],
  'cluster-info-write': ['N:/configmaps update cluster-info', 'N:/configmaps update other'],
  'mutating-webhook-write': [`${A}/mutatingwebhookconfigurations patch x`, `${A}/mutatingwebhookconfigurations create x`],
  'validating-webhook-write': [`${A}/validatingwebhookconfigurations create`, `N:${A}/validatingwebhookconfigurations create`],
  'webhook-disable': [`${A}/validatingwebhookconfigurations delete`, `${A}/validatingwebhookconfigurations get`],
  'mutating-policy-write': [`${A}/mutatingadmissionpolicies create + ${A}/mutatingadmissionpolicybindings create`, `${A}/mutatingadmissionpolicies create`],
  'validating-policy-write': [`${A}/validatingadmissionpolicybindings delete`, `${A}/validatingadmissionpolicybindings get`],
  'namespace-label': ['N:/namespaces patch + /pods create', 'N:/namespaces patch'],
  'namespace-create': ['/namespaces create + /pods create', '/namespaces create'],
  'crd-conversion': ['apiextensions.k8s.io/customresourcedefinitions patch', 'N:apiextensions.k8s.io/customresourcedefinitions patch'],
  'api-service-write': ['apiregistration.k8s.io/apiservices patch', 'apiregistration.k8s.io/apiservices/status patch'],
  'policy-engine-write': ['N:kyverno.io/policies patch', 'N:kyverno.io/policies get'],
  'helm-chart-write': ['N:helm.cattle.io/helmcharts create', 'N:helm.cattle.io/helmcharts get'],
  'flow-schema-write': ['flowcontrol.apiserver.k8s.io/flowschemas patch', 'N:flowcontrol.apiserver.k8s.io/flowschemas patch'],
  'quota-delete': ['N:/resourcequotas delete', 'N:/resourcequotas create'],
  'runtime-or-priority-write': ['scheduling.k8s.io/priorityclasses create', 'N:scheduling.k8s.io/priorityclasses create'],
  'endpoints-write': ['N:discovery.k8s.io/endpointslices patch', 'N:/endpointslices patch'],
  'service-write': ['N:/services/status patch', 'N:/services/proxy patch'],
  'ingress-write': ['N:networking.k8s.io/ingresses patch', 'N:extensions/ingresses patch'],
  'network-policy-remove': ['N:networking.k8s.io/networkpolicies delete', 'N:networking.k8s.io/networkpolicies create'],
  'cluster-dns-write': ['N:/configmaps patch coredns', 'N:/configmaps patch dns'],
  'aws-auth-write': ['N:/configmaps patch', 'N:/configmaps create aws-auth'],
  'request-header-write': ['N:/configmaps patch extension-apiserver-authentication', 'N:/configmaps get extension-apiserver-authentication'],
  'kubeadm-config-write': ['N:/configmaps patch kubelet-config', 'N:/configmaps patch kubelet'],
  'configmap-write': ['N:/configmaps patch a', 'N:/configmaps create a'],
  'service-cidr-write': ['networking.k8s.io/servicecidrs patch', 'N:networking.k8s.io/servicecidrs patch'],
  'volume-of-a-host-path': ['/persistentvolumes create + /persistentvolumeclaims create + /pods create', 'N:/persistentvolumes create + /persistentvolumeclaims create + /pods create'],
  'storage-class-write': ['storage.k8s.io/csidrivers patch', 'N:storage.k8s.io/csidrivers patch'],
  'snapshot-content-write': ['snapshot.storage.k8s.io/volumesnapshotcontents create', 'N:snapshot.storage.k8s.io/volumesnapshotcontents create'],
  'device-admin-claim': ['N:resource.k8s.io/resourceclaims create', 'N:resource.k8s.io/resourceclaims get'],
  'device-class-write': ['resource.k8s.io/deviceclasses patch', 'N:resource.k8s.io/deviceclasses patch'],
  'security-context-constraint-use': ['N:security.openshift.io/securitycontextconstraints use privileged', 'N:/securitycontextconstraints use privileged'],
  'pod-security-policy-use': ['N:policy/podsecuritypolicies use p', 'N:policy/podsecuritypolicies get p'],
  'flux-write': ['N:kustomize.toolkit.fluxcd.io/kustomizations create', 'N:/kustomizations create'],
  'argocd-write': ['N:argoproj.io/applications create', 'N:argoproj.io/workflows create'],
  'pipeline-write': ['N:tekton.dev/taskruns create', 'N:tekton.dev/taskruns get'],
  'cert-manager-write': ['N:cert-manager.io/issuers create', 'N:cert-manager.io/issuers get'],
  'external-secrets-write': ['N:external-secrets.io/externalsecrets create', 'N:/externalsecrets create'],
  'velero-write': ['N:velero.io/restores create', 'N:velero.io/restores get'],
  'crossplane-write': ['apiextensions.crossplane.io/compositions create', 'apiextensions.k8s.io/compositions create'],
  'operator-install': ['N:operators.coreos.com/subscriptions create', 'N:operators.coreos.com/subscriptions get'],
  'prometheus-write': ['N:monitoring.coreos.com/prometheuses patch', 'N:monitoring.coreos.com/prometheusrules patch'],
  'fleet-write': ['N:fleet.cattle.io/bundles create', 'N:fleet.cattle.io/bundles get'],
};

describe('each primitive made of rights', () => {
  const made = escalationPrimitives.filter(each => each.ways.length > 0);

  it('has an example', () => {
    expect(Object.keys(examples).sort()).toEqual(made.map(each => each.id).sort());
  });
  it('has an id of its own', () => {
    expect(new Set(escalationPrimitives.map(each => each.id)).size).toBe(escalationPrimitives.length);
  });
  it.each(Object.entries(examples))('%s', (id, [holds, nearMiss]) => {
    expect({ holds: isHeld(id, holds), nearMiss: isHeld(id, nearMiss) }).toEqual({ holds: true, nearMiss: false });
  });
});

it('what no right makes says what does', () => {
  expect(escalationPrimitives.filter(each => (each.ways.length === 0) !== (each.condition !== undefined))).toEqual([]);
});

function isHeld(id: string, text: string): boolean {
  const primitive = escalationPrimitives.find(each => each.id === id);
  const isInNamespace = text.startsWith('N:');
  const rules = (isInNamespace ? text.slice(2) : text).split(' + ').map(ruleOf);
  if (isInNamespace && primitive?.scope === 'cluster') return false;
  const mask = ruleCompiler()(rules)[isInNamespace ? 'namespace' : 'cluster'];
  return primitive?.ways.some(way => way.every(leg => hasLeg(mask, leg))) === true;
}

function ruleOf(text: string): PolicyRule {
  const [path = '', verb = '', name] = text.split(' ');
  const slash = path.indexOf('/');
  return { apiGroups: [path.slice(0, slash)], resources: [path.slice(slash + 1)], verbs: [verb], ...(name === undefined ? {} : { resourceNames: [name] }) };
}
