import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import ending from '../../src/checks/versions/versions-support-ending.ts';
import unsupported from '../../src/checks/versions/versions-unsupported.ts';
import { connect } from '../../src/cluster/connect.ts';
import { collect } from '../../src/collect/collect.ts';
import { createEvaluator, type CheckResult } from '../../src/engine/evaluate.ts';
import { sourcesOf } from '../../src/evidence/need.ts';
import { evidenceOf, type Snapshot } from '../../src/evidence/snapshot.ts';
import { apiGroups, kubeSystemNamespace, serverVersion, whoAmI } from '../../src/evidence/sources/versions.ts';
import { platform } from '../../src/indexes/platform.ts';
import { versionsView } from '../../src/indexes/versions-view.ts';
import { lineOf } from '../support/describe-check.ts';
import { startApiServer, type Ground } from './api-server.ts';
import { controlPlaneVersion } from './binaries.ts';
import { registerNode, reportKubelet } from './register-node.ts';

// Days on which the calendars are known, whenever the suite runs.
const NOW = '2026-11-21T12:00:00Z';

let ground: Ground;
beforeAll(async () => {
  ground = await startApiServer();
  await registerNode(ground, { name: 'current', kubeletVersion: 'v1.37.1' });
  await registerNode(ground, { name: 'left-behind', kubeletVersion: 'v1.34.4' });
});
afterAll(() => ground.stop());

async function read(kubeconfig: string, namespace?: string): Promise<Snapshot> {
  const client = await connect({ kubeconfig }, { userAgent: 'kubectl-secaudit/test' });
  const sources = new Set([...sourcesOf({ ...unsupported.needs, view: versionsView }), kubeSystemNamespace, whoAmI]);
  try {
    return await collect(client, sources, { tool: 'test', collectedAt: NOW, clockSkewSeconds: 0, ...(namespace === undefined ? {} : { namespace }) });
  } finally {
    client.close();
  }
}

function linesOf(result: CheckResult): unknown {
  if (result.status === 'error') throw result.error;
  const findings = 'findings' in result ? result.findings.map(finding => lineOf(unsupported, finding)) : [];
  const unknown = 'unknown' in result ? result.unknown.map(({ of }) => `unknown ${of}`) : [];
  return { status: result.status, lines: [...findings, ...unknown] };
}

describe('versions on a real API server', () => {
  test('the server\'s own answers become evidence', async () => {
    const snapshot = await read(ground.kubeconfig.admin);
    expect(evidenceOf(snapshot, serverVersion)).toMatchObject({ value: { gitVersion: controlPlaneVersion(), major: '1', emulationMajor: '1' } });
    expect(evidenceOf(snapshot, apiGroups)).toMatchObject({ value: expect.arrayContaining(['apps', 'rbac.authorization.k8s.io']) });
    const { stdout } = await ground.kubectl(['get', 'namespace', 'kube-system', '-o', 'jsonpath={.metadata.uid}']);
    expect(evidenceOf(snapshot, kubeSystemNamespace)).toEqual({ value: { uid: stdout } });
    expect(evidenceOf(snapshot, whoAmI)).toMatchObject({
      value: { username: expect.any(String), groups: expect.arrayContaining(['system:authenticated']), credentialId: expect.stringMatching(/^X509SHA256=[0-9a-f]{64}$/) },
    });
  });

  test('a node that was left behind fails, until its kubelet is upgraded', async () => {
    const before = createEvaluator(await read(ground.kubeconfig.admin));
    expect(linesOf(before.judge(unsupported))).toEqual({ status: 'failed', lines: ['high Node/left-behind'] });
    expect(before.resolve(platform)).toMatchObject({ value: { distribution: 'unknown', calendars: ['upstream'] } });

    await reportKubelet(ground, 'left-behind', 'v1.36.4');
    try {
      const after = createEvaluator(await read(ground.kubeconfig.admin));
      expect(linesOf(after.judge(unsupported))).toEqual({ status: 'passed', lines: [] });
      expect(linesOf(after.judge(ending))).toEqual({ status: 'passed', lines: [] });
    } finally {
      await reportKubelet(ground, 'left-behind', 'v1.34.4');
    }
  });

  test('the command that is given as proof shows the value', async () => {
    const result = createEvaluator(await read(ground.kubeconfig.admin)).judge(unsupported);
    const [item] = 'findings' in result ? (result.findings[0]?.evidence ?? []) : [];
    if (item === undefined || !('reproduce' in item)) throw new Error('the finding has no command');
    expect(item.reproduce[0]).toBe('kubectl');
    const { stdout, code } = await ground.kubectl(item.reproduce.slice(1));
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'v1.34.4' });
  });

  test('who may not list nodes learns of the API server alone, and that the kubelets were not seen', async () => {
    const kubeconfig = await ground.kubeconfigFor({ user: 'nobody-in-particular', groups: ['sre'] });
    const snapshot = await read(kubeconfig);
    expect(linesOf(createEvaluator(snapshot).judge(unsupported))).toEqual({ status: 'notAssessed', lines: ['unknown other API server replicas', 'unknown kubelets'] });
    // By then no calendar that may apply supports it, so it does not matter which one does.
    const later = createEvaluator(snapshot, '2031-11-21T12:00:00Z').judge(unsupported);
    expect(linesOf(later)).toEqual({ status: 'failed', lines: ['high Component/kube-apiserver', 'unknown other API server replicas', 'unknown kubelets'] });
    expect(evidenceOf(snapshot, kubeSystemNamespace)).toMatchObject({ gap: { kind: 'gap', reason: 'forbidden', permissions: [{ resource: 'namespaces', verb: 'get' }] } });
    expect(evidenceOf(snapshot, whoAmI)).toMatchObject({ value: { username: 'nobody-in-particular' } });
  });

  test('the rights that the sources name are enough, and nothing was asked but reads and the self review', async () => {
    const user = 'least-privilege';
    const rules = [
      { apiGroups: [''], resources: ['nodes'], verbs: ['list'] },
      { apiGroups: [''], resources: ['namespaces'], resourceNames: ['kube-system'], verbs: ['get'] },
      { apiGroups: ['rbac.authorization.k8s.io'], resources: ['clusterrolebindings'], verbs: ['list'] },
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['list'] },
      { nonResourceURLs: ['/metrics'], verbs: ['get'] },
    ];
    const roleObject = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: user }, rules };
    expect(await ground.kubectl(['create', '-f', '-'], { input: JSON.stringify(roleObject) })).toMatchObject({ code: 0 });
    expect(await ground.kubectl(['create', 'clusterrolebinding', user, `--clusterrole=${user}`, `--user=${user}`])).toMatchObject({ code: 0 });
    const snapshot = await read(await ground.kubeconfigFor({ user }));
    expect(Object.values(snapshot.sources).flatMap(collected => ('gap' in collected ? [collected.gap.detail] : []))).toEqual([]);
    const asked = ground.auditEvents().filter(event => event.user.username === user);
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter(({ verb, objectRef }) => !['get', 'list'].includes(verb) && objectRef?.resource !== 'selfsubjectreviews')).toEqual([]);
  });

  test('with -n who and where one is is still read, and the checks are out of scope', async () => {
    const snapshot = await read(ground.kubeconfig.admin, 'default');
    for (const source of [serverVersion, kubeSystemNamespace, whoAmI]) expect(evidenceOf(snapshot, source)).toHaveProperty('value');
    expect(createEvaluator(snapshot).judge(unsupported)).toMatchObject({ status: 'notAssessed', gaps: [{ kind: 'outOfScope' }] });
  });

  test('nodes of a provider are known by what is kept of them', async () => {
    const labels = { 'kubernetes.azure.com/cluster': 'MC_shop', 'kubernetes.azure.com/mode': 'user', team: 'not-kept' };
    await registerNode(ground, { name: 'aks-1', kubeletVersion: 'v1.34.4', labels, providerID: 'azure:///subscriptions/not-kept' });
    try {
      const snapshot = await read(ground.kubeconfig.admin);
      expect(JSON.stringify(snapshot.sources)).not.toContain('not-kept');
      const evaluator = createEvaluator(snapshot);
      expect(evaluator.resolve(platform)).toMatchObject({ value: { distribution: 'aks' } });
      // The provider keeps 1.34 nine days longer than upstream did.
      expect(linesOf(evaluator.judge(unsupported))).toEqual({ status: 'passed', lines: [] });
    } finally {
      expect(await ground.kubectl(['delete', 'node', 'aks-1'])).toMatchObject({ code: 0 });
    }
  });
});
