import { describe, expect, it, test } from 'vitest';
import { powersOf, type Reach } from '../../src/indexes/rbac-power.ts';
import { on, type RuleManifest } from '../support/rbac.ts';

const rbac = ['rbac.authorization.k8s.io'];
const csr = ['certificates.k8s.io'];

describe('powersOf', () => {
  const takeovers = (reach: Reach, rules: readonly RuleManifest[]): string[] =>
    powersOf(rules, reach).filter(power => power.impact === 'takeover').map(power => power.id);

  test.each<[why: string, rules: RuleManifest[], cluster: string[], namespace: string[]]>([
    ['everything', [on(['*'], ['*'], '*')], ['everything'], ['everything']],
    ['escalate with an edit', [on(rbac, ['clusterroles'], 'escalate', 'update')], ['escalate'], []],
    ['escalate without an edit', [on(rbac, ['clusterroles', 'roles'], 'escalate', 'get')], [], []],
    ['escalate on one kind, edit of the other', [on(rbac, ['clusterroles'], 'escalate'), on(rbac, ['roles'], 'patch')], [], []],
    ['escalate on roles', [on(rbac, ['roles'], 'escalate'), on(rbac, ['roles'], 'patch')], ['escalate'], ['escalate']],
    ['bind for the cluster', [on(rbac, ['clusterroles'], 'bind'), on(rbac, ['clusterrolebindings'], 'create')], ['bind'], []],
    ['bind in another group', [on(['apps'], ['clusterroles'], 'bind'), on(rbac, ['clusterrolebindings'], 'create')], [], []],
    ['impersonate users', [on([''], ['users'], 'impersonate')], ['impersonate-user'], []],
    ['impersonate uids only', [on(['authentication.k8s.io'], ['uids', 'userextras/scopes'], 'impersonate')], [], []],
    ['impersonate service accounts', [on([''], ['serviceaccounts'], 'impersonate')], ['impersonate-service-account'], ['impersonate-service-account']],
    ['node metrics are no node proxy', [on([''], ['nodes/metrics', 'nodes/stats'], 'get')], [], []],
    ['*/proxy', [on([''], ['*/proxy'], 'get')], ['node-proxy'], []],
    ['listing Secrets', [on([''], ['secrets'], 'list')], ['secrets-read'], ['secrets-read']],
    ['one Secret by name', [{ ...on([''], ['secrets'], 'get'), resourceNames: ['a'] }], ['secrets-read'], ['secrets-read']],
    ['writing Secrets', [on([''], ['secrets'], 'create', 'update')], [], []],
    ['tokens of one service account', [{ ...on([''], ['serviceaccounts/token'], 'create'), resourceNames: ['a'] }], ['token-create'], ['token-create']],
    ['service accounts without their tokens', [on([''], ['serviceaccounts'], 'create')], [], []],
    ['creating a pod of one name', [{ ...on([''], ['pods'], 'create'), resourceNames: ['a'] }], [], []],
    ['patching Deployments', [on(['apps'], ['deployments'], 'patch')], ['workload-create'], ['workload-create']],
    ['Deployments of the wrong group', [on([''], ['deployments'], 'create')], [], []],
    ['approving with all that it takes', [on(csr, ['certificatesigningrequests'], 'create'), on(csr, ['certificatesigningrequests/approval'], 'update'), on(csr, ['signers'], 'approve')], ['certificate-issue'], []],
    ['approving without the signer', [on(csr, ['certificatesigningrequests'], 'create'), on(csr, ['certificatesigningrequests/approval'], 'update')], [], []],
    ['signing', [on(csr, ['certificatesigningrequests/status'], 'patch'), on(csr, ['signers'], 'sign')], ['certificate-issue'], []],
    ['webhooks', [on(['admissionregistration.k8s.io'], ['mutatingwebhookconfigurations'], 'patch')], ['admission-write'], []],
    ['API services', [on(['apiregistration.k8s.io'], ['apiservices'], 'create')], ['api-service-write'], []],
    ['exec', [on([''], ['pods/exec'], 'create')], ['pod-exec'], ['pod-exec']],
    ['ephemeral containers', [on([''], ['pods/ephemeralcontainers'], 'patch')], ['pod-exec'], ['pod-exec']],
    ['pods/*', [on([''], ['pods/*'], '*')], [], []],
  ])('%s', (_why, rules, cluster, namespace) => {
    expect(takeovers('cluster', rules)).toEqual(cluster);
    expect(takeovers('namespace', rules)).toEqual(namespace);
  });

  test.each<[why: string, rules: RuleManifest[], reach: Reach, words: string[]]>([
    ['the strongest first', [on([''], ['configmaps', 'pods'], 'get', 'patch'), on([''], ['secrets'], 'get')], 'cluster',
      ['read Secrets', 'change configmaps, pods', 'read configmaps, pods, secrets']],
    ['a star in one group', [on(['apps', ''], ['*'], 'watch')], 'namespace', ['read Secrets', 'read everything in apps, the core group']],
    ['many resources', [on([''], ['a', 'b', 'c', 'd', 'e'], 'get')], 'namespace', ['read a, b, c and 2 more']],
    ['cluster-scoped kinds in one namespace', [on([''], ['nodes', 'persistentvolumes'], 'get')], 'namespace', []],
    ['a namespaced kind of the same name in another group', [on(['longhorn.io'], ['nodes'], 'get')], 'namespace', ['read nodes']],
    ['the own Namespace', [on([''], ['namespaces'], 'patch')], 'namespace', ['change namespaces']],
    ['questions about oneself', [on(['authorization.k8s.io'], ['selfsubjectaccessreviews'], 'create')], 'cluster', ['create selfsubjectaccessreviews']],
    ['questions about others', [on(['authorization.k8s.io'], ['subjectaccessreviews'], 'create')], 'cluster', ['create subjectaccessreviews']],
    ['paths', [{ verbs: ['get'], nonResourceURLs: ['/version', '/metrics'] }], 'cluster', ['ask for the paths /metrics', 'ask for the public paths /version']],
    ['paths in one namespace', [{ verbs: ['get'], nonResourceURLs: ['*'] }], 'namespace', []],
    ['verbs in upper case', [on([''], ['pods'], 'GET', 'LIST')], 'cluster', []],
    ['verbs that need another', [on(rbac, ['roles'], 'bind', 'escalate')], 'cluster', []],
    ['no groups', [{ verbs: ['get'], resources: ['pods'] }], 'cluster', []],
  ])('says: %s', (_why, rules, reach, words) => {
    expect(powersOf(rules, reach).map(power => power.words)).toEqual(words);
  });

  it('names the rules that it follows from', () => {
    const rules = [on([''], ['pods'], 'get'), on(rbac, ['clusterroles'], 'bind'), on(rbac, ['clusterrolebindings'], 'create')];
    expect(powersOf(rules, 'cluster')[0]).toMatchObject({ id: 'bind', ruleIndexes: [1, 2] });
  });
});
