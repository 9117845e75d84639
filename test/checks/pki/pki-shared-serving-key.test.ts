import check from '../../../src/checks/pki/pki-shared-serving-key.ts';
import type { PerResult } from '../../../src/evidence/source.ts';
import type { NodePort, NodePorts } from '../../../src/evidence/sources/node-ports.ts';
import type { Snapshot } from '../../../src/evidence/snapshot.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { direct, shownPort, tunnelled, withoutFlags } from '../../support/node-ports.ts';
import { snapshotWith } from '../../support/cluster.ts';
import { authority, made, type Made } from '../../support/pki.ts';

const API: NodePort = { program: 'kube-apiserver', port: 6443 };
const KUBELET: NodePort = { program: 'kubelet', port: 10250 };
const one = made({ commonName: 'kube-apiserver', use: 'server' }, authority);
const other = made({ commonName: 'kube-apiserver', use: 'server' }, authority);
/** Another certificate for the key of the first. */
const renewed: Made = { ...one, kept: { ...other.kept, publicKeySha256: one.kept.publicKeySha256 } };

const byTunnel = (...value: readonly PerResult<NodePorts>[]): Snapshot => snapshotWith({ sources: { nodetunnels: value }, gaps: { nodeprobe: withoutFlags['nodeprobe']! } });
const byAddress = (...value: readonly PerResult<NodePorts>[]): Snapshot => snapshotWith({ sources: { nodeprobe: value }, gaps: { nodetunnels: withoutFlags['nodetunnels']! } });
const LINE = 'medium Component/kube-apiserver (kube-apiserver)';

describeCheck(check, {
  fails: {
    'one certificate on two nodes': [byTunnel(tunnelled('cp-1', shownPort(API, [one])), tunnelled('cp-2', shownPort(API, [one]))), LINE],
    'one key under two certificates': [byTunnel(tunnelled('cp-1', shownPort(API, [one])), tunnelled('cp-2', shownPort(API, [renewed]))), LINE],
    'at two addresses': [byAddress(direct('cp-1', '10.0.0.1', shownPort(API, [one])), direct('cp-2', '10.0.0.2', shownPort(API, [one]))), LINE],
    'kubelets': [byTunnel(tunnelled('a', shownPort(KUBELET, [one])), tunnelled('b', shownPort(KUBELET, [one])), tunnelled('c', shownPort(KUBELET, [other]))), 'medium Component/kubelet (kube-apiserver)'],
    'beside a node that nothing led to': [
      byTunnel(tunnelled('cp-1', shownPort(API, [one])), tunnelled('cp-2', shownPort(API, [one])), { of: 'cp-3', gap: { kind: 'notObservable', reason: 'notSeen', source: 'nodetunnels', detail: 'no pod' } }),
      LINE, 'unknown certificates at the ports of cp-3',
    ],
  },
  passes: {
    'a key for each node': byTunnel(tunnelled('cp-1', shownPort(API, [one])), tunnelled('cp-2', shownPort(API, [other]))),
    'one node, two programs': byTunnel(tunnelled('cp-1', shownPort({ program: 'etcd', port: 2379 }, [one]), shownPort(API, [one]))),
    'one node, both ways': snapshotWith({ sources: { nodetunnels: [tunnelled('cp-1', shownPort(API, [one]))], nodeprobe: [direct('cp-1', '10.0.0.1', shownPort(API, [one]))] } }),
    'two nodes that name one address': byAddress(direct('cp-1', '10.0.0.9', shownPort(API, [one])), direct('cp-2', '10.0.0.9', shownPort(API, [one]))),
    'what an API server shows to itself': byTunnel(...['cp-1', 'cp-2'].map(name => tunnelled(name, shownPort(API, [name === 'cp-1' ? renewed : other]), shownPort({ ...API, serverName: 'apiserver-loopback-client' }, [one])))),
  },
  notAssessed: { 'no flag was given': [snapshotWith({ gaps: withoutFlags }), 'unknown ports of nodes through tunnels'] },
});
