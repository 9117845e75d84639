import { describe, expect, it } from 'vitest';
import { parseConfigz } from '../../src/evidence/kubelet-configuration.ts';
import { parseIntended } from '../../src/evidence/kubelet-intended.ts';
import { recordedKubelet } from '../support/kubelets.ts';

function parse(body: unknown): ReturnType<typeof parseConfigz> {
  return parseConfigz({ body: typeof body === 'string' ? body : JSON.stringify(body), way: 'proxy' });
}

/** What every kubelet says. */
const entrance = { authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: {} }, authorization: { mode: 'Webhook' } };

describe('parseConfigz', () => {
  it('reads what a kubelet 1.37.1 answered', () => {
    expect(parse(recordedKubelet('worker-1', 'configz.json'))).toMatchObject({
      way: 'proxy',
      config: {
        authentication: { anonymous: { enabled: true }, x509: { clientCAFile: '/etc/kubernetes/pki/ca.crt' } },
        authorization: { mode: 'Webhook' },
        readOnlyPort: 10255,
        rotateCertificates: true,
        serverTLSBootstrap: false,
        seccompDefault: false,
        podPidsLimit: -1,
        eventRecordQPS: 50,
      },
    });
  });
  it('takes what is left out for the zero that it means', () => {
    expect(parse(recordedKubelet('control-plane', 'configz.json')).config).toMatchObject({ readOnlyPort: 0, protectKernelDefaults: false, tlsMinVersion: '', allowedUnsafeSysctls: [] });
  });
  it('reads a kubelet of 1.7, which was open to all and said so under another name', () => {
    const old = { componentconfig: { authentication: { anonymous: { enabled: true }, webhook: { enabled: false }, x509: { clientCAFile: '' } }, authorization: { mode: 'AlwaysAllow' }, readOnlyPort: 10255 } };
    expect(parse(old).config).toMatchObject({ authentication: { anonymous: { enabled: true } }, authorization: { mode: 'AlwaysAllow' }, readOnlyPort: 10255 });
  });
  it('keeps nothing that may hold a password or token', () => {
    const secrets = { staticPodURL: 'https://user:marker-password@files.example.com/pods?token=marker-token', staticPodURLHeader: { Authorization: ['Bearer marker-header'] }, providerID: 'marker-provider' };
    const { config } = parse({ kubeletconfig: { ...entrance, ...secrets } });
    expect(config.staticPodURL).toBe('https:');
    expect(JSON.stringify(config)).not.toContain('marker');
  });
  it.each([
    ['no JSON', '<html>'],
    ['a list', []],
    ['another object', { kind: 'Status' }],
    ['an empty configuration, which must not look like a good one', { kubeletconfig: {} }],
    ['no word about anonymous access', { kubeletconfig: { ...entrance, authentication: { webhook: { enabled: true } } } }],
    ['no word about authorization', { kubeletconfig: { ...entrance, authorization: {} } }],
    ['anonymous access that is no boolean', { kubeletconfig: { ...entrance, authentication: { ...entrance.authentication, anonymous: { enabled: 'false' } } } }],
  ])('refuses %s', (_, body) => {
    expect(() => parse(body)).toThrow();
  });
});

describe('parseIntended', () => {
  const configMap = (kubelet: string): string => JSON.stringify({ kind: 'ConfigMap', data: { kubelet } });
  const head = 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n';

  it("reads kubeadm's own", () => {
    expect(parseIntended(configMap(`${head}authentication:\n  anonymous:\n    enabled: false\nauthorization:\n  mode: Webhook\n`))).toEqual({ anonymous: false, authorization: 'Webhook' });
  });
  it('leaves out what is left to the default', () => {
    expect(parseIntended(configMap(`${head}readOnlyPort: 10255\nstaticPodURL: http://marker\n`))).toEqual({ readOnlyPort: 10255 });
  });
  it('refuses what is no KubeletConfiguration', () => {
    for (const body of [configMap('kind: ClusterConfiguration'), configMap('just text'), '{}', '[]']) expect(() => parseIntended(body)).toThrow();
  });
});
