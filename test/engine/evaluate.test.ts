import { describe, expect, it } from 'vitest';
import { defineCheck, unknownTarget, type CheckWords } from '../../src/checks/define-check.ts';
import { createEvaluator } from '../../src/engine/evaluate.ts';
import { rollUp } from '../../src/engine/build-report.ts';
import type { Gap } from '../../src/evidence/gap.ts';
import { attempt, defineIndex } from '../../src/evidence/need.ts';
import { deepFreeze, type Collected, type Snapshot } from '../../src/evidence/snapshot.ts';
import { getSource } from '../../src/evidence/source.ts';

const words: CheckWords = {
  id: 'rbac-example',
  title: 'Example',
  severity: 'high',
  rationale: 'r',
  remediation: { change: 'c.', mayBreak: 'b.' },
  controls: [{ framework: 'cis', version: '1.12', id: '5.1.1' }],
  references: ['https://kubernetes.io/'],
  scope: 'namespace',
};
const numbers = source('numbers');
const letters = source('letters');

function source(id: string) {
  return getSource<readonly number[]>({ id, title: id, projectionVersion: 1, path: `/${id}`, permissions: [], keeps: 'numbers', parse: body => JSON.parse(body) as number[] });
}

const forbidden: Gap = { kind: 'gap', reason: 'forbidden', detail: 'no' };

function snapshot(sources: Record<string, readonly number[] | Gap>, scope: Snapshot['scope'] = {}): Snapshot {
  const collected = Object.entries(sources).map(([id, value]): [string, Collected] => [
    id,
    { projectionVersion: 1, readAt: '2026-11-21T12:00:00Z', cost: { requests: 1, bytes: 1, seconds: 0 }, ...(Array.isArray(value) ? { value } : { gap: value as Gap }) },
  ]);
  return deepFreeze({
    tool: 't', connection: { server: 'https://x' }, collectedAt: '2026-11-21T12:00:00Z', clockSkewSeconds: 0, durationSeconds: 0, scope,
    sources: Object.fromEntries(collected),
  });
}

const finding = {
  resource: { apiVersion: 'v1', kind: 'Thing', name: 'x' }, message: 'm', cause: 'c',
  evidence: [{ path: 'p', value: 1, grade: 'exact', derivation: 'd' }],
} as const;

/** Fails for every number above 5; 0 is a target that cannot be judged. */
const check = defineCheck({
  ...words,
  needs: { numbers },
  targets: evidence => evidence.numbers.map(n => (n === 0 ? unknownTarget('zero', [forbidden]) : n)),
  inspect: n => (n > 5 ? { ...finding, severity: n > 10 ? 'high' : 'info' } : undefined),
});

describe('createEvaluator', () => {
  it('passes when every target was judged and nothing was found', () => {
    expect(createEvaluator(snapshot({ numbers: [1, 2] })).judge(check)).toMatchObject({ status: 'passed', targets: 2 });
  });
  it('fails on a finding, with the unknown targets counted beside it', () => {
    expect(createEvaluator(snapshot({ numbers: [0, 11] })).judge(check)).toMatchObject({ status: 'failed', targets: 1, unknown: [{ of: 'zero' }] });
  });
  it('does not assess where nothing was found but a target is unknown', () => {
    expect(createEvaluator(snapshot({ numbers: [0, 1] })).judge(check)).toMatchObject({ status: 'notAssessed', gaps: [forbidden] });
  });
  it('stays passed with findings of severity info, and keeps them', () => {
    const result = createEvaluator(snapshot({ numbers: [7] })).judge(check);
    expect(result.status).toBe('passed');
    expect('findings' in result && result.findings).toHaveLength(1);
  });
  it('does not let findings of severity info hide an unknown target', () => {
    expect(createEvaluator(snapshot({ numbers: [7, 0] })).judge(check).status).toBe('notAssessed');
  });
  it('does not apply where there is no target', () => {
    expect(createEvaluator(snapshot({ numbers: [] })).judge(check)).toEqual({ status: 'notApplicable' });
  });
  it('does not assess where the source has a gap', () => {
    expect(createEvaluator(snapshot({ numbers: forbidden })).judge(check)).toMatchObject({ status: 'notAssessed', gaps: [{ reason: 'forbidden', source: 'numbers' }] });
  });
  it('does not assess where the snapshot does not hold the source', () => {
    expect(createEvaluator(snapshot({})).judge(check)).toMatchObject({ status: 'notAssessed', gaps: [{ kind: 'snapshotTooOld' }] });
  });
  it('does not assess where the source is held in another projection', () => {
    const old = snapshot({ numbers: [1] });
    const { numbers: held } = old.sources;
    expect(createEvaluator({ ...old, sources: { numbers: { ...held!, projectionVersion: 0 } } }).judge(check)).toMatchObject({
      status: 'notAssessed',
      gaps: [{ reason: 'projectionChanged' }],
    });
  });
  it('is an error of this check alone where it throws, also by editing its evidence', () => {
    const editing = defineCheck({ ...words, needs: { numbers }, targets: evidence => [(evidence.numbers as number[]).push(1)], inspect: () => undefined });
    const evaluator = createEvaluator(snapshot({ numbers: [1] }));
    expect(evaluator.judge(editing).status).toBe('error');
    expect(evaluator.judge(check).status).toBe('passed');
  });
  it('leaves a check of the whole cluster out of scope with one namespace', () => {
    expect(createEvaluator(snapshot({ numbers: [11] }, { namespace: 'shop' })).judge({ ...check, scope: 'cluster' })).toMatchObject({
      status: 'notAssessed',
      gaps: [{ kind: 'outOfScope' }],
    });
  });

  it('carries a gap through any number of indexes to the check', () => {
    const inner = defineIndex({ id: 'inner', needs: { numbers }, build: evidence => evidence.numbers.length });
    const outer = defineIndex({ id: 'outer', needs: { inner, letters }, build: evidence => evidence.inner });
    const deep = defineCheck({ ...words, needs: { outer }, targets: evidence => [evidence.outer], inspect: () => undefined });
    expect(createEvaluator(snapshot({ numbers: forbidden, letters: forbidden })).judge(deep)).toMatchObject({
      status: 'notAssessed',
      gaps: [{ source: 'numbers' }, { source: 'letters' }],
    });
  });
  it('hands an attempt the value or its gaps', () => {
    const either = defineIndex({
      id: 'either',
      needs: { numbers: attempt(numbers), letters: attempt(letters) },
      build: evidence => [evidence.numbers, evidence.letters].map(each => ('value' in each ? 'read' : each.gaps[0]?.reason)),
    });
    expect(createEvaluator(snapshot({ numbers: [1], letters: forbidden })).resolve(either)).toEqual({ value: ['read', 'forbidden'] });
  });
  it('builds an index once for all checks, failures included', () => {
    let built = 0;
    const broken = defineIndex({
      id: 'broken',
      needs: { numbers },
      build(): number {
        built += 1;
        throw new Error('no');
      },
    });
    const standing = defineCheck({ ...words, needs: { broken }, targets: () => [1], inspect: () => undefined });
    const evaluator = createEvaluator(snapshot({ numbers: [1] }));
    expect([evaluator.judge(standing).status, evaluator.judge(standing).status, built]).toEqual(['error', 'error', 1]);
    expect(evaluator.resolve(broken)).toMatchObject({ gaps: [{ reason: 'indexFailed' }] });
  });
});

describe('rollUp', () => {
  it.each([
    [['passed', 'notAssessed', 'failed', 'error'], 'failed'],
    [['passed', 'notAssessed', 'error'], 'error'],
    [['passed', 'notAssessed', 'notApplicable'], 'notAssessed'],
    [['notApplicable', 'passed'], 'passed'],
    [['notApplicable'], 'notApplicable'],
    [[], 'notApplicable'],
  ] as const)('%j is %s', (statuses, expected) => {
    expect(rollUp(statuses)).toBe(expected);
  });
});
