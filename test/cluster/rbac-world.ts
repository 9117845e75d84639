import type { Identity } from '../../src/indexes/rbac-identity.ts';
import type { AccessRequest } from '../../src/indexes/rbac-matcher.ts';
import type { Manifest } from '../support/cluster.ts';
import { generator } from '../support/generator.ts';
import {
  clusterRole, clusterRoleBinding, group, role, roleBinding, roleBindingToClusterRole, serviceAccount, user,
  type RuleManifest, type SubjectManifest,
} from '../support/rbac.ts';

/** Random roles, bindings and questions; the same for the same seed. */
export interface RbacWorld {
  readonly objects: readonly Manifest[];
  question(): { readonly identity: Identity; readonly request: AccessRequest };
}

export const worldNamespaces = ['n1', 'n2'] as const;

const groups = ['', 'apps', 'batch', 'rbac.authorization.k8s.io', 'certificates.k8s.io', 'example.org'];
const resources = ['pods', 'secrets', 'nodes', 'deployments', 'jobs', 'clusterroles', 'roles', 'signers', 'namespaces', 'serviceaccounts', 'users', 'groups', 'widgets'];
const subresources = ['log', 'exec', 'status', 'scale', 'proxy', 'token', 'approval'];
const verbs = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection', 'bind', 'escalate', 'impersonate', 'approve'];
const names = ['a', 'b', 'n1', 'n2', 'kubernetes.io/kubelet-serving', 'kubernetes.io/*', '*'];
const oddResources = ['pods/*', '*/*', 'po*', 'PODS', '*/', 'pods/', '/log', '*exec', 'pods/exec/more', '**', '*/exec/more'];
const oddVerbs = ['GET', 'Get', 'ge*', '**', 'get '];
const oddGroups = ['core', 'v1', 'apps/v1', '*.org', ' '];
const paths = ['/metrics', '/metrics/cadvisor', '/metricsx', '/api', '/api/', '/apis/apps', '/healthz/ping', '/', '/logs', '/a/b/c', '/*', '/metrics*'];
const ruledPaths = ['/metrics', '/metrics/*', '/metrics*', '/api*', '/api/*', '/', '/*', '*', '/healthz/*', '/metrics**', '/a/*/c', '/apis/*/*', 'metrics', '*/metrics'];
const methods = ['get', 'post', 'head', 'GET'];

const subjects: readonly SubjectManifest[] = [
  user('ana'), user('Ana'), user('*'), user('system:anonymous'), user('system:serviceaccount:n1:x'), user('ana '),
  group('sre'), group('*'), group('system:authenticated'), group('system:unauthenticated'), group('system:serviceaccounts'),
  group('system:serviceaccounts:n1'), group('system:serviceaccounts:n2'), group('ana'), group('system:serviceaccount:n1:x'),
  serviceAccount('x', 'n1'), serviceAccount('x', 'n2'), serviceAccount('y', 'n1'), serviceAccount('x'), serviceAccount('y'),
];

const identities: readonly Identity[] = [
  { user: 'ana', groups: ['system:authenticated'] },
  { user: 'Ana', groups: ['sre', 'system:authenticated'] },
  { user: 'bob', groups: ['sre', 'system:authenticated'] },
  { user: 'bob', groups: ['ana', '*', 'system:authenticated'] },
  { user: '*', groups: [] },
  { user: 'ana ', groups: ['other'] },
  { user: 'nobody', groups: ['system:authenticated'] },
  { user: 'nobody', groups: ['nothing'] },
  { user: 'sre', groups: ['SRE'] },
  { user: 'root', groups: ['system:masters', 'system:authenticated'] },
  { user: 'system:anonymous', groups: ['system:unauthenticated'] },
  { user: 'system:serviceaccount:n1:x', groups: ['system:serviceaccounts', 'system:serviceaccounts:n1', 'system:authenticated'] },
  { user: 'system:serviceaccount:n2:x', groups: ['system:serviceaccounts', 'system:serviceaccounts:n2', 'system:authenticated'] },
  { user: 'system:serviceaccount:n1:y', groups: ['system:serviceaccounts', 'system:serviceaccounts:n1', 'system:authenticated'] },
  { user: 'system:serviceaccount:n1:x:more', groups: ['system:authenticated'] },
  { user: 'system:serviceaccount::x', groups: [] },
];

/** What rules are drawn for, so that no corner is left to luck. */
const corners = ['plain', 'plain', 'plain', 'star verb', 'star group', 'star resource', 'subresource', 'star subresource', 'names', 'odd', 'no pattern', 'paths', 'stars in paths', 'everything'] as const;

/** @param seed a whole number */
export function createRbacWorld(seed: number): RbacWorld {
  const random = generator(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const some = <T>(list: readonly T[], most: number): T[] => Array.from({ length: 1 + Math.floor(random() * most) }, () => pick(list));
  const chance = (share: number): boolean => random() < share;

  function rule(corner: (typeof corners)[number]): RuleManifest {
    if (corner === 'paths') return { verbs: chance(0.3) ? ['*'] : some(methods, 2), nonResourceURLs: some(ruledPaths, 2) };
    if (corner === 'stars in paths') return { verbs: ['get'], nonResourceURLs: ['/metrics**', pick(['/a/*/c', '/apis/*/*', '*/metrics'])] };
    const plain = { verbs: some(verbs, 4), apiGroups: some(groups, 2), resources: some(resources, 4) };
    switch (corner) {
      case 'star verb': return { ...plain, verbs: ['*'] };
      case 'star group': return { ...plain, apiGroups: ['*'] };
      case 'star resource': return { ...plain, resources: ['*'], ...(chance(0.3) ? { resourceNames: some(names, 2) } : {}) };
      case 'subresource': return { ...plain, resources: some(resources, 3).map(each => `${each}/${pick(subresources)}`) };
      case 'star subresource': return { ...plain, resources: [`*/${pick(subresources)}`] };
      case 'no pattern': return { ...plain, resources: ['pods/*', pick(['*/*', 'secrets/*', 'po*'])] };
      case 'names': return { ...plain, resourceNames: some(names, 3) };
      case 'odd': return {
        verbs: chance(0.5) ? some(oddVerbs, 2) : some(verbs, 3),
        apiGroups: chance(0.3) ? some(oddGroups, 2) : some(groups, 2),
        resources: some(oddResources, 3),
      };
      case 'everything': return { verbs: ['*'], apiGroups: ['*'], resources: ['*'] };
      case 'plain': return plain;
    }
  }

  const rulesOf = (count: number): RuleManifest[] => Array.from({ length: count }, () => rule(pick(corners.slice(0, -1))));
  // One role for each corner, so that every corner is bound; the rest by chance.
  const clusterRoles = corners.map((corner, at) => clusterRole(`c${at}`, rule(corner), ...rulesOf(Math.floor(random() * 2))));
  const noPaths = corners.filter(corner => !corner.includes('paths'));
  const roles = worldNamespaces.flatMap(namespace =>
    Array.from({ length: 5 }, (_, at) => role(namespace, `r${at}`, rule(pick(noPaths.slice(0, -1))), rule(pick(noPaths.slice(0, -1))))));

  const clusterBindings = corners.flatMap((corner, at) => {
    // Everything and everybody at once would leave nothing to deny.
    const chosen = corner === 'everything' ? [user('Ana')] : [...some(subjects.filter(each => isBindable(each)), 2)];
    return [clusterRoleBinding(`cb${at}`, `c${at}`, ...chosen)];
  });
  // Every form of subject in turn, in both namespaces.
  const bindings = worldNamespaces.flatMap(namespace => subjects.map((subject, at) => {
    const more = chance(0.5) ? some(subjects, 2) : [];
    return chance(0.5)
      ? roleBinding(namespace, `b${at}`, chance(0.1) ? 'missing' : `r${at % 5}`, subject, ...more)
      : roleBindingToClusterRole(namespace, `b${at}`, chance(0.1) ? 'missing' : `c${Math.floor(random() * corners.length)}`, subject, ...more);
  }));
  const dangling = [clusterRoleBinding('gone', 'missing', group('system:authenticated')), clusterRoleBinding('nobody', 'c0')];

  const objects = [...clusterRoles, ...roles, ...clusterBindings, ...bindings, ...dangling];
  // Half about ClusterRoleBindings, since each of them stands for a corner.
  const asked = [...clusterBindings, ...clusterBindings, ...clusterBindings, ...bindings, ...dangling];

  /** A request that a rule is about, also where it only looks as if. */
  function requestAbout(rule: RuleManifest, namespace: string): AccessRequest {
    const { verbs: ruled, apiGroups = [], resources: ruledResources = [], resourceNames = [], nonResourceURLs = [] } = rule;
    if (nonResourceURLs.length > 0) {
      const url = pick(nonResourceURLs).replace(pick([/\*$/, /\*+$/]), () => pick(['', 'x', '/x', '*']));
      return { verb: concrete(pick(ruled), methods), nonResourceURL: url === '' ? '/' : url };
    }
    const [resource, subresource] = splitOnce(concrete(pick(ruledResources), resources));
    return {
      verb: concrete(pick(ruled), verbs),
      apiGroup: concrete(pick(apiGroups), groups),
      resource: concrete(resource, resources),
      ...(subresource === undefined ? {} : { subresource: subresource === '*' ? pick([...subresources, '*']) : subresource }),
      ...(resourceNames.length > 0 && chance(0.8) ? { name: pick(resourceNames) } : {}),
      ...(chance(0.8) ? { namespace } : {}),
    };
  }

  function concrete(text: string, instead: readonly string[]): string {
    return text === '*' && chance(0.9) ? pick(instead) : text;
  }

  /** Changed in one place or none: what lies near a border shows most. */
  function near(request: AccessRequest): AccessRequest {
    if ('nonResourceURL' in request) {
      return pick([request, request, { ...request, nonResourceURL: pick(paths) }, { ...request, verb: pick(methods) }]);
    }
    switch (Math.floor(random() * 10)) {
      case 0: return { ...request, verb: pick([...verbs, ...oddVerbs, '*']) };
      case 1: return { ...request, apiGroup: pick([...groups, ...oddGroups, '*']) };
      case 2: return { ...request, resource: pick([...resources, '*', 'po*']) };
      case 3: return { ...request, subresource: pick([...subresources, '*', 'exec/more']) };
      case 4: return { ...request, name: pick([...names, 'A', 'ab']) };
      case 5: return { ...request, namespace: pick(['n1', 'n2', 'elsewhere']) };
      default: return request;
    }
  }

  function rulesBy(binding: Manifest): RuleManifest[] {
    const { kind, name } = binding['roleRef'] as { kind: string; name: string };
    const bound = [...clusterRoles, ...roles].find(each =>
      each.kind === kind && each.metadata.name === name && (kind === 'ClusterRole' || each.metadata.namespace === binding.metadata.namespace));
    // For a missing role anything may be asked.
    return (bound ?? pick(clusterRoles))['rules'] as RuleManifest[];
  }

  /** Somebody whom a subject seems to mean; no answer depends on this, only how often something is allowed. */
  function identityFor(subject: SubjectManifest, namespace: string): Identity {
    const account = `system:serviceaccount:${subject.namespace ?? namespace}:${subject.name}`;
    const meant = identities.filter(({ user: name, groups: all }) => name === subject.name || name === account || all.includes(subject.name));
    return meant.length === 0 ? pick(identities) : pick(meant);
  }

  return {
    objects,
    question() {
      if (chance(0.08)) {
        return { identity: pick(identities), request: { verb: pick(verbs), apiGroup: '', resource: 'namespaces', name: pick(['n1', 'n2', 'elsewhere']) } };
      }
      const binding = pick(asked);
      const bound = binding['subjects'] as SubjectManifest[] | undefined;
      const namespace = binding.metadata.namespace ?? pick(worldNamespaces);
      const rules = rulesBy(binding);
      return {
        identity: bound !== undefined && chance(0.75) ? identityFor(pick(bound), namespace) : pick(identities),
        request: near(requestAbout(pick(rules), namespace)),
      };
    },
  };
}

/** A ClusterRoleBinding's service account must have a namespace; to bind everybody everywhere would leave nothing to deny. */
function isBindable({ kind, name, namespace }: SubjectManifest): boolean {
  return (kind !== 'ServiceAccount' || namespace !== undefined) && name !== 'system:authenticated';
}

function splitOnce(path: string): [string, string | undefined] {
  const slash = path.indexOf('/');
  return slash < 0 ? [path, undefined] : [path.slice(0, slash), path.slice(slash + 1)];
}
