import { describe, expect, it } from 'vitest';
import check from '../../../src/checks/versions/versions-unsupported.ts';
import { createEvaluator } from '../../../src/engine/evaluate.ts';
import { nodes } from '../../../src/evidence/sources/platform.ts';
import { clusterRoleBindings } from '../../../src/evidence/sources/rbac.ts';
import { apiServerMetrics } from '../../../src/evidence/sources/api-server.ts';
import { apiGroups, serverVersion } from '../../../src/evidence/sources/versions.ts';
import { forbidden } from '../../support/cluster.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { aksNode, clusterAt, eksNode, gkeNode, node, replica, type VersionsOptions } from '../../support/versions.ts';
import type { Gap } from '../../../src/evidence/gap.ts';
import type { Snapshot } from '../../../src/evidence/snapshot.ts';

const silent: Gap = { kind: 'gap', reason: 'notSeen', detail: 'no answer' };
const API_SERVER = 'high Component/kube-apiserver';
const on = (day: string): VersionsOptions => ({ collectedAt: `${day}T12:00:00Z` });
const plain = (minor: string, options?: VersionsOptions): Snapshot => clusterAt(`v${minor}.4`, [node('n1', `v${minor}.4`)], options);
const eks = (minor: string, options?: VersionsOptions): Snapshot =>
  clusterAt(`v${minor}.4-eks-0a1b2c3`, [eksNode('n1', `v${minor}.4-eks-0a1b2c3`)], options);
const gke = (minor: string, options?: VersionsOptions): Snapshot =>
  clusterAt(`v${minor}.4-gke.1256000`, [gkeNode('n1', `v${minor}.4-gke.1256000`)], options);
const aks = (minor: string, options?: VersionsOptions): Snapshot => clusterAt(`v${minor}.4`, [aksNode('n1', `v${minor}.4`)], options);
const openshift = (minor: string, options?: VersionsOptions): Snapshot =>
  clusterAt(`v${minor}.4`, [node('n1', `v${minor}.4+28ed2d7`)], { groups: ['apps', 'config.openshift.io'], ...options });
const noNodes = { gaps: { nodes: forbidden(nodes) } };
const unknowns = (version: string): [string, string] => [`unknown API server ${version}`, `unknown kubelet ${version}`];

describeCheck(check, {
  dispensable: [serverVersion, nodes, apiGroups, clusterRoleBindings],
  fails: {
    'upstream, the day after the end of life': [plain('1.34', on('2026-10-28')), API_SERVER, 'high Node/n1'],
    'a replica that an upgrade left behind, although another one answered': [
      clusterAt('v1.37.1', [node('n1', 'v1.35.9')], { sources: { apiservermetrics: [replica('API server replica 1 of 2', 'v1.34.4'), replica('API server replica 2 of 2', 'v1.37.1')] } }),
      API_SERVER,
    ],
    'older than every table': [plain('1.14'), API_SERVER, 'high Node/n1'],
    'k3s follows upstream': [clusterAt('v1.34.4+k3s1', [node('n1', 'v1.34.4+k3s1')]), API_SERVER, 'high Node/n1'],
    'RKE2 follows upstream': [clusterAt('v1.34.4+rke2r1', [node('n1', 'v1.34.4+rke2r1')]), API_SERVER, 'high Node/n1'],
    'EKS 1.30, after extended support too': [eks('1.30'), API_SERVER, 'high Node/n1'],
    'EKS 1.31, the day after extended support': [eks('1.31', on('2026-11-27')), API_SERVER, 'high Node/n1'],
    'GKE 1.28, past the longest term of the Extended channel': [gke('1.28'), API_SERVER, 'high Node/n1'],
    'AKS 1.31, the day after long-term support': [aks('1.31', on('2026-12-01')), API_SERVER, 'high Node/n1'],
    'AKS 1.26, which never had long-term support': [aks('1.26'), API_SERVER, 'high Node/n1'],
    'OpenShift 4.17, which has no extended update support': [openshift('1.30'), API_SERVER, 'high Node/n1'],
    'OpenShift 4.18, the day after extended update support': [openshift('1.31', on('2027-02-26')), API_SERVER, 'high Node/n1'],
    'one old node beside a good API server': [
      clusterAt('v1.37.1', [node('old', 'v1.34.11'), node('new', 'v1.37.1')]),
      'high Node/old',
    ],
    'an old API server whose nodes cannot be listed, when no calendar supports it': [
      clusterAt('v1.20.5', [], noNodes),
      API_SERVER,
      'unknown kubelets',
    ],
    'a build whose supplier has no table, past every term that any has': [
      clusterAt('v1.21.2+vmware.1-360497810732255795', [node('n1', 'v1.21.2+vmware.1-360497810732255795')]),
      API_SERVER,
      'high Node/n1',
    ],
    'a plain kubelet on EKS is no build of theirs': [
      clusterAt('v1.34.4-eks-0a1b2c3', [eksNode('theirs', 'v1.34.4-eks-0a1b2c3'), node('ours', 'v1.34.4')]),
      'high Node/ours',
    ],
    'a node of another name than its version makes it look': [
      clusterAt('v1.37.1', [node('v1.37.1', 'v1.33.1')]),
      'high Node/v1.37.1',
    ],
  },
  passes: {
    'upstream 1.35 to 1.37': clusterAt('v1.37.1', [node('a', 'v1.37.1'), node('b', 'v1.36.4'), node('c', 'v1.35.9')]),
    'upstream, on the last day': plain('1.34', on('2026-10-27')),
    'upstream, in maintenance': plain('1.34', on('2026-09-01')),
    'EKS 1.34 in standard support, although upstream 1.34 is over': eks('1.34'),
    'EKS 1.33 in extended support': eks('1.33'),
    'EKS 1.32 in extended support': eks('1.32'),
    'EKS 1.31, five days before the end of extended support': eks('1.31'),
    'EKS 1.31, on the last day': eks('1.31', on('2026-11-26')),
    'GKE 1.34, on the last day of standard support': gke('1.34', on('2026-10-01')),
    'AKS 1.34, nine days before the end of community support': aks('1.34'),
    'AKS 1.34, on the last day of it': aks('1.34', on('2026-11-30')),
    'AKS 1.37': aks('1.37'),
    'OpenShift 4.19': openshift('1.32'),
    'OpenShift 4.21, whose upstream minor is over': openshift('1.34'),
    'a version without a patch number': clusterAt('v1.36', [node('n1', 'v1.36')]),
    'a cluster without nodes, supported by every calendar that may apply': clusterAt('v1.36.4'),
    'a supplier without a table, while upstream supports the minor': clusterAt('v1.36.4+IKS', [node('n1', 'v1.36.4+IKS')]),
  },
  notAssessed: {
    'GKE 1.34, standard support over': [gke('1.34'), ...unknowns('v1.34.4-gke.1256000')],
    'GKE 1.34, the day after': [gke('1.34', on('2026-10-02')), ...unknowns('v1.34.4-gke.1256000')],
    'AKS 1.34, the day after community support': [aks('1.34', on('2026-12-01')), ...unknowns('v1.34.4')],
    'AKS 1.33': [aks('1.33'), ...unknowns('v1.33.4')],
    'AKS 1.32': [aks('1.32'), ...unknowns('v1.32.4')],
    'AKS 1.31, on the last day of long-term support': [aks('1.31', on('2026-11-30')), ...unknowns('v1.31.4')],
    'OpenShift 4.18, which may have extended update support': [openshift('1.31'), 'unknown API server v1.31.4', 'unknown kubelet v1.31.4+28ed2d7'],
    'upstream 1.38, of which this program knows nothing': [plain('1.38', on('2027-06-01')), ...unknowns('v1.38.4')],
    'a major version that nobody knows': [clusterAt('v2.0.1', [node('n1', 'v2.0.1')]), ...unknowns('v2.0.1')],
    'a build without a version stamp': [
      clusterAt('v0.0.0-master+$Format:%H$', [node('n1', 'v0.0.0-master+$Format:%H$')]),
      ...unknowns('v0.0.0-master+$Format:%H$'),
    ],
    'a simulated kubelet': [clusterAt('v1.37.1', [node('n1', 'kwok-v0.7.0')]), 'unknown kubelet kwok-v0.7.0'],
    'a version that carries an escape code': [clusterAt('v1.37.1', [node('n1', 'v1.37.1\u001b[2J')]), 'unknown kubelet v1.37.1\u001b[2J'],
    'a node that has never reported': [clusterAt('v1.37.1', [node('n1')]), 'unknown kubelet of node n1'],
    'a virtual kubelet, whatever version it imitates': [
      clusterAt('v1.37.1', [node('aci', 'v1.25.0', { labels: { type: 'virtual-kubelet' } })]),
      'unknown kubelet of node aci',
    ],
    'nodes that cannot be listed beside a good API server': [clusterAt('v1.37.1', [], noNodes), 'unknown kubelets'],
    'an API server that upstream has given up and AKS has not, with nodes unread': [
      clusterAt('v1.34.4', [], noNodes),
      'unknown API server v1.34.4',
      'unknown kubelets',
    ],
    'the same with no nodes at all': [clusterAt('v1.34.4'), 'unknown API server v1.34.4'],
    'an EKS build with nodes unread, which may be EKS Distro': [
      clusterAt('v1.33.4-eks-0a1b2c3', [], noNodes),
      'unknown API server v1.33.4-eks-0a1b2c3',
      'unknown kubelets',
    ],
    'EKS Distro on machines that are not the service\'s': [
      clusterAt('v1.33.4-eks-1-33-9', [node('n1', 'v1.33.4-eks-1-33-9', { providerID: 'vsphere://4230' })]),
      ...unknowns('v1.33.4-eks-1-33-9'),
    ],
    'a GKE build on premises': [
      clusterAt('v1.34.4-gke.100', [node('n1', 'v1.34.4-gke.100', { providerID: 'vsphere://4230' })]),
      ...unknowns('v1.34.4-gke.100'),
    ],
    'a supplier without a table, after upstream and before the longest term': [
      clusterAt('v1.34.4', [node('n1', 'v1.34.4', { labels: { 'doks.digitalocean.com/node-pool': 'p' } })]),
      ...unknowns('v1.34.4'),
    ],
    'an API server whose version cannot be read': [
      clusterAt('v1.37.1', [node('n1', 'v1.37.1')], { gaps: { serverversion: forbidden(serverVersion), apiservermetrics: forbidden(apiServerMetrics) } }),
      'unknown API server',
    ],
    'one replica that answered, and metrics that would show the others forbidden': [
      clusterAt('v1.37.1', [node('n1', 'v1.37.1')], { gaps: { apiservermetrics: forbidden(apiServerMetrics) } }),
      'unknown other API server replicas',
    ],
    'a replica that holds a lease and did not answer': [
      clusterAt('v1.37.1', [node('n1', 'v1.37.1')], { sources: { apiservermetrics: [replica('API server replica 1 of 2', 'v1.37.1'), { of: 'API server replica 2 of 2', gap: silent }] } }),
      'unknown API server replica 2 of 2',
    ],
  },
});

describe('versions-unsupported', () => {
  it('names the calendar and the day in the message, and groups kubelets by version', () => {
    const snapshot = clusterAt('v1.37.1', [node('a', 'v1.34.4'), node('b', 'v1.34.4')]);
    const result = createEvaluator(snapshot).judge(check);
    const findings = 'findings' in result ? result.findings : [];
    expect(findings.map(({ message, cause }) => [message, cause])).toEqual([
      ['the kubelet of node a runs v1.34.4, and upstream Kubernetes support of 1.34 ended on 2026-10-27', 'kubelet v1.34.4'],
      ['the kubelet of node b runs v1.34.4, and upstream Kubernetes support of 1.34 ended on 2026-10-27', 'kubelet v1.34.4'],
    ]);
  });

  it('keeps a hostile node name out of the options of the command that shows it', () => {
    const snapshot = clusterAt('v1.37.1', [node('--kubeconfig=evil', 'v1.34.4')]);
    const result = createEvaluator(snapshot).judge(check);
    const [finding] = 'findings' in result ? result.findings : [];
    expect(finding?.evidence[0]).toMatchObject({
      value: 'v1.34.4',
      reproduce: ['kubectl', 'get', 'nodes', '-o', 'jsonpath={.status.nodeInfo.kubeletVersion}', '--', '--kubeconfig=evil'],
    });
  });

  it('asks for the right to list nodes where that would settle it, and for nothing where nothing would', () => {
    const gapsOf = (snapshot: Snapshot): unknown[] => {
      const result = createEvaluator(snapshot).judge(check);
      return result.status === 'notAssessed' ? result.gaps.map(({ kind, reason, permissions }) => ({ kind, reason, permissions })) : [];
    };
    const list = [{ apiGroup: '', resource: 'nodes', verb: 'list' }];
    expect(gapsOf(clusterAt('v1.34.4', [], noNodes))).toEqual([
      { kind: 'gap', reason: 'forbidden', permissions: list },
      { kind: 'gap', reason: 'forbidden', permissions: list },
    ]);
    expect(gapsOf(gke('1.34'))).toMatchObject([{ kind: 'notObservable', reason: 'vendorCalendar' }]);
    expect(gapsOf(plain('1.38'))).toMatchObject([{ kind: 'notObservable', reason: 'newerThanData' }]);
  });

  it('is out of scope with -n', () => {
    const result = createEvaluator(clusterAt('v1.20.5', [], { namespace: 'shop' })).judge(check);
    expect(result).toMatchObject({ status: 'notAssessed', gaps: [{ kind: 'outOfScope' }] });
  });
});
