import { describe, expect, it } from 'vitest';
import type { AuditReport } from '../../src/engine/report-model.ts';
import { demoSnapshotFile } from '../support/demo.ts';
import { runSecaudit } from '../support/run-secaudit.ts';

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
  it.each([
    [['Robot/x'], /^error: FROM is .*, not Robot\/x\n$/],
    [['ServiceAccount/shop'], /^error: FROM is .*, not ServiceAccount\/shop\n$/],
    [['User/ana', 'the-moon'], /^error: TO is one of .*, not the-moon\n$/],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await path(...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});
