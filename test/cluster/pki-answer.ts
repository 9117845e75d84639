import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import type { AuditReport } from '../../src/engine/report-model.ts';
import type { PkiView } from '../../src/indexes/pki-view.ts';
import { runSecaudit } from '../support/run-secaudit.ts';
import type { Ground } from './api-server.ts';
import { opensslFacts } from './certificate-oracle.ts';

/** What `kubectl secaudit pki` answers. */
export interface Answer {
  readonly code: number | null;
  readonly stderr: string;
  readonly report: AuditReport;
  readonly view: PkiView;
}

const validate = new Ajv2020({ strict: false, allErrors: true }).compile(JSON.parse(readFileSync(path.join(import.meta.dirname, '../../docs/report.schema.json'), 'utf8')) as object);

/** Runs it to its end; the report keeps to its schema. */
export async function pki(kubeconfig: string, ...args: readonly string[]): Promise<Answer> {
  const { code, stdout, stderr } = await runSecaudit(['pki', '-o', 'json', ...args], { env: { KUBECONFIG: kubeconfig } });
  if (stdout === '') throw new Error(`pki said nothing: ${stderr}`);
  const report = JSON.parse(stdout) as AuditReport;
  validate(report);
  expect(validate.errors ?? []).toEqual([]);
  return { code, stderr, report, view: report.views.pki as PkiView };
}

/** Every finding, also those that only describe: check, severity, resource and subject. */
export const linesOf = ({ findings }: AuditReport): string[] =>
  findings.map(({ severity, check, resource, subject }) => `${check} ${severity} ${resource.kind}/${resource.name}${subject === undefined ? '' : ` ${subject.name}`}`).sort();

/** What every API server makes itself and binds: said, and no fault. */
export const OF_PLATFORM = Array.from({ length: 2 }, () => 'pki-certificate-approver info ClusterRoleBinding/system:controller:certificate-controller certificate-controller');

/** The report's certificates are these, and each says what openssl says. Those that the API server makes for itself are compared with what it shows. */
export function expectSeen({ view }: Answer, ground: Ground, ...texts: readonly string[]): void {
  expectThese(view, ...texts, loopbackOf(`127.0.0.1:${ground.port}`));
}

/** What an API server shows to itself, by openssl. */
export function loopbackOf(address: string): string {
  return execFileSync('openssl', ['s_client', '-showcerts', '-connect', address, '-servername', 'apiserver-loopback-client'], { encoding: 'utf8', input: '', stdio: ['pipe', 'pipe', 'ignore'] });
}

/** The certificates are these and no other, and each says what openssl says. */
export function expectThese(view: PkiView, ...texts: readonly string[]): void {
  const expected = new Map(texts.flatMap(opensslFacts).map(facts => [facts.sha256, facts]));
  const found = view.certificates.map(({ sha256, notBefore, notAfter, serial, names, isAuthority }) => ({ sha256, notBefore, notAfter, serial, names: names.toSorted(), isAuthority }));
  expect(found.toSorted((a, b) => (a.sha256 < b.sha256 ? -1 : 1))).toEqual([...expected.values()].sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1)));
}
