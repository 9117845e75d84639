import { describe, expect, it } from 'vitest';
import check from '../../../src/checks/versions/versions-support-ending.ts';
import { createEvaluator } from '../../../src/engine/evaluate.ts';
import type { Snapshot } from '../../../src/evidence/snapshot.ts';
import { nodes } from '../../../src/evidence/sources/platform.ts';
import { clusterRoleBindings } from '../../../src/evidence/sources/rbac.ts';
import { apiGroups, serverVersion } from '../../../src/evidence/sources/versions.ts';
import { forbidden } from '../../support/cluster.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { aksNode, clusterAt, eksNode, gkeNode, node, type VersionsOptions } from '../../support/versions.ts';

const both = (severity: string): [string, string] => [`${severity} Component/kube-apiserver`, `${severity} Node/n1`];
const on = (day: string): VersionsOptions => ({ collectedAt: `${day}T00:00:00Z` });
const plain = (minor: string, options?: VersionsOptions): Snapshot => clusterAt(`v${minor}.4`, [node('n1', `v${minor}.4`)], options);
const eks = (minor: string, options?: VersionsOptions): Snapshot =>
  clusterAt(`v${minor}.4-eks-0a1b2c3`, [eksNode('n1', `v${minor}.4-eks-0a1b2c3`)], options);
const aks = (minor: string, options?: VersionsOptions): Snapshot => clusterAt(`v${minor}.4`, [aksNode('n1', `v${minor}.4`)], options);

describeCheck(check, {
  dispensable: [serverVersion, nodes, apiGroups, clusterRoleBindings],
  fails: {
    'EKS 1.31, five days before the end of all support': [eks('1.31'), ...both('medium')],
    'EKS 1.34, eleven days before it costs extra': [eks('1.34'), ...both('low')],
    'EKS 1.34, on the last day that costs nothing extra': [eks('1.34', on('2026-12-02')), ...both('low')],
    'EKS 1.34, ninety days before it costs extra': [eks('1.34', on('2026-09-03')), ...both('low')],
    'AKS 1.34, nine days before only long-term support is left': [aks('1.34'), ...both('medium')],
    'OpenShift 4.19, 26 days before the end': [
      clusterAt('v1.32.4', [node('n1', 'v1.32.4+28ed2d7')], { groups: ['config.openshift.io'] }),
      ...both('medium'),
    ],
    'upstream, on the last day': [plain('1.35', on('2027-02-28')), ...both('medium')],
    'upstream, thirty days before': [plain('1.35', on('2027-01-29')), ...both('medium')],
    'upstream, thirty-one days before': [plain('1.35', on('2027-01-28')), ...both('low')],
    'upstream, ninety days before': [plain('1.35', on('2026-11-30')), ...both('low')],
    'an API server whose calendar is not known, by the earliest that may apply': [
      clusterAt('v1.35.9', [], { gaps: { nodes: forbidden(nodes) }, ...on('2027-02-01') }),
      'medium Component/kube-apiserver',
      'unknown kubelets',
    ],
  },
  passes: {
    'upstream, ninety-one days before': plain('1.35', on('2026-11-29')),
    'upstream 1.37': plain('1.37'),
    'EKS 1.33 in extended support, which is charged': [eks('1.33'), ...both('info')],
    'EKS 1.34, the day after standard support': [eks('1.34', on('2026-12-03')), ...both('info')],
    'EKS 1.34, ninety-one days before it costs extra': eks('1.34', on('2026-09-02')),
    'OpenShift 4.22, weeks before full support turns into maintenance, which still brings security fixes': clusterAt('v1.35.4', [node('n1', 'v1.35.4+28ed2d7')], { groups: ['config.openshift.io'] }),
  },
  notApplicable: {
    'support that is over cannot end': plain('1.34'),
  },
  notAssessed: {
    'GKE 1.34': [
      clusterAt('v1.34.4-gke.1', [gkeNode('n1', 'v1.34.4-gke.1')]),
      'unknown API server v1.34.4-gke.1',
      'unknown kubelet v1.34.4-gke.1',
    ],
    'newer than the data': [plain('1.38'), 'unknown API server v1.38.4', 'unknown kubelet v1.38.4'],
  },
});

describe('versions-support-ending', () => {
  it('says what follows', () => {
    const messagesOf = (snapshot: Snapshot): string[] => {
      const result = createEvaluator(snapshot).judge(check);
      return 'findings' in result ? result.findings.map(({ message }) => message).slice(0, 1) : [];
    };
    expect(messagesOf(eks('1.34'))).toEqual([
      'the API server runs v1.34.4-eks-0a1b2c3: Amazon EKS standard support of 1.34 ends on 2026-12-02, in 11 days; extended support follows and is charged',
    ]);
    expect(messagesOf(aks('1.34', on('2026-11-29')))).toEqual([
      'the API server runs v1.34.4: Azure Kubernetes Service support of 1.34 ends on 2026-11-30, in 1 day, ' +
        'later only with the LongTermSupport plan of the Premium tier (until 2027-11-30)',
    ]);
    expect(messagesOf(eks('1.31'))).toEqual([
      'the API server runs v1.31.4-eks-0a1b2c3: Amazon EKS support of 1.31 ends on 2026-11-26, in 5 days',
    ]);
  });
});
