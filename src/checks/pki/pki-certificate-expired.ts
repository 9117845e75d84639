import { formatRef } from '../../evidence/resource-ref.ts';
import type { CertificateRole } from '../../indexes/certificate-role.ts';
import { isKnownEnd } from '../../indexes/certificate-role.ts';
import { certificateRoles } from '../../indexes/certificate-roles.ts';
import { isSelfMade, selfMadeWords } from '../../indexes/self-made-certificate.ts';
import { defineCheck } from '../define-check.ts';
import { endEvidence, roleDiscriminator, roleWords, unreadTargets, unseenTargets } from './certificate-finding.ts';

export default defineCheck({
  id: 'pki-certificate-expired',
  title: 'Certificate has expired',
  severity: 'critical',
  rationale:
    'Whoever verifies it refuses it from that second on: kubectl and nodes cannot reach the API server, or the API server cannot reach kubelets, etcd or extension API servers. Turning verification off instead opens the connection to anybody.',
  remediation: {
    change:
      'Renew it: `kubeadm certs renew all` and a restart of the static pods on each control-plane node; a restart of k3s or RKE2; a new kubeconfig for a login; a restart of the API server for the certificate that it makes for itself. An authority that nothing was issued by any more can be taken out of its bundle.',
    mayBreak: 'A program reads its certificate when it starts, so what was renewed counts after a restart. Whatever trusts a replaced authority needs the new one first.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/kubeadm-certs/', 'https://kubernetes.io/docs/setup/best-practices/certificates/'],
  scope: 'cluster',

  needs: { certificates: certificateRoles },
  *targets({ certificates }) {
    // What the API server makes for itself has one life: its authority says nothing new.
    yield* certificates.roles.filter(role => isKnownEnd(role) && role.role !== 'loopback-authority');
    yield* unseenTargets(certificates);
    yield* unreadTargets(certificates);
  },

  inspect(role, { certificates }, { now }) {
    if (!hasEnded(role, now)) return undefined;
    const sibling = certificates.roles.find(other => other.role === role.role && formatRef(other.resource) === formatRef(role.resource) && other !== role && !hasEnded(other, now)
      // Each webhook of an object has a bundle of its own.
      && (role.role !== 'extension-authority' || other.how === role.how));
    const isExtension = role.role === 'extension-authority';
    const seen = certificates.inventory.certificates.find(({ certificate }) => certificate.sha256 === role.certificate);
    const isOwn = seen !== undefined && isSelfMade(role.role, seen.certificate);
    const isReplaced = role.role.endsWith('-authority') && sibling !== undefined;
    // A bundle without any valid member is a finding of its own: what comes of it depends on the webhook.
    if (isExtension && sibling === undefined) return undefined;
    return {
      resource: role.resource,
      ...(isReplaced || isOwn ? { severity: 'low' as const } : {}),
      message: `the ${roleWords(role)} expired on ${(role.notAfter ?? '').slice(0, 10)}${isReplaced ? `, and another in its place is valid until ${(sibling.notAfter ?? '').slice(0, 10)}` : isOwn ? `: ${selfMadeWords(role.role)}` : ''}`,
      evidence: [endEvidence(role, certificates)],
      cause: `${role.title} certificate`,
      discriminator: roleDiscriminator(role),
    };
  },
});

function hasEnded({ notAfter }: CertificateRole, now: string): boolean {
  return notAfter !== undefined && Date.parse(notAfter) < Date.parse(now);
}
