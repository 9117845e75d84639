import { describe, expect, it } from 'vitest';
import { parseReadyz } from '../../src/evidence/readyz.ts';
import { recording } from '../support/recordings.ts';

describe('parseReadyz', () => {
  it('reads the checks of a real server', () => {
    const { checks } = parseReadyz(recording('kube-1.37.1/aescbc/readyz.txt'));
    expect(checks[0]).toEqual({ name: 'ping', ok: true });
    expect(checks.map(({ name }) => name)).toContain('poststarthook/rbac/bootstrap-roles');
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  });

  it('names kms-providers where the configuration is reloaded, although no KMS is used', () => {
    const names = (name: string): string[] => parseReadyz(recording(`kube-1.37.1/${name}/readyz.txt`)).checks.map(check => check.name);
    expect(names('automatic-reload')).toContain('kms-providers');
    expect(names('aescbc')).not.toContain('kms-providers');
  });

  it('reads a server that is not ready, without the reason', () => {
    // The form of k8s.io/apiserver pkg/server/healthz/healthz.go.
    const body = '[+]ping ok\n[-]etcd failed: reason withheld\n[+]log excluded: ok\nreadyz check failed\n';
    expect(parseReadyz(body)).toEqual({ checks: [{ name: 'ping', ok: true }, { name: 'etcd', ok: false }, { name: 'log', ok: true }] });
  });

  it.each([
    ['cut off before the verdict', '[+]ping ok\n[+]log ok\n'],
    ['the short answer', 'ok'],
    ['a web page', '<html>\nreadyz check passed\n'],
    ['empty', ''],
  ])('refuses what is %s', (_, body) => {
    expect(() => parseReadyz(body)).toThrow(Error);
  });
});
