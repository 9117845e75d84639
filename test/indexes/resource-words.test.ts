import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseApiDiscovery } from '../../src/evidence/api-discovery.ts';
import { createEvaluator } from '../../src/engine/evaluate.ts';
import { apiCatalogue, type ApiCatalogue } from '../../src/indexes/api-catalogue.ts';
import { resolveResource, type AskedResource } from '../../src/indexes/resource-words.ts';
import { snapshotWith } from '../support/cluster.ts';

const recorded = (root: string): ReturnType<typeof parseApiDiscovery> =>
  parseApiDiscovery(readFileSync(join(import.meta.dirname, `../../fixtures/demo/api/discovery/${root}.json`), 'utf8'));
const core = recorded('api');
const others = recorded('apis');

function catalogueOf(sources: Readonly<Record<string, unknown>>, gaps: Parameters<typeof snapshotWith>[0]['gaps'] = {}): ApiCatalogue {
  const resolved = createEvaluator(snapshotWith({ sources, gaps })).resolve(apiCatalogue);
  if ('gaps' in resolved) throw new Error('unread');
  return resolved.value;
}

const catalogue = catalogueOf({ coreapiresources: core, apiresources: others });

function ask(verb: string, resource: string, subresource?: string, known = catalogue): AskedResource {
  const asked = resolveResource({ verb, resource, ...(subresource === undefined ? {} : { subresource }) }, known);
  if (typeof asked === 'string') throw new Error(asked);
  return asked;
}

function refused(resource: string, known = catalogue): string {
  const asked = resolveResource({ verb: 'get', resource }, known);
  if (typeof asked !== 'string') throw new Error(`${resource} was understood`);
  return asked;
}

describe('a resource, as kubectl spells it', () => {
  it.each([
    ['pods', '', 'pods'], ['po', '', 'pods'], ['pod', '', 'pods'], ['Pod', '', 'pods'], ['pods.', '', 'pods'],
    ['deploy', 'apps', 'deployments'], ['deployments.apps', 'apps', 'deployments'], ['deployments.v1.apps', 'apps', 'deployments'],
    ['clusterroles', 'rbac.authorization.k8s.io', 'clusterroles'], ['csr', 'certificates.k8s.io', 'certificatesigningrequests'],
    ['events.events.k8s.io', 'events.k8s.io', 'events'], ['signers', 'certificates.k8s.io', 'signers'], ['*', '*', '*'],
  ])('%s is %s %s', (words, apiGroup, resource) => {
    expect(ask(words === 'signers' ? 'approve' : 'get', words)).toMatchObject({ apiGroup, resource });
  });

  it('takes what stands behind a slash for a subresource where there is one of that name, else for a name', () => {
    expect(ask('create', 'pods/exec')).toMatchObject({ subresource: 'exec', notes: [] });
    expect(ask('get', 'pods/exec-0')).toMatchObject({ name: 'exec-0' });
    expect(ask('get', 'pods/exec', 'log')).toMatchObject({ name: 'exec', subresource: 'log' });
    expect(ask('impersonate', 'userextras/scopes')).toMatchObject({ subresource: 'scopes', apiGroup: 'authentication.k8s.io' });
    expect(ask('approve', 'signers/kubernetes.io/kubelet-serving')).toMatchObject({ name: 'kubernetes.io/kubelet-serving' });
  });

  it('means the core group where that has it, and says so', () => {
    expect(ask('list', 'events')).toMatchObject({ apiGroup: '', notes: [expect.stringContaining('events.events.k8s.io')] });
  });

  it('says what nobody serves', () => {
    expect(ask('get', 'pods/exec').notes).toEqual([]);
    expect(ask('list', 'pods', 'exec').notes[0]).toMatch(/^inert: pods\/exec does not serve the verb list/);
    expect(ask('bind', 'clusterroles').notes).toEqual([]);
    expect(ask('bind', 'pods').notes[0]).toMatch(/^inert/);
    expect(ask('impersonate', 'serviceaccounts').notes).toEqual([]);
    expect(ask('get', 'deployments.extensions').notes[0]).toMatch(/^inert: this API server serves no deployments\.extensions/);
    expect(ask('get', 'pods', 'nothing').notes[0]).toMatch(/^inert/);
    expect(ask('get', 'users').notes[0]).toMatch(/^inert/);
    expect(ask('impersonate', 'users').notes).toEqual([]);
    expect(ask('impersonate:user-info', 'users')).toMatchObject({ apiGroup: 'authentication.k8s.io', notes: [] });
  });

  it('leaves the name out of deletecollection, which carries none', () => {
    const asked = ask('deletecollection', 'secrets/db');
    expect(asked.name).toBeUndefined();
    expect(asked.notes[0]).toContain('carries no name');
  });

  it('is refused with a suggestion where nothing has that name, or several groups have', () => {
    expect(refused('secretz')).toBe('this API server serves no resource secretz; did you mean secrets?');
    expect(refused('pods/')).toContain('names no resource');
    const widget = { version: 'v1', resource: 'widgets', singular: 'widget', kind: 'Widget', namespaced: true, verbs: ['get'], shortNames: [], subresources: [] };
    const two = { resources: [...others.resources, { ...widget, group: 'a.org' }, { ...widget, group: 'b.org' }], unknownGroups: [] };
    expect(refused('widget', catalogueOf({ coreapiresources: core, apiresources: two }))).toBe('widget is served by several API groups; write one of widgets.a.org, widgets.b.org');
  });

  it('is not known where its API server does not answer, or discovery is closed', () => {
    const stale = parseApiDiscovery(JSON.stringify({ kind: 'APIGroupDiscoveryList', items: [{ metadata: { name: 'metrics.k8s.io' }, versions: [{ version: 'v1beta1', freshness: 'Stale' }] }] }));
    const down = catalogueOf({ coreapiresources: core, apiresources: { resources: others.resources, unknownGroups: stale.unknownGroups } });
    expect(ask('get', 'nodes.metrics.k8s.io', undefined, down).notes[0]).toMatch(/^whether nodes\.metrics\.k8s\.io is served is not known/);
    expect(refused('gadgets', down)).toContain('unless it belongs to metrics.k8s.io');
    expect(ask('get', 'deploy', undefined, down)).toMatchObject({ apiGroup: 'apps' });
    const closed = catalogueOf({ coreapiresources: core }, { apiresources: { kind: 'gap', reason: 'forbidden', detail: 'this user may not read API resources' } });
    expect(refused('deployments', closed)).toMatch(/^which API group serves deployments is not known, since this user may not read API resources/);
    expect(ask('get', 'deployments.apps', undefined, closed)).toMatchObject({ apiGroup: 'apps', resource: 'deployments' });
    expect(ask('get', 'deployments.apps', undefined, closed).namespaced).toBeUndefined();
  });

  it('refuses what is no aggregated discovery', () => {
    expect(() => parseApiDiscovery('{"kind":"APIGroupList","groups":[]}')).toThrow('no APIGroupDiscoveryList');
  });
});
