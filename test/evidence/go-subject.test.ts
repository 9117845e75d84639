import { describe, expect, it } from 'vitest';
import { parseGoSubject } from '../../src/evidence/go-subject.ts';

describe('parseGoSubject', () => {
  // Written by Go's pkix.Name.String for names of these parts.
  it.each([
    ['CN=etcd-client', { commonName: 'etcd-client', organizations: [] }],
    ['CN=system:node:k3s-agent-1,O=system:nodes', { commonName: 'system:node:k3s-agent-1', organizations: ['system:nodes'] }],
    ['CN=ana,O=dev+O=sre', { commonName: 'ana', organizations: ['dev', 'sre'] }],
    ['SERIALNUMBER=7,CN=ana,OU=x,O=sre,C=DE', { commonName: 'ana', organizations: ['sre'] }],
    [String.raw`CN=a\,O=system:masters`, { commonName: 'a,O=system:masters', organizations: [] }],
    [String.raw`CN=a\+b\\,O=\ x\ `, { commonName: 'a+b\\', organizations: [' x '] }],
    [String.raw`CN=\#a\"\<\>\;=b`, { commonName: '#a"<>;=b', organizations: [] }],
    ['CN=ana,1.3.6.1.4.1.57683.2=#0c0161', { commonName: 'ana', organizations: [] }],
    ['O=nobody', { organizations: ['nobody'] }],
    ['CN=,O=x', { organizations: ['x'] }],
    ['', { organizations: [] }],
    ['CN=zwölf 😀\nlines', { commonName: 'zwölf 😀\nlines', organizations: [] }],
  ])('%j', (text, expected) => {
    expect(parseGoSubject(text)).toEqual(expected);
  });
  it.each(['ana', 'CN', 'cn=ana', 'CN=ana,', 'CN=a\\', ',CN=a', '=a'])('refuses %j', text => {
    expect(() => parseGoSubject(text)).toThrow('no subject');
  });
});
