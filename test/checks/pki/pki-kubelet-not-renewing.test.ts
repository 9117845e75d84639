import check from '../../../src/checks/pki/pki-kubelet-not-renewing.ts';
import { sourcesOf } from '../../../src/evidence/need.ts';
import { controlPlanePods } from '../../../src/evidence/sources/control-plane.ts';
import { kubeletMetrics } from '../../../src/evidence/sources/kubelet.ts';
import { signingRequests } from '../../../src/evidence/sources/pki.ts';
import { nodes } from '../../../src/evidence/sources/platform.ts';
import type { KubeletMetrics } from '../../../src/evidence/kubelet-metrics.ts';
import type { Snapshot } from '../../../src/evidence/snapshot.ts';
import type { Manifest } from '../../support/cluster.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { authority, inDays, made, NOW, pkiCluster, signingRequest } from '../../support/pki.ts';
import { staticPod } from '../../support/static-pod.ts';
import { node } from '../../support/versions.ts';

const DAY = 86_400;
const OLD = inDays(-200).toISOString();
const n1 = node('n1', 'v1.37.1');
/** One kubelet that counts so much, in a cluster whose controller manager signs for a year. */
function counts(metrics: Partial<KubeletMetrics>, ...objects: readonly Manifest[]): Snapshot {
  return answers({ value: { startedAt: OLD, scrapes: [{ at: NOW }], ...metrics } }, staticPod('kube-controller-manager', 'cp-1'), ...objects);
}
function answers(answer: object, ...objects: readonly Manifest[]): Snapshot {
  return pkiCluster({ nodes: [n1], objects, sources: { kubeletmetrics: [{ of: 'n1', ...answer }] } });
}
const client = (daysLeft: number, errors: number, more: Partial<KubeletMetrics> = {}): Partial<KubeletMetrics> => ({ clientTtlSeconds: daysLeft * DAY, renewErrors: { client: errors }, ...more });
const serving = (daysLeft: number, errors: number): Partial<KubeletMetrics> => ({ serverTtlSeconds: daysLeft * DAY, renewErrors: { server: errors } });
const asked = (minutes: number, name = 'csr-1', conditions: readonly object[] = []): Manifest =>
  signingRequest(name, undefined, { created: inDays(-minutes / 1440).toISOString(), spec: { signerName: 'kubernetes.io/kubelet-serving', username: 'system:node:n1' }, status: { conditions } });
/** The certificate that the kubelet counts, seen on a request. */
const seen = (daysLeft: number, life: number): Manifest =>
  signingRequest('csr-0', made({ commonName: 'system:node:n1', organizations: ['system:nodes'], use: 'client', notBefore: inDays(daysLeft - life), notAfter: inDays(daysLeft) }, authority));

const refused = { gap: { kind: 'gap', reason: 'noCertificate', source: 'kubeletmetrics', detail: 'the kubelet has no serving certificate' } };

const others = [...sourcesOf(check.needs)].filter(source => source !== nodes && source !== kubeletMetrics);
const butRequests = others.filter(source => source !== signingRequests);

describeCheck(check, {
  fails: {
    'less than a tenth of a year left, and errors': [counts(client(36, 3)), 'high Node/n1 (client)'],
    'a renewal that is due, and errors since then only': [counts(client(100, 3, { startedAt: inDays(-1).toISOString() })), 'medium Node/n1 (client)'],
    'a life that is known by the certificate itself': [answers({ value: { startedAt: OLD, scrapes: [{ at: NOW }], ...client(2, 1) } }, seen(2, 30)), 'high Node/n1 (client)'],
    'a life that the controller manager is told': [
      answers({ value: { startedAt: OLD, scrapes: [{ at: NOW }], ...client(2, 1) } }, staticPod('kube-controller-manager', 'cp-1', '--cluster-signing-duration=1000h0m0s')), 'high Node/n1 (client)',
    ],
    'another serving certificate before its time, which nobody approves': [counts(serving(300, 4), asked(60)), 'medium Node/n1 (server)'],
    'no client certificate': [counts({ lacks: ['client'], renewErrors: { client: 9 } }), 'high Node/n1 (client)'],
    'no serving certificate, counted by the kubelet': [counts({ lacks: ['server'], renewErrors: { server: 4 } }, asked(60)), 'medium Node/n1 (server)'],
    'no serving certificate, so that the kubelet takes no connection': [answers(refused, asked(60)), 'medium Node/n1 (server)'],
    'no serving certificate, and no request': [answers(refused), 'medium Node/n1 (server)'],
    'no serving certificate, and a request that was denied': [answers(refused, asked(5, 'csr-1', [{ type: 'Denied', status: 'True' }])), 'medium Node/n1 (server)'],
    'both': [counts({ clientTtlSeconds: 30 * DAY, serverTtlSeconds: 30 * DAY, renewErrors: { client: 1, server: 1 } }), 'high Node/n1 (client)', 'high Node/n1 (server)'],
  },
  passes: {
    'no errors, at the end of its life': counts(client(3, 0)),
    'a renewal that may be due, and errors that may be older': [counts(client(100, 3)), 'info Node/n1 (client)'],
    'errors long ago, and a certificate that was renewed since': counts(client(300, 40)),
    'errors, and a life of ten days of which half is left': answers({ value: { startedAt: OLD, scrapes: [{ at: NOW }], ...client(5, 2) } }, seen(5, 10)),
    'errors, more than a hundred days left, and an unknown life': answers({ value: { startedAt: OLD, scrapes: [{ at: NOW }], ...client(200, 2) } }),
    'a serving certificate that was approved late': counts(serving(300, 4)),
    'a serving certificate asked for a minute ago': [answers(refused, asked(1)), 'info Node/n1 (server)'],
    'a request of another node': counts(client(300, 0), asked(60)),
  },
  notAssessed: {
    'errors, and nothing says how long its certificates last': [answers({ value: { startedAt: OLD, scrapes: [{ at: NOW }], ...client(20, 2) } }), 'unknown client certificate of the kubelet of n1'],
    'a duration that is no value we keep': [
      answers({ value: { startedAt: OLD, scrapes: [{ at: NOW }], ...client(20, 2) } }, staticPod('kube-controller-manager', 'cp-1', '--cluster-signing-duration=$(LIFE)')), 'unknown client certificate of the kubelet of n1',
    ],
    'a kubelet that counts no errors': [counts({ clientTtlSeconds: 300 * DAY }), 'unknown client certificate of the kubelet of n1'],
    'a kubelet that does not answer': [answers({ gap: { kind: 'gap', reason: 'timeout', source: 'kubeletmetrics', detail: 'the kubelet did not answer within 5 s' } }), 'unknown kubelet of n1'],
  },
  notApplicable: { 'a kubelet that renews nothing': counts({}) },
  answerableWithout: {
    'no errors, at the end of its life': others,
    'a renewal that may be due, and errors that may be older': others.filter(source => source !== controlPlanePods),
    'errors long ago, and a certificate that was renewed since': others,
    'errors, and a life of ten days of which half is left': butRequests,
    'errors, more than a hundred days left, and an unknown life': others,
    'a serving certificate that was approved late': butRequests,
    'a serving certificate asked for a minute ago': butRequests,
    'a request of another node': others,
    'a kubelet that renews nothing': others,
  },
});
