import { refOf } from '../../evidence/source.ts';
import { tlsSecrets } from '../../evidence/sources/tls.ts';
import { sharedKeys } from '../../indexes/shared-keys.ts';
import { defineCheck, unknownTarget } from '../define-check.ts';

/** Secrets that are named; more are counted. */
const NAMED = 2;

export default defineCheck({
  id: 'pki-shared-private-key',
  title: 'Private key lies in several namespaces, or is that of the API server',
  severity: 'high',
  rationale:
    'Whoever may read Secrets in the least guarded of those namespaces can be the server of all of them, and taking the key out of use takes a change in every one. With the key of the API server they can be the API server, and collect tokens.',
  remediation: {
    change: 'Issue a certificate with a key of its own for each namespace, or keep the one in the namespace where TLS ends and refer to it from there (a ReferenceGrant of Gateway API, a default certificate of the ingress controller). For the API server, move its key to one that lies in no Secret.',
    mayBreak: 'Clients that pin the certificate or its key have to learn the new ones first.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://kubernetes.io/docs/concepts/security/secrets-good-practices/', 'https://gateway-api.sigs.k8s.io/api-types/referencegrant/'],
  scope: 'namespace',

  needs: { keys: sharedKeys },
  *targets({ keys: { keys, servingGaps } }) {
    yield* keys;
    if (keys.length > 0 && servingGaps.length > 0) yield unknownTarget('whether the API server serves with one of them', servingGaps);
  },
  inspect({ secret, others, isOfApiServer }) {
    if (others.length === 0 && !isOfApiServer) return undefined;
    const resource = refOf(tlsSecrets, secret);
    const { namespace = '', name } = resource;
    const leaf = secret.data?.chain.certificates[0];
    const also = [...(isOfApiServer ? ['the API server serves with it'] : []), ...(others.length === 0 ? [] : [`it lies in ${others.slice(0, NAMED).join(' and ')}${others.length > NAMED ? ` and ${others.length - NAMED} more Secrets` : ''} as well`])];
    return {
      resource,
      severity: isOfApiServer ? 'high' : 'medium',
      message: `TLS Secret ${namespace}/${name} holds a private key that is not its own alone: ${also.join(', and ')}`,
      evidence: [{ path: 'data.chain.certificates[0].publicKeySha256', value: leaf?.publicKeySha256, grade: 'inferred', derivation: 'the SHA-256 of the public key of its certificate is the same in each place, and the key beside it fits' }],
      cause: `key of ${leaf?.subject === '' ? 'a certificate without a name' : (leaf?.subject ?? '')}`,
    };
  },
});
