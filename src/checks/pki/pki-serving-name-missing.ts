import type { KeptCertificate } from '../../evidence/certificate-facts.ts';
import { servingNames, type ServingName } from '../../indexes/serving-names.ts';
import { defineCheck, unknownTarget } from '../define-check.ts';
import { certificateEvidence } from './certificate-finding.ts';

export default defineCheck({
  id: 'pki-serving-name-missing',
  title: 'Certificate of the API server lacks a name that it is reached by',
  severity: 'high',
  rationale:
    'A client that asks by that name or address refuses the certificate. What is done about it is mostly to turn verification off, and then anybody on the way can be the API server and collect tokens.',
  remediation: {
    change:
      'Add the name to certSANs in the ConfigMap kube-system/kubeadm-config, move apiserver.crt and apiserver.key away on each control-plane node, run `kubeadm init phase certs apiserver --config FILE` and restart the API server; k3s and RKE2 take --tls-san.',
    mayBreak: 'The API server is gone for the seconds of its restart; do it one replica at a time. Nothing else changes, since the authority stays.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
    { framework: 'cis', version: '1.12', id: '1.2.24' },
  ],
  references: ['https://kubernetes.io/docs/reference/setup-tools/kubeadm/kubeadm-init-phase/', 'https://kubernetes.io/docs/setup/best-practices/certificates/'],
  scope: 'cluster',

  needs: { names: servingNames },
  *targets({ names }) {
    yield* names.wanted;
    for (const { of, gaps } of names.unread) yield unknownTarget(of, gaps);
  },

  inspect(wanted) {
    const { certificate } = wanted.seen;
    if (wanted.isCovered) return undefined;
    return {
      resource: wanted.seen.sightings[0].resource,
      // The common name stopped to count with Go 1.15; a program that still takes it is the exception.
      message: `the API server shows ${certificate.subject} to ${whoAsks(wanted)}, and that certificate names only ${shortList(certificate)}`,
      evidence: [certificateEvidence(wanted.seen, 'names')],
      cause: 'certificate of the API server',
      discriminator: wanted.name,
    };
  },
});

function whoAsks({ name, by }: ServingName): string {
  return `${by} that ask${by.startsWith('programs') ? '' : 's'} for ${name}`;
}

function shortList({ names }: KeptCertificate): string {
  const shown = names.slice(0, 6).map(name => name.replace(/^[A-Za-z]+:/, '')).join(', ');
  return names.length === 0 ? 'nothing' : names.length > 6 ? `${shown} and ${names.length - 6} more` : shown;
}
