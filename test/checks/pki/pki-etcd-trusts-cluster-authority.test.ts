import check from '../../../src/checks/pki/pki-etcd-trusts-cluster-authority.ts';
import { apiServerLeases, flagz } from '../../../src/evidence/sources/api-server.ts';
import { controlPlanePods } from '../../../src/evidence/sources/control-plane.ts';
import { nodes } from '../../../src/evidence/sources/platform.ts';
import type { Snapshot } from '../../../src/evidence/snapshot.ts';
import type { Manifest } from '../../support/cluster.ts';
import { snapshotWith } from '../../support/cluster.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { shownPort, tunnelled, withoutFlags } from '../../support/node-ports.ts';
import { ASIDE, authority, made, type Made } from '../../support/pki.ts';
import { staticPod } from '../../support/static-pod.ts';

const etcdAuthority = made({ commonName: 'etcd-ca', use: 'authority' });
const own = made({ commonName: 'cp-1', use: 'both' }, etcdAuthority);
const trust = (...authorities: readonly Made[]): object => ({ exists: true, clientAuthorities: { certificates: authorities.map(({ kept }) => kept), malformed: [] }, frontProxyNames: [] });

function cluster(names: readonly string[] | { readonly unknown: string }, trusted: object = trust(authority), leaf: Made = own, ...objects: readonly Manifest[]): Snapshot {
  const clientAuthorities = 'unknown' in names ? names : { names };
  return snapshotWith({ sources: { clienttrust: trusted, nodetunnels: [tunnelled('cp-1', shownPort({ program: 'etcd', port: 2379 }, [leaf], { clientAuthorities }))] }, gaps: { nodeprobe: withoutFlags['nodeprobe']! } }, ...objects);
}

const LINE = 'critical Component/etcd (cp-1)';
const beside = [...ASIDE, nodes, apiServerLeases, flagz, controlPlanePods];

describeCheck(check, {
  fails: {
    'one name for both': [cluster(['CN=kubernetes']), LINE],
    'beside an authority of its own': [cluster(['CN=etcd-ca', 'CN=kubernetes']), LINE],
    'the authority of the cluster issued what it serves with': [cluster(['CN=kubernetes'], trust(authority), made({ commonName: 'cp-1', use: 'both' }, authority)), LINE],
    'one file for both': [cluster(['CN=kubernetes'], trust(authority), own, staticPod('etcd', 'cp-1', '--trusted-ca-file=/etc/kubernetes/pki/ca.crt'), staticPod('kube-apiserver', 'cp-1', '--client-ca-file=/etc/kubernetes/pki/ca.crt')), LINE],
  },
  passes: {
    'an authority of its own': cluster(['CN=etcd-ca']),
    'a name that only begins alike': cluster(['CN=kubernetes-etcd', 'O=x, CN=kubernetes']),
    'the authority of the front proxy is none of clients': cluster(['CN=front-proxy-ca']),
    'no client certificates are taken by API servers': cluster(['CN=kubernetes'], { exists: true, frontProxyNames: [] }),
  },
  notAssessed: {
    'TLS 1.3 hides the names': [cluster({ unknown: 'it speaks only TLS 1.3, which hides them' }), 'unknown etcd on cp-1'],
    'the flag was not given': [snapshotWith({ sources: { clienttrust: trust(authority) }, gaps: withoutFlags }), 'unknown etcd'],
  },
  answerableWithout: Object.fromEntries([
    ...['one name for both', 'beside an authority of its own', 'the authority of the cluster issued what it serves with', 'an authority of its own', 'a name that only begins alike', 'the authority of the front proxy is none of clients', 'no client certificates are taken by API servers'].map(name => [name, beside]),
    ['one file for both', beside.filter(source => source !== controlPlanePods)],
  ]),
});
