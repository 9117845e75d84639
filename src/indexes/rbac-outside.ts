import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex, type Attempted } from '../evidence/need.ts';
import { awsAuth } from '../evidence/sources/aws-auth.ts';
import { serverVersion, type ServerVersion } from '../evidence/sources/versions.ts';
import { authorizerNotes, callerDisagreements } from './rbac-authorizers.ts';
import { rbacGrants, type RbacGrants } from './rbac-grants.ts';
import { unknownPolicies } from './rbac-mapped.ts';
import type { Unseen } from './rbac-rows.ts';

/**
 * Who may hold rights by the cloud that runs the cluster, and cannot be seen here. Whoever administers the account could always
 * let themselves in, and is not among them.
 */
export const cloudRights = defineIndex({
  id: 'rbac-cloud-rights',
  needs: { rbac: rbacGrants, version: attempt(serverVersion), mappings: attempt(awsAuth) },
  build({ rbac, version, mappings }, { facts }): readonly Unseen[] {
    const provider = providerOf(version, rbac, facts !== undefined);
    if (provider === undefined && 'gaps' in version) return [{ of: 'identities that a cloud lets in', gaps: version.gaps }];
    if (provider === 'aks') return [unseenBy('Azure role assignments', 'whom Azure RBAC and the local accounts of AKS let in is written in Azure alone')];
    if (provider === 'gke') return [unseenBy('IAM permissions of Google Cloud', 'GKE also allows what IAM grants in the project (container.*), and that is written there alone')];
    if (provider !== 'eks') return [];
    const unseen: Unseen[] = 'gaps' in mappings ? [{ of: 'identities that aws-auth maps', gaps: mappings.gaps }] : [];
    if (facts === undefined) {
      const detail = 'the access entries of EKS are written in AWS alone; give what aws eks list-access-entries, describe-access-entry and list-associated-access-policies print as --facts FILE';
      return [...unseen, { of: 'access entries of EKS', gaps: [{ kind: 'notRequested', reason: 'flagNotGiven', flag: '--facts', detail }] }];
    }
    for (const { of, what, command } of facts.missing) {
      const detail = `the file of facts has ${what}: add what aws eks ${command} prints`;
      unseen.push({ of, gaps: [{ kind: 'notRequested', reason: 'flagNotGiven', flag: '--facts', detail }] });
    }
    for (const name of unknownPolicies(facts)) unseen.push(unseenBy(`access policy ${name}`, 'what it allows is not known to this version of secaudit'));
    return unseen;
  },
});

/** Rights that no role gives and that cannot be seen here: those of the cloud's administrators, and of authorizers beside RBAC. */
export const rbacOutside = defineIndex({
  id: 'rbac-outside',
  needs: { rbac: rbacGrants, cloud: cloudRights, disagreements: callerDisagreements, version: attempt(serverVersion) },
  build: ({ rbac, cloud, disagreements, version }, { facts }): readonly Unseen[] => [
    ...authorizerNotes(disagreements).map(detail => unseenBy('what other authorizers allow', detail)),
    ...(providerOf(version, rbac, facts !== undefined) === 'eks' ? [unseenBy('administrators of the AWS account', 'whoever may change access entries of the cluster in AWS can let themselves in')] : []),
    ...cloud,
  ],
});

function unseenBy(of: string, detail: string): Unseen {
  const gap: Gap = { kind: 'notObservable', reason: 'notSeen', detail };
  return { of, gaps: [gap] };
}

/** By the version that the provider's build gives itself; AKS has an upstream one, and bindings of its own. Whoever gives facts has an EKS cluster. */
function providerOf(version: Attempted<ServerVersion>, { grants }: RbacGrants, hasFacts: boolean): 'eks' | 'gke' | 'aks' | undefined {
  const gitVersion = 'value' in version ? version.value.gitVersion : '';
  if (hasFacts || gitVersion.includes('-eks-')) return 'eks';
  if (/-gke\.\d/.test(gitVersion)) return 'gke';
  return grants.some(({ binding }) => binding.kind === 'ClusterRoleBinding' && /^aks-(cluster-admin-binding|service-rolebinding)/.test(binding.name)) ? 'aks' : undefined;
}
