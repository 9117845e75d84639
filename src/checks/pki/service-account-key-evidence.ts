import type { EvidenceItem } from '../../evidence/evidence-item.ts';
import type { ServiceAccountKey } from '../../evidence/service-account-keys.ts';

/** What a key that the API server publishes says in one field. */
export function keyEvidence(key: ServiceAccountKey, field: keyof ServiceAccountKey): EvidenceItem {
  return { path: `keys[kid=${JSON.stringify(key.keyId)}].${field}`, value: key[field], grade: 'exact', reproduce: ['kubectl', 'get', '--raw', '/openid/v1/jwks'] };
}
