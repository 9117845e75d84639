/** Verbs on resources of one group; a resource may have a subresource behind a slash. One of each is enough. */
export interface Leg {
  readonly verbs: readonly string[];
  readonly group: string;
  readonly resources: readonly string[];
}

export interface KnownPower {
  readonly id: string;
  readonly words: string;
  /** Ways to have it; each takes all of its legs, from whichever rules. */
  readonly ways: readonly { readonly reach?: 'cluster'; readonly legs: readonly Leg[] }[];
}

const rbac = 'rbac.authorization.k8s.io';
const write = ['create', 'update', 'patch'] as const;
const read = ['get', 'list', 'watch'] as const;
const leg = (group: string, resources: readonly string[], verbs: readonly string[]): Leg => ({ group, resources, verbs });

/**
 * The powers that lead to the rights of others, strongest first. Sources: the RBAC good practices of the Kubernetes
 * documentation, and for each the place in the API server that decides:
 * - `escalate` and `bind` do nothing without a write to a role or binding (pkg/registry/rbac/*\/policybased); `bind` on
 *   clusterroles counts for RoleBindings of the namespace too
 * - `impersonate groups` alone is refused for want of a user (apiserver pkg/endpoints/filters/impersonation)
 * - `get` is enough for nodes/proxy, on every version: a websocket is opened by GET; for pods/exec the API server asks
 *   for `create` as well since 1.35
 */
export const takeovers: readonly KnownPower[] = [
  {
    id: 'escalate',
    words: 'give itself any right by editing a role it holds',
    ways: [
      { reach: 'cluster', legs: [leg(rbac, ['clusterroles'], ['escalate']), leg(rbac, ['clusterroles'], ['update', 'patch'])] },
      { legs: [leg(rbac, ['roles'], ['escalate']), leg(rbac, ['roles'], ['update', 'patch'])] },
    ],
  },
  {
    id: 'bind',
    words: 'give itself any role by binding it',
    ways: [
      { reach: 'cluster', legs: [leg(rbac, ['clusterroles'], ['bind']), leg(rbac, ['clusterrolebindings'], write)] },
      { legs: [leg(rbac, ['clusterroles', 'roles'], ['bind']), leg(rbac, ['rolebindings'], write)] },
    ],
  },
  {
    id: 'impersonate-user',
    words: 'act as another user',
    ways: [{ reach: 'cluster', legs: [leg('', ['users'], ['impersonate'])] }],
  },
  {
    id: 'impersonate-service-account',
    words: 'act as another service account',
    ways: [{ legs: [leg('', ['serviceaccounts'], ['impersonate'])] }],
  },
  {
    id: 'node-proxy',
    words: 'run commands in every container through nodes/proxy',
    ways: [{ reach: 'cluster', legs: [leg('', ['nodes/proxy'], ['get', 'create'])] }],
  },
  {
    id: 'secrets-read',
    words: 'read Secrets',
    ways: [{ legs: [leg('', ['secrets'], read)] }],
  },
  {
    id: 'token-create',
    words: 'issue tokens of service accounts',
    ways: [{ legs: [leg('', ['serviceaccounts/token'], ['create'])] }],
  },
  {
    id: 'certificate-issue',
    words: 'issue certificates for identities of its choice',
    ways: [
      {
        reach: 'cluster',
        legs: [
          leg('certificates.k8s.io', ['certificatesigningrequests'], ['create']),
          leg('certificates.k8s.io', ['certificatesigningrequests/approval'], ['update', 'patch']),
          leg('certificates.k8s.io', ['signers'], ['approve']),
        ],
      },
      {
        reach: 'cluster',
        legs: [
          leg('certificates.k8s.io', ['certificatesigningrequests/status'], ['update', 'patch']),
          leg('certificates.k8s.io', ['signers'], ['sign']),
        ],
      },
    ],
  },
  {
    id: 'admission-write',
    words: 'change every object on its way into the API server',
    ways: [
      {
        reach: 'cluster',
        legs: [leg('admissionregistration.k8s.io', ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'], write)],
      },
    ],
  },
  {
    id: 'api-service-write',
    words: 'put its own server in the place of an API',
    ways: [{ reach: 'cluster', legs: [leg('apiregistration.k8s.io', ['apiservices'], write)] }],
  },
  {
    id: 'pod-exec',
    words: 'run commands in containers',
    ways: [
      { legs: [leg('', ['pods/exec', 'pods/attach'], ['create'])] },
      { legs: [leg('', ['pods/ephemeralcontainers'], ['update', 'patch'])] },
    ],
  },
  {
    id: 'workload-create',
    words: 'run pods as any service account of the namespace',
    ways: [
      { legs: [leg('', ['pods'], ['create'])] },
      { legs: [leg('', ['replicationcontrollers'], write)] },
      { legs: [leg('apps', ['deployments', 'daemonsets', 'statefulsets', 'replicasets'], write)] },
      { legs: [leg('batch', ['jobs'], ['create'])] },
      { legs: [leg('batch', ['cronjobs'], write)] },
    ],
  },
  {
    id: 'pod-exec-get',
    words: 'run commands in containers where the API server is older than 1.35',
    ways: [{ legs: [leg('', ['pods/exec', 'pods/attach'], ['get'])] }],
  },
];
