import { refOf } from '../evidence/source.ts';
import { rotatedSecrets } from '../evidence/sources/trust.ts';
import { ROLE_TITLES, type RoleRow } from './certificate-role.ts';

/** Certificates that OpenShift renews by itself, by the dates that it writes beside them. Other namespaces may have annotations of anybody's. */
export function rotatedRows(secrets: NonNullable<(typeof rotatedSecrets)['evidence']>): RoleRow[] {
  return secrets.flatMap(item => {
    const { name, namespace = '', annotations: rotation } = item.metadata;
    if (rotation?.notAfter === undefined || !/^openshift-/.test(namespace)) return [];
    const { notBefore, notAfter, refreshSeconds } = rotation;
    const renewedBy = notBefore === undefined || refreshSeconds === undefined ? undefined : new Date(Date.parse(notBefore) + refreshSeconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
    return [{
      role: 'rotated' as const, title: ROLE_TITLES.rotated, instance: `${namespace}/${name}`, resource: refOf(rotatedSecrets, item),
      grade: 'expiryOnly' as const, notAfter, how: 'annotations of its Secret', isEndSaid: true as const,
      ...(renewedBy === undefined ? {} : { renewedBy }),
    }];
  }).sort((a, b) => (a.instance < b.instance ? -1 : 1));
}
