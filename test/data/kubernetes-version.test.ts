import { describe, expect, it } from 'vitest';
import { minorOf, parseKubernetesVersion } from '../../src/data/kubernetes-version.ts';

describe('parseKubernetesVersion', () => {
  const versions = [
    ['v1.34.4', '1.34', 4, ''],
    ['v1.34.4-eks-abc1234', '1.34', 4, '-eks-abc1234'],
    ['v1.29.15-eks-1-29-46', '1.29', 15, '-eks-1-29-46'],
    ['v1.31.5+k3s1', '1.31', 5, '+k3s1'],
    ['v1.33.1+rke2r1', '1.33', 1, '+rke2r1'],
    ['v1.31.4-gke.1256000', '1.31', 4, '-gke.1256000'],
    ['v1.21.2+vmware.1-360497810732255795', '1.21', 2, '+vmware.1-360497810732255795'],
    ['v1.38.0-alpha.2', '1.38', 0, '-alpha.2'],
    ['v1.30.0-rc.1.12+abc-dirty', '1.30', 0, '-rc.1.12+abc-dirty'],
    ['1.34.4', '1.34', 4, ''],
    ['v1.20', '1.20', undefined, ''],
  ] as const;
  it.each(versions)('reads %s', (text, minor, patch, suffix) => {
    const version = parseKubernetesVersion(text);
    expect(version).toMatchObject({ suffix });
    expect(version === undefined ? undefined : [minorOf(version), version.patch]).toEqual([minor, patch]);
  });

  const others = [
    '', 'v', 'v1', '1', 'latest', 'kwok-v0.4.0', 'v1.34.4.5', 'version v1.34.4', 'v1.34.4 ', ' v1.34.4', 'v1.34.4\n', '=v1.34.4',
    'v1.034.4', 'v01.34.4', 'v1.34.04', 'v1.34.x', 'v1.34.4-', 'v1.34.4-eks_abc', 'v1.34.4-00', 'v1.34-eks-abc', 'v1.34+',
    'v99999999999999999999.1.1', `v1.34.4-${'a'.repeat(300)}`, 'v1.34.4\u001b[31m', 'v1.34.4-$(id)', 'v-1.34.4', '１.34.4',
    // What builds without a version stamp say.
    'v0.0.0-master+$Format:%H$', 'v0.0.0', 'v0.0.0-master+abcdef',
  ];
  it.each(others.map(text => [JSON.stringify(text), text]))('does not guess a version out of %s', (_, text) => {
    expect(parseKubernetesVersion(text)).toBeUndefined();
  });
});
