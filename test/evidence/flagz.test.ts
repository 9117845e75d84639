import { describe, expect, it } from 'vitest';
import { parseFlagz } from '../../src/evidence/flagz.ts';
import { recording } from '../support/recordings.ts';

describe('parseFlagz', () => {
  it('reads a real answer: all names, and the values of the flags that are kept', () => {
    const flags = parseFlagz(recording('kube-1.37.1/automatic-reload/flagz.json'));
    expect(flags.names).toHaveLength(177);
    expect(flags.names).toContain('anonymous-auth');
    expect(flags.values).toMatchObject({
      // The recording leaves the values of most flags out.
      'client-ca-file': '', 'kubelet-certificate-authority': '', 'etcd-cafile': '',
      'authorization-config': '',
      'authorization-mode': '',
      'encryption-provider-config': '/etc/kubernetes/encryption.json',
      'encryption-provider-config-automatic-reload': 'true',
      'requestheader-allowed-names': '',
    });
  });

  it('reads a flag that was not given as an empty one', () => {
    expect(parseFlagz(recording('kube-1.37.1/none/flagz.json')).values['encryption-provider-config']).toBe('');
  });

  it('keeps no other value', () => {
    const body = JSON.stringify({ kind: 'Flagz', apiVersion: 'config.k8s.io/v1beta1', flags: { 'oidc-client-id': 'sesame' } });
    expect(JSON.stringify(parseFlagz(body))).not.toContain('sesame');
  });

  it.each([
    ['the text form, whose separator changes', '\napiserver flagz\nencryption-provider-config:\n'],
    ['another version', '{"kind":"Flagz","apiVersion":"config.k8s.io/v1alpha1","flags":{}}'],
    ['a Status', '{"kind":"Status","apiVersion":"v1"}'],
    ['without flags', '{"kind":"Flagz","apiVersion":"config.k8s.io/v1beta1"}'],
    ['with a flag that is no string', '{"kind":"Flagz","apiVersion":"config.k8s.io/v1beta1","flags":{"a":true}}'],
    ['null', 'null'],
  ])('refuses %s', (_, body) => {
    expect(() => parseFlagz(body)).toThrow(Error);
  });
});
