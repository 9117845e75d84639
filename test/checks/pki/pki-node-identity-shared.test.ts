import check from '../../../src/checks/pki/pki-node-identity-shared.ts';
import { sourcesOf } from '../../../src/evidence/need.ts';
import { controlPlanePods } from '../../../src/evidence/sources/control-plane.ts';
import { nodeFiles } from '../../../src/evidence/sources/node-files.ts';
import { signingRequests } from '../../../src/evidence/sources/pki.ts';
import type { Snapshot } from '../../../src/evidence/snapshot.ts';
import { snapshotWith, type Manifest } from '../../support/cluster.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { authority, made, signingRequest, type Made } from '../../support/pki.ts';

const CURRENT = '/var/lib/kubelet/pki/kubelet-client-current.pem';
const client = (node: string, more: object = {}): Made => made({ commonName: `system:node:${node}`, organizations: ['system:nodes'], use: 'client', ...more }, authority);
/** Another certificate for the same key. */
const forKeyOf = (certificate: Made, node: string): Made => {
  const other = client(node);
  return { ...other, kept: { ...other.kept, publicKeySha256: certificate.kept.publicKeySha256 } };
};
type Files = Readonly<Record<string, Made>>;
const node = (of: string, files: Files): object => ({
  of,
  value: { image: 'busybox', directories: [], unread: [], isCut: false, files: Object.entries(files).map(([path, { kept }]) => ({ path, kind: 'certificates', certificates: { certificates: [kept], malformed: [] } })) },
});
const cluster = (nodes: readonly object[], ...objects: readonly Manifest[]): Snapshot => snapshotWith({ sources: { nodefiles: nodes } }, ...objects);
const [a, renewed, b] = [client('a'), client('a'), client('b')] as const;
const NOT_ASKED = { kind: 'notRequested', reason: 'flagNotGiven', source: 'nodefiles', detail: 'no pod looked at the files of the nodes', flag: '--node-files' } as const;
// Flags of static pods say which file is whose.
const others = [...sourcesOf(check.needs)].filter(source => ![nodeFiles, signingRequests, controlPlanePods].some(({ id }) => id === source.id));

describeCheck(check, {
  fails: {
    'one certificate on two nodes': [cluster([node('a', { [CURRENT]: a }), node('b', { [CURRENT]: a })]), 'high Node/a'],
    'two certificates of one name on two nodes': [cluster([node('a', { [CURRENT]: renewed }), node('b', { '/root/old.pem': a, [CURRENT]: b })]), 'high Node/a'],
    'one key under two names': [cluster([node('a', { [CURRENT]: a }), node('b', { [CURRENT]: forKeyOf(a, 'b') })]), 'high Node/a', 'high Node/b'],
    'a copy in a file of another node': [cluster([node('a', {}), node('b', { '/root/kubelet.pem': a, [CURRENT]: b })]), 'high Node/a'],
  },
  passes: {
    'each its own': cluster([node('a', { [CURRENT]: a }), node('b', { [CURRENT]: b })]),
    'a new one beside the old one, on the same node': cluster([node('a', { [CURRENT]: renewed, '/var/lib/kubelet/pki/kubelet-client-2026.pem': a }), node('b', { [CURRENT]: b })], signingRequest('csr-1', renewed)),
    'the serving certificate of a kubelet': cluster([node('b', { '/root/serving.pem': made({ commonName: 'system:node:a', organizations: ['system:nodes'], use: 'server' }, authority), [CURRENT]: b })]),
    'the kubelet of another name, which another check finds': cluster([node('b', { [CURRENT]: a })]),
  },
  notAssessed: {
    'no flag was given': [snapshotWith({ gaps: { nodefiles: NOT_ASKED } }), 'unknown certificate files of the nodes'],
    'a node that was not looked at': [cluster([node('a', { [CURRENT]: a }), { of: 'b', gap: { kind: 'gap', reason: 'unreachable', source: 'nodefiles', detail: 'not ready' } }]), 'unknown certificate files of node b'],
  },
  answerableWithout: Object.fromEntries(['each its own', 'a new one beside the old one, on the same node', 'the serving certificate of a kubelet', 'the kubelet of another name, which another check finds'].map(name => [name, others])),
});
