import { selfReviewSource, type Source } from '../source.ts';

/** What the API server says of one right of the caller. */
export interface AccessAnswer {
  readonly allowed: boolean;
  /** An authorizer refused it outright, so that those after it were not asked. */
  readonly denied: boolean;
  /** By the words that RBAC gives for its reason; another authorizer may have words of its own, and they are not kept. */
  readonly byRbac: boolean;
  /** An authorizer failed while it was asked, so a denial is none. */
  readonly failed: boolean;
}

/** A request that a self review asks about. */
export interface AskedRight {
  readonly verb: string;
  readonly apiGroup: string;
  readonly resource: string;
  readonly namespace?: string;
}

/**
 * Rights that the caller is asked about, to compare the answer with RBAC's own. The first is about nothing that exists: whoever
 * may do that, and not by RBAC, may do anything.
 */
export const ASKED = {
  nothing: { verb: 'probe', apiGroup: 'secaudit.invalid', resource: 'probes' },
  secrets: { verb: 'list', apiGroup: '', resource: 'secrets' },
  pods: { verb: 'create', apiGroup: '', resource: 'pods', namespace: 'kube-system' },
} as const satisfies Readonly<Record<string, AskedRight>>;

export const mayDoNothing = review('maydonothing', 'answer about a resource that does not exist', ASKED.nothing);
export const mayListSecrets = review('maylistsecrets', 'answer about list secrets', ASKED.secrets);
export const mayCreatePods = review('maycreatepods', 'answer about create pods in kube-system', ASKED.pods);

function review(id: string, title: string, { apiGroup: group, ...asked }: AskedRight): Source<AccessAnswer> {
  return selfReviewSource<AccessAnswer>({
    id, title,
    projectionVersion: 2,
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    resource: 'selfsubjectaccessreviews',
    spec: { resourceAttributes: { group, ...asked } },
    readWithNamespace: true,
    keeps: 'whether you may, whether you are refused outright, and whether RBAC says so',
    parse(body) {
      const { status } = JSON.parse(body) as { status?: { allowed?: unknown; denied?: unknown; reason?: unknown; evaluationError?: unknown } };
      if (typeof status?.allowed !== 'boolean') throw new Error('the review has no answer');
      const { allowed, denied, reason, evaluationError } = status;
      return { allowed, denied: denied === true, byRbac: typeof reason === 'string' && reason.startsWith('RBAC: '), failed: typeof evaluationError === 'string' && evaluationError !== '' };
    },
  });
}
