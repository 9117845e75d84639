import { certificateForm, type CertificateForm } from '../../evidence/certificate-form.ts';
import { certificateInventory } from '../../indexes/certificate-inventory.ts';
import { isServerCertificate, isLeaf, type SeenCertificate } from '../../indexes/certificate-sighting.ts';
import { defineCheck, type Severity } from '../define-check.ts';
import { certificateCause, certificateEvidence, certificateName, inventoryTargets } from './certificate-finding.ts';

export default defineCheck({
  id: 'pki-certificate-malformed',
  title: 'Certificate is written in a way that programs read differently',
  severity: 'medium',
  rationale:
    'Go programs, which is most of Kubernetes, refuse what others take: a negative serial number since Go 1.23, an extension that stands twice. Of two common names they take the last, and others the first, so that a log may name another user than the one who was let in.',
  remediation: {
    change: 'Issue the certificate anew with a positive serial number, every extension once, and one common name.',
    mayBreak: 'With one common name less the user is another to programs that took the other name. Nothing else that reads the certificate today.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://go.dev/doc/go1.23#cryptox509pkgcryptox509', 'https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.2'],
  scope: 'cluster',

  needs: { inventory: certificateInventory },
  targets: ({ inventory }) => inventoryTargets(inventory),
  inspect(seen) {
    const fault = faultOf(certificateForm(seen.certificate.der), seen);
    if (fault === undefined) return undefined;
    return {
      resource: seen.sightings[0].resource,
      severity: fault.severity,
      message: `the certificate ${certificateName(seen.certificate)} has ${fault.words}`,
      evidence: [certificateEvidence(seen, fault.field)],
      cause: certificateCause(seen),
      discriminator: certificateCause(seen),
    };
  },
});

interface Fault {
  readonly severity: Severity;
  readonly words: string;
  readonly field: 'serial' | 'subject' | 'sha256';
}

/** The worst one; with each the certificate has to be issued anew. */
function faultOf({ isSerialNegative, hasExtensionTwice, commonNames }: CertificateForm, seen: SeenCertificate): Fault | undefined {
  if (hasExtensionTwice) return { severity: 'medium', words: 'an extension twice, and Go programs refuse it', field: 'sha256' };
  if (isSerialNegative) return { severity: 'medium', words: 'a negative serial number, and Go programs refuse it since Go 1.23', field: 'serial' };
  if (commonNames < 2) return undefined;
  const isClient = isLeaf(seen) && !isServerCertificate(seen);
  return { severity: isClient ? 'medium' : 'low', words: `${commonNames} common names, of which Go takes the last${isClient ? ` (${seen.certificate.commonName ?? ''}) for the user` : ''}`, field: 'subject' };
}
