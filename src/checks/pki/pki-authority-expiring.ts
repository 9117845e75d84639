import { formatRef } from '../../evidence/resource-ref.ts';
import { isAuthorityDue } from '../../indexes/certificate-expiry.ts';
import { isInSecret } from '../../indexes/certificate-role.ts';
import { certificateRoles } from '../../indexes/certificate-roles.ts';
import { defineCheck } from '../define-check.ts';
import { endEvidence, roleDiscriminator, roleWords, unreadTargets, unseenTargets } from './certificate-finding.ts';

/** Days. A new authority has to reach every node, kubeconfig and pod before the old one ends. */
const SOON = 90;

export default defineCheck({
  id: 'pki-authority-expiring',
  title: 'Certificate authority expires within a year',
  severity: 'high',
  rationale:
    'With it everything that it issued ends at once, and nothing that is renewed until then lives any longer. A new authority has to be trusted everywhere before it issues anything, which takes weeks in a cluster of some size.',
  remediation: {
    change:
      'Rotate it by hand: create the new authority, trust both everywhere (API server, controller manager, kubeconfigs, kube-root-ca.crt), restart, issue all certificates anew, then drop the old one. k3s and RKE2 have `certificate rotate-ca`; a managed cluster has a command of its provider.',
    mayBreak: 'Every kubeconfig and every pod that verifies the API server with the old authority alone is cut off when the new one serves, so the two have to be trusted together for a while.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://kubernetes.io/docs/tasks/tls/manual-rotation-of-ca-certificates/', 'https://docs.k3s.io/cli/certificate'],
  scope: 'cluster',

  needs: { certificates: certificateRoles },
  *targets({ certificates }) {
    yield* certificates.roles.filter(({ role, notAfter, grade }) => role.endsWith('-authority') && role !== 'loopback-authority' && grade === 'exact' && notAfter !== undefined);
    yield* unseenTargets(certificates, ({ role }) => role.endsWith('-authority'));
    yield* unreadTargets(certificates);
  },

  inspect(role, { certificates }, { now }) {
    const left = (Date.parse(role.notAfter ?? '') - Date.parse(now)) / 86_400_000;
    // What has ended already is another finding.
    const seen = certificates.inventory.certificates.find(({ certificate }) => certificate.sha256 === role.certificate);
    if (left < 0 || !isAuthorityDue(left, seen?.certificate, certificates.distribution)) return undefined;
    // Bundles hold authorities of different signers too: a successor has the name of the old one, but for the time in it.
    const successor = certificates.roles.find(other => roleDiscriminator(other) === roleDiscriminator(role) && formatRef(other.resource) === formatRef(role.resource) && (other.notAfter ?? '') > (role.notAfter ?? ''));
    return {
      resource: role.resource,
      // Those of extensions are often made for a year and renewed by their operators.
      severity: successor !== undefined || ((role.role === 'extension-authority' || isInSecret(role)) && left > SOON) ? 'low' : left <= SOON ? 'high' : 'medium',
      message: `the ${roleWords(role)} expires on ${(role.notAfter ?? '').slice(0, 10)}, and with it everything that it issued${successor === undefined ? '' : `; its successor is trusted already until ${(successor.notAfter ?? '').slice(0, 10)}`}`,
      evidence: [endEvidence(role, certificates)],
      cause: role.title,
      discriminator: roleDiscriminator(role),
    };
  },
});
