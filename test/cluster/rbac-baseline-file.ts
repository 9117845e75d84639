import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { RbacBaseline, RecordedDefaults } from '../../src/data/rbac-bootstrap.ts';

const file = path.join(import.meta.dirname, '../../src/data/rbac-bootstrap.json');

/** What src/data/rbac-bootstrap.json holds, one baseline a version, oldest first. */
export function readBaselines(): RbacBaseline[] {
  const { versions, roles, bindings } = JSON.parse(readFileSync(file, 'utf8')) as RecordedDefaults;
  const of = <T extends { readonly in: readonly number[] }>(items: readonly T[], at: number): Omit<T, 'in'>[] =>
    items.filter(each => each.in.includes(at)).map(({ in: _, ...item }) => item);
  return versions.map((version, at) => ({ ...version, roles: of(roles, at), bindings: of(bindings, at) }));
}

/**
 * Writes the file anew with these in the place of those of the same name but for the patch version. Whatever several versions
 * have alike stands there once; one object a line, so that a change shows as one line.
 */
export function writeBaselines(fresh: readonly RbacBaseline[]): void {
  const all = [...readBaselines().filter(each => !fresh.some(other => seriesOf(other) === seriesOf(each))), ...fresh];
  all.sort((a, b) => a.of.localeCompare(b.of, 'en', { numeric: true }));
  const shared = (list: (baseline: RbacBaseline) => readonly object[]): string => {
    const found = new Map<string, number[]>();
    for (const [at, baseline] of all.entries()) for (const item of list(baseline)) {
      const text = JSON.stringify(item);
      found.set(text, [...found.get(text) ?? [], at]);
    }
    return [...found].map(([text, versions]) => `\n    {"in":${JSON.stringify(versions)},${text.slice(1)}`).sort(byName).join(',');
  };
  const versions = all.map(({ of, date }) => `\n    ${JSON.stringify({ of, date })}`).join(',');
  writeFileSync(file, `{\n  "versions": [${versions}\n  ],\n  "roles": [${shared(each => each.roles)}\n  ],\n  "bindings": [${shared(each => each.bindings)}\n  ]\n}\n`);
}

/** `kube-apiserver 1.37`, and the same `with every feature gate` apart from it. */
function seriesOf({ of }: RbacBaseline): string {
  return of.replace(/(\d+\.\d+)\.\d+/, '$1');
}

function byName(a: string, b: string): number {
  const name = (line: string): string => line.replace(/^\s*\{"in":[^\]]*\],/, '');
  return name(a) < name(b) ? -1 : 1;
}
