import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AuditReport } from '../../src/engine/report-model.ts';
import { demoSnapshotFile } from '../support/demo.ts';
import { runSecaudit } from '../support/run-secaudit.ts';

const pods = JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/demo/api/api/v1/pods.json'), 'utf8')) as { readonly items: readonly { readonly metadata: { readonly name: string }; readonly spec: { readonly nodeName?: string } }[] };
/** Its name ends in letters that are others at each recording. */
const PROXY = pods.items.find(({ metadata, spec }) => metadata.name.startsWith('kube-proxy-') && spec.nodeName === 'worker-1')?.metadata.name ?? '';
const path = (...args: readonly string[]): ReturnType<typeof runSecaudit> => runSecaudit(['rbac', 'path', ...args, '--snapshot', demoSnapshotFile, '--quiet']);

describe('rbac path', () => {
  it('prints a way with the binding of each hop and the cut, within 100 columns', async () => {
    const { code, stdout } = await path('Group/shop-team', 'cluster-admin');
    expect(code).toBe(0);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('1. Group/shop-team can run pods of its choice in namespace shop, and so come to node control-plane by RoleBinding/shop/shop-team, rules[');
    expect(stdout).toMatch(/ {2}cut: without RoleBinding\/shop\/shop-team 1 of \d+ subjects lose the way/);
    expect(stdout.split('\n').filter(line => line.length > 100)).toEqual([]);
  });
  it('gives the same as a view of the report', async () => {
    const { stdout } = await path('Group/shop-team', 'cluster-admin', '-o', 'json');
    expect((JSON.parse(stdout) as AuditReport).views.rbacPath).toMatchObject({
      from: { kind: 'Group', name: 'shop-team' }, to: 'cluster-admin',
      paths: [{ goal: 'cluster-admin', hops: [{ step: 'pod-create', grants: [{ binding: { name: 'shop-team' } }] }], cut: { binding: { name: 'shop-team' } } }],
    });
  });
  it('says of an unknown subject that no binding names it, and which groups it has', async () => {
    const { stdout } = await path('system:serviceaccount:shop:nobody');
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      'No binding names ServiceAccount/shop/nobody; by its name it is in system:serviceaccounts, system:serviceaccounts:shop, system:authenticated');
    expect(stdout).toContain('No way from ServiceAccount/shop/nobody to any goal was found');
  });
  it('begins at a pod: with its token, and as close to its node as it is', async () => {
    const { code, stdout } = await path(`Pod/kube-system/${PROXY}`);
    expect(code).toBe(0);
    const text = stdout.replaceAll(/\s+/g, ' ');
    expect(text).toContain(`Pod/kube-system/${PROXY} holds the token of ServiceAccount/kube-system/kube-proxy`);
    expect(text).toContain(`Nothing keeps Pod/kube-system/${PROXY} from being root on node worker-1`);
    expect(text).toContain('ServiceAccount/kube-system/kube-proxy is named by 1 binding');
    expect(text).toContain(`No way by rights from Pod/kube-system/${PROXY}`);
    expect((JSON.parse((await path(`Pod/kube-system/${PROXY}`, '-o', 'json')).stdout) as AuditReport).views.rbacPath).toMatchObject({
      from: { kind: 'Pod', namespace: 'kube-system', name: PROXY }, pod: { exists: true, serviceAccount: { kind: 'ServiceAccount', namespace: 'kube-system', name: 'kube-proxy' }, escapesTo: 'worker-1' },
    });
  });
  it.each([
    ['a mirror of a static pod, which has no token', 'Pod/kube-system/kube-scheduler-control-plane', 'holds no token of a service account'],
    ['no such pod', 'Pod/shop/nobody', 'There is no Pod/shop/nobody'],
  ])('says so of %s', async (_name, from, words) => {
    const { code, stdout } = await path(from);
    expect(code).toBe(0);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(words);
    expect(stdout).not.toContain('No way');
  });
  it.each([
    [['Pod/web'], /^error: FROM is .*, not Pod\/web\n$/],
    [['Robot/x'], /^error: FROM is .*, not Robot\/x\n$/],
    [['ServiceAccount/shop'], /^error: FROM is .*, not ServiceAccount\/shop\n$/],
    [['User/ana', 'the-moon'], /^error: TO is one of .*, not the-moon\n$/],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await path(...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});
