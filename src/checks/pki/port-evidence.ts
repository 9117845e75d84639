import type { EvidenceItem } from '../../evidence/evidence-item.ts';
import type { ResourceRef } from '../../evidence/resource-ref.ts';
import { placeOf, type LookedAt } from '../../indexes/sightings-of-node-ports.ts';

/** What a port showed, and how to see it again. */
export function portEvidence(at: LookedAt, resource: ResourceRef, field: 'clientCertificate' | 'clientAuthorities', value: unknown): EvidenceItem {
  const { shown } = placeOf(at, resource);
  return { resource, path: `ports[${at.port.port}].${field}`, value, grade: 'exact', ...shown };
}
