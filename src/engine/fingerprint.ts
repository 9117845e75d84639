import { createHash } from 'node:crypto';
import type { Finding } from '../checks/define-check.ts';
import { apiGroupOf } from '../evidence/resource-ref.ts';
import { formatSubject } from '../evidence/subject.ts';

/**
 * The key that ticketing keeps a finding by: `v1:` and 32 hex digits. Made of what stays the same while the fault is
 * there: never a message, severity, index, uid or time, so that a reworded check opens no second ticket.
 *
 * @param clusterId the logical name, else the uid of kube-system, else what stands in for it
 */
export function fingerprintOf(clusterId: string, check: string, finding: Finding): string {
  const { resource, subject, discriminator } = finding;
  const parts = [
    check,
    clusterId,
    apiGroupOf(resource.apiVersion),
    resource.kind,
    resource.namespace ?? '',
    resource.name,
    subject === undefined ? '' : formatSubject(subject),
    discriminator ?? '',
  ];
  // As JSON, so that no name can imitate a separator.
  return `v1:${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)}`;
}
