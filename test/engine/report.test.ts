import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { ALL_VIEWS, judge, type AuditQuestion } from '../../src/audit.ts';
import { CHECKS } from '../../src/checks/registry.ts';
import { encodeSnapshot } from '../../src/commands/snapshot-on-disk.ts';
import { renderFirstScreen } from '../../src/report/first-screen.ts';
import { parseExceptions } from '../../src/engine/exceptions.ts';
import { parseSnapshotLines, snapshotLines } from '../../src/evidence/snapshot-file.ts';
import { renderJson, renderJsonLines } from '../../src/report/json.ts';
import { renderYaml } from '../../src/report/yaml.ts';
import { parse } from 'yaml';
import { demoSnapshot } from '../support/demo.ts';

const everything: AuditQuestion = { selection: {}, views: ALL_VIEWS };
const schema = JSON.parse(readFileSync(join(import.meta.dirname, '../../docs/report.schema.json'), 'utf8')) as object;

describe('the report', async () => {
  const snapshot = await demoSnapshot();
  const report = judge(snapshot, everything);

  it('fits its published schema, with no property that the schema does not name', () => {
    const validate = new Ajv2020({ strict: false, allErrors: true }).compile(closed(schema));
    validate(JSON.parse(renderJson(report)));
    expect(validate.errors ?? []).toEqual([]);
  });
  it('is the same byte for byte from a snapshot that was saved and read back', () => {
    const readBack = parseSnapshotLines([...snapshotLines(snapshot)]);
    expect(renderJson(judge(readBack, everything))).toBe(renderJson(report));
  });
  it('saves to the same bytes each time', async () => {
    expect(Buffer.from(await encodeSnapshot(snapshot))).toEqual(Buffer.from(await encodeSnapshot(snapshot)));
  });
  it('is the same in whatever order the lists were read', () => {
    const reversed = Object.fromEntries(
      Object.entries(snapshot.sources).map(([id, held]) => [id, 'value' in held && Array.isArray(held.value) && !held.value.some(item => typeof item === 'object' && item !== null && 'of' in item) ? { ...held, value: held.value.toReversed() } : held]),
    );
    expect(renderJson(judge({ ...snapshot, sources: reversed }, everything))).toBe(renderJson(report));
  });
  it('has a fingerprint for each finding, none twice', () => {
    const fingerprints = report.findings.map(({ fingerprint }) => fingerprint);
    expect(fingerprints.filter(each => !/^v1:[0-9a-f]{32}$/.test(each))).toEqual([]);
    expect(new Set(fingerprints).size).toBe(fingerprints.length);
  });
  it('keeps fingerprints when it is judged at another time, and changes them with the cluster', () => {
    const later = judge(snapshot, everything, { at: '2026-12-01T00:00:00Z' });
    const rbac = ({ findings }: typeof report): string[] => findings.filter(({ check }) => check.startsWith('rbac-')).map(({ fingerprint }) => fingerprint);
    expect(rbac(later)).toEqual(rbac(report));
    expect(rbac(judge({ ...snapshot, clusterId: 'prod' }, everything))).not.toEqual(rbac(report));
  });
  it('counts what it lists', () => {
    expect(report.summary.findings.critical).toBe(report.findings.filter(({ severity, state }) => severity === 'critical' && state === 'open').length);
    expect(report.causes.reduce((sum, { count }) => sum + count, 0)).toBe(report.findings.filter(({ severity }) => severity !== 'info').length);
    expect(Object.values(report.summary.checks).reduce((sum, count) => sum + count, 0)).toBe(CHECKS.length);
  });
  it('takes an excepted finding out of the count and keeps it in the list', () => {
    const entry = { check: 'rbac-cluster-admin-grant', resource: 'ClusterRoleBinding/incident-4711', reason: 'on call', expires: '2027-01-31' };
    const excepted = judge(snapshot, everything, { exceptions: parseExceptions({ exceptions: [entry] }, 'f', CHECKS) });
    expect(excepted.findings).toHaveLength(report.findings.length);
    expect(excepted.summary.findings.critical).toBe(report.summary.findings.critical - 2);
    expect(excepted.summary.excepted).toBe(2);
    expect(excepted.exceptions).toMatchObject([{ matched: 2, expired: false }]);
    expect(excepted.deadlines.some(({ what }) => what.includes('incident-4711'))).toBe(true);
  });
  it('says on the first screen which exceptions do nothing, and nothing of those whose check was not assessed', () => {
    const entry = { check: 'rbac-cluster-admin-grant', resource: 'ClusterRoleBinding/incident-4711', reason: 'on call', expires: '2027-01-31' };
    const notAssessed = report.checks.find(({ status }) => status === 'notAssessed')!.id;
    const exceptions = parseExceptions({ exceptions: [
      entry, { ...entry, resource: 'ClusterRoleBinding/gone' }, { ...entry, expires: '2020-01-31' }, { ...entry, check: notAssessed },
    ] }, 'f', CHECKS);
    const line = /^Findings.*$/m.exec(renderFirstScreen(judge(snapshot, everything, { exceptions }), { color: false, unicode: false, width: 200, headers: true }))?.[0];
    expect(line).toMatch(/ {3}2 excepted {3}1 exception run out {3}1 exception without a finding$/);
    expect(renderFirstScreen(judge(snapshot, everything, { exceptions: exceptions.slice(0, 1) }), { color: false, unicode: false, width: 200, headers: true })).toMatch(/^Findings.* 2 excepted$/m);
  });
  it('counts as gaps what a permission or another try would change, and nothing else', () => {
    const held = Object.values(snapshot.sources).filter(source => 'gap' in source).map(source => ('gap' in source ? source.gap.kind : ''));
    expect(report.summary.gaps).toBe(held.filter(kind => kind === 'gap').length);
    expect(report.summary.gaps).toBeGreaterThan(0);
    const { nodes: taken, ...others } = snapshot.sources;
    const outOfScope = { ...taken!, gap: { kind: 'outOfScope', reason: 'namespaceOnly', detail: 'd' } } as const;
    expect(judge({ ...snapshot, sources: { ...others, nodes: outOfScope } }, everything).summary.gaps).toBe(report.summary.gaps);
  });
  it('names the audited context in every kubectl command, since the current one may be another cluster', () => {
    const commands = report.findings.flatMap(({ evidence, remediation }) => [...evidence.flatMap(({ reproduce }) => reproduce ?? []), ...(remediation.commands ?? [])]);
    expect(commands.length).toBeGreaterThan(10);
    expect(commands.filter(command => !command.startsWith(`kubectl --context ${snapshot.connection.context ?? ''} `))).toEqual([]);
    const { context: _context, ...connection } = snapshot.connection;
    const without = judge({ ...snapshot, connection }, everything).findings.flatMap(({ evidence }) => evidence.flatMap(({ reproduce }) => reproduce ?? []));
    expect(without.filter(command => command.includes('--context'))).toEqual([]);
  });
  it('shows a command for every value, or says how it was worked out', () => {
    const items = report.findings.flatMap(({ evidence }) => evidence);
    expect(items.filter(({ reproduce, derivation }) => (reproduce ?? '') === '' && (derivation ?? '') === '')).toEqual([]);
  });
  it('says the same in YAML', () => {
    expect(parse(renderYaml(report))).toEqual(JSON.parse(renderJson(report)));
  });
  it('says the same in JSON Lines, and ends with the summary', () => {
    const lines = [...renderJsonLines(report)].map(line => JSON.parse(line) as { kind: string });
    expect(lines.map(({ kind }) => kind)).toEqual(['AuditRun', ...report.findings.map(() => 'Finding'), 'AuditSummary']);
  });
});

/** The schema with every object closed: additive changes are allowed to the world and not to a slip of ours. */
function closed(node: unknown): never {
  if (Array.isArray(node)) return node.map(closed) as never;
  if (typeof node !== 'object' || node === null) return node as never;
  const copy: Record<string, unknown> = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]));
  if (copy['type'] === 'object' && copy['properties'] !== undefined && copy['additionalProperties'] === undefined) copy['additionalProperties'] = false;
  return copy as never;
}
