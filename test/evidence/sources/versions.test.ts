import { describe, expect, it } from 'vitest';
import type { Source } from '../../../src/evidence/source.ts';
import { apiGroups, kubeSystemNamespace, serverVersion, whoAmI } from '../../../src/evidence/sources/versions.ts';

function parse<T>(source: Source<T>, body: unknown): unknown {
  const { read } = source;
  if (!('parse' in read) || read.how === 'handshake' || read.how === 'node') throw new Error(`${source.id} has no parser`);
  return read.parse(typeof body === 'string' ? body : JSON.stringify(body));
}

describe('what is read is reduced to what is declared', () => {
  it('server version', () => {
    const body = { major: '1', minor: '37', gitVersion: 'v1.37.1', gitCommit: 'c', buildDate: 'd', goVersion: 'go1.26.0', platform: 'linux/amd64', emulationMajor: '1', emulationMinor: '37', minCompatibilityMajor: '1' };
    expect(parse(serverVersion, body)).toEqual({ major: '1', minor: '37', gitVersion: 'v1.37.1', goVersion: 'go1.26.0', platform: 'linux/amd64', emulationMajor: '1', emulationMinor: '37' });
  });
  it('API groups', () => {
    const body = { kind: 'APIGroupList', groups: [{ name: 'b.io', versions: [] }, { name: 'apps', serverAddressByClientCIDRs: [] }] };
    expect(parse(apiGroups, body)).toEqual(['apps', 'b.io']);
  });
  it('kube-system', () => {
    expect(parse(kubeSystemNamespace, { metadata: { name: 'kube-system', uid: 'u-1', labels: { a: 'b' } }, spec: {} })).toEqual({ uid: 'u-1' });
  });
  it('who am I', () => {
    const extra = { 'authentication.kubernetes.io/credential-id': ['X509SHA256=ab'], other: ['x'] };
    const body = { status: { userInfo: { username: 'ana', uid: '7', groups: ['dev', 'system:authenticated'], extra } } };
    expect(parse(whoAmI, body)).toEqual({ username: 'ana', uid: '7', groups: ['dev', 'system:authenticated'], credentialId: 'X509SHA256=ab' });
    expect(parse(whoAmI, { status: { userInfo: { username: 'ana' } } })).toEqual({ username: 'ana', groups: [] });
  });
});

describe('an answer that is not what the path promises is no evidence', () => {
  const bad = ['', 'null', '[]', '"v1.37.1"', '<html>', '{}', { gitVersion: 7 }, { groups: [{}] }, { groups: {} }, { metadata: { uid: '' } }, { status: { userInfo: { username: '' } } }, { status: null }];
  for (const source of [serverVersion, apiGroups, kubeSystemNamespace, whoAmI] as const) {
    it.each(bad)(`${source.title}: %j`, body => {
      expect(() => parse<unknown>(source, body)).toThrow();
    });
  }
});

describe('scope', () => {
  it('reads with -n what says who and where one is', () => {
    expect([serverVersion, kubeSystemNamespace, whoAmI].map(({ skippedWithNamespace }) => skippedWithNamespace)).toEqual([false, false, false]);
  });
  it('asks for the one namespace it reads', () => {
    expect(kubeSystemNamespace.permissions).toEqual([{ apiGroup: '', resource: 'namespaces', verb: 'get', resourceName: 'kube-system' }]);
  });
});
