import { certificateIssuers } from '../../indexes/certificate-issuers.ts';
import { defineCheck } from '../define-check.ts';
import { certificateCause, certificateEvidence, certificateName, unreadTargets } from './certificate-finding.ts';

/** Days. kubeadm, k3s and client-go give an authority ten years; a calendar has up to three leap days in them. */
const USUAL = 3660;
const GENERATION = 30 * 365.25 + 2;

export default defineCheck({
  id: 'pki-authority-long-lived',
  title: 'Certificate authority is valid for more than thirty years',
  severity: 'low',
  rationale:
    'Its key has to stay secret for as long, through every change of staff, backup and machine, and what it signs with today has to be out of reach until then. An authority that nobody ever replaces is also one that nobody knows how to replace.',
  remediation: {
    change: 'Plan to replace it, and make the next one for ten years or less: caCertificateValidityPeriod of the ClusterConfiguration (kubeadm), certificates made before the installation (k3s, kubespray).',
    mayBreak: 'Every kubeconfig, node and pod has to trust the new authority before it issues anything, so both are trusted together for a while.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://kubernetes.io/docs/tasks/tls/manual-rotation-of-ca-certificates/', 'https://kubernetes.io/docs/reference/config-api/kubeadm-config.v1beta4/'],
  scope: 'cluster',

  needs: { known: certificateIssuers },
  *targets({ known }) {
    yield* known.authorities;
    yield* unreadTargets(known.inventory);
  },

  inspect(seen, { known: { provider } }) {
    const { certificate } = seen;
    const days = Math.round((Date.parse(certificate.notAfter) - Date.parse(certificate.notBefore)) / 86_400_000);
    if (days <= USUAL) return undefined;
    const isOfExtension = seen.sightings.every(({ as }) => as === 'trustedForExtension');
    return {
      resource: seen.sightings[0].resource,
      // A webhook's authority is made by its chart for a hundred years and thrown away with it.
      severity: days > GENERATION && provider === undefined && !isOfExtension ? 'low' : 'info',
      ...(provider === undefined || isOfExtension ? {} : { origin: 'platform' as const }),
      message: `the authority ${certificateName(certificate)} is valid for ${Math.floor(days / 365.2)} years, until ${certificate.notAfter.slice(0, 10)}`,
      evidence: [certificateEvidence(seen, 'notBefore'), certificateEvidence(seen, 'notAfter')],
      cause: certificateCause(seen),
      discriminator: certificateCause(seen),
    };
  },
});
