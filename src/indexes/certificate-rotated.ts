import { refOf } from '../evidence/source.ts';
import { rotatedConfigMaps, rotatedSecrets } from '../evidence/sources/trust.ts';
import { ROLE_TITLES, type RoleRow } from './certificate-role.ts';

type Rotated = NonNullable<(typeof rotatedSecrets)['evidence']>;

/** Host names that are said; more are counted. */
const NAMED = 3;

/**
 * Certificates that OpenShift renews by itself, by the dates that it writes beside them: of what lies in a Secret, and of the
 * authority that was put into a ConfigMap last. Other namespaces may have annotations of anybody's.
 */
export function rotatedRows(secrets: Rotated, configMaps: Rotated): RoleRow[] {
  return [...secrets.flatMap(item => rowOf(rotatedSecrets, item)), ...configMaps.flatMap(item => rowOf(rotatedConfigMaps, item))].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

function keyOf({ instance = '', resource }: RoleRow): string {
  return `${instance} ${resource.kind}`;
}

function rowOf(source: typeof rotatedSecrets | typeof rotatedConfigMaps, item: Rotated[number]): RoleRow[] {
  const { name, namespace = '', annotations: rotation } = item.metadata;
  if (rotation?.notAfter === undefined || !/^openshift-/.test(namespace)) return [];
  const { notBefore, notAfter, refreshSeconds, issuer, hostnames = [] } = rotation;
  const renewedBy = notBefore === undefined || refreshSeconds === undefined ? undefined : new Date(Date.parse(notBefore) + refreshSeconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
  const of = hostnames.length === 0 ? '' : `, for ${hostnames.slice(0, NAMED).join(', ')}${hostnames.length > NAMED ? ` and ${hostnames.length - NAMED} more` : ''}`;
  return [{
    role: 'rotated', title: ROLE_TITLES.rotated, instance: `${namespace}/${name}`, resource: refOf(source, item),
    grade: 'expiryOnly', notAfter, how: `annotations of its ${source.read.kind}${of}${issuer === undefined ? '' : `, by ${issuer}`}`, isEndSaid: true,
    ...(renewedBy === undefined ? {} : { renewedBy }),
  }];
}
