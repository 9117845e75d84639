import check from '../../../src/checks/pki/pki-front-proxy-any-name.ts';
import { apiServerPods, flagz } from '../../../src/evidence/sources/api-server.ts';
import type { Manifest } from '../../support/cluster.ts';
import { RIGHTS, authority, pkiCluster } from '../../support/pki.ts';
import { describeCheck } from '../../support/describe-check.ts';

const withFlag = (value: string): ReturnType<typeof pkiCluster> => pkiCluster({ sources: { flagz: { names: ['requestheader-allowed-names'], values: { 'requestheader-allowed-names': value } } } });
const pod = (name: string, ...flags: readonly string[]): Manifest => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'kube-system', labels: { component: 'kube-apiserver' } },
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
    'a pod whose flags are a variable': [pkiCluster({ objects: [pod('a', '$(FLAGS)')] }), 'unknown the names of proxies'],
  },
  notApplicable: { 'no front proxy': pkiCluster({ proxyAuthorities: [], proxyNames: [] }) },
  answerableWithout: { 'a name': [...RIGHTS, apiServerPods], 'a name of every pod': [...RIGHTS, flagz], 'no name and a shared authority, which is a worse finding': [...RIGHTS, apiServerPods, flagz], 'no front proxy': [...RIGHTS, apiServerPods, flagz] },
});
