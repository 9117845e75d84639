/**
 * Writes into src/data/rbac-bootstrap.json the roles and bindings that API servers make by themselves, for versions of which
 * no real one was recorded: `node test/cluster/derive-rbac-bootstrap.ts`. They are taken from the test data of Kubernetes' own
 * policy (plugin/pkg/auth/authorizer/rbac/bootstrappolicy/testdata in the Go module k8s.io/kubernetes, which Go fetches and
 * verifies); what the controller manager puts together by labels is put together here. For the versions that were recorded
 * from real servers, by record-rbac-bootstrap.ts, it is only compared, and the script ends with an error where it differs.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import type { BaselineBinding, BaselineRole, RbacBaseline } from '../../src/data/rbac-bootstrap.ts';
import { readBaselines, writeBaselines } from './rbac-baseline-file.ts';

const VERSIONS = ['1.28.15', '1.29.15', '1.30.14', '1.31.14', '1.32.13', '1.33.13', '1.34.4', '1.35.4', '1.36.3', '1.37.1'];
/** Recorded from real servers. */
const REAL = ['1.31.14', '1.37.1'];

interface Item {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> };
  readonly rules?: BaselineRole['rules'] | null;
  readonly aggregationRule?: { readonly clusterRoleSelectors: readonly { readonly matchLabels: Readonly<Record<string, string>> }[] };
  readonly roleRef?: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly ({ readonly apiGroup?: string } & BaselineBinding['subjects'][number])[];
}

const fresh: RbacBaseline[] = [];
for (const version of VERSIONS) {
  const { Dir } = JSON.parse(execFileSync('go', ['mod', 'download', '-json', `k8s.io/kubernetes@v${version}`], { encoding: 'utf8', cwd: '/' })) as { Dir: string };
  const folder = path.join(Dir, 'plugin/pkg/auth/authorizer/rbac/bootstrappolicy/testdata');
  const [plain, gated] = [baselineIn(folder, `kube-apiserver ${version}`, 'cluster-roles.yaml'), baselineIn(folder, `kube-apiserver ${version} with every feature gate`, 'cluster-roles-featuregates.yaml')];
  if (plain === undefined) throw new Error(`${folder} has no roles`);
  if (REAL.includes(version)) compare(plain);
  else fresh.push(plain);
  if (gated !== undefined) fresh.push(gated);
}
writeBaselines(fresh);
process.stdout.write(`${readBaselines().map(each => `${each.of}: ${each.roles.length} roles, ${each.bindings.length} bindings`).join('\n')}\n`);

function baselineIn(folder: string, of: string, clusterRoles: string): RbacBaseline | undefined {
  if (!existsSync(path.join(folder, clusterRoles))) return undefined;
  const items = (name: string): Item[] => (parse(readFileSync(path.join(folder, name), 'utf8')) as { items: Item[] }).items;
  const all = [...items(clusterRoles), ...items('controller-roles.yaml')];
  return {
    of, date: new Date().toISOString().slice(0, 10),
    roles: [...all, ...items('namespace-roles.yaml')].map(item => ({
      kind: item.kind as BaselineRole['kind'], ...(item.metadata.namespace === undefined ? {} : { namespace: item.metadata.namespace }), name: item.metadata.name,
      rules: distinct(item.aggregationRule === undefined ? item.rules ?? [] : aggregated(item, all)),
    })),
    bindings: ['cluster-role-bindings.yaml', 'controller-role-bindings.yaml', 'namespace-role-bindings.yaml'].flatMap(items).map(({ kind, metadata: { name, namespace }, roleRef, subjects }) => ({
      kind: kind as BaselineBinding['kind'], ...(namespace === undefined ? {} : { namespace }), name,
      roleRef: { kind: roleRef?.kind ?? '', name: roleRef?.name ?? '' },
      subjects: (subjects ?? []).map(({ apiGroup: _, ...subject }) => subject),
    })),
  };
}

/** Rules of the roles with the labels, and of those that they are put together from themselves. */
function aggregated({ aggregationRule, metadata }: Item, all: readonly Item[], seen: readonly string[] = []): BaselineRole['rules'] {
  return all.filter(({ metadata: { name, labels = {} } }) => name !== metadata.name && !seen.includes(name)
    && aggregationRule?.clusterRoleSelectors.some(({ matchLabels }) => Object.entries(matchLabels).every(([key, value]) => labels[key] === value)) === true)
    .flatMap(item => (item.aggregationRule === undefined ? item.rules ?? [] : aggregated(item, all, [...seen, metadata.name])));
}

/** With the fields of each rule in one order. */
function distinct(rules: BaselineRole['rules']): BaselineRole['rules'] {
  const texts = rules.map(({ verbs = [], apiGroups, resources, resourceNames, nonResourceURLs }) => JSON.stringify({
    ...(apiGroups === undefined ? {} : { apiGroups }), ...(nonResourceURLs === undefined ? {} : { nonResourceURLs }), ...(resourceNames === undefined ? {} : { resourceNames }),
    ...(resources === undefined ? {} : { resources }), verbs,
  }));
  return [...new Set(texts)].map(text => JSON.parse(text) as BaselineRole['rules'][number]);
}

/** @throws where the real server has another role, binding or rule */
function compare(derived: RbacBaseline): void {
  const real = readBaselines().find(each => each.of === derived.of);
  if (real === undefined) throw new Error(`${derived.of} was not recorded`);
  const sorted = ({ roles, bindings }: RbacBaseline): object => ({
    roles: roles.map(role => JSON.stringify({ ...role, rules: distinct(role.rules).map(rule => JSON.stringify(rule)).sort() })).sort(), bindings: bindings.map(each => JSON.stringify(each)).sort(),
  });
  if (!isDeepStrictEqual(sorted(derived), sorted(real))) {
    const [a, b] = [sorted(derived), sorted(real)] as { roles: string[]; bindings: string[] }[];
    const only = (x: typeof a, y: typeof a): string => [...x!.roles.filter(each => !y!.roles.includes(each)), ...x!.bindings.filter(each => !y!.bindings.includes(each))].join('\n');
    throw new Error(`${derived.of} is not as the real one; only here:\n${only(a, b)}\nonly there:\n${only(b, a)}`);
  }
}
