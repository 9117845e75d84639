import { parse } from 'yaml';
import { getSource } from '../source.ts';

/** An identity of the cloud and whom the API server takes it for. */
export interface MappedIdentity {
  /** An ARN, or the number of an account. */
  readonly identity: string;
  readonly username?: string;
  readonly groups: readonly string[];
}

/** The ConfigMap by which EKS maps identities of the cloud; nothing of it is kept but the mappings. Empty where there is none. */
export const awsAuth = getSource<readonly MappedIdentity[]>({
  id: 'awsauth',
  title: 'identities that aws-auth maps',
  projectionVersion: 1,
  path: '/api/v1/namespaces/kube-system/configmaps/aws-auth',
  alsoOk: [404],
  permissions: [{ apiGroup: '', resource: 'configmaps', verb: 'get', resourceName: 'aws-auth', namespace: 'kube-system' }],
  keeps: 'for each mapping its ARN, user name and groups',
  parse(body) {
    const answer = JSON.parse(body) as { readonly kind?: unknown; readonly reason?: unknown; readonly data?: Readonly<Record<string, unknown>> };
    if (answer.kind === 'Status' && answer.reason === 'NotFound') return [];
    if (answer.kind !== 'ConfigMap') throw new Error('the answer is no ConfigMap');
    return [...mappings(answer.data?.['mapRoles'], 'rolearn'), ...mappings(answer.data?.['mapUsers'], 'userarn')];
  },
});

/** @throws where the text is no YAML list: a mapping that cannot be read is not none */
function mappings(text: unknown, key: string): MappedIdentity[] {
  if (typeof text !== 'string' || text.trim() === '') return [];
  const list: unknown = parse(text);
  if (!Array.isArray(list)) throw new Error('the mappings are no list');
  return list.flatMap((each: unknown) => {
    // The authenticator reads names in whatever case they are written, and newer ones take patterns (`userarnLike`).
    const fields = new Map(Object.entries((each ?? {}) as Readonly<Record<string, unknown>>).map(([name, value]) => [name.toLowerCase(), value]));
    const [identity, username, groups] = [fields.get(key) ?? fields.get(`${key}like`), fields.get('username'), fields.get('groups')];
    if (typeof identity !== 'string') throw new Error('a mapping names nobody');
    return [{
      identity,
      ...(typeof username === 'string' ? { username } : {}),
      groups: Array.isArray(groups) ? groups.filter(group => typeof group === 'string') : [],
    }];
  });
}
