import { serverTrust } from '../../indexes/server-trust.ts';
import { defineCheck, unknownTarget } from '../define-check.ts';
import { certificateEvidence } from './certificate-finding.ts';

export default defineCheck({
  id: 'pki-server-authority-mismatch',
  title: 'Published authority does not verify the API server',
  severity: 'high',
  rationale:
    'Pods verify the API server by the ConfigMap kube-root-ca.crt of their namespace, and nodes join by cluster-info. With another authority there they cannot connect, or stop to verify, and then anybody on the way can be the API server.',
  remediation: {
    change:
      'Give the controller manager the authority of the API server as --root-ca-file, so that it writes the ConfigMaps anew; put it into the kubeconfig inside cluster-info. While an authority is replaced, both stand in the bundle.',
    mayBreak: 'Programs read the bundle when they start, most of them again when it changes; an old authority that is taken out too early cuts off what still needs it.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://kubernetes.io/docs/tasks/tls/manual-rotation-of-ca-certificates/', 'https://kubernetes.io/docs/concepts/storage/projected-volumes/#serviceaccounttoken'],
  scope: 'cluster',

  needs: { trust: serverTrust },
  *targets({ trust }) {
    yield* trust.places;
    for (const { of, gaps } of trust.unread) yield unknownTarget(of, gaps);
  },

  inspect({ where, readers, resource, authorities: [first], serving, isTrusted }) {
    if (isTrusted) return undefined;
    const sighting = first?.sightings.find(each => each.where === where);
    return {
      resource,
      message: `${where}, by which ${readers} verify the API server, holds no ${first === undefined ? 'certificate at all that can be read' : `authority that issued the certificate that it shows (${serving.certificate.issuer})`}`,
      evidence: [certificateEvidence(serving, 'issuer'), ...(first === undefined || sighting === undefined ? [] : [certificateEvidence({ ...first, sightings: [sighting] }, 'subject')])],
      cause: where,
    };
  },
});
