import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { describe, expect, it } from 'vitest';
import { EVERYTHING, sourcesFor } from '../../src/audit.ts';
import { FAMILIES, familyOf } from '../../src/checks/define-check.ts';
import { CHECKS } from '../../src/checks/registry.ts';
import { createEvaluator } from '../../src/engine/evaluate.ts';
import { referenceFiles } from '../../src/reference/reference-files.ts';
import { renderRegistry } from '../../src/reference/registry-file.ts';
import { snapshotFromYaml } from '../support/cluster.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const example = (id: string, which: string): string => read(`fixtures/checks/${id}/${which}.yaml`);

describe('the registry', () => {
  it('lists every check file, and only those', () => {
    const files = FAMILIES.flatMap(family => globSync(`src/checks/${family}/${family}-*.ts`, { cwd: root }).map(file => ({ family, id: basename(file, '.ts') })));
    expect(read('src/checks/registry.ts')).toBe(renderRegistry(files));
  });
  it('uses no id twice, former ids included', () => {
    const ids = CHECKS.flatMap(({ id, aliases = [] }) => [id, ...aliases]);
    expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
  });
  it('has the pages, ClusterRoles and catalogue that it makes', () => {
    const files = referenceFiles(CHECKS, sourcesFor(EVERYTHING), ({ id }) => ({ fails: example(id, 'fails'), passes: example(id, 'passes') }));
    for (const [path, content] of files) expect([path, read(path)]).toEqual([path, content]);
    const pages = globSync('docs/checks/*.md', { cwd: root }).map(file => basename(file, '.md')).filter(name => name !== 'README');
    expect(pages.sort()).toEqual(CHECKS.map(({ id }) => id).sort());
  });
  it('asks for get and list only, and for no wildcard', () => {
    const roles = globSync('deploy/clusterrole*.yaml', { cwd: root }).map(read).join('\n');
    expect(roles).not.toMatch(/\*/);
    const verbsIn = (text: string): string[] => [...text.matchAll(/verbs:\n((?: +- \w+\n)+)/g)].flatMap(([, verbs = '']) => verbs.trim().split(/\s*- ?/).filter(verb => verb !== ''));
    const readOnly = globSync('deploy/clusterrole*.yaml', { cwd: root }).filter(file => !/-(node-files|pods-portforward)\.yaml$/.test(file)).map(read).join('\n');
    expect(verbsIn(readOnly).filter(verb => verb !== 'get' && verb !== 'list')).toEqual([]);
    // A tunnel is created in the words of the API, and nothing is stored.
    const tunnels = parseYaml(read('deploy/clusterrole-pods-portforward.yaml')) as { readonly rules: readonly { readonly resources: readonly string[]; readonly verbs: readonly string[] }[] };
    expect(tunnels.rules.filter(({ verbs }) => verbs.some(verb => verb !== 'get' && verb !== 'list')).flatMap(({ resources }) => resources)).toEqual(['pods/portforward']);
    // The one exception: pods of --node-files are created and deleted, and nothing else is.
    const nodeFiles = parseYaml(read('deploy/clusterrole-node-files.yaml')) as { readonly rules: readonly { readonly resources: readonly string[]; readonly verbs: readonly string[] }[] };
    expect(nodeFiles.rules.filter(({ verbs }) => verbs.some(verb => verb !== 'get' && verb !== 'list')).map(({ resources, verbs }) => [resources, verbs])).toEqual([[['pods'], ['create']], [['pods'], ['delete']]]);
  });
});

describe.each(CHECKS.map(check => [check.id, check] as const))('%s', (id, check) => {
  it('has an id that names its family and file', () => {
    expect(existsSync(join(root, `src/checks/${familyOf(check)}/${id}.ts`))).toBe(true);
    expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)+$/);
  });
  it('fills in every word', () => {
    expect(check.title).toMatch(/^\S.*[^.\s]$/);
    for (const text of [check.rationale, check.remediation.change, check.remediation.mayBreak]) expect(text).toMatch(/^\S.*\.$/s);
    for (const url of check.references) expect(URL.canParse(url)).toBe(true);
    for (const { version, id: control } of check.controls) expect([version, control].every(word => word !== '')).toBe(true);
  });
  it('has a table test', () => {
    expect(existsSync(join(root, `test/checks/${familyOf(check)}/${id}.test.ts`))).toBe(true);
  });
  it('fails on its failing example', () => {
    const result = createEvaluator(snapshotFromYaml(example(id, 'fails'))).judge(check);
    expect(result.status === 'error' ? result.error : result.status).toBe('failed');
  });
  it('passes on its passing example', () => {
    const result = createEvaluator(snapshotFromYaml(example(id, 'passes'))).judge(check);
    expect(result.status === 'error' ? result.error : result.status).toBe('passed');
  });
});
