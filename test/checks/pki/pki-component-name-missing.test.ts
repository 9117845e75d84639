import check from '../../../src/checks/pki/pki-component-name-missing.ts';
import { sourcesOf } from '../../../src/evidence/need.ts';
import type { NodePort } from '../../../src/evidence/sources/node-ports.ts';
import { nodeTunnels } from '../../../src/evidence/sources/node-ports.ts';
import { nodes } from '../../../src/evidence/sources/platform.ts';
import type { Snapshot } from '../../../src/evidence/snapshot.ts';
import { snapshotWith, type Manifest } from '../../support/cluster.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { shownPort, tunnelled, withoutFlags } from '../../support/node-ports.ts';
import { authority, made, type Made } from '../../support/pki.ts';
import { staticPod } from '../../support/static-pod.ts';

const ETCD: NodePort = { program: 'etcd', port: 2379 };
const PEER: NodePort = { program: 'etcd-peer', port: 2380 };
const KUBELET: NodePort = { program: 'kubelet', port: 10250 };
const MANAGER: NodePort = { program: 'kube-controller-manager', port: 10257 };

const server = (names: readonly string[], commonName = 'cp-1'): Made => made({ commonName, names, use: 'server' }, authority);
const own = made({ commonName: 'cp-1@1795287491', names: ['cp-1'], use: 'server' }, made({ commonName: 'cp-1-ca@1795287491', use: 'authority' }));
const cp: Manifest = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'cp-1' }, status: { addresses: [{ type: 'InternalIP', address: '10.0.0.4' }, { type: 'Hostname', address: 'cp-1.example' }] } };
const silent: Manifest = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'cp-1' } };
const verifying = staticPod('kube-apiserver', 'cp-1', '--kubelet-certificate-authority=/etc/kubernetes/pki/ca.crt');
const trusting = staticPod('kube-apiserver', 'cp-1');

function shows(port: NodePort, certificate: Made, ...objects: readonly Manifest[]): Snapshot {
  const all = objects.some(({ kind }) => kind === 'Node') ? objects : [cp, ...objects];
  return snapshotWith({ sources: { nodetunnels: [tunnelled('cp-1', shownPort(port, [certificate]))] }, gaps: { nodeprobe: withoutFlags['nodeprobe']! } }, ...all);
}
const line = (severity: string, resource: string, role: string): string => `${severity} ${resource} (${role} cp-1)`;
/** Everything but what showed the certificate and says where the node is. */
const others = [...sourcesOf(check.needs)].filter(source => source !== nodeTunnels && source !== nodes);

describeCheck(check, {
  fails: {
    'etcd without any name': [shows(ETCD, server([])), line('high', 'Component/etcd', 'etcd-server')],
    'etcd for another machine': [shows(ETCD, server(['cp-0', '10.0.0.3'])), line('high', 'Component/etcd', 'etcd-server')],
    'etcd to its peers without any name': [shows(PEER, server([])), line('high', 'Component/etcd', 'etcd-peer')],
    'a kubelet for another node, and API servers that verify': [shows(KUBELET, server(['cp-0', '10.0.0.3'], 'system:node:cp-1'), verifying), line('high', 'Node/cp-1', 'kubelet-serving')],
    'a kubelet for another node, and API servers that do not': [shows(KUBELET, server(['cp-0'], 'system:node:cp-1'), trusting), line('low', 'Node/cp-1', 'kubelet-serving')],
    'a kubelet without any name': [shows(KUBELET, server([])), line('low', 'Node/cp-1', 'kubelet-serving')],
    'a controller manager without any name': [shows(MANAGER, server([], 'kube-controller-manager')), line('low', 'Component/kube-controller-manager', 'controller-manager-serving')],
    'without a name, and the node does not say where it is': [shows(ETCD, server([]), silent), line('high', 'Component/etcd', 'etcd-server')],
  },
  passes: {
    'etcd at 127.0.0.1': shows(ETCD, server(['localhost', '127.0.0.1'])),
    'etcd at the address of its node': shows(ETCD, server(['10.0.0.4'])),
    'etcd to its peers, by whatever name': shows(PEER, server(['peers.example'])),
    'a kubelet by its address': shows(KUBELET, server(['10.0.0.4'], 'system:node:cp-1'), verifying),
    'a kubelet by the name of its node': shows(KUBELET, server(['cp-1'], 'system:node:cp-1'), verifying),
    'a kubelet by its host name, in a wildcard': shows(KUBELET, server(['*.example'], 'system:node:cp-1'), verifying),
    'a controller manager at localhost': shows(MANAGER, server(['localhost'], 'kube-controller-manager')),
  },
  notApplicable: {
    'what a kubelet made for itself': shows(KUBELET, own, silent),
  },
  notAssessed: {
    'no flag was given': [snapshotWith({ gaps: withoutFlags }), 'unknown ports of nodes through tunnels'],
    'a node that does not say where it is': [shows(ETCD, server(['10.0.0.4']), silent), 'unknown etcd on cp-1'],
  },
  answerableWithout: {
    'etcd at 127.0.0.1': others, 'etcd at the address of its node': others, 'a kubelet by its address': others, 'a kubelet by the name of its node': others, 'a kubelet by its host name, in a wildcard': others,
    'etcd to its peers, by whatever name': others, 'a controller manager at localhost': others, 'what a kubelet made for itself': others,
  },
});
