import { createPublicKey } from 'node:crypto';
import check from '../../../src/checks/pki/pki-service-account-key-shared.ts';
import { keptCertificate } from '../../../src/evidence/certificate-facts.ts';
import { serviceAccountKeysIn } from '../../../src/evidence/service-account-keys.ts';
import { configuredConnection } from '../../../src/evidence/sources/connection.ts';
import { apiServerHandshake } from '../../../src/evidence/sources/handshake.ts';
import { tlsSecrets } from '../../../src/evidence/sources/tls.ts';
import { clientTrust, signingRequests } from '../../../src/evidence/sources/pki.ts';
import { reissued } from '../../support/certificates.ts';
import { EXTENSIONS, SERVER_TRUST, authority, inDays, made, pkiCluster, serving, servingFields, type Made } from '../../support/pki.ts';
import { describeCheck } from '../../support/describe-check.ts';

/** The keys as an API server publishes those of these certificates. */
const keys = (...of: readonly Made[]): Record<string, unknown> => ({
  serviceaccountkeys: serviceAccountKeysIn(JSON.stringify({ keys: of.map(({ certificate }, at) => ({ ...createPublicKey(certificate).export({ format: 'jwk' }), kid: `k${at}`, alg: 'ES256' })) })),
});
const own = made({ commonName: 'service-accounts', use: 'client' });
const rsa = made({ ...servingFields, keyType: 'RSA' }, authority);
const again = reissued(authority, { commonName: 'renewed', use: 'authority', notAfter: inDays(10) });
const renewed = { ...again, kept: keptCertificate(Buffer.from(again.certificate.replaceAll(/-----[^-]*-----|\s/g, ''), 'base64')) };
const idOf = ({ kept }: Made): string => kept.publicKeySha256.slice(0, 16);

describeCheck(check, {
  fails: {
    'with the API server, as a server': [pkiCluster({ sources: keys(serving) }), `high Component/kube-apiserver (${idOf(serving)})`],
    'an RSA key': [pkiCluster({ serving: rsa, sources: keys(own, rsa) }), `high Component/kube-apiserver (${idOf(rsa)})`],
    'with an authority, in another certificate for its key': [pkiCluster({ sources: keys(renewed) }), `high Component/kube-apiserver (${idOf(authority)})`],
  },
  passes: { 'a key of its own': pkiCluster({ sources: keys(own) }) },
  notApplicable: { 'no key at all': pkiCluster({ sources: keys() }) },
  answerableWithout: { 'no key at all': [configuredConnection, apiServerHandshake, clientTrust, signingRequests, tlsSecrets, ...SERVER_TRUST, ...EXTENSIONS] },
});
