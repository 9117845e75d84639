import { describe, expect, it } from 'vitest';
import { project } from '../../../src/evidence/fields.ts';
import { commandLine, nodes, schemeOf } from '../../../src/evidence/sources/platform.ts';

describe('nodes', () => {
  const stored = {
    metadata: {
      name: 'n1',
      labels: { 'kubernetes.io/os': 'linux', team: 'secret-project', type: 'frontend', 'eks.amazonaws.com/nodegroup': 'blue', 'eks.amazonaws.com/other': 'x' },
      annotations: {
        'k3s.io/node-args': '["server","--token","K10abc","--datastore-endpoint=postgres://u:pw@db"]',
        'kubeadm.alpha.kubernetes.io/cri-socket': 'unix:///run/containerd/containerd.sock',
        'k3s.io/node-env': '{"K3S_TOKEN":"K10abc"}',
        __proto__: 'x',
      },
      managedFields: [{}],
    },
    spec: { providerID: 'aws:///eu-west-1b/i-0123', podCIDR: '10.0.0.0/24' },
    status: { nodeInfo: { kubeletVersion: 'v1.37.1', machineID: 'id', osImage: 'Debian' }, addresses: [{ type: 'InternalIP', address: '10.1.2.3' }], images: [{ names: ['registry.example.org/app'] }] },
  };

  it('keep what they declare and nothing else', () => {
    expect(project(nodes.read.fields, stored)).toEqual({
      metadata: {
        name: 'n1',
        labels: { 'kubernetes.io/os': 'linux', 'eks.amazonaws.com/nodegroup': 'blue' },
        annotations: { 'k3s.io/node-args': ['server', '--token', '--datastore-endpoint'], 'kubeadm.alpha.kubernetes.io/cri-socket': true },
      },
      spec: { providerID: 'aws://' },
      status: { nodeInfo: { kubeletVersion: 'v1.37.1', osImage: 'Debian' }, addresses: [{ type: 'InternalIP', address: '10.1.2.3' }] },
    });
  });

  it('keep no part of a credential', () => {
    expect(JSON.stringify(project(nodes.read.fields, stored))).not.toMatch(/K10abc|postgres|pw|secret-project|i-0123/);
  });
});

describe('commandLine', () => {
  it.each([
    ['["server","--cluster-init","-v","2"]', ['server', '--cluster-init']],
    ['["agent","--node-label","a=b"]', ['agent', '--node-label']],
    ['["--token=abc","server"]', ['--token']],
    ['["secret"]', []],
    ['["server",7,null,{"--x":1}]', ['server']],
    ['["server","--Token_Value"]', ['server']],
    ['["server","--disable-network-policy","--flannel-backend","none"]', ['server', '--disable-network-policy', '--flannel-backend=none']],
    ['["server","--disable-network-policy=false","--flannel-backend=vxlan"]', ['server', '--disable-network-policy=false', '--flannel-backend=vxlan']],
    ['["server","--flannel-backend","K10abc::server:pw"]', ['server', '--flannel-backend']],
    ['["server","--token=none","--token","none"]', ['server', '--token', '--token']],
    ['[]', []],
  ])('of %s', (text, names) => {
    expect(commandLine(text)).toEqual(names);
  });
  it.each(['', 'server --token abc', '{"a":1}', '"server"', '[', 'null'])('are not guessed out of %j', text => {
    expect(commandLine(text)).toBeUndefined();
  });
});

describe('schemeOf', () => {
  it.each([
    ['aws:///eu-west-1b/i-0', 'aws://'], ['GCE://p/z/m', 'gce://'], ['docker:////name', 'docker://'],
    ['ocid1.instance.oc1..abc', undefined], ['', undefined], ['://x', undefined], ['a b://x', undefined],
  ])('of %j', (providerID, scheme) => {
    expect(schemeOf(providerID)).toBe(scheme);
  });
});
