import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex } from '../evidence/need.ts';
import type { RequestFacts } from '../evidence/signing-request.ts';
import { signingRequests, type SigningRequest } from '../evidence/sources/pki.ts';
import { isComponentName } from './certificate-standard.ts';
import { rightsOf, unreadBindings, type IdentityRights } from './identity-rights.ts';
import { rbacGraph } from './rbac-graph.ts';

/** How far a request has come. */
export type RequestState = 'pending' | 'approved' | 'issued' | 'refused';

/** A request for a certificate, with whom the certificate would make of its bearer. */
export interface RequestedIdentity {
  readonly request: SigningRequest;
  readonly state: RequestState;
  readonly asked: RequestFacts;
  /** What the bearer could do, as far as the bindings were read. */
  readonly rights: IdentityRights;
  /** Whether the rights decide about it: it may still become a login, and its name and groups alone say nothing against it. */
  readonly isByRights: boolean;
  /** In a few words, what of the identity its signer is not meant to sign for this requester; absent where nothing is. */
  readonly beyond?: string;
}

export interface SigningRequestStates {
  /** Those of which the subject could be read. */
  readonly requests: readonly RequestedIdentity[];
  /** Why they may have more rights than those that are said. */
  readonly rightGaps: readonly Gap[];
}

export const signingRequestStates = defineIndex({
  id: 'signing-request-states',
  needs: { requests: signingRequests, graph: attempt(rbacGraph) },
  build({ requests, graph }): SigningRequestStates {
    return {
      requests: requests.flatMap((request): RequestedIdentity[] => {
        const asked = request.spec.request;
        if (asked === undefined) return [];
        const { commonName: user = '', organizations } = asked;
        const beyond = beyondRule(request, asked);
        const state = stateOf(request);
        const isByRights = beyond === undefined && (state === 'pending' || state === 'approved') && LOGIN_SIGNERS.has(request.spec.signerName);
        return [{ request, asked, state, isByRights, rights: rightsOf({ user, groups: [...organizations, 'system:authenticated'] }, graph), ...(beyond === undefined ? {} : { beyond }) }];
      }),
      rightGaps: [...unreadBindings(graph), ...('value' in graph ? graph.value.surroundings.gaps.flatMap(({ gaps }) => gaps) : [])],
    };
  },
});

function stateOf({ status }: SigningRequest): RequestState {
  const types = new Set(status?.conditions?.map(({ type }) => type));
  if (types.has('Denied') || types.has('Failed')) return 'refused';
  return status?.certificate !== undefined ? 'issued' : types.has('Approved') ? 'approved' : 'pending';
}

/** What these sign, the API server takes for any user. */
const LOGIN_SIGNERS: ReadonlySet<string> = new Set(['kubernetes.io/kube-apiserver-client', 'kubernetes.io/legacy-unknown']);

const NODE = 'system:node:';
/** Groups that belong to the platform itself. Names of other systems may begin with `system:` too (agents of Open Cluster Management). */
const PLATFORM_GROUPS: ReadonlySet<string> = new Set(['system:masters', 'system:nodes', 'system:node-proxier', 'system:monitoring', 'system:bootstrappers']);

/** What the documents say that each signer signs (certificate-signing-requests, "Kubernetes signers"), and for whom it is asked. */
function beyondRule({ spec }: SigningRequest, { commonName = '', organizations }: RequestFacts): string | undefined {
  const isNode = commonName.startsWith(NODE) && organizations.length === 1 && organizations[0] === 'system:nodes';
  const { signerName, username = '', groups = [] } = spec;
  switch (signerName) {
    case 'kubernetes.io/kubelet-serving':
      if (!isNode) return `${namesOf(commonName, organizations)}, which is no kubelet`;
      // NodeRestriction refuses it since 1.31; whoever is no node is not restricted by it.
      return username === commonName ? undefined : `a serving certificate of ${commonName}, who is somebody else`;
    case 'kubernetes.io/kube-apiserver-client-kubelet':
      if (!isNode) return `${namesOf(commonName, organizations)}, which is no kubelet`;
      return username.startsWith(NODE) && groups.includes('system:nodes') && username !== commonName ? `the name of another node (${commonName})` : undefined;
    case 'kubernetes.io/kube-apiserver-client':
    case 'kubernetes.io/legacy-unknown': {
      if (isComponentName(commonName)) return `the name of a component (${commonName})`;
      if (commonName.startsWith('system:serviceaccount:')) return `the name of a service account (${commonName})`;
      const group = organizations.find(each => PLATFORM_GROUPS.has(each) || each.startsWith('system:serviceaccounts'));
      return group === undefined ? undefined : `membership in ${group}`;
    }
    default:
      // Signers of others have rules of their own, and the API server takes nothing that they sign, unless it trusts them.
      return undefined;
  }
}

function namesOf(commonName: string, organizations: readonly string[]): string {
  return [commonName === '' ? 'no name' : commonName, ...organizations.map(group => `in ${group}`)].join(' ');
}
