import check from '../../../src/checks/pki/pki-certificate-outlives-authority.ts';
import { nodes } from '../../../src/evidence/sources/platform.ts';
import { reissued } from '../../support/certificates.ts';
import { keptCertificate } from '../../../src/evidence/certificate-facts.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { ASIDE, authority, inDays, made, pkiCluster, servingFields, signingRequest, type Made } from '../../support/pki.ts';

const old = made({ commonName: 'old', use: 'authority', notBefore: inDays(-3600), notAfter: inDays(100) });
const login = (days: number, issuer = old): Made => made({ commonName: 'ana', use: 'client', notAfter: inDays(days) }, issuer);
const renewed = ((): Made => {
  const again = reissued(old, { commonName: 'old', use: 'authority', notBefore: inDays(-1), notAfter: inDays(3650) });
  return { ...again, kept: keptCertificate(Buffer.from(again.certificate.replaceAll(/-----[^-]*-----|\s/g, ''), 'base64')) };
})();
const aside = [...ASIDE, nodes];

describeCheck(check, {
  fails: {
    'a login': [pkiCluster({ login: login(365), clientAuthorities: [authority, old] }), 'medium Component/kubeconfig (login ana)'],
    'by a second': [pkiCluster({ login: login(100 + 1 / 86_400), clientAuthorities: [authority, old] }), 'medium Component/kubeconfig (login ana)'],
    'the API server': [pkiCluster({ serving: made(servingFields, old), rootCa: [old] }), 'medium Component/kube-apiserver (API server kube-apiserver)'],
    'what was issued': [pkiCluster({ objects: [signingRequest('csr-1', login(365))], clientAuthorities: [authority, old] }), 'medium CertificateSigningRequest/csr-1 (issued to ana)'],
  },
  passes: {
    'everything ends before its authority': pkiCluster(),
    'to the second with it': pkiCluster({ login: login(100), clientAuthorities: [authority, old] }),
    'the same key was certified for longer': pkiCluster({ login: login(365), clientAuthorities: [old, renewed] }),
    'an authority of the same name with another key': pkiCluster({ login: login(365, authority), clientAuthorities: [authority, made({ commonName: 'kubernetes', use: 'authority', notAfter: inDays(10) })] }),
    'the authority has ended, which is another finding': pkiCluster({ login: login(365, made({ commonName: 'gone', use: 'authority', notAfter: inDays(-1) })), clientAuthorities: [authority] }),
  },
  answerableWithout: Object.fromEntries([
    'everything ends before its authority', 'to the second with it', 'the same key was certified for longer', 'an authority of the same name with another key', 'the authority has ended, which is another finding',
  ].map(name => [name, aside])),
});
