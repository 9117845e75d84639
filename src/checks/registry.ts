// Written by "npm run reference" from the files in this folder; a test compares the two.
import type { Check } from './define-check.ts';
import networkNoEnforcement from './network/network-no-enforcement.ts';
import networkNodeWithoutEnforcement from './network/network-node-without-enforcement.ts';
import networkPolicyNotEnforced from './network/network-policy-not-enforced.ts';
import rbacAlwaysAllow from './rbac/rbac-always-allow.ts';
import rbacClusterAdminGrant from './rbac/rbac-cluster-admin-grant.ts';
import rbacDanglingSubject from './rbac/rbac-dangling-subject.ts';
import rbacDefaultServiceAccount from './rbac/rbac-default-service-account.ts';
import rbacEscalationPath from './rbac/rbac-escalation-path.ts';
import rbacPublicGrant from './rbac/rbac-public-grant.ts';
import rbacTamperedDefault from './rbac/rbac-tampered-default.ts';
import rbacWildcardClusterRoleBinding from './rbac/rbac-wildcard-cluster-role-binding.ts';
import secretsPlaintextRemains from './secrets/secrets-plaintext-remains.ts';
import secretsUnencryptedAtRest from './secrets/secrets-unencrypted-at-rest.ts';
import secretsWeakEncryptionProvider from './secrets/secrets-weak-encryption-provider.ts';
import versionsSupportEnding from './versions/versions-support-ending.ts';
import versionsUnsupported from './versions/versions-unsupported.ts';

/** Every check. */
export const CHECKS: readonly Check[] = [
  networkNoEnforcement,
  networkNodeWithoutEnforcement,
  networkPolicyNotEnforced,
  rbacAlwaysAllow,
  rbacClusterAdminGrant,
  rbacDanglingSubject,
  rbacDefaultServiceAccount,
  rbacEscalationPath,
  rbacPublicGrant,
  rbacTamperedDefault,
  rbacWildcardClusterRoleBinding,
  secretsPlaintextRemains,
  secretsUnencryptedAtRest,
  secretsWeakEncryptionProvider,
  versionsSupportEnding,
  versionsUnsupported,
];
