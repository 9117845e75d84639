import type { Subject } from '../evidence/subject.ts';

/** Who asks, as the authorizer sees it. */
export interface Identity {
  readonly user: string;
  readonly groups: readonly string[];
}

/** A subject as a binding has it. */
export interface BoundSubject {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly apiGroup?: string;
}

const serviceAccountPrefix = 'system:serviceaccount:';

/**
 * The subject that a binding's entry means, in one form for each identity, or nothing where the entry can match nobody.
 * Only the kind is looked at, not the apiGroup; the namespace of a User or Group is ignored. The source of the rules:
 * appliesToUser in pkg/registry/rbac/validation/rule.go of kubernetes.
 *
 * @param bindingNamespace of a RoleBinding; absent for a ClusterRoleBinding
 */
export function canonicalSubject(entry: BoundSubject, bindingNamespace?: string): Subject | undefined {
  switch (entry.kind) {
    case 'User':
      return serviceAccountNamed(entry.name) ?? { kind: 'User', name: entry.name };
    case 'Group':
      return { kind: 'Group', name: entry.name };
    case 'ServiceAccount': {
      // An empty namespace is a missing one.
      const namespace = entry.namespace !== undefined && entry.namespace !== '' ? entry.namespace : bindingNamespace;
      return namespace === undefined ? undefined : { kind: 'ServiceAccount', namespace, name: entry.name };
    }
    default:
      return undefined;
  }
}

/** The service account that bears a user name, where one could: its parts must be valid names. */
function serviceAccountNamed(user: string): Subject | undefined {
  const parts = /^system:serviceaccount:([a-z0-9][a-z0-9-]{0,62}):([a-z0-9][a-z0-9.-]{0,252})$/.exec(user);
  const [, namespace, name] = parts ?? [];
  if (namespace === undefined || name === undefined) return undefined;
  return namespace.endsWith('-') || !name.split('.').every(isLabel) ? undefined : { kind: 'ServiceAccount', namespace, name };
}

function isLabel(text: string): boolean {
  return /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(text);
}

/** The user name that authentication gives a subject that is one identity; a group is none. */
function userNameOf(subject: Subject): string | undefined {
  if (subject.kind === 'Group') return undefined;
  return subject.kind === 'User' ? subject.name : `${serviceAccountPrefix}${subject.namespace ?? ''}:${subject.name}`;
}

/**
 * A user or service account with the groups that it always has. Groups that a certificate, a bootstrap token or an
 * identity provider adds are not known from the name.
 */
export function identityOf(subject: Subject & { readonly kind: 'User' | 'ServiceAccount' }): Identity {
  const user = userNameOf(subject) ?? '';
  if (user === 'system:anonymous') return { user, groups: ['system:unauthenticated'] };
  return { user, groups: [...namedGroups(user), 'system:authenticated'] };
}

function namedGroups(user: string): string[] {
  const account = serviceAccountNamed(user);
  if (account !== undefined) return ['system:serviceaccounts', `system:serviceaccounts:${account.namespace ?? ''}`];
  if (user.startsWith('system:node:')) return ['system:nodes'];
  return user.startsWith('system:bootstrap:') ? ['system:bootstrappers'] : [];
}

/** Whether a canonical subject stands for an identity. */
export function isMatch(subject: Subject, identity: Identity): boolean {
  return subject.kind === 'Group' ? identity.groups.includes(subject.name) : userNameOf(subject) === identity.user;
}
