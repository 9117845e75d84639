import { expiryOf } from '../../indexes/certificate-expiry.ts';
import { seenOf } from '../../indexes/certificate-inventory.ts';
import { isKnownEnd } from '../../indexes/certificate-role.ts';
import { certificateRoles } from '../../indexes/certificate-roles.ts';
import { defineCheck } from '../define-check.ts';
import { endEvidence, roleDiscriminator, roleWords, unreadTargets, unseenTargets } from './certificate-finding.ts';

export default defineCheck({
  id: 'pki-certificate-expiring',
  title: 'Certificate expires soon',
  severity: 'high',
  rationale:
    'When it ends, whoever verifies it refuses it: the day is known, and the outage can be had on a day of your own choosing or on that one. Of what should renew itself, a late end shows that it does not.',
  remediation: {
    change:
      'Renew it before the day: `kubeadm certs renew all` and a restart of the static pods on each control-plane node; a restart of k3s or RKE2; a new kubeconfig for a login; a restart of the API server for the certificate that it makes for itself. For a kubelet look at its log and at `kubectl get csr`: a request that nobody approves keeps it from renewing. What lies in a Secret is renewed by whoever put it there.',
    mayBreak: 'A program reads its certificate when it starts, so what was renewed counts after a restart; restart the replicas one by one.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
    { framework: 'cis', version: '1.12', id: '4.2.10' },
  ],
  references: ['https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/kubeadm-certs/', 'https://kubernetes.io/docs/tasks/tls/certificate-rotation/'],
  scope: 'cluster',

  needs: { certificates: certificateRoles },
  *targets({ certificates }) {
    yield* certificates.roles.filter(role => isKnownEnd(role) && role.role !== 'loopback-authority');
    yield* unseenTargets(certificates);
    yield* unreadTargets(certificates);
  },

  inspect(role, { certificates }, { now }) {
    const seen = seenOf(certificates.inventory, role.certificate);
    const expiry = expiryOf(role, seen?.certificate, now, certificates.distribution);
    if (expiry === undefined) return undefined;
    return {
      resource: role.resource,
      severity: expiry.severity,
      message: `the ${roleWords(role)} expires on ${(role.notAfter ?? '').slice(0, 10)}: ${expiry.words}`,
      evidence: [endEvidence(role, certificates)],
      cause: `${role.title} certificate`,
      discriminator: roleDiscriminator(role),
    };
  },
});
