import { certificateIssuers, type Leaf } from '../../indexes/certificate-issuers.ts';
import { isServerCertificate } from '../../indexes/certificate-sighting.ts';
import { defineCheck } from '../define-check.ts';
import { certificateCause, certificateEvidence, certificateName, unreadTargets } from './certificate-finding.ts';

export default defineCheck({
  id: 'pki-certificate-for-any-use',
  title: 'Certificate is good for any use',
  severity: 'medium',
  rationale:
    'A certificate that does not say whether it is for a server or a client is taken for both: the key of a server becomes a login, and the key of a person may stand in for a server of that name.',
  remediation: {
    change: 'Issue it anew with an extended key usage: serverAuth for servers, clientAuth for logins, both only where a server is its peers\' client (etcd).',
    mayBreak: 'Whatever uses the one certificate for both purposes; look in the audit log whether its common name logs in.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.12', 'https://kubernetes.io/docs/setup/best-practices/certificates/'],
  scope: 'cluster',

  needs: { known: certificateIssuers },
  *targets({ known }) {
    yield* known.leaves;
    yield* unreadTargets(known.inventory);
  },

  inspect(leaf) {
    const { seen, isOfClients } = leaf;
    const { usages } = seen.certificate;
    // Of a certificate that may issue others another finding says worse.
    if (leaf.mayIssue || (usages !== undefined && !usages.includes('any'))) return undefined;
    const isServer = isServerCertificate(seen);
    return {
      resource: seen.sightings[0].resource,
      // A login without names can be no server, and a server that no authority of clients issued no login.
      severity: isServer && isOfClients === true ? 'medium' : 'low',
      message: `the certificate ${certificateName(seen.certificate)} ${usages === undefined ? 'does not say what it may be used for' : 'says that it is for any use'}${wordsOf(leaf, isServer)}`,
      evidence: [certificateEvidence(seen, 'usages')],
      cause: certificateCause(seen),
      discriminator: certificateCause(seen),
    };
  },
});

function wordsOf({ isOfClients, seen: { certificate } }: Leaf, isServer: boolean): string {
  if (isServer) return isOfClients === true && certificate.commonName !== undefined ? `, so that its key logs in as ${certificate.commonName}` : '';
  return certificate.names.length === 0 ? '' : ', so that it is good for a server of its names too';
}
