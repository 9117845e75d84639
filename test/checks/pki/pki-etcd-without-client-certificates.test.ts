import check from '../../../src/checks/pki/pki-etcd-without-client-certificates.ts';
import type { Gap } from '../../../src/evidence/gap.ts';
import { apiServerLeases, flagz } from '../../../src/evidence/sources/api-server.ts';
import { controlPlanePods } from '../../../src/evidence/sources/control-plane.ts';
import { nodeProbe } from '../../../src/evidence/sources/node-ports.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { direct, shownPort, tunnelled, withoutFlags } from '../../support/node-ports.ts';
import { ASIDE, made } from '../../support/pki.ts';
import { snapshotWith } from '../../support/cluster.ts';
import type { PerResult } from '../../../src/evidence/source.ts';
import type { NodePorts, ShownServer } from '../../../src/evidence/sources/node-ports.ts';
import { nodes } from '../../../src/evidence/sources/platform.ts';

const own = made({ commonName: 'cp-1', use: 'both' });
const etcd = (clientCertificate: ShownServer['clientCertificate']): ReturnType<typeof shownPort> => shownPort({ program: 'etcd', port: 2379 }, [own], { clientCertificate });
const closed: Gap = { kind: 'notObservable', reason: 'notServed', source: 'nodetunnels', detail: 'nothing listens on port 2379' };
const BY_TUNNEL = { nodeprobe: withoutFlags['nodeprobe']! };
const seen = (...value: readonly PerResult<NodePorts>[]): ReturnType<typeof snapshotWith> => snapshotWith({ sources: { nodetunnels: value }, gaps: BY_TUNNEL });
// Which platform it is decides only where nothing was seen; how programs are started, only which file is shared.
const beside = [...ASIDE, nodes, apiServerLeases, flagz, controlPlanePods];

describeCheck(check, {
  fails: {
    'it does not ask': [seen(tunnelled('cp-1', etcd('notAsked'))), 'critical Component/etcd (cp-1)'],
    'it asks and goes on': [seen(tunnelled('cp-1', etcd('requested'))), 'critical Component/etcd (cp-1)'],
    'one of three': [seen(tunnelled('cp-1', etcd('required')), tunnelled('cp-2', etcd('notAsked')), tunnelled('cp-3', etcd('required'))), 'critical Component/etcd (cp-2)'],
    'one at its address, the other hidden': [
      snapshotWith({ sources: { nodeprobe: [direct('cp-1', '10.0.0.1', etcd('notAsked')), direct('cp-2', '10.0.0.2', { program: 'etcd', port: 2379, gap: closed })] }, gaps: { nodetunnels: withoutFlags['nodetunnels']! } }),
      'critical Component/etcd (cp-1)', 'unknown etcd on cp-2',
    ],
  },
  passes: {
    'it demands one': seen(tunnelled('cp-1', etcd('required')), tunnelled('worker-1')),
    'the peers\' port is another matter': seen(tunnelled('cp-1', etcd('required'), shownPort({ program: 'etcd-peer', port: 2380 }, [own], { clientCertificate: 'notAsked' }))),
    'a kubelet that asks and goes on': seen(tunnelled('cp-1', etcd('required'), shownPort({ program: 'kubelet', port: 10250 }, [own], { clientCertificate: 'requested' }))),
  },
  notAssessed: {
    'the flag was not given': [snapshotWith({ gaps: withoutFlags }), 'unknown etcd'],
    'it speaks only TLS 1.3 and said nothing': [seen(tunnelled('cp-1', etcd({ unknown: 'it speaks only TLS 1.3' }))), 'unknown etcd on cp-1'],
    'nothing listens where it should': [seen(tunnelled('cp-1', { program: 'etcd', port: 2379, gap: closed })), 'unknown etcd on cp-1'],
    'no pod leads to the node': [seen({ of: 'cp-1', gap: { kind: 'notObservable', reason: 'notSeen', source: 'nodetunnels', detail: 'no pod' } }), 'unknown etcd on cp-1'],
    'no node of a control plane': [seen(tunnelled('worker-1', shownPort({ program: 'kubelet', port: 10250 }, [own]))), 'unknown etcd'],
  },
  answerableWithout: Object.fromEntries(['it demands one', "the peers' port is another matter", 'a kubelet that asks and goes on', 'it does not ask', 'it asks and goes on', 'one of three'].map(name => [name, beside])),
  dispensable: [nodeProbe],
});
