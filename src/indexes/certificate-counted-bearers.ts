import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex } from '../evidence/need.ts';
import { kubeletMetrics } from '../evidence/sources/kubelet.ts';
import { countedRows, withWarnings } from './certificate-counted.ts';
import { certificateWarnings } from './certificate-warnings.ts';
import { standardIdentityOf } from './certificate-standard.ts';
import { rightsOf, unreadBindings, type IdentityRights } from './identity-rights.ts';
import { rbacGraph } from './rbac-graph.ts';

/**
 * Whom the API server takes the bearer of a certificate for of which k3s or RKE2 counts the seconds: the subject says so, though
 * nobody has seen the certificate itself, nor who issued it.
 */
export interface CountedBearer extends IdentityRights {
  readonly node: string;
  readonly user: string;
  readonly groups: readonly string[];
  /** RFC 3339; up to half an hour sooner. */
  readonly notAfter: string;
  /** What a standard component or file has this name, in a few words. */
  readonly standard?: string;
  /** Why it may have more rights than those that are said. */
  readonly gaps?: readonly Gap[];
}

/** Certificates of these roles log in at the API server; etcd and the front proxy have names of their own. */
const LOGINS: ReadonlySet<string> = new Set(['apiserver-kubelet-client', 'controller-manager-client', 'scheduler-client', 'kube-proxy-client', 'kubelet-client', 'admin', 'component-client']);

/** The bearers of the client certificates that k3s and RKE2 count. */
export const countedBearers = defineIndex({
  id: 'certificate-counted-bearers',
  needs: { kubelets: attempt(kubeletMetrics), warnings: certificateWarnings, graph: attempt(rbacGraph) },
  build({ kubelets, warnings, graph }): readonly CountedBearer[] {
    const gaps = unreadBindings(graph);
    return withWarnings('value' in kubelets ? countedRows(kubelets.value) : [], warnings.warned).flatMap(({ role, node, notAfter, subject: { commonName: user, organizations: groups } }) => {
      if (user === undefined || notAfter === undefined || !LOGINS.has(role)) return [];
      const standard = standardIdentityOf(user, groups);
      return [{
        node, user, groups, notAfter,
        ...(standard === undefined ? {} : { standard }),
        ...(groups.includes('system:masters') || gaps.length === 0 ? {} : { gaps }),
        ...rightsOf({ user, groups: [...groups, 'system:authenticated'] }, graph),
      }];
    });
  },
});
