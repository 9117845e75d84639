import { rbacBaselines } from '../data/rbac-bootstrap.ts';
import type { AccessFacts } from '../evidence/access-facts.ts';
import type { ResourceRef } from '../evidence/resource-ref.ts';
import type { MappedIdentity } from '../evidence/sources/aws-auth.ts';
import type { Subject } from '../evidence/subject.ts';
import type { Grant } from './rbac-grants.ts';
import { canonicalSubject } from './rbac-identity.ts';
import type { PolicyRule } from './rbac-matcher.ts';

/** An identity of the cloud that the API server takes for a user with groups. */
export interface Mapped {
  /** An ARN. */
  readonly identity: string;
  readonly subject: Subject;
  readonly groups: readonly string[];
  readonly from: 'aws-auth' | 'access entry';
}

/** Who is let in by the cloud, and what they hold by no binding. */
export interface MappedRights {
  readonly identities: readonly Mapped[];
  readonly grants: readonly Grant[];
}

const everything: readonly PolicyRule[] = [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }, { verbs: ['*'], nonResourceURLs: ['*'] }];
const newest = rbacBaselines.filter(({ of }) => /^kube-apiserver [\d.]+$/.test(of)).at(-1);
const builtIn = (name: string): readonly PolicyRule[] => newest?.roles.find(role => role.kind === 'ClusterRole' && role.name === name)?.rules ?? [];

/**
 * The access policies of EKS that AWS describes as the built-in roles, with the rules of those
 * (https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html). Others are named and not judged.
 */
const policies: Readonly<Record<string, readonly PolicyRule[]>> = {
  AmazonEKSClusterAdminPolicy: everything,
  AmazonEKSAdminPolicy: builtIn('admin'),
  AmazonEKSAdminViewPolicy: [{ verbs: ['get', 'list', 'watch'], apiGroups: ['*'], resources: ['*'] }],
  AmazonEKSEditPolicy: builtIn('edit'),
  AmazonEKSViewPolicy: builtIn('view'),
};

/** Access policies whose rules are not known. */
export function unknownPolicies({ entries }: AccessFacts): readonly string[] {
  return [...new Set(entries.flatMap(entry => entry.policies.map(({ name }) => name)))].filter(name => !Object.hasOwn(policies, name)).sort();
}

/** Nodes come in this way too; they are the business of the node authorizer. */
function isNode(username: string): boolean {
  return username.startsWith('system:node:');
}

const configMap: ResourceRef = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'kube-system', name: 'aws-auth' };

export function mappedRights(mappings: readonly MappedIdentity[], facts: AccessFacts | undefined): MappedRights {
  const identities: Mapped[] = [];
  const grants: Grant[] = [];
  const add = (identity: string, username: string, groups: readonly string[], from: Mapped['from']): Subject | undefined => {
    const subject = canonicalSubject({ kind: 'User', name: username });
    if (subject === undefined || isNode(username)) return undefined;
    identities.push({ identity, subject, groups, from });
    return subject;
  };
  for (const { identity, username = identity, groups } of mappings) {
    const subject = add(identity, username, groups, 'aws-auth');
    if (subject === undefined || !groups.includes('system:masters')) continue;
    grants.push({
      binding: configMap, subject, entries: [{ kind: 'User', name: username }], subjectIndexes: [0], rules: everything,
      role: { apiVersion: 'v1', kind: 'Group', name: 'system:masters' },
      outside: { path: 'data', value: identity, derivation: `the mappings in this ConfigMap make ${identity} a member of system:masters` },
    });
  }
  for (const { principal, username, groups, policies: associated } of facts?.entries ?? []) {
    const subject = add(principal, username, groups, 'access entry');
    if (subject === undefined) continue;
    for (const { name, namespaces = [undefined] } of associated) {
      const rules = Object.hasOwn(policies, name) ? policies[name] : undefined;
      if (rules === undefined) continue;
      for (const namespace of namespaces) {
        grants.push({
          binding: { apiVersion: 'eks.amazonaws.com/v1', kind: 'AccessEntry', name: principal }, subject, entries: [{ kind: 'User', name: username }], subjectIndexes: [0], rules,
          role: { apiVersion: 'eks.amazonaws.com/v1', kind: 'AccessPolicy', name },
          ...(namespace === undefined ? {} : { namespace }),
          outside: { path: 'associatedAccessPolicies', value: name, derivation: 'the file of facts says so (aws eks list-associated-access-policies)' },
        });
      }
    }
  }
  return { identities, grants };
}
