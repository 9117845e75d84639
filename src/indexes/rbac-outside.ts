import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex } from '../evidence/need.ts';
import { awsAuth } from '../evidence/sources/aws-auth.ts';
import { serverVersion } from '../evidence/sources/versions.ts';
import { authorizerNotes, callerDisagreements } from './rbac-authorizers.ts';
import { rbacGrants, type RbacGrants } from './rbac-grants.ts';
import { unknownPolicies } from './rbac-mapped.ts';
import type { Unseen } from './rbac-rows.ts';

/** Rights that no role gives and that cannot be seen here: those of the cloud's administrators, and of authorizers beside RBAC. */
export const rbacOutside = defineIndex({
  id: 'rbac-outside',
  needs: { rbac: rbacGrants, disagreements: callerDisagreements, version: attempt(serverVersion), mappings: attempt(awsAuth) },
  build({ rbac, disagreements, version, mappings }, { facts }): readonly Unseen[] {
    const provider = providerOf('value' in version ? version.value.gitVersion : '', rbac);
    const unseen: Unseen[] = authorizerNotes(disagreements).map(detail => unseenBy('what other authorizers allow', detail));
    if (provider === 'aks') unseen.push(unseenBy('Azure role assignments', 'whom Azure RBAC and the local accounts of AKS let in is written in Azure alone'));
    if (provider === 'gke') unseen.push(unseenBy('IAM permissions of Google Cloud', 'GKE also allows what IAM grants in the project (container.*), and that is written there alone'));
    // Whoever gives facts has an EKS cluster, whatever its version calls itself.
    if (provider !== 'eks' && facts === undefined) return unseen;
    unseen.push(unseenBy('administrators of the AWS account', 'whoever may change access entries of the cluster in AWS can let themselves in'));
    if ('gaps' in mappings) unseen.push({ of: 'identities that aws-auth maps', gaps: mappings.gaps });
    if (facts === undefined) {
      const detail = 'the access entries of EKS are written in AWS alone; give what aws eks list-access-entries, describe-access-entry and list-associated-access-policies print as --facts FILE';
      unseen.push({ of: 'access entries of EKS', gaps: [{ kind: 'notRequested', reason: 'flagNotGiven', flag: '--facts', detail }] });
      return unseen;
    }
    for (const principal of facts.undescribed) unseen.push(unseenBy(`access entry ${principal}`, 'the file of facts lists it and does not describe it'));
    for (const name of unknownPolicies(facts)) unseen.push(unseenBy(`access policy ${name}`, 'what it allows is not known to this version of secaudit'));
    return unseen;
  },
});

function unseenBy(of: string, detail: string): Unseen {
  const gap: Gap = { kind: 'notObservable', reason: 'notSeen', detail };
  return { of, gaps: [gap] };
}

/** By the version that the provider's build gives itself; AKS has an upstream one, and bindings of its own. */
function providerOf(gitVersion: string, { grants }: RbacGrants): 'eks' | 'gke' | 'aks' | undefined {
  if (/-eks-/.test(gitVersion)) return 'eks';
  if (/-gke\.\d/.test(gitVersion)) return 'gke';
  return grants.some(({ binding }) => binding.kind === 'ClusterRoleBinding' && /^aks-(cluster-admin-binding|service-rolebinding)/.test(binding.name)) ? 'aks' : undefined;
}
