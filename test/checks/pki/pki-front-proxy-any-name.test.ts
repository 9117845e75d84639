import check from '../../../src/checks/pki/pki-front-proxy-any-name.ts';
import { flagz } from '../../../src/evidence/sources/api-server.ts';
import { controlPlanePods } from '../../../src/evidence/sources/control-plane.ts';
import type { Manifest } from '../../support/cluster.ts';
import { RIGHTS, authority, pkiCluster } from '../../support/pki.ts';
import { describeCheck } from '../../support/describe-check.ts';

const withFlag = (value: string): ReturnType<typeof pkiCluster> => pkiCluster({ sources: { flagz: { names: ['requestheader-allowed-names'], values: { 'requestheader-allowed-names': value } } } });
/** As the kubelet shows a static pod to the API server. */
const MIRROR = { annotations: { 'kubernetes.io/config.mirror': 'x' } };
const pod = (name: string, ...flags: readonly string[]): Manifest => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'kube-system', labels: { component: 'kube-apiserver', tier: 'control-plane' }, ...MIRROR },
  spec: { containers: [{ name: 'kube-apiserver', image: 'i', command: ['kube-apiserver', ...flags] }] },
});

describeCheck(check, {
  fails: {
    'no name': [pkiCluster({ proxyNames: [] }), 'medium Component/kube-apiserver'],
    'an API server without names, beside the names that another published': [withFlag(''), 'medium Component/kube-apiserver'],
    'the pod of one replica has no names': [pkiCluster({ objects: [pod('a', '--requestheader-allowed-names=front-proxy-client'), pod('b')] }), 'medium Component/kube-apiserver'],
  },
  passes: {
    'a name': withFlag('[front-proxy-client]'),
    'a name of every pod': pkiCluster({ objects: [pod('a', '--requestheader-allowed-names=front-proxy-client')] }),
    'no name and a shared authority, which is a worse finding': pkiCluster({ proxyNames: [], proxyAuthorities: [authority] }),
  },
  notAssessed: {
    'names are published, and nobody shows whether every API server has them': [pkiCluster(), 'unknown the names of proxies'],
    'a pod that anybody may have made': [pkiCluster({ objects: [{ ...pod('a'), metadata: { name: 'a', namespace: 'kube-system', labels: { component: 'kube-apiserver', tier: 'control-plane' } } }] }), 'unknown the names of proxies'],
    'a bundle that nobody can read': [pkiCluster({ sources: { clienttrust: { exists: true, frontProxyAuthorities: { certificates: [], malformed: [{ index: 0, problem: 'the block holds no certificate' }] }, frontProxyNames: [] } } }), 'unknown the authority of proxies'],
    'nothing is published, and no flag is seen': [pkiCluster({ sources: { clienttrust: { exists: false } } }), 'unknown the authority of proxies'],
    'one pod of two has the flag, where nothing is published': [pkiCluster({ sources: { clienttrust: { exists: false } }, objects: [pod('a'), pod('b', '--requestheader-client-ca-file=/pki/front-proxy-ca.crt')] }), 'unknown the authority of proxies'],
    'a pod whose flags are a variable': [pkiCluster({ objects: [pod('a', '$(FLAGS)')] }), 'unknown the names of proxies'],
  },
  notApplicable: {
    'the flag is not set, where nothing is published': pkiCluster({ sources: { clienttrust: { exists: false }, flagz: { names: [], values: { 'requestheader-client-ca-file': '' } } } }),
    'no pod has the flag, where nothing is published': pkiCluster({ sources: { clienttrust: { exists: false } }, objects: [pod('a')] }),
    'no front proxy': pkiCluster({ proxyAuthorities: [], proxyNames: [] }),
  },
  answerableWithout: { 'a name': [...RIGHTS, controlPlanePods], 'a name of every pod': [...RIGHTS, flagz], 'no name and a shared authority, which is a worse finding': [...RIGHTS, controlPlanePods, flagz], 'no front proxy': [...RIGHTS, controlPlanePods, flagz],
    'the flag is not set, where nothing is published': [...RIGHTS, controlPlanePods], 'no pod has the flag, where nothing is published': [...RIGHTS, flagz],
  },
});
