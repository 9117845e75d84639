import check from '../../../src/checks/pki/pki-shared-front-proxy-authority.ts';
import { flagz } from '../../../src/evidence/sources/api-server.ts';
import { controlPlanePods } from '../../../src/evidence/sources/control-plane.ts';
import { RIGHTS, authority, made, pkiCluster, proxyAuthority } from '../../support/pki.ts';
import { reissued } from '../../support/certificates.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { aksNode } from '../../support/versions.ts';
import { keptCertificate } from '../../../src/evidence/certificate-facts.ts';

/** The same key in another certificate: trusting one is trusting the other. */
/** Flags say only how much worse it is. */
const ASIDE = [...RIGHTS, controlPlanePods, flagz];
const again = reissued(authority, { commonName: 'renewed', use: 'authority' });
const sameKey = { ...again, kept: keptCertificate(Buffer.from(again.certificate.replaceAll(/-----[^-]*-----|\s/g, ''), 'base64')) };

describeCheck(check, {
  fails: {
    'one authority, no names': [pkiCluster({ proxyAuthorities: [authority], proxyNames: [] }), 'critical Component/kube-apiserver'],
    'one authority, a name': [pkiCluster({ proxyAuthorities: [authority] }), 'high Component/kube-apiserver'],
    'one of several': [pkiCluster({ proxyAuthorities: [proxyAuthority, authority] }), 'high Component/kube-apiserver'],
    'the same key, issued anew': [pkiCluster({ proxyAuthorities: [sameKey] }), 'high Component/kube-apiserver'],
  },
  passes: {
    'two authorities': pkiCluster(),
    'two of the same name': pkiCluster({ proxyAuthorities: [made({ commonName: 'kubernetes', use: 'authority' })] }),
    'Azure, which does so by design, as a remark': [
      pkiCluster({ proxyAuthorities: [authority], nodes: [aksNode('pool-1', 'v1.37.1')], sources: { serverversion: { gitVersion: 'v1.37.1', major: '1', minor: '37' } } }),
      'info Component/kube-apiserver platform',
    ],
  },
  notApplicable: {
    'no front proxy': pkiCluster({ proxyAuthorities: [] }),
    'no client certificates': pkiCluster({ clientAuthorities: [], proxyAuthorities: [authority] }),
  },
  notAssessed: {
    'no ConfigMap': [pkiCluster({ sources: { clienttrust: { exists: false } } }), 'unknown the authorities of proxies and of client certificates'],
    'a bundle of clients that nobody can read': [
      pkiCluster({ sources: { clienttrust: { exists: true, clientAuthorities: { certificates: [], malformed: [{ index: 0, problem: 'the block has no end' }] }, frontProxyAuthorities: { certificates: [authority.kept], malformed: [] }, frontProxyNames: [] } } }),
      'unknown the authorities of proxies and of client certificates',
    ],
  },
  answerableWithout: { 'no front proxy': ASIDE, 'no client certificates': ASIDE, 'two authorities': ASIDE, 'two of the same name': ASIDE, 'Azure, which does so by design, as a remark': ASIDE.filter(({ id }) => id !== 'nodes') },
});
