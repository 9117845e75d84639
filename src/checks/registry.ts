// Written by "npm run reference" from the files in this folder; a test compares the two.
import type { Check } from './define-check.ts';
import kubeletAnonymousAccess from './kubelet/kubelet-anonymous-access.ts';
import kubeletAuthorizationAlwaysAllow from './kubelet/kubelet-authorization-always-allow.ts';
import kubeletClientCaMissing from './kubelet/kubelet-client-ca-missing.ts';
import kubeletClientRotationOff from './kubelet/kubelet-client-rotation-off.ts';
import kubeletEventRateUnlimited from './kubelet/kubelet-event-rate-unlimited.ts';
import kubeletIptablesChainsUnmanaged from './kubelet/kubelet-iptables-chains-unmanaged.ts';
import kubeletKernelDefaultsChanged from './kubelet/kubelet-kernel-defaults-changed.ts';
import kubeletLogQueryEnabled from './kubelet/kubelet-log-query-enabled.ts';
import kubeletPodPidsUnlimited from './kubelet/kubelet-pod-pids-unlimited.ts';
import kubeletReadOnlyPort from './kubelet/kubelet-read-only-port.ts';
import kubeletSeccompDefaultOff from './kubelet/kubelet-seccomp-default-off.ts';
import kubeletServingCertificateUnsigned from './kubelet/kubelet-serving-certificate-unsigned.ts';
import kubeletStaticPodUrl from './kubelet/kubelet-static-pod-url.ts';
import kubeletStreamingTimeoutOff from './kubelet/kubelet-streaming-timeout-off.ts';
import kubeletUnsafeSysctlsAllowed from './kubelet/kubelet-unsafe-sysctls-allowed.ts';
import kubeletWeakTls from './kubelet/kubelet-weak-tls.ts';
import networkNoEnforcement from './network/network-no-enforcement.ts';
import networkNodeWithoutEnforcement from './network/network-node-without-enforcement.ts';
import networkPolicyNotEnforced from './network/network-policy-not-enforced.ts';
import pkiAuthorityExpiring from './pki/pki-authority-expiring.ts';
import pkiAuthorityKeyInSecret from './pki/pki-authority-key-in-secret.ts';
import pkiAuthorityLongLived from './pki/pki-authority-long-lived.ts';
import pkiCertManagerNotRenewing from './pki/pki-cert-manager-not-renewing.ts';
import pkiCertificateApprover from './pki/pki-certificate-approver.ts';
import pkiCertificateExpired from './pki/pki-certificate-expired.ts';
import pkiCertificateExpiring from './pki/pki-certificate-expiring.ts';
import pkiCertificateForAnyUse from './pki/pki-certificate-for-any-use.ts';
import pkiCertificateMalformed from './pki/pki-certificate-malformed.ts';
import pkiCertificateOutlivesAuthority from './pki/pki-certificate-outlives-authority.ts';
import pkiCertificateUnreadable from './pki/pki-certificate-unreadable.ts';
import pkiComponentCertificateDeviates from './pki/pki-component-certificate-deviates.ts';
import pkiComponentIdentityMisused from './pki/pki-component-identity-misused.ts';
import pkiComponentNameMissing from './pki/pki-component-name-missing.ts';
import pkiEtcdSharesAuthority from './pki/pki-etcd-shares-authority.ts';
import pkiEtcdTrustsClusterAuthority from './pki/pki-etcd-trusts-cluster-authority.ts';
import pkiEtcdWithoutClientCertificates from './pki/pki-etcd-without-client-certificates.ts';
import pkiExtensionBundleUseless from './pki/pki-extension-bundle-useless.ts';
import pkiExtensionCertificateRefused from './pki/pki-extension-certificate-refused.ts';
import pkiExtensionServerMismatch from './pki/pki-extension-server-mismatch.ts';
import pkiExtensionServerUnverified from './pki/pki-extension-server-unverified.ts';
import pkiFrontProxyAnyName from './pki/pki-front-proxy-any-name.ts';
import pkiIngressCertificateMismatch from './pki/pki-ingress-certificate-mismatch.ts';
import pkiKubeletAuthorityUnset from './pki/pki-kubelet-authority-unset.ts';
import pkiKubeletNotRenewing from './pki/pki-kubelet-not-renewing.ts';
import pkiLeafMayIssue from './pki/pki-leaf-may-issue.ts';
import pkiLongLivedClientCertificate from './pki/pki-long-lived-client-certificate.ts';
import pkiNodeCertificateWithoutNode from './pki/pki-node-certificate-without-node.ts';
import pkiNodeIdentityShared from './pki/pki-node-identity-shared.ts';
import pkiPrivilegedClientCertificate from './pki/pki-privileged-client-certificate.ts';
import pkiRenewedNotRestarted from './pki/pki-renewed-not-restarted.ts';
import pkiRootCaDiffers from './pki/pki-root-ca-differs.ts';
import pkiServerAuthorityMismatch from './pki/pki-server-authority-mismatch.ts';
import pkiServerCertificateAsLogin from './pki/pki-server-certificate-as-login.ts';
import pkiServiceAccountKeyShared from './pki/pki-service-account-key-shared.ts';
import pkiServiceAccountKeyWeak from './pki/pki-service-account-key-weak.ts';
import pkiServingNameMissing from './pki/pki-serving-name-missing.ts';
import pkiSharedFrontProxyAuthority from './pki/pki-shared-front-proxy-authority.ts';
import pkiSharedPrivateKey from './pki/pki-shared-private-key.ts';
import pkiSharedServingKey from './pki/pki-shared-serving-key.ts';
import pkiSigningRequestBeyondRule from './pki/pki-signing-request-beyond-rule.ts';
import pkiSigningRequestStuck from './pki/pki-signing-request-stuck.ts';
import pkiSystemMastersCertificate from './pki/pki-system-masters-certificate.ts';
import pkiTlsSecretBroken from './pki/pki-tls-secret-broken.ts';
import pkiTlsSecretMissing from './pki/pki-tls-secret-missing.ts';
import pkiWeakKey from './pki/pki-weak-key.ts';
import pkiWeakSignature from './pki/pki-weak-signature.ts';
import pkiWildcardCertificate from './pki/pki-wildcard-certificate.ts';
import rbacAlwaysAllow from './rbac/rbac-always-allow.ts';
import rbacClusterAdminGrant from './rbac/rbac-cluster-admin-grant.ts';
import rbacDanglingSubject from './rbac/rbac-dangling-subject.ts';
import rbacDefaultServiceAccount from './rbac/rbac-default-service-account.ts';
import rbacEscalationPath from './rbac/rbac-escalation-path.ts';
import rbacEveryNodeGrant from './rbac/rbac-every-node-grant.ts';
import rbacIdleToken from './rbac/rbac-idle-token.ts';
import rbacPublicGrant from './rbac/rbac-public-grant.ts';
import rbacTamperedDefault from './rbac/rbac-tampered-default.ts';
import rbacUnusedServiceAccount from './rbac/rbac-unused-service-account.ts';
import rbacUserBoundDirectly from './rbac/rbac-user-bound-directly.ts';
import rbacWildcardClusterRoleBinding from './rbac/rbac-wildcard-cluster-role-binding.ts';
import secretsPlaintextRemains from './secrets/secrets-plaintext-remains.ts';
import secretsUnencryptedAtRest from './secrets/secrets-unencrypted-at-rest.ts';
import secretsWeakEncryptionProvider from './secrets/secrets-weak-encryption-provider.ts';
import versionsSupportEnding from './versions/versions-support-ending.ts';
import versionsUnsupported from './versions/versions-unsupported.ts';

/** Every check. */
export const CHECKS: readonly Check[] = [
  kubeletAnonymousAccess,
  kubeletAuthorizationAlwaysAllow,
  kubeletClientCaMissing,
  kubeletClientRotationOff,
  kubeletEventRateUnlimited,
  kubeletIptablesChainsUnmanaged,
  kubeletKernelDefaultsChanged,
  kubeletLogQueryEnabled,
  kubeletPodPidsUnlimited,
  kubeletReadOnlyPort,
  kubeletSeccompDefaultOff,
  kubeletServingCertificateUnsigned,
  kubeletStaticPodUrl,
  kubeletStreamingTimeoutOff,
  kubeletUnsafeSysctlsAllowed,
  kubeletWeakTls,
  networkNoEnforcement,
  networkNodeWithoutEnforcement,
  networkPolicyNotEnforced,
  pkiAuthorityExpiring,
  pkiAuthorityKeyInSecret,
  pkiAuthorityLongLived,
  pkiCertManagerNotRenewing,
  pkiCertificateApprover,
  pkiCertificateExpired,
  pkiCertificateExpiring,
  pkiCertificateForAnyUse,
  pkiCertificateMalformed,
  pkiCertificateOutlivesAuthority,
  pkiCertificateUnreadable,
  pkiComponentCertificateDeviates,
  pkiComponentIdentityMisused,
  pkiComponentNameMissing,
  pkiEtcdSharesAuthority,
  pkiEtcdTrustsClusterAuthority,
  pkiEtcdWithoutClientCertificates,
  pkiExtensionBundleUseless,
  pkiExtensionCertificateRefused,
  pkiExtensionServerMismatch,
  pkiExtensionServerUnverified,
  pkiFrontProxyAnyName,
  pkiIngressCertificateMismatch,
  pkiKubeletAuthorityUnset,
  pkiKubeletNotRenewing,
  pkiLeafMayIssue,
  pkiLongLivedClientCertificate,
  pkiNodeCertificateWithoutNode,
  pkiNodeIdentityShared,
  pkiPrivilegedClientCertificate,
  pkiRenewedNotRestarted,
  pkiRootCaDiffers,
  pkiServerAuthorityMismatch,
  pkiServerCertificateAsLogin,
  pkiServiceAccountKeyShared,
  pkiServiceAccountKeyWeak,
  pkiServingNameMissing,
  pkiSharedFrontProxyAuthority,
  pkiSharedPrivateKey,
  pkiSharedServingKey,
  pkiSigningRequestBeyondRule,
  pkiSigningRequestStuck,
  pkiSystemMastersCertificate,
  pkiTlsSecretBroken,
  pkiTlsSecretMissing,
  pkiWeakKey,
  pkiWeakSignature,
  pkiWildcardCertificate,
  rbacAlwaysAllow,
  rbacClusterAdminGrant,
  rbacDanglingSubject,
  rbacDefaultServiceAccount,
  rbacEscalationPath,
  rbacEveryNodeGrant,
  rbacIdleToken,
  rbacPublicGrant,
  rbacTamperedDefault,
  rbacUnusedServiceAccount,
  rbacUserBoundDirectly,
  rbacWildcardClusterRoleBinding,
  secretsPlaintextRemains,
  secretsUnencryptedAtRest,
  secretsWeakEncryptionProvider,
  versionsSupportEnding,
  versionsUnsupported,
];
