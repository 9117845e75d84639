import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditReport } from '../../../src/engine/report-model.ts';
import type { NetworkView } from '../../../src/indexes/network-view.ts';
import { runProgram } from '../run-program.ts';
import { runSecaudit } from '../../support/run-secaudit.ts';
import { useKubeadmCluster } from './shared-cluster.ts';

const cluster = useKubeadmCluster();
const NAMESPACE = 'secaudit-network-suite';

async function kubectl(args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await cluster().kubectl(args, { input });
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
}

const apply = (...objects: readonly object[]): Promise<string> =>
  kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));

async function report(): Promise<AuditReport & { views: { network: NetworkView } }> {
  const { code, stdout, stderr } = await runSecaudit(['network', '-o', 'json', '--quiet'], { env: { KUBECONFIG: cluster().kubeconfig.admin } });
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as AuditReport & { views: { network: NetworkView } };
}

const statusOf = ({ checks }: AuditReport, id: string): string | undefined => checks.find(check => check.id === id)?.status;

/** A pod on every node, of a program that takes no notice of NetworkPolicies, with or without the right to read them. */
function agent(verbs: readonly string[]): readonly object[] {
  const group = 'rbac.authorization.k8s.io';
  const name = NAMESPACE;
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'agent', namespace: NAMESPACE } },
    { apiVersion: `${group}/v1`, kind: 'ClusterRole', metadata: { name }, rules: [{ apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs }] },
    { apiVersion: `${group}/v1`, kind: 'ClusterRoleBinding', metadata: { name }, roleRef: { apiGroup: group, kind: 'ClusterRole', name }, subjects: [{ kind: 'ServiceAccount', name: 'agent', namespace: NAMESPACE }] },
    {
      apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'agent', namespace: NAMESPACE },
      spec: {
        selector: { matchLabels: { app: 'agent' } },
        template: {
          metadata: { labels: { app: 'agent' } },
          spec: {
            serviceAccountName: 'agent', terminationGracePeriodSeconds: 0, tolerations: [{ operator: 'Exists' }],
            containers: [{ name: 'agent', image: 'docker.io/library/busybox:ground', command: ['sleep', '100000'] }],
          },
        },
      },
    },
  ];
}

beforeAll(async () => {
  await apply(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'default-deny', namespace: NAMESPACE }, spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] } },
    {
      apiVersion: 'v1', kind: 'Pod', metadata: { name: 'server', namespace: NAMESPACE },
      spec: { terminationGracePeriodSeconds: 0, nodeName: 'worker-1', containers: [{ name: 'server', image: 'docker.io/library/busybox:ground', command: ['sh', '-c', 'mkdir /www; echo reached > /www/index.html; exec httpd -f -p 8080 -h /www'] }] },
    },
    {
      apiVersion: 'v1', kind: 'Pod', metadata: { name: 'client', namespace: NAMESPACE },
      spec: { terminationGracePeriodSeconds: 0, nodeName: 'worker-1', containers: [{ name: 'client', image: 'docker.io/library/busybox:ground', command: ['sleep', '100000'] }] },
    },
  );
  await kubectl(['wait', '-n', NAMESPACE, '--for=condition=Ready', 'pod/server', 'pod/client', '--timeout=60s']);
});
afterAll(async () => {
  await kubectl(['delete', 'clusterrolebinding,clusterrole', NAMESPACE, '--ignore-not-found']);
  await kubectl(['delete', 'namespace', NAMESPACE, '--ignore-not-found', '--wait=false']);
});

describe('a pod network that takes no notice of NetworkPolicies', () => {
  test('what the policy forbids passes, and the report says so', async () => {
    const address = (await kubectl(['get', 'pod', 'server', '-n', NAMESPACE, '-o', 'jsonpath={.status.podIP}'])).trim();
    const answer = await kubectl(['exec', '-n', NAMESPACE, 'client', '--', 'sh', '-c', `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc ${address} 8080`]);
    expect(answer).toContain('reached');

    const audited = await report();
    expect(audited.views.network.enforcement).toBe('none');
    expect(audited.findings.filter(({ resource }) => resource.namespace === NAMESPACE).map(({ check, severity, resource }) => [check, severity, resource.name])).toEqual([
      ['network-policy-not-enforced', 'high', 'default-deny'],
    ]);
    expect(statusOf(audited, 'network-no-enforcement')).toBe('failed');
  });

  test('a program on every node that may read the policies could enforce them, so that nothing is claimed', async () => {
    await apply(...agent(['list', 'watch']));
    await kubectl(['rollout', 'status', '-n', NAMESPACE, 'daemonset/agent', '--timeout=60s']);
    const audited = await report();
    expect(audited.views.network.nodes.map(({ state, how }) => [state, how.includes(`${NAMESPACE}/agent`)])).toEqual([['unknown', true]]);
    expect(statusOf(audited, 'network-policy-not-enforced')).toBe('notAssessed');

    // The right to list alone is of no use to an enforcer, which has to see each change.
    await apply(...agent(['list']));
    await sleep(100);
    expect(statusOf(await report(), 'network-policy-not-enforced')).toBe('failed');
  });

  test('every command that shows evidence runs, and shows the value', async () => {
    const { findings } = await report();
    const commands = findings.flatMap(({ evidence }) => evidence.flatMap(item => ('reproduce' in item ? [item.reproduce] : [])));
    for (const command of commands) {
      const { code, stderr } = await runProgram('bash', ['-c', command], { KUBECONFIG: cluster().kubeconfig.admin, PATH: `${cluster().programs.kubectl.replace(/\/kubectl$/, '')}:${process.env.PATH ?? ''}` });
      expect([code, stderr]).toEqual([0, '']);
    }
    expect(findings.flatMap(({ evidence }) => evidence).length).toBeGreaterThan(0);
  });
});
