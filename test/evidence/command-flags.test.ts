import { describe, expect, it } from 'vitest';
import { readCommandFlags } from '../../src/evidence/command-flags.ts';

describe('readCommandFlags', () => {
  it('keeps all names, and values on the list only', () => {
    const words = ['kube-apiserver', '--token-auth-file=/etc/secret-token', '--encryption-provider-config=/etc/enc.yaml', '-v=2', '--allow-privileged'];
    expect(readCommandFlags(words)).toEqual({
      program: 'kube-apiserver',
      flags: [
        { name: 'token-auth-file' },
        { name: 'encryption-provider-config', value: '/etc/enc.yaml' },
        { name: 'v' },
        { name: 'allow-privileged' },
      ],
      hasVariable: false,
    });
  });

  it('reads a value that is a word of its own, and underscores for hyphens', () => {
    expect(readCommandFlags(['--encryption_provider_config', '/etc/enc.yaml', '--audit-policy-file', 'x']).flags).toEqual([
      { name: 'encryption-provider-config', value: '/etc/enc.yaml' },
      { name: 'audit-policy-file' },
    ]);
  });

  it.each([
    ['kube-apiserver', 'kube-apiserver'],
    ['/usr/local/bin/kube-apiserver', 'kube-apiserver'],
    ['/hyperkube/etcd', 'etcd'],
    ['kube-scheduler', 'kube-scheduler'],
    ['sh', 'other'],
    ['my-kube-apiserver', 'other'],
  ])('takes %s for the program %s', (word, program) => {
    expect(readCommandFlags([word, '--x']).program).toBe(program);
  });

  it('says where a flag may hide: in a variable, or in what is no list of words', () => {
    expect(readCommandFlags(['kube-apiserver', '$(EXTRA)']).hasVariable).toBe(true);
    expect(readCommandFlags(['kube-apiserver', '--$(NAME)=x']).hasVariable).toBe(true);
    expect(readCommandFlags(['kube-apiserver', '--advertise-address=$(IP)']).hasVariable).toBe(false);
    expect(readCommandFlags('kube-apiserver' as unknown as string[])).toEqual({ flags: [], hasVariable: true });
    expect(readCommandFlags([1] as unknown as string[])).toEqual({ flags: [], hasVariable: true });
  });

  it('has no program where there are flags only', () => {
    expect(readCommandFlags(['--a=b'])).toEqual({ flags: [{ name: 'a' }], hasVariable: false });
  });
});
