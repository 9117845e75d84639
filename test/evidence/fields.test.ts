import { describe, expect, it } from 'vitest';
import { declaredPaths, project } from '../../src/evidence/fields.ts';

const tree = {
  metadata: { name: true, labels: true },
  spec: { containers: [{ image: true, env: (value: readonly { name: string }[]) => value.length }] },
} as const;

describe('project', () => {
  const pod = {
    metadata: { name: 'web', labels: { app: 'web' }, managedFields: [{ manager: 'kubectl' }] },
    spec: { containers: [{ image: 'a', env: [{ name: 'TOKEN', value: 'hunter2' }], args: ['--password=x'] }], nodeName: 'n1' },
  };

  it('keeps what is declared and nothing else', () => {
    expect(project(tree, pod)).toEqual({ metadata: { name: 'web', labels: { app: 'web' } }, spec: { containers: [{ image: 'a', env: 1 }] } });
  });
  it('leaves no trace of a value that a leaf reduced', () => {
    expect(JSON.stringify(project(tree, pod))).not.toContain('hunter2');
  });
  it('drops a value whose shape is not what is declared, instead of passing it on', () => {
    expect(project(tree, { metadata: { name: { nested: { deeper: 'object' } }, labels: { app: { deep: 1 } } }, spec: [] })).toEqual({ metadata: {} });
  });
  it('drops a list where an object is declared, and an object where a list is', () => {
    expect(project(tree, { metadata: ['x'], spec: { containers: { image: 'a' } } })).toEqual({ spec: {} });
  });
  it('takes null for absent, as Go writes it', () => {
    expect(project(tree, { metadata: null, spec: { containers: null } })).toEqual({ spec: {} });
  });
  it('keeps a declared field that no model knows', () => {
    expect(project({ spec: { fromALaterRelease: true, at: true } }, { spec: { fromALaterRelease: 'x', at: '2026-01-01T00:00:00.123456Z' } })).toEqual({ spec: { fromALaterRelease: 'x', at: '2026-01-01T00:00:00.123456Z' } });
  });

  it('does not follow names of Object.prototype', () => {
    expect(project({ constructor: true } as never, {})).toEqual({});
  });
});

describe('declaredPaths', () => {
  it('names every field, and says where a value is reduced', () => {
    expect(declaredPaths(tree)).toEqual([
      'metadata.name',
      'metadata.labels',
      'spec.containers[].image',
      'spec.containers[].env (matched, then reduced)',
    ]);
  });
});
